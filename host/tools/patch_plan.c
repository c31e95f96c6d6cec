/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/text.h"
#include "event/event.h"
#include "tools/patch_apply.h"
#include "tools/patch_file.h"
#include "tools/patch_match.h"

struct patch_plan *patch_plan_create(const char *cwd, const struct patch_roots *roots)
{
    struct patch_plan *plan = alloc_zeroed(sizeof *plan);
    if (!patch_rooms_init(&plan->rooms, roots)) {
        free(plan);
        return NULL;
    }
    plan->cwd = alloc_string(cwd);
    return plan;
}

void patch_plan_destroy(struct patch_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->n_files; i++) {
        patch_place_finish(&plan->files[i].place);
        free((char *)plan->files[i].before.at);
        free((char *)plan->files[i].after.at);
    }
    free(plan->files);
    free(plan->changes);
    free(plan->ends);
    free(plan->summary);
    free(plan->cwd);
    patch_rooms_finish(&plan->rooms);
    free(plan);
}

static void load(struct patch_planned *file)
{
    const char *name = NULL;
    AUTO_CLOSE int parent = patch_place_parent(&file->place, false, &name);
    if (parent < 0) {
        file->problem = errno;
        return;
    }
    if (fstatat(parent, name, &file->st, AT_SYMLINK_NOFOLLOW) != 0) {
        file->problem = errno;
        return;
    }
    file->existed = file->exists = true;
    AUTO_TEXT struct text content;
    text_init(&content, PATCH_FILE_MAX);
    file->problem = patch_file_read(parent, name, &content, &file->st);
    if (file->problem == 0) {
        size_t n = content.len;
        file->before = (struct patch_span){text_take(&content), n};
    }
}

/* A symlink the patch has deleted is not followed any more. */
static bool is_removed_link(const struct patch_planned *file, const char *absolute)
{
    return file->existed && S_ISLNK(file->st.st_mode) && file->turn > 0 &&
           strcmp(file->place.shown, absolute) == 0;
}

static bool find(const struct patch_plan *plan, const struct patch_place *place, size_t *ret_index)
{
    for (size_t i = 0; i < plan->n_files; i++) {
        if (strcmp(plan->files[i].place.real, place->real) == 0 ||
            is_removed_link(&plan->files[i], place->shown)) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static enum patch_plan_status add(struct patch_plan *plan, struct patch_place *place, size_t *ret)
{
    if (plan->n_files == PATCH_PLAN_FILES_MAX) {
        return PATCH_PLAN_FULL;
    }
    struct patch_planned file = {.place = *place, .mode = 0666};
    load(&file);
    if (file.problem == EXDEV || (file.problem == ELOOP && !file.existed)) {
        return PATCH_PLAN_REFUSED; /* a folder was swapped for a symlink just now */
    }
    *place = (struct patch_place){.root_fd = -1, .below = ""};
    plan->bytes += file.before.n;
    plan->files = alloc_grow(plan->files, plan->n_files + 1, sizeof *plan->files);
    plan->files[plan->n_files] = file;
    *ret = plan->n_files++;
    return plan->bytes > PATCH_PLAN_BYTES_MAX ? PATCH_PLAN_FULL : PATCH_PLAN_OK;
}

enum patch_plan_status patch_plan_touch(struct patch_plan *plan, const char *path, bool follows,
                                        size_t *ret_index, char **ret_shown)
{
    AUTO_FREE char *absolute = path_normal(plan->cwd, path);
    struct patch_place place;
    enum patch_place_status found = patch_place_find(&plan->rooms, absolute, follows, &place);
    *ret_shown = alloc_string(absolute);
    enum patch_plan_status status = PATCH_PLAN_OK;
    if (found != PATCH_PLACE_OK) {
        status = found == PATCH_PLACE_BAD ? PATCH_PLAN_BAD : PATCH_PLAN_REFUSED;
    } else if (!find(plan, &place, ret_index)) {
        status = add(plan, &place, ret_index);
    }
    int saved = errno;
    patch_place_finish(&place);
    errno = saved;
    return status;
}

struct patch_span patch_planned_content(const struct patch_planned *file)
{
    return file->is_rewritten ? file->after : file->before;
}

bool patch_plan_is_blocked(const struct patch_plan *plan, size_t index)
{
    const struct patch_planned *file = &plan->files[index];
    bool is_freed = false;
    for (size_t i = 0; i < plan->n_files; i++) {
        const struct patch_planned *other = &plan->files[i];
        bool is_below = path_is_beneath(file->place.real, other->place.real);
        bool is_above = path_is_beneath(other->place.real, file->place.real);
        if (i != index && other->exists && (is_below || is_above)) {
            return true;
        }
        is_freed = is_freed || (i != index && is_below && other->existed);
    }
    return file->problem == ENOTDIR && !is_freed;
}

bool patch_plan_write(struct patch_plan *plan, size_t index, struct patch_span content)
{
    struct patch_planned *file = &plan->files[index];
    plan->bytes -= file->after.n;
    free((char *)file->after.at);
    file->after = content;
    file->is_rewritten = true;
    file->exists = true;
    file->moved_from = 0;
    file->turn = ++plan->turns;
    plan->bytes += content.n;
    return plan->bytes <= PATCH_PLAN_BYTES_MAX;
}

void patch_plan_remove(struct patch_plan *plan, size_t index)
{
    struct patch_planned *file = &plan->files[index];
    file->exists = false;
    file->moved_from = 0;
    file->turn = ++plan->turns;
}

/* The file that `from` became, or `from` itself when it was not moved away. */
static size_t destination_of(const struct patch_plan *plan, size_t from)
{
    for (size_t i = 0; i < plan->n_files && !plan->files[from].exists; i++) {
        if (plan->files[i].moved_from == from + 1) {
            return i;
        }
    }
    return from;
}

/* Is file `i` told about as the new name of another one? */
static bool is_destination(const struct patch_plan *plan, size_t i)
{
    size_t from = plan->files[i].moved_from;
    return from != 0 && plan->files[i].exists && !plan->files[from - 1].exists &&
           plan->files[from - 1].existed;
}

void patch_plan_list_changes(struct patch_plan *plan)
{
    plan->changes = alloc_array(plan->n_files + 1, sizeof *plan->changes);
    plan->ends = alloc_array(plan->n_files + 1, sizeof *plan->ends);
    for (size_t i = 0; i < plan->n_files; i++) {
        const struct patch_planned *file = &plan->files[i];
        if (file->turn == 0 || (!file->existed && !file->exists) || is_destination(plan, i)) {
            continue;
        }
        size_t to = file->existed ? destination_of(plan, i) : i;
        const char *kind = "update";
        if (to == i && !file->existed) {
            kind = "add";
        } else if (to == i && !file->exists) {
            kind = "delete";
        }
        plan->ends[plan->n_changes] = (struct patch_planned_change){i, to};
        plan->changes[plan->n_changes++] =
            (struct event_change){.path = file->place.shown,
                                  .kind = kind,
                                  .move_path = to != i ? plan->files[to].place.shown : NULL};
    }
}
