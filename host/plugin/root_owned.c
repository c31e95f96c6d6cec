/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/root_owned.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"

#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)
#define FOLDER             (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define STEP               (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define PLAIN_FILE         (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static int refuse_errno(const char *path, int os_errno, struct beacon_error *err)
{
    bool is_link = os_errno == ELOOP || os_errno == ENOTDIR;
    if (os_errno == ENOENT) {
        return error_set_errno(err, BEACON_E_NOT_FOUND, os_errno,
                               "ask the administrator to put it there", "%s does not exist", path);
    }
    return error_set_errno(
        err, BEACON_E_POLICY, os_errno,
        is_link ? "ask the administrator to replace links by the real folders and files"
                : "ask the administrator to make it readable: chmod a+rX",
        "the policy cannot be trusted: cannot open %s%s: %s", path,
        is_link ? " without following a link" : "", strerror(os_errno));
}

static int check_owner(int fd, const char *path, struct beacon_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return refuse_errno(path, errno, err);
    }
    AUTO_FREE char *mend = alloc_printf("ask the administrator to run: %s %s",
                                        st.st_uid != 0 ? "chown root:root" : "chmod go-w", path);
    if (st.st_uid != 0) {
        return error_set(err, BEACON_E_POLICY, mend,
                         "the policy cannot be trusted: %s belongs to user %u and not to root",
                         path, (unsigned)st.st_uid);
    }
    if ((st.st_mode & WRITABLE_BY_OTHERS) != 0) {
        return error_set(err, BEACON_E_POLICY, mend,
                         "the policy cannot be trusted: %s is writable by others (mode %04o)", path,
                         (unsigned)(st.st_mode & 07777));
    }
    return BEACON_OK;
}

/* One opened component after the other. What is wrong with a folder on the way counts only when the
 * path leads to something: without a policy nobody asks who owns /etc. */
struct walk {
    int fd; /* of the last component that is open */
    struct beacon_error doubt;
};

static int step(struct walk *walk, const char *name, const char *path, int flags,
                struct beacon_error *err)
{
    int fd = openat(walk->fd, name, flags);
    if (fd < 0) {
        return refuse_errno(path, errno, err);
    }
    if (walk->fd >= 0) {
        (void)close(walk->fd);
    }
    walk->fd = fd;
    if (walk->doubt.code == BEACON_OK) {
        (void)check_owner(fd, path, &walk->doubt);
    }
    return BEACON_OK;
}

/* Every folder above the last component, then that one with `flags`. */
static int walk_to(struct walk *walk, char *path, int flags, struct beacon_error *err)
{
    int rc = step(walk, "/", "/", STEP, err);
    for (char *at = path; rc == BEACON_OK && at != NULL;) {
        char *name = at + 1;
        at = strchr(name, '/');
        if (at != NULL) {
            *at = '\0';
        }
        rc = step(walk, name, path, at != NULL ? STEP : flags, err);
        if (at != NULL) {
            *at = '/';
        }
    }
    return rc;
}

static int open_path(const char *path, int flags, int *ret_fd, struct beacon_error *err)
{
    assert(path[0] == '/');
    AUTO_FREE char *normal = path_normal("/", path);
    struct walk walk = {.fd = -1};
    int rc = walk_to(&walk, normal, flags, err);
    AUTO_CLOSE int fd = walk.fd;
    if (rc == BEACON_OK && walk.doubt.code != BEACON_OK) {
        if (err != NULL) {
            *err = walk.doubt;
        }
        return walk.doubt.code;
    }
    if (rc == BEACON_OK) {
        *ret_fd = take_fd(&fd);
    }
    return rc;
}

static int check_regular(int fd, const char *path, struct beacon_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return error_set(err, BEACON_E_POLICY, "ask the administrator to remove it",
                         "the policy cannot be trusted: %s is no regular file", path);
    }
    return BEACON_OK;
}

int root_owned_folder(const char *path, int *ret_fd, struct beacon_error *err)
{
    return open_path(path, FOLDER, ret_fd, err);
}

int root_owned_file(const char *path, int *ret_fd, struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    int rc = open_path(path, PLAIN_FILE, &fd, err);
    rc = rc == BEACON_OK ? check_regular(fd, path, err) : rc;
    if (rc == BEACON_OK) {
        *ret_fd = take_fd(&fd);
    }
    return rc;
}

int root_owned_file_at(int folder_fd, const char *folder, const char *name, int *ret_fd,
                       struct beacon_error *err)
{
    AUTO_FREE char *path = path_join(folder, name);
    AUTO_CLOSE int fd = openat(folder_fd, name, PLAIN_FILE);
    if (fd < 0) {
        return refuse_errno(path, errno, err);
    }
    int rc = check_owner(fd, path, err);
    rc = rc == BEACON_OK ? check_regular(fd, path, err) : rc;
    if (rc == BEACON_OK) {
        *ret_fd = take_fd(&fd);
    }
    return rc;
}
