/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"

#define LINKS_MAX          16 /* of root, followed on the way */
#define NAME_SERVICE_BYTES 16384

/* One attempt from "/" to the file. */
struct walk {
    const char *path; /* absolute and normal */
    bool is_strict;
    bool is_in_sticky; /* the folder that was opened last */
    bool is_in_roots;  /* only root can write into it */
    char *real;        /* where a link led; the walk begins again there */
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

static int judge_file(const struct walk *walk, const struct stat *st, struct beacon_error *err)
{
    if (!S_ISREG(st->st_mode)) {
        return error_set(err, BEACON_E_INVALID, "remove it from the plugin folder",
                         "%s is %s, not a plugin file", walk->path,
                         S_ISDIR(st->st_mode) ? "a folder" : "no regular file");
    }
    if (!is_trusted_owner(st)) {
        return foreign_owner("", walk->path, st, err);
    }
    const mode_t others = st->st_mode & (S_IWGRP | S_IWOTH);
    if (others != 0 && (others != S_IWGRP || walk->is_strict || !is_private_group(st->st_gid))) {
        return writable_by_others("", walk->path, st, err);
    }
    if (walk->is_in_sticky && st->st_nlink > 1) {
        /* Anybody may put a second name of somebody's file there: old and weak code, say. */
        return error_set(err, BEACON_E_REFUSED, "move it into a folder that only you can write to",
                         "%s has %" PRIuMAX " names and stands in a folder that everybody can "
                         "write to",
                         walk->path, (uintmax_t)st->st_nlink);
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
    if (*rest == '\0' || !walk->is_in_roots || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        st.st_uid != 0) {
        return refuse_link(so_far, err);
    }
    ssize_t n = readlinkat(at, name, target, sizeof target - 1);
    if (n <= 0) {
        return refuse_link(so_far, err);
    }
    target[n] = '\0';
    AUTO_FREE char *parent = path_parent(so_far);
    AUTO_FREE char *there = path_normal(parent, target);
    walk->real = path_join(there, rest);
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

static int open_file(const struct walk *walk, int at, int *ret_fd, struct beacon_error *err)
{
    struct stat st;
    const char *name = path_base(walk->path);
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return cannot_open(walk->path, errno, err);
    }
    if (S_ISLNK(st.st_mode)) {
        return refuse_link(walk->path, err);
    }
    if (!S_ISREG(st.st_mode)) { /* opening a device may already do something */
        return judge_file(walk, &st, err);
    }
    AUTO_CLOSE int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return cannot_open(walk->path, errno, err);
    }
    int rc = judge_file(walk, &st, err);
    if (rc == BEACON_OK) {
        *ret_fd = take_fd(&fd);
    }
    return rc;
}

/* From "/" to the file, or to a link that is followed: then walk->real is where to begin again. */
static int walk_once(struct walk *walk, int *ret_fd, struct beacon_error *err)
{
    AUTO_CLOSE int at = AT_FDCWD;
    AUTO_FREE char *so_far = alloc_string(walk->path);
    bool is_link = false;
    so_far[1] = '\0';
    int rc = enter(walk, &at, so_far, &is_link, err);
    const char *rest = walk->path + 1;
    const char *slash = NULL;
    while (rc == BEACON_OK && (slash = strchr(rest, '/')) != NULL) {
        size_t n = (size_t)(slash - walk->path);
        memcpy(so_far, walk->path, n);
        so_far[n] = '\0';
        rest = slash + 1;
        rc = enter(walk, &at, so_far, &is_link, err);
        if (rc == BEACON_OK && is_link) {
            return follow_link(walk, at, so_far, rest, err);
        }
    }
    return rc == BEACON_OK ? open_file(walk, at, ret_fd, err) : rc;
}

int ownership_open(const char *path, bool is_strict, int *ret_fd, struct beacon_error *err)
{
    AUTO_FREE char *cwd = path_cwd();
    AUTO_FREE char *now = path_normal(cwd != NULL ? cwd : "/", path);
    for (int i = 0; i < LINKS_MAX; i++) {
        struct walk walk = {.path = now, .is_strict = is_strict};
        int rc = walk_once(&walk, ret_fd, err);
        if (rc != BEACON_OK || walk.real == NULL) {
            return rc;
        }
        free(now);
        now = walk.real;
    }
    return error_set(err, BEACON_E_REFUSED, "give the real path of the plugin",
                     "%s leads over more than %d symbolic links", path, LINKS_MAX);
}
