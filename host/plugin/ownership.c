/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"

#define LINKS_MAX          16 /* of root, followed on the way */
#define NAME_SERVICE_BYTES 16384
#define OWNED_FOLDERS_MAX  16 /* each keeps a descriptor; the next are walked to every time */

/* One attempt from "/" to the folder. */
struct walk {
    const char *path; /* absolute and normal */
    bool is_strict;
    bool is_in_sticky; /* the folder that was opened last */
    bool is_in_roots;  /* only root can write into it */
    char *real;        /* where a link led; the walk begins again there */
};

/* A folder whose parents and itself were found to be nobody else's. */
struct owned_folder {
    char *asked; /* the normal path that led here, which may have gone over root's links */
    char *real;
    int fd; /* O_PATH: as long as it is open no other folder gets this inode */
    struct stat st;
    bool is_strict, is_in_sticky;
};

struct owned_folders {
    struct owned_folder items[OWNED_FOLDERS_MAX];
    size_t n;
};

static int cannot_open(const char *path, int os_errno, struct beacon_error *err)
{
    if (os_errno == ENOENT) {
        return error_set_errno(err, BEACON_E_NOT_FOUND, os_errno,
                               "check the path, or install the plugin again", "%s does not exist",
                               path);
    }
    return error_set_errno(err, BEACON_E_IO, os_errno,
                           "make it readable, or remove it from the plugin folder",
                           "cannot open %s: %s", path, strerror(os_errno));
}

/* Is `gid` the private group of the effective user: same name, nobody else in it? */
static bool is_private_group(gid_t gid)
{
    char user_text[NAME_SERVICE_BYTES], group_text[NAME_SERVICE_BYTES];
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;
    if (gid != getegid() ||
        getpwuid_r(geteuid(), &user, user_text, sizeof user_text, &found_user) != 0 ||
        getgrgid_r(gid, &group, group_text, sizeof group_text, &found_group) != 0 ||
        found_user == NULL || found_group == NULL || user.pw_gid != gid ||
        strcmp(user.pw_name, group.gr_name) != 0) {
        return false;
    }
    for (char **member = group.gr_mem; *member != NULL; member++) {
        if (strcmp(*member, user.pw_name) != 0) {
            return false;
        }
    }
    return true;
}

static int foreign_owner(const char *what, const char *path, const struct stat *st,
                         struct beacon_error *err)
{
    char hint[sizeof err->hint];
    if (geteuid() == 0) {
        (void)snprintf(hint, sizeof hint, "if you trust it: chown root %s", path);
    } else {
        (void)snprintf(hint, sizeof hint, "if you trust it: sudo chown %" PRIu32 " %s",
                       (uint32_t)geteuid(), path);
    }
    return error_set(err, BEACON_E_REFUSED, hint,
                     "%s%s belongs to user %" PRIu32 ", it must belong to root or to you (%" PRIu32
                     ")",
                     what, path, (uint32_t)st->st_uid, (uint32_t)geteuid());
}

static int writable_by_others(const char *what, const char *path, const struct stat *st,
                              struct beacon_error *err)
{
    char hint[sizeof err->hint];
    (void)snprintf(hint, sizeof hint, "chmod go-w %s, after looking at what is in it", path);
    return error_set(err, BEACON_E_REFUSED, hint, "%s%s can be changed by others: its mode is %04o",
                     what, path, (unsigned)(st->st_mode & 07777));
}

static bool is_trusted_owner(const struct stat *st)
{
    return st->st_uid == 0 || st->st_uid == geteuid();
}

static int judge_folder(struct walk *walk, const char *path, const struct stat *st,
                        struct beacon_error *err)
{
    const mode_t others = st->st_mode & (S_IWGRP | S_IWOTH);
    if (!is_trusted_owner(st)) {
        return foreign_owner("the folder ", path, st, err);
    }
    walk->is_in_sticky = others != 0 && (st->st_mode & S_ISVTX) != 0;
    walk->is_in_roots = st->st_uid == 0 && others == 0;
    if (others == 0 || walk->is_in_sticky ||
        (others == S_IWGRP && !walk->is_strict && is_private_group(st->st_gid))) {
        return BEACON_OK;
    }
    return writable_by_others("the folder ", path, st, err);
}

static int judge_file(const struct owned_folder *folder, const char *path, const struct stat *st,
                      struct beacon_error *err)
{
    if (!S_ISREG(st->st_mode)) {
        return error_set(err, BEACON_E_INVALID, "remove it, or put a file in its place", "%s is %s",
                         path, S_ISDIR(st->st_mode) ? "a folder, not a file" : "no regular file");
    }
    if (!is_trusted_owner(st)) {
        return foreign_owner("", path, st, err);
    }
    const mode_t others = st->st_mode & (S_IWGRP | S_IWOTH);
    if (others != 0 && (others != S_IWGRP || folder->is_strict || !is_private_group(st->st_gid))) {
        return writable_by_others("", path, st, err);
    }
    if (folder->is_in_sticky && st->st_nlink > 1) {
        /* Anybody may put a second name of somebody's file there: old and weak code, say. */
        return error_set(err, BEACON_E_REFUSED, "move it into a folder that only you can write to",
                         "%s has %" PRIuMAX " names and stands in a folder that everybody can "
                         "write to",
                         path, (uintmax_t)st->st_nlink);
    }
    return BEACON_OK;
}

static int refuse_link(const char *path, struct beacon_error *err)
{
    char hint[sizeof err->hint];
    AUTO_FREE char *real = realpath(path, NULL);
    (void)snprintf(hint, sizeof hint, "give the real path: %s",
                   real != NULL ? real : "the link leads nowhere");
    return error_set(err, BEACON_E_REFUSED, hint,
                     "%s is a symbolic link, which may lead elsewhere tomorrow", path);
}

/* `so_far` is a link in the folder `at`, `rest` is what stands behind it in the path. */
static int follow_link(struct walk *walk, int at, const char *so_far, const char *rest,
                       struct beacon_error *err)
{
    const char *name = path_base(so_far);
    char target[PATH_MAX];
    struct stat st;
    if (!walk->is_in_roots || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_uid != 0) {
        return refuse_link(so_far, err);
    }
    ssize_t n = readlinkat(at, name, target, sizeof target - 1);
    if (n <= 0) {
        return refuse_link(so_far, err);
    }
    target[n] = '\0';
    AUTO_FREE char *parent = path_parent(so_far);
    AUTO_FREE char *there = path_normal(parent, target);
    walk->real = *rest != '\0' ? path_join(there, rest) : take_pointer(there);
    return BEACON_OK;
}

/* Open the folder `so_far` in *at, which it replaces. *ret_is_link: it is a link. */
static int enter(struct walk *walk, int *at, const char *so_far, bool *ret_is_link,
                 struct beacon_error *err)
{
    struct stat st;
    const char *name = so_far[1] == '\0' ? "/" : path_base(so_far);
    AUTO_CLOSE int next = openat(*at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int os_errno = errno;
    if (next < 0 || fstat(next, &st) != 0) {
        if ((os_errno == ENOTDIR || os_errno == ELOOP) &&
            fstatat(*at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) {
            *ret_is_link = true;
            return BEACON_OK;
        }
        return cannot_open(so_far, os_errno, err);
    }
    auto_close(at);
    *at = take_fd(&next);
    return judge_folder(walk, so_far, &st, err);
}

/* From "/" to the folder, which is then open in *at, or to a link that is followed: then walk->real is
 * where to begin again. */
static int walk_once(struct walk *walk, int *at, struct beacon_error *err)
{
    AUTO_FREE char *so_far = alloc_string(walk->path);
    bool is_link = false;
    so_far[1] = '\0';
    int rc = enter(walk, at, so_far, &is_link, err);
    for (const char *name = walk->path + 1; rc == BEACON_OK && *name != '\0';) {
        const size_t n = (size_t)(name - walk->path) + strcspn(name, "/");
        memcpy(so_far, walk->path, n);
        so_far[n] = '\0';
        name = walk->path + n + (walk->path[n] == '/' ? 1 : 0);
        rc = enter(walk, at, so_far, &is_link, err);
        if (rc == BEACON_OK && is_link) {
            return follow_link(walk, *at, so_far, name, err);
        }
    }
    return rc;
}

static void folder_finish(struct owned_folder *folder)
{
    auto_close(&folder->fd);
    free(folder->asked);
    free(folder->real);
}

/* Walk to the normal path `path`. `what` is what the caller is looking for. *ret is the caller's. */
static int folder_open(const char *path, bool is_strict, const char *what, struct owned_folder *ret,
                       struct beacon_error *err)
{
    AUTO_FREE char *now = alloc_string(path);
    for (int i = 0; i < LINKS_MAX; i++) {
        struct walk walk = {.path = now, .is_strict = is_strict};
        struct stat st;
        AUTO_CLOSE int at = AT_FDCWD;
        int rc = walk_once(&walk, &at, err);
        if (rc == BEACON_OK && walk.real == NULL && fstat(at, &st) != 0) {
            rc = cannot_open(now, errno, err);
        }
        if (rc != BEACON_OK) {
            return rc;
        }
        if (walk.real == NULL) {
            *ret = (struct owned_folder){.asked = alloc_string(path),
                                         .real = take_pointer(now),
                                         .fd = take_fd(&at),
                                         .st = st,
                                         .is_strict = is_strict,
                                         .is_in_sticky = walk.is_in_sticky};
            return BEACON_OK;
        }
        free(now);
        now = walk.real;
    }
    return error_set(err, BEACON_E_REFUSED, "give the real path of the plugin",
                     "%s leads over more than %d symbolic links", what, LINKS_MAX);
}

/* Does the path still lead there, and has nobody been let in since? */
static bool is_unchanged(const struct owned_folder *folder)
{
    struct stat st;
    return stat(folder->asked, &st) == 0 && st.st_dev == folder->st.st_dev &&
           st.st_ino == folder->st.st_ino && st.st_mode == folder->st.st_mode &&
           st.st_uid == folder->st.st_uid && st.st_gid == folder->st.st_gid;
}

static void forget(struct owned_folders *known, size_t i)
{
    folder_finish(&known->items[i]);
    known->items[i] = known->items[--known->n];
}

/* NULL: it must be walked to. */
static const struct owned_folder *recall(struct owned_folders *known, const char *path,
                                         bool is_strict)
{
    for (size_t i = 0; i < known->n; i++) {
        const struct owned_folder *folder = &known->items[i];
        if (folder->is_strict == is_strict && strcmp(folder->asked, path) == 0) {
            if (is_unchanged(folder)) {
                return folder;
            }
            forget(known, i);
            return NULL;
        }
    }
    return NULL;
}

static int open_file(const struct owned_folder *folder, const char *name, int *ret_fd,
                     struct beacon_error *err)
{
    struct stat st;
    AUTO_FREE char *path = path_join(folder->real, name);
    if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return cannot_open(path, errno, err);
    }
    if (S_ISLNK(st.st_mode)) {
        return refuse_link(path, err);
    }
    if (!S_ISREG(st.st_mode)) { /* opening a device may already do something */
        return judge_file(folder, path, &st, err);
    }
    AUTO_CLOSE int fd =
        openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return cannot_open(path, errno, err);
    }
    int rc = judge_file(folder, path, &st, err);
    if (rc == BEACON_OK) {
        *ret_fd = take_fd(&fd);
    }
    return rc;
}

static char *normal_of(const char *path)
{
    AUTO_FREE char *cwd = path[0] != '/' ? path_cwd() : NULL;
    return path_normal(cwd != NULL ? cwd : "/", path);
}

int ownership_open(struct owned_folders *known, const char *path, bool is_strict, int *ret_fd,
                   struct beacon_error *err)
{
    AUTO_FREE char *normal = normal_of(path);
    AUTO_FREE char *parent = path_parent(normal);
    const struct owned_folder *folder = known != NULL ? recall(known, parent, is_strict) : NULL;
    if (folder != NULL) {
        return open_file(folder, path_base(normal), ret_fd, err);
    }
    struct owned_folder opened;
    int rc = folder_open(parent, is_strict, path, &opened, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = open_file(&opened, path_base(normal), ret_fd, err);
    if (known != NULL && known->n < OWNED_FOLDERS_MAX) {
        known->items[known->n++] = opened;
    } else {
        folder_finish(&opened);
    }
    return rc;
}

struct owned_folders *owned_folders_create(void)
{
    return alloc_zeroed(sizeof(struct owned_folders));
}

void owned_folders_destroy(struct owned_folders *known)
{
    if (known != NULL) {
        while (known->n > 0) {
            forget(known, known->n - 1);
        }
        free(known);
    }
}
