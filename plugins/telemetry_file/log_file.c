/* SPDX-License-Identifier: Apache-2.0 */
#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <beacon-sdk/error.h>

#include "log_file_failure.h"

#define LOCK_POLL_MS 5
#define SUFFIX_MAX   16

struct log_file {
    struct log_file_settings settings;
    int fd; /* -1: to be opened with the next append */
};

/* ---- opening ---- */

/* A FIFO must not block, a link not lead elsewhere, a device not be written to. */
static beacon_rc open_file(struct log_file *file, struct beacon_error *err)
{
    struct stat info;
    const char *path = file->settings.path;
    const int flags =
        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    file->fd = open(path, flags, 0600);
    if (file->fd < 0) {
        return log_file_failure(err, errno, "open", path);
    }
    if (fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(file->fd);
        file->fd = -1;
        return log_file_failure(err, ENXIO, "open", path);
    }
    return BEACON_OK;
}

beacon_rc log_file_open(const struct log_file_settings *settings, struct log_file **ret,
                        struct beacon_error *err)
{
    struct log_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "end other programs", "no memory is left");
    }
    file->settings = *settings;
    const beacon_rc rc = open_file(file, err);
    if (rc != BEACON_OK) {
        free(file);
        return rc;
    }
    *ret = file;
    return BEACON_OK;
}

void log_file_close(struct log_file *file)
{
    if (file != NULL) {
        if (file->fd >= 0) {
            (void)close(file->fd);
        }
        free(file);
    }
}

static void let_go(struct log_file *file)
{
    (void)close(file->fd); /* and its lock */
    file->fd = -1;
}

/* ---- the lock ---- */

static beacon_rc wait_for_lock(struct log_file *file, log_file_stop_fn stop, void *ctx,
                               struct beacon_error *err)
{
    while (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return log_file_failure(err, errno, "lock", file->settings.path);
        }
        if (stop(ctx)) {
            return beacon_error_fill(err, BEACON_E_BUSY, "end the process that stands still",
                                     "another process keeps telemetry file %s locked",
                                     file->settings.path);
        }
        (void)poll(NULL, 0, LOCK_POLL_MS);
    }
    return BEACON_OK;
}

/* Is the locked file still the one at the path? Another process may have rotated or removed it. */
static bool is_current(const struct log_file *file, uint64_t *ret_bytes)
{
    struct stat ours, at_path;
    if (fstat(file->fd, &ours) != 0 || lstat(file->settings.path, &at_path) != 0) {
        return false;
    }
    *ret_bytes = (uint64_t)ours.st_size;
    return ours.st_dev == at_path.st_dev && ours.st_ino == at_path.st_ino;
}

/* The file at the path, opened and locked, and how long it is. */
static beacon_rc enter(struct log_file *file, log_file_stop_fn stop, void *ctx, uint64_t *ret_bytes,
                       struct beacon_error *err)
{
    for (;;) {
        beacon_rc rc = file->fd < 0 ? open_file(file, err) : BEACON_OK;
        if (rc == BEACON_OK) {
            rc = wait_for_lock(file, stop, ctx, err);
        }
        if (rc != BEACON_OK || is_current(file, ret_bytes)) {
            return rc;
        }
        let_go(file);
    }
}

/* ---- rotation ---- */

static void name_of(const struct log_file *file, unsigned k, char *ret, size_t size)
{
    if (k == 0) {
        (void)snprintf(ret, size, "%s", file->settings.path);
    } else {
        (void)snprintf(ret, size, "%s.%u", file->settings.path, k);
    }
}

/* Files of a larger max_files than today's. */
static void remove_leftovers(const struct log_file *file)
{
    char name[PATH_MAX + SUFFIX_MAX];
    unsigned k = file->settings.max_files;
    do {
        name_of(file, k++, name, sizeof name);
    } while (unlink(name) == 0);
}

static beacon_rc rename_all(const struct log_file *file, struct beacon_error *err)
{
    char from[PATH_MAX + SUFFIX_MAX], to[PATH_MAX + SUFFIX_MAX];
    for (unsigned k = file->settings.max_files - 1; k > 0; k--) {
        name_of(file, k - 1, from, sizeof from);
        name_of(file, k, to, sizeof to);
        if (rename(from, to) != 0 && errno != ENOENT) {
            return log_file_failure(err, errno, "rotate", from);
        }
    }
    return BEACON_OK;
}

/* Begin an empty file; the lock is held on it when this returns. */
static beacon_rc rotate(struct log_file *file, log_file_stop_fn stop, void *ctx,
                        uint64_t *ret_bytes, struct beacon_error *err)
{
    remove_leftovers(file);
    if (file->settings.max_files <= 1) {
        *ret_bytes = 0;
        return ftruncate(file->fd, 0) == 0
                   ? BEACON_OK
                   : log_file_failure(err, errno, "empty", file->settings.path);
    }
    const beacon_rc rc = rename_all(file, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    let_go(file);
    return enter(file, stop, ctx, ret_bytes, err);
}

/* ---- writing ---- */

/* Length of the whole lines at the beginning of `lines` that fit into `room`. */
static size_t fitting(struct beacon_str lines, uint64_t room)
{
    if (lines.n <= room) {
        return lines.n;
    }
    const char *last = room > 0 ? memrchr(lines.p, '\n', (size_t)room) : NULL;
    return last != NULL ? (size_t)(last - lines.p) + 1 : 0;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        const ssize_t done = write(fd, p, n);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

static beacon_rc write_lines(struct log_file *file, const char *p, size_t n, uint64_t bytes_before,
                             struct beacon_error *err)
{
    if (write_all(file->fd, p, n) && (!file->settings.wants_fsync || fdatasync(file->fd) == 0)) {
        return BEACON_OK;
    }
    const int cause = errno;
    /* The lock is ours, so nobody wrote behind it: half a line goes again. Where even that fails it
     * stays, and a reader finds one line that is no JSON. */
    const int left_as_it_is = ftruncate(file->fd, (off_t)bytes_before);
    (void)left_as_it_is;
    return log_file_failure(err, cause, "write", file->settings.path);
}

beacon_rc log_file_append(struct log_file *file, struct beacon_str lines, log_file_stop_fn stop,
                          void *ctx, struct beacon_error *err)
{
    uint64_t bytes = 0;
    beacon_rc rc = enter(file, stop, ctx, &bytes, err);
    while (rc == BEACON_OK && lines.n > 0) {
        const uint64_t max = file->settings.max_bytes;
        const size_t n = fitting(lines, bytes < max ? max - bytes : 0);
        if (n == 0) {
            rc = rotate(file, stop, ctx, &bytes, err);
            continue;
        }
        rc = write_lines(file, lines.p, n, bytes, err);
        bytes += n;
        lines = (struct beacon_str){lines.p + n, lines.n - n};
    }
    if (file->fd >= 0) {
        (void)flock(file->fd, LOCK_UN);
    }
    return rc;
}
