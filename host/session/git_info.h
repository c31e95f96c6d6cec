/* git_info.h - the commit, branch and remote of a folder, read from .git without running git.
 *
 * Understands worktrees and submodules (a .git file naming the folder), loose and packed refs.
 * Whatever is absent or odd is left empty; never an error. Thread: [any].
 */
#ifndef HOST_SESSION_GIT_INFO_H
#define HOST_SESSION_GIT_INFO_H

#include <stdbool.h>

struct git_info {
    char *commit_hash;    /* hex, NULL before the first commit */
    char *branch;         /* NULL when HEAD is detached */
    char *repository_url; /* of the remote "origin", user and password cut out; NULL when none */
};

/* False, with nothing to free, when `cwd` is in no repository. */
bool git_info_read(const char *cwd, struct git_info *ret);
void git_info_finish(struct git_info *info); /* a zeroed struct is fine */

#endif
