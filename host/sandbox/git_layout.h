/* git_layout.h - where the repository of a directory keeps its files. Pure reading, without git.
 *
 * What a ".git" file says is believed only when the place it names points back: somebody may have
 * written it to have a directory of theirs, or of the person's, treated as a repository.
 * Thread: [any].
 */
#ifndef HOST_SANDBOX_GIT_LAYOUT_H
#define HOST_SANDBOX_GIT_LAYOUT_H

#include <stdbool.h>

enum git_kind {
    GIT_NONE,      /* there is no .git, and the directory is no repository itself */
    GIT_DIRECTORY, /* .git is a directory */
    GIT_BARE,      /* the directory itself is a git directory */
    GIT_WORKTREE,  /* .git is a file: a linked worktree */
    GIT_SUBMODULE, /* .git is a file: a repository in the modules/ of another one */
    GIT_ODD,       /* .git is a symlink, or a file that is not to be believed */
};

struct git_layout {
    enum git_kind kind;
    char *git_dir;    /* without links; NULL for NONE and ODD */
    char *common_dir; /* with hooks and config; git_dir but for a WORKTREE */
};

/* `dir` is absolute and without links. Give *ret to git_layout_finish(). */
void git_layout_read(const char *dir, struct git_layout *ret);
void git_layout_finish(struct git_layout *layout);

/* Does git take `dir` for a git directory? */
bool git_layout_is_git_dir(const char *dir);

#endif
