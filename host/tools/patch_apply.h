/* patch_apply.h - from a parsed patch to changed files, in two steps: verify, then commit.
 *
 * patch_verify() reads every file a patch names and computes every new content, in memory, in the
 * order of the sections, each seeing what those before it would have done. Nothing is written, so a
 * patch that does not match changes nothing. patch_commit() then writes, one file at a time: a
 * temporary file beside it, then rename. Both walk paths from the writable roots by openat2(2)
 * beneath the root, so no symlink, "..", or rename made meanwhile by a sandboxed command leads out.
 * Thread: [main]; local files only.
 */
#ifndef HOST_TOOLS_PATCH_APPLY_H
#define HOST_TOOLS_PATCH_APPLY_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

struct event_change;
struct patch;
struct patch_plan;
struct text;

/* Where a patch may write. All borrowed; the fds are O_PATH or O_RDONLY directories, paths[i] is the
 * absolute, normal path of fds[i]. n == 0: anywhere, and then symlinks are followed anywhere.
 * `may_write` says which paths beneath the roots are closed nevertheless; NULL: none. */
struct patch_roots {
    const int *fds;
    const char *const *paths;
    size_t n;
    bool (*may_write)(const void *ctx, const char *path);
    const void *ctx;
};

/* Match every section of `patch` (borrowed for the call) against the files below `cwd` (absolute).
 * `roots` is borrowed until the plan is destroyed. Failures, with the whole sentence in `why` (may be
 * NULL) and the same, cut, in `err`:
 *   BEACON_E_REFUSED  a path is outside of the roots, leads out through a symlink, or is a protected
 *                     name (.git, .code, .codex)
 *   BEACON_E_INVALID  a file is missing, is no regular file or is no UTF-8 text, or a chunk is not
 *                     found; also a patch without sections
 *   BEACON_E_LIMIT    a file is over PATCH_FILE_MAX
 *   BEACON_E_IO       the system would not read it
 * *ret is the caller's, for patch_plan_destroy(). */
int patch_verify(const struct patch *patch, const char *cwd, const struct patch_roots *roots,
                 struct patch_plan **ret, struct text *why, struct beacon_error *err);

/* One change per file the patch touches, in patch order; borrowed from the plan. */
const struct event_change *patch_plan_changes(const struct patch_plan *plan, size_t *ret_n);

/* Append a unified diff of the whole plan, paths relative to cwd where they are beneath it. A diff
 * that would be over out's cap ends at a whole line with a note that says so. */
void patch_plan_diff(const struct patch_plan *plan, struct text *out);

/* Write it. `summary` (may be NULL) gets "Success. Updated the following files:\nA …", or on failure
 * the sentence that says what went wrong; what was written before the failure stays. At most once per
 * plan. */
int patch_commit(struct patch_plan *plan, struct text *summary, struct beacon_error *err);

/* Append what patch_commit() says of a patch that was applied. */
void patch_summarise(const struct patch *patch, struct text *out);

void patch_plan_destroy(struct patch_plan *plan); /* NULL is fine */

#endif
