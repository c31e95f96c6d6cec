/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/git_layout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "sandbox/git_file.h"

static bool has_entry(const char *dir, const char *name, bool is_directory)
{
    AUTO_FREE char *path = path_join(dir, name);
    struct stat st;
    return (is_directory ? stat(path, &st) : lstat(path, &st)) == 0 &&
           (!is_directory || S_ISDIR(st.st_mode));
}

bool git_layout_is_git_dir(const char *dir)
{
    return has_entry(dir, "HEAD", false) && has_entry(dir, "objects", true) &&
           has_entry(dir, "refs", true);
}

/* `inner` is OUTER/NAME for one name. */
static bool is_child(const char *inner, const char *outer)
{
    AUTO_FREE char *parent = path_parent(inner);
    return strcmp(parent, outer) == 0;
}

/* COMMON/worktrees/NAME, which says that it belongs to the very file that led here. */
static bool read_worktree(const char *dir, struct git_layout *layout)
{
    AUTO_FREE char *common = git_file_path(layout->git_dir, "commondir", "");
    AUTO_FREE char *back = git_file_path(layout->git_dir, "gitdir", "");
    AUTO_FREE char *entry = path_join(dir, ".git");
    if (common == NULL || back == NULL || strcmp(back, entry) != 0) {
        return false;
    }
    AUTO_FREE char *worktrees = path_join(common, "worktrees");
    if (!is_child(layout->git_dir, worktrees) || !git_layout_is_git_dir(common)) {
        return false;
    }
    layout->kind = GIT_WORKTREE;
    layout->common_dir = take_pointer(common);
    return true;
}

struct back_link {
    const char *git_dir;
    const char *dir;
    bool is_found;
};

static void compare_worktree(void *ctx, const char *value)
{
    struct back_link *link = ctx;
    AUTO_FREE char *joined = path_join(link->git_dir, value);
    AUTO_FREE char *real = realpath(joined, NULL);
    link->is_found = real != NULL && strcmp(real, link->dir) == 0;
}

/* …/modules/NAME, whose core.worktree is the directory that led here. */
static bool read_submodule(const char *dir, struct git_layout *layout)
{
    AUTO_FREE char *config = git_file_read(layout->git_dir, "config");
    struct back_link link = {layout->git_dir, dir, false};
    if (config == NULL || strstr(layout->git_dir, "/modules/") == NULL ||
        !git_layout_is_git_dir(layout->git_dir)) {
        return false;
    }
    git_config_each(config, "core", "worktree", compare_worktree, &link);
    if (!link.is_found) {
        return false;
    }
    layout->kind = GIT_SUBMODULE;
    layout->common_dir = alloc_string(layout->git_dir);
    return true;
}

static void read_git_file(const char *dir, struct git_layout *layout)
{
    layout->git_dir = git_file_path(dir, ".git", "gitdir: ");
    if (layout->git_dir == NULL || (!read_worktree(dir, layout) && !read_submodule(dir, layout))) {
        git_layout_finish(layout);
        layout->kind = GIT_ODD;
    }
}

void git_layout_read(const char *dir, struct git_layout *ret)
{
    *ret = (struct git_layout){.kind = GIT_NONE};
    AUTO_FREE char *entry = path_join(dir, ".git");
    struct stat st;
    if (lstat(entry, &st) != 0) {
        if (git_layout_is_git_dir(dir)) {
            *ret = (struct git_layout){GIT_BARE, alloc_string(dir), alloc_string(dir)};
        }
    } else if (S_ISDIR(st.st_mode)) {
        *ret = (struct git_layout){GIT_DIRECTORY, alloc_string(entry), alloc_string(entry)};
    } else if (S_ISREG(st.st_mode)) {
        read_git_file(dir, ret);
    } else {
        ret->kind = GIT_ODD;
    }
}

void git_layout_finish(struct git_layout *layout)
{
    free(layout->git_dir);
    free(layout->common_dir);
    *layout = (struct git_layout){.kind = GIT_NONE};
}
