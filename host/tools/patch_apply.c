/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_apply.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "tools/patch_fail.h"
#include "tools/patch_file.h"
#include "tools/patch_match.h"
#include "tools/patch_parse.h"
#include "tools/patch_plan.h"

#define SUMMARY_MAX (32u << 20)

struct verifier {
    struct patch_plan *plan;
    const struct patch_section *section;
    struct patch_report report;
};

/* The patch asks for something that cannot be, as opposed to a system that fails. */
static beacon_rc code_of(int problem)
{
    switch (problem) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return BEACON_E_INVALID;
    case EFBIG:
        return BEACON_E_LIMIT;
    default:
        return BEACON_E_IO;
    }
}

static int cannot_write(const struct patch_report *report, const char *shown, int problem)
{
    return patch_fail(report, code_of(problem),
                      "check the path, its permissions and the free space",
                      "Failed to write file %s", shown);
}

static int cannot_delete(const struct patch_report *report, const char *shown, int problem)
{
    return patch_fail(report, code_of(problem), "check that the path is a file that exists",
                      "Failed to delete file %s", shown);
}

static int cannot_read(const struct patch_report *report, const char *shown, int problem)
{
    if (problem == EISDIR) {
        return patch_fail(report, BEACON_E_INVALID, "name a regular file",
                          "Failed to read file to update %s: path `%s` is not a file", shown,
                          shown);
    }
    if (problem == EFBIG) {
        return patch_fail(report, BEACON_E_LIMIT, "change it with another tool",
                          "Failed to read file to update %s: it is over %u bytes", shown,
                          PATCH_FILE_MAX);
    }
    return patch_fail(report, code_of(problem), "check the path and its permissions",
                      "Failed to read file to update %s: %s (os error %d)", shown,
                      strerror(problem), problem);
}

typedef int (*cannot_fn)(const struct patch_report *report, const char *shown, int problem);

/* patch_plan_touch() with its failures put into words; `cannot` words those of the file system. */
static int touch(struct verifier *v, const char *path, bool follows, cannot_fn cannot,
                 size_t *ret_index)
{
    char *made = NULL;
    enum patch_plan_status status = patch_plan_touch(v->plan, path, follows, ret_index, &made);
    int problem = errno;
    AUTO_FREE char *shown = made;
    switch (status) {
    case PATCH_PLAN_BAD:
        return cannot(&v->report, shown, problem);
    case PATCH_PLAN_REFUSED:
        return patch_fail(&v->report, BEACON_E_REFUSED,
                          "patch files in the project, and not .git, .code or .codex",
                          "writing outside of the project: %s", shown);
    case PATCH_PLAN_FULL:
        return patch_fail(&v->report, BEACON_E_LIMIT, "split the patch",
                          "the patch touches too many or too large files, at %s", shown);
    default:
        return BEACON_OK;
    }
}

/* Plan new content (taken over) for a place that must be free or hold a regular file. */
static int plan_write(struct verifier *v, size_t index, struct patch_span content)
{
    const struct patch_planned *file = &v->plan->files[index];
    bool is_link = S_ISLNK(file->st.st_mode) && !file->exists; /* one the patch has deleted */
    bool is_odd = file->existed && !S_ISREG(file->st.st_mode) && !is_link;
    bool is_nowhere = file->problem == EISDIR || file->problem == ENAMETOOLONG;
    if (is_odd || is_nowhere || patch_plan_is_blocked(v->plan, index)) {
        free((char *)content.at);
        return cannot_write(&v->report, file->place.shown, EISDIR);
    }
    if (!patch_plan_write(v->plan, index, content)) {
        return patch_fail(&v->report, BEACON_E_LIMIT, "split the patch",
                          "the patch touches too large files, at %s", file->place.shown);
    }
    return BEACON_OK;
}

static int verify_add(struct verifier *v)
{
    size_t index = 0;
    int rc = touch(v, v->section->path, true, cannot_write, &index);
    if (rc != BEACON_OK) {
        return rc;
    }
    AUTO_TEXT struct text content;
    text_init(&content,
              PATCH_TEXT_MAX + 1); /* every line came with a '+' that made room for '\n' */
    for (size_t i = 0; i < v->section->n_lines; i++) {
        const struct patch_span *line = &v->section->lines[i].text;
        bool fits = text_add(&content, line->at, line->n) && text_add_char(&content, '\n');
        assert(fits);
    }
    size_t n = content.len;
    return plan_write(v, index, (struct patch_span){text_take(&content), n});
}

static int verify_delete(struct verifier *v)
{
    size_t index = 0;
    int rc = touch(v, v->section->path, false, cannot_delete, &index);
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct patch_planned *file = &v->plan->files[index];
    int problem = file->exists ? 0 : ENOENT;
    if (file->exists && file->turn == 0) {
        const char *name = NULL;
        AUTO_CLOSE int parent = patch_place_parent(&file->place, false, &name);
        problem = parent < 0 ? errno : patch_file_check_removable(parent, name);
    }
    if (problem != 0) {
        return cannot_delete(&v->report, file->place.shown, problem);
    }
    patch_plan_remove(v->plan, index);
    return BEACON_OK;
}

/* New content for `to`, and `source` goes; the other way round a failed write would lose both. */
static int plan_move(struct verifier *v, size_t source, size_t from, struct patch_span content)
{
    size_t to = 0;
    int rc = touch(v, v->section->move_path, true, cannot_write, &to);
    if (rc != BEACON_OK) {
        free((char *)content.at);
        return rc;
    }
    if (to == source || to == from) {
        return plan_write(v, to, content); /* onto itself */
    }
    rc = plan_write(v, to, content);
    if (rc == BEACON_OK) {
        v->plan->files[to].mode = v->plan->files[from].existed
                                      ? v->plan->files[from].st.st_mode & 07777
                                      : v->plan->files[from].mode;
        patch_plan_remove(v->plan, source);
        v->plan->files[to].moved_from = source + 1;
    }
    return rc;
}

static int verify_update(struct verifier *v)
{
    size_t from = 0, source = 0;
    int rc = touch(v, v->section->path, true, cannot_read, &from);
    if (rc != BEACON_OK) {
        return rc;
    }
    bool is_moved = v->section->move_path != NULL;
    rc = is_moved ? touch(v, v->section->path, false, cannot_read, &source) : BEACON_OK;
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct patch_planned *file = &v->plan->files[from];
    int problem = file->is_rewritten ? 0 : file->problem;
    if (problem != 0 || !file->exists) {
        return cannot_read(&v->report, file->place.shown, problem != 0 ? problem : ENOENT);
    }
    struct patch_span old = patch_planned_content(file);
    struct patch_file match = {file->place.shown, old.at, old.n};
    AUTO_TEXT struct text content;
    text_init(&content, (size_t)PATCH_FILE_MAX + PATCH_TEXT_MAX);
    rc = patch_match(v->section, &match, &content, v->report.why, v->report.err);
    if (rc != BEACON_OK) {
        return rc;
    }
    size_t n = content.len;
    struct patch_span made = {text_take(&content), n};
    return is_moved ? plan_move(v, source, from, made) : plan_write(v, from, made);
}

static int verify_section(struct verifier *v)
{
    static int (*const verifiers[])(struct verifier *) = {
        [PATCH_ADD] = verify_add, [PATCH_DELETE] = verify_delete, [PATCH_UPDATE] = verify_update};
    return verifiers[v->section->kind](v);
}

void patch_summarise(const struct patch *patch, struct text *out)
{
    static const struct {
        enum patch_kind kind;
        char letter;
    } order[] = {{PATCH_ADD, 'A'}, {PATCH_UPDATE, 'M'}, {PATCH_DELETE, 'D'}};
    (void)text_add_string(out, "Success. Updated the following files:\n");
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        for (size_t i = 0; i < patch->n_sections; i++) {
            const struct patch_section *section = &patch->sections[i];
            const char *path = section->move_path != NULL ? section->move_path : section->path;
            if (section->kind == order[k].kind) {
                (void)text_addf(out, "%c %s\n", order[k].letter, path);
            }
        }
    }
}

int patch_verify(const struct patch *patch, const char *cwd, const struct patch_roots *roots,
                 struct patch_plan **ret, struct text *why, struct beacon_error *err)
{
    struct verifier v = {.report = {why, err}};
    if (patch->n_sections == 0) {
        return patch_fail(&v.report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                          "No files were modified.");
    }
    v.plan = patch_plan_create(cwd, roots);
    if (v.plan == NULL) {
        return patch_fail(&v.report, BEACON_E_IO, "run 'beacon doctor'", "cannot open /: %s",
                          strerror(errno));
    }
    int rc = BEACON_OK;
    for (size_t i = 0; i < patch->n_sections && rc == BEACON_OK; i++) {
        v.section = &patch->sections[i];
        rc = verify_section(&v);
    }
    if (rc != BEACON_OK) {
        patch_plan_destroy(v.plan);
        return rc;
    }
    AUTO_TEXT struct text summary;
    text_init(&summary, SUMMARY_MAX);
    patch_summarise(patch, &summary);
    v.plan->summary = text_take(&summary);
    patch_plan_list_changes(v.plan);
    *ret = v.plan;
    return BEACON_OK;
}

/* Has somebody else changed the file since it was read? Somebody may have taken an hour to approve. */
static bool is_as_planned(const struct patch_planned *file, int parent, const char *name)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return !file->existed && errno == ENOENT;
    }
    return file->existed && st.st_dev == file->st.st_dev && st.st_ino == file->st.st_ino &&
           st.st_size == file->st.st_size && st.st_mtim.tv_sec == file->st.st_mtim.tv_sec &&
           st.st_mtim.tv_nsec == file->st.st_mtim.tv_nsec;
}

static int write_planned(const struct patch_planned *file)
{
    const char *name = NULL;
    AUTO_CLOSE int parent = patch_place_parent(&file->place, file->exists, &name);
    if (parent < 0) {
        return errno;
    }
    if (!is_as_planned(file, parent, name)) {
        return ESTALE;
    }
    if (!file->exists) {
        return patch_file_remove(parent, name);
    }
    bool is_kept = file->existed && S_ISREG(file->st.st_mode);
    return patch_file_write(parent, name, file->after.at, file->after.n, is_kept ? &file->st : NULL,
                            file->mode);
}

static int commit_file(const struct patch_planned *file, const struct patch_report *report)
{
    const char *shown = file->place.shown;
    int problem = write_planned(file);
    if (problem == 0) {
        return BEACON_OK;
    }
    if (problem == ESTALE) {
        return patch_fail(report, BEACON_E_BUSY, PATCH_HINT_REREAD,
                          "Failed to write file %s: it was changed after the patch was verified",
                          shown);
    }
    if (problem == ELOOP || problem == EXDEV) {
        return patch_fail(report, BEACON_E_REFUSED, "look who puts symlinks there",
                          "writing outside of the project: %s", shown);
    }
    return file->exists ? cannot_write(report, shown, problem)
                        : cannot_delete(report, shown, problem);
}

/* One file in the order in which they are written. */
struct step {
    const struct patch_planned *file;
};

static int by_turn(const void *left, const void *right)
{
    size_t a = ((const struct step *)left)->file->turn;
    size_t b = ((const struct step *)right)->file->turn;
    return (a > b) - (a < b);
}

int patch_commit(struct patch_plan *plan, struct text *summary, struct beacon_error *err)
{
    assert(!plan->is_committed);
    plan->is_committed = true;
    const struct patch_report report = {summary, err};
    AUTO_FREE struct step *steps = alloc_array(plan->n_files + 1, sizeof *steps);
    for (size_t i = 0; i < plan->n_files; i++) {
        steps[i].file = &plan->files[i];
    }
    qsort(steps, plan->n_files, sizeof *steps, by_turn);
    for (size_t i = 0; i < plan->n_files; i++) {
        const struct patch_planned *file = steps[i].file;
        bool is_touched = file->turn > 0 && (file->existed || file->exists);
        int rc = is_touched ? commit_file(file, &report) : BEACON_OK;
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    if (summary != NULL) {
        text_reset(summary);
        (void)text_add_string(summary, plan->summary);
    }
    return BEACON_OK;
}
