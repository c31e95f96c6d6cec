/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cover.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "sandbox/cover_file.h"
#include "sandbox/cover_guard.h"
#include "sandbox/cover_lock.h"

/* Every name there may be a cover at. Who removes covers removes those of sessions that left before it,
 * and that had other names to cover. */
static const char *const all_names[] = {
    ".code", ".codex", ".agents",         ".vscode",   ".mcp.json", ".envrc",     ".git",
    "hooks", "config", "config.worktree", "commondir", "info",      "attributes", "modules",
};

struct cover {
    char *path;
    int fd;       /* O_PATH */
    size_t where; /* index of its directory */
    enum cover_kind kind;
};

struct covered {
    char *path;
    int fd; /* holds the lock */
};

struct cover_set {
    struct cover *list;
    size_t n;
    struct covered *directories;
    size_t n_directories;
    unsigned n_commands;
    struct cover_guard *guard;
};

struct cover_set *cover_set_create(void)
{
    struct cover_set *set = alloc_zeroed(sizeof *set);
    set->guard = cover_guard_create();
    return set;
}

/* Is the cover still at its name? */
static bool is_there(const struct cover_set *set, const struct cover *cover)
{
    struct stat at, held;
    return fstatat(set->directories[cover->where].fd, path_base(cover->path), &at,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(cover->fd, &held) == 0 && at.st_dev == held.st_dev && at.st_ino == held.st_ino;
}

static void tell_if_lost(const struct cover_set *set, const struct cover *cover,
                         struct text *diagnosis)
{
    struct stat st;
    bool is_lost = diagnosis != NULL && !is_there(set, cover) &&
                   fstatat(set->directories[cover->where].fd, path_base(cover->path), &st,
                           AT_SYMLINK_NOFOLLOW) == 0;
    if (is_lost) {
        (void)text_addf(diagnosis,
                        "%s appeared while a command was running, in a place that commands must "
                        "not write: look at it before you use it.\n",
                        cover->path);
    }
}

static void leave(const struct covered *directory)
{
    if (cover_lock_take(directory->fd)) {
        for (size_t i = 0; i < sizeof all_names / sizeof all_names[0]; i++) {
            cover_file_remove(directory->fd, all_names[i]);
        }
    }
    (void)close(directory->fd);
    free(directory->path);
}

static void remove_all(struct cover_set *set, struct text *diagnosis)
{
    for (size_t i = 0; i < set->n; i++) {
        tell_if_lost(set, &set->list[i], diagnosis);
        (void)close(set->list[i].fd);
        free(set->list[i].path);
    }
    for (size_t i = 0; i < set->n_directories; i++) {
        leave(&set->directories[i]);
    }
    set->n = set->n_directories = 0;
}

void cover_set_destroy(struct cover_set *set)
{
    if (set == NULL) {
        return;
    }
    remove_all(set, NULL);
    cover_guard_destroy(set->guard);
    free(set->directories);
    free(set->list);
    free(set);
}

void cover_set_begin(struct cover_set *set)
{
    set->n_commands++;
}

bool cover_set_end(struct cover_set *set, struct text *diagnosis)
{
    assert(set->n_commands > 0);
    if (--set->n_commands > 0) {
        return false;
    }
    remove_all(set, diagnosis);
    return true;
}

void cover_set_rest(struct cover_set *set)
{
    cover_guard_stop(set->guard);
}

void cover_set_expect(struct cover_set *set, const char *path)
{
    cover_guard_watch(set->guard, path);
}

/* A cover of this session that is still at its name. One that was taken away is forgotten. */
static bool find(struct cover_set *set, const char *path, int *ret_fd)
{
    for (size_t i = 0; i < set->n; i++) {
        struct cover *cover = &set->list[i];
        if (strcmp(cover->path, path) != 0) {
            continue;
        }
        if (is_there(set, cover)) {
            *ret_fd = cover->fd;
            return true;
        }
        (void)close(cover->fd);
        free(cover->path);
        *cover = set->list[--set->n];
        return false;
    }
    return false;
}

/* The directory that `path` is in, shared with other sessions. False with errno. */
static bool enter(struct cover_set *set, const char *path, size_t *ret_index)
{
    AUTO_FREE char *parent = path_parent(path);
    for (size_t i = 0; i < set->n_directories; i++) {
        if (strcmp(set->directories[i].path, parent) == 0) {
            *ret_index = i;
            return true;
        }
    }
    int fd = cover_lock_share(parent);
    if (fd < 0) {
        return false;
    }
    set->directories =
        alloc_grow(set->directories, set->n_directories + 1, sizeof *set->directories);
    set->directories[set->n_directories] = (struct covered){take_pointer(parent), fd};
    *ret_index = set->n_directories++;
    return true;
}

/* The name of a cover of that kind in the directory; NULL: there is none. */
static const char *twin_of(const struct cover_set *set, size_t where, enum cover_kind kind)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->list[i].where == where && set->list[i].kind == kind) {
            return path_base(set->list[i].path);
        }
    }
    return NULL;
}

static bool make(struct cover_set *set, const char *path, enum cover_kind kind)
{
    size_t where = 0;
    if (!enter(set, path, &where)) {
        return false;
    }
    int dir = set->directories[where].fd;
    int fd = -1;
    if (cover_file_make(dir, path_base(path), kind, twin_of(set, where, kind)) != 0 ||
        (fd = openat(dir, path_base(path), O_PATH | O_NOFOLLOW | O_CLOEXEC)) < 0) {
        return false;
    }
    set->list = alloc_grow(set->list, set->n + 1, sizeof *set->list);
    set->list[set->n++] = (struct cover){alloc_string(path), fd, where, kind};
    return true;
}

/* Where the host may not make anything a command of the same user may not either; and a file system
 * that has no such modes is left as it is. */
static bool is_tolerable(int problem)
{
    return problem == EACCES || problem == EPERM || problem == EROFS || problem == EOPNOTSUPP ||
           problem == ENOENT;
}

int cover_set_add(struct cover_set *set, const char *path, enum cover_kind kind, int *ret_fd,
                  struct beacon_error *err)
{
    assert(set->n_commands > 0 && kind != COVER_NONE);
    if (find(set, path, ret_fd)) {
        return BEACON_OK;
    }
    int rc = cover_guard_start(set->guard, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (make(set, path, kind)) {
        *ret_fd = set->list[set->n - 1].fd;
        return BEACON_OK;
    }
    if (is_tolerable(errno)) {
        *ret_fd = -1;
        return BEACON_OK;
    }
    if (errno == EEXIST) {
        return error_set(err, BEACON_E_BUSY, "try again",
                         "%s appeared just before the command was to start", path);
    }
    return error_set_errno(err, BEACON_E_REFUSED, errno,
                           "remove the reason, or see docs/sandbox.md for the protected names",
                           "cannot keep %s from being made by the command: %s", path,
                           strerror(errno));
}

bool cover_is_one(const char *path)
{
    struct stat st;
    return cover_file_is_one(AT_FDCWD, path, &st);
}
