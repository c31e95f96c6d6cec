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
#include "sandbox/place_open.h"

struct cover {
    char *path;
    int fd;
};

struct cover_set {
    struct cover *list;
    size_t n;
    unsigned n_commands;
    struct cover_guard *guard;
};

struct cover_set *cover_set_create(void)
{
    struct cover_set *set = alloc_zeroed(sizeof *set);
    set->guard = cover_guard_create();
    return set;
}

/* The directory `path` is in; *ret_name points into `path`. */
static int open_parent(const char *path, const char **ret_name)
{
    AUTO_FREE char *parent = path_parent(path);
    *ret_name = path_base(path);
    return place_open(parent);
}

static void remove_cover(const struct cover *cover, struct text *diagnosis)
{
    const char *name = NULL;
    AUTO_CLOSE int parent = open_parent(cover->path, &name);
    if (parent < 0) {
        (void)close(cover->fd); /* the whole directory is gone, and the cover with it */
    } else if (!cover_file_remove(parent, name, cover->fd) && diagnosis != NULL &&
               faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        (void)text_addf(diagnosis,
                        "%s appeared while a command was running, in a place that commands must "
                        "not write: look at it before you use it.\n",
                        cover->path);
    }
}

static void remove_all(struct cover_set *set, struct text *diagnosis)
{
    while (set->n > 0) {
        struct cover *cover = &set->list[--set->n];
        remove_cover(cover, diagnosis);
        free(cover->path);
    }
}

void cover_set_destroy(struct cover_set *set)
{
    if (set == NULL) {
        return;
    }
    remove_all(set, NULL);
    cover_guard_destroy(set->guard);
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

void cover_set_expect(struct cover_set *set, const char *path)
{
    cover_guard_watch(set->guard, path);
}

/* A cover of this session that is still at its name. One that was taken away is forgotten. */
static bool find(struct cover_set *set, const char *path, int *ret_fd)
{
    struct stat at, held;
    for (size_t i = 0; i < set->n; i++) {
        struct cover *cover = &set->list[i];
        if (strcmp(cover->path, path) != 0) {
            continue;
        }
        if (lstat(path, &at) == 0 && fstat(cover->fd, &held) == 0 && at.st_dev == held.st_dev &&
            at.st_ino == held.st_ino) {
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
    const char *name = NULL;
    if (find(set, path, ret_fd)) {
        return BEACON_OK;
    }
    int rc = cover_guard_start(set->guard, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    AUTO_CLOSE int parent = open_parent(path, &name);
    int fd = parent < 0 ? -1 : cover_file_make(parent, name, kind);
    if (fd < 0 && is_tolerable(errno)) {
        *ret_fd = -1;
        return BEACON_OK;
    }
    if (fd < 0 && errno == EEXIST) {
        return error_set(err, BEACON_E_BUSY, "try again",
                         "%s appeared just before the command was to start", path);
    }
    if (fd < 0) {
        return error_set_errno(err, BEACON_E_REFUSED, errno,
                               "remove the reason, or see docs/sandbox.md for the protected names",
                               "cannot keep %s from being made by the command: %s", path,
                               strerror(errno));
    }
    set->list = alloc_grow(set->list, set->n + 1, sizeof *set->list);
    set->list[set->n++] = (struct cover){alloc_string(path), fd};
    *ret_fd = fd;
    return BEACON_OK;
}

bool cover_is_one(const char *path)
{
    const char *name = NULL;
    struct stat st;
    if (lstat(path, &st) != 0 || !cover_file_is_one(&st)) {
        return false;
    }
    AUTO_CLOSE int parent = open_parent(path, &name);
    return parent >= 0 && cover_file_is_vacant(parent, name);
}
