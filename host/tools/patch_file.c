/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"

#define TEMPORARY_BYTES 32 /* ".beacon-" 16 hex digits ".tmp" and NUL */

int patch_file_read(int dir, const char *name, struct text *out, struct stat *ret)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno;
    }
    if (!S_ISREG(st.st_mode)) { /* opening a device can already do something */
        return S_ISLNK(st.st_mode) ? ELOOP : EISDIR;
    }
    AUTO_CLOSE int fd =
        openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return EISDIR;
    }
    if (st.st_size > 0 && (size_t)st.st_size > out->max_bytes) {
        return EFBIG;
    }
    struct beacon_error err = {0};
    int rc = io_read_all(fd, name, out, &err);
    if (rc == BEACON_E_LIMIT) {
        return EFBIG;
    }
    *ret = st;
    return rc == BEACON_OK ? 0 : err.os_errno;
}

/* Names nobody can foresee, so a hostile command cannot take them all first. */
static bool make_temporary_name(char name[TEMPORARY_BYTES])
{
    unsigned long long number = 0;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        return false;
    }
    (void)snprintf(name, TEMPORARY_BYTES, ".beacon-%016llx.tmp", number);
    return true;
}

static bool take_over_owner_and_mode(int fd, const struct stat *old)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return false;
    }
    bool is_other = st.st_uid != old->st_uid || st.st_gid != old->st_gid;
    if (is_other && fchown(fd, old->st_uid, old->st_gid) != 0) {
        return false;
    }
    return fchmod(fd, old->st_mode & 07777) == 0;
}

/* Rewrite the file that is there. Room is asked for first: a full disk must not cost the content. */
static int rewrite(int dir, const char *name, const void *from, size_t n)
{
    AUTO_CLOSE int fd =
        openat(dir, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return EISDIR;
    }
    if (n > (size_t)st.st_size) {
        int problem = posix_fallocate(fd, 0, (off_t)n);
        if (problem == ENOSPC || problem == EDQUOT || problem == EFBIG) {
            return ftruncate(fd, st.st_size) == 0 ? problem : errno;
        }
    }
    if (!io_write_all(fd, from, n) || ftruncate(fd, (off_t)n) != 0) {
        return errno;
    }
    return 0;
}

/* 0, an errno, or -1: a replacement is not possible here but a rewrite may be. */
static int replace(int dir, const char *name, const void *from, size_t n, const struct stat *old,
                   mode_t mode)
{
    char temporary[TEMPORARY_BYTES];
    if (!make_temporary_name(temporary)) {
        return errno;
    }
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    AUTO_CLOSE int fd = openat(dir, temporary, flags, old != NULL ? 0600 : mode);
    if (fd < 0) {
        return old != NULL && (errno == EACCES || errno == EPERM) ? -1 : errno;
    }
    int problem = 0;
    if (old != NULL && !take_over_owner_and_mode(fd, old)) {
        problem = -1;
    } else if (!io_write_all(fd, from, n)) {
        problem = errno;
    } else if (renameat(dir, temporary, dir, name) != 0) {
        problem = errno == EBUSY && old != NULL ? -1 : errno; /* a file mounted on its own */
    }
    if (problem != 0) {
        (void)unlinkat(dir, temporary, 0);
    }
    return problem;
}

int patch_file_write(int dir, const char *name, const void *from, size_t n, const struct stat *old,
                     mode_t mode)
{
    if (old == NULL) {
        return replace(dir, name, from, n, NULL, mode);
    }
    /* A rename does not ask whether the file itself may be written. */
    if (faccessat(dir, name, W_OK, AT_EACCESS) != 0) {
        return errno;
    }
    int problem = old->st_nlink > 1 ? -1 : replace(dir, name, from, n, old, mode);
    return problem == -1 ? rewrite(dir, name, from, n) : problem;
}

int patch_file_check_removable(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno;
    }
    if (S_ISLNK(st.st_mode) && fstatat(dir, name, &st, 0) != 0) {
        return errno;
    }
    return S_ISREG(st.st_mode) ? 0 : EISDIR;
}

int patch_file_remove(int dir, const char *name)
{
    int problem = patch_file_check_removable(dir, name);
    if (problem != 0) {
        return problem;
    }
    return unlinkat(dir, name, 0) == 0 ? 0 : errno;
}
