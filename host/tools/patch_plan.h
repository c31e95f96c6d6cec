/* patch_plan.h - the files a patch touches, as they were and as they will be. Private to patch_apply.c
 * and patch_show.c.
 *
 * Files are kept by their real path, so a patch that names one file in two ways sees its own changes.
 * Thread: [main].
 */
#ifndef HOST_TOOLS_PATCH_PLAN_H
#define HOST_TOOLS_PATCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "tools/patch_place.h"
#include "tools/patch_span.h"

#define PATCH_PLAN_FILES_MAX 4096
#define PATCH_PLAN_BYTES_MAX ((size_t)256 << 20) /* of all contents, old and new */

struct event_change;
struct patch_roots;

struct patch_planned {
    struct patch_place place;
    struct stat st; /* when it existed */
    bool existed;
    int problem; /* errno: why the content is not known; ENOENT when nothing was there */
    struct patch_span before; /* owned; valid when problem is 0 */
    bool exists;              /* after the patch */
    bool is_rewritten;
    struct patch_span after; /* owned; valid when is_rewritten */
    mode_t mode;             /* for a new file */
    size_t turn;             /* when it was last written or removed, from 1; 0: never */
    size_t moved_from;       /* index + 1 of the file it was before; 0: none */
};

struct patch_planned_change {
    size_t before, after; /* indices of files; equal unless it is a move */
};

struct patch_plan {
    struct patch_rooms rooms;
    char *cwd;
    struct patch_planned *files;
    size_t n_files, turns, bytes;
    struct event_change *changes;
    struct patch_planned_change *ends; /* of each change */
    size_t n_changes;
    char *summary;
    bool is_committed;
};

/* NULL with errno when the roots cannot be used. */
struct patch_plan *patch_plan_create(const char *cwd, const struct patch_roots *roots);

enum patch_plan_status {
    PATCH_PLAN_OK,
    PATCH_PLAN_BAD,     /* errno says why */
    PATCH_PLAN_REFUSED, /* outside of the roots, or protected */
    PATCH_PLAN_FULL,    /* over one of the caps above */
};

/* Find or read the file that `path` (as in the patch) means. `follows`: a symlink at its end, too.
 * *ret_shown is its absolute path, to be freed, whatever the outcome. Pointers into plan->files are
 * valid until the next call. */
enum patch_plan_status patch_plan_touch(struct patch_plan *plan, const char *path, bool follows,
                                        size_t *ret_index, char **ret_shown);

/* What the file holds now, in the eyes of the next section. */
struct patch_span patch_planned_content(const struct patch_planned *file);

/* Would a file at this place have another planned file as its folder, or the other way round? */
bool patch_plan_is_blocked(const struct patch_plan *plan, size_t index);

/* `content` is taken over. False: over a cap. */
bool patch_plan_write(struct patch_plan *plan, size_t index, struct patch_span content);
void patch_plan_remove(struct patch_plan *plan, size_t index);

/* Fill plan->changes from the files. Once, when all sections are planned. */
void patch_plan_list_changes(struct patch_plan *plan);

#endif
