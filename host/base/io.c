/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/text.h"

#define READ_CHUNK (64u << 10)

bool io_hold_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* A new descriptor gets the lowest free number, which is this one. */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) { /* shared with children */
            return false;
        }
    }
    return true;
}

void io_expect_files(void)
{
    AUTO_CLOSE int highest = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, IO_FILES_EXPECTED - 1);
    (void)highest;
}

bool io_write_all(int fd, const void *from, size_t n)
{
    const char *p = from;
    while (n > 0) {
        ssize_t wrote = write(fd, p, n);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            return false;
        }
        p += wrote;
        n -= (size_t)wrote;
    }
    return true;
}

static bool write_line(int fd, const char *line, size_t n)
{
    struct iovec parts[2] = {{(void *)line, n}, {"\n", 1}};
    ssize_t wrote = -1;
    do {
        wrote = writev(fd, parts, 2);
    } while (wrote < 0 && errno == EINTR);
    if (wrote < 0) {
        return false;
    }
    size_t done = (size_t)wrote;
    if (done < n && !io_write_all(fd, line + done, n - done)) {
        return false;
    }
    return done > n || io_write_all(fd, "\n", 1);
}

bool io_append_line(int fd, const char *line, size_t n)
{
    struct stat before;
    if (fstat(fd, &before) != 0) {
        return false;
    }
    if (write_line(fd, line, n)) {
        return true;
    }
    int saved = errno;
    if (ftruncate(fd, before.st_size) != 0) {
        /* The torn line stays; readers cut it back on open. */
    }
    errno = saved;
    return false;
}

static ssize_t read_again(int fd, void *to, size_t n)
{
    ssize_t got = -1;
    do {
        got = read(fd, to, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* One read into `out`; with `out` full, one byte that tells "exactly full" from "too large". */
static ssize_t read_some(int fd, struct text *out)
{
    char beyond = 0;
    size_t left = out->max_bytes - out->len;
    if (left == 0) {
        return read_again(fd, &beyond, 1);
    }
    size_t want = left < READ_CHUNK ? left : READ_CHUNK;
    return read_again(fd, text_reserve(out, want), want);
}

int io_read_all(int fd, const char *name, struct text *out, struct beacon_error *err)
{
    for (;;) {
        bool is_full = out->len == out->max_bytes;
        ssize_t got = read_some(fd, out);
        if (got < 0) {
            return error_set_errno(err, BEACON_E_IO, errno, "check that it can be read",
                                   "cannot read %s: %s", name, strerror(errno));
        }
        if (got == 0) {
            return BEACON_OK;
        }
        if (is_full) {
            return error_set(err, BEACON_E_LIMIT, "make it smaller", "%s is over %zu bytes", name,
                             out->max_bytes);
        }
        text_commit(out, (size_t)got);
    }
}

int io_read_file(const char *path, struct text *out, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        beacon_rc code = errno == ENOENT ? BEACON_E_NOT_FOUND : BEACON_E_IO;
        return error_set_errno(err, code, errno, "check the path and its permissions",
                               "cannot open %s: %s", path, strerror(errno));
    }
    return io_read_all(fd, path, out, err);
}

static int replace_error(struct beacon_error *err, const char *path)
{
    return error_set_errno(err, BEACON_E_IO, errno,
                           "check that the folder is writable and the disk is not full",
                           "cannot write %s: %s", path, strerror(errno));
}

int io_replace_file(const char *path, const void *from, size_t n, mode_t mode,
                    struct beacon_error *err)
{
    AUTO_FREE char *temporary = alloc_printf("%s.%d.tmp", path, (int)getpid());
    AUTO_CLOSE int fd =
        open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) {
        return replace_error(err, path);
    }
    if (fchmod(fd, mode) != 0 || !io_write_all(fd, from, n) || rename(temporary, path) != 0) {
        int rc = replace_error(err, path);
        (void)unlink(temporary);
        return rc;
    }
    return BEACON_OK;
}

static int make_error(struct beacon_error *err, const char *path)
{
    return error_set_errno(err, BEACON_E_IO, errno,
                           "check that the parent folder exists and is writable",
                           "cannot make the folder %s: %s", path, strerror(errno));
}

int io_make_directories(const char *path, mode_t mode, struct beacon_error *err)
{
    AUTO_FREE char *partial = alloc_string(path);
    const bool is_there = mkdir(path, mode) == 0 || errno == EEXIST; /* most of the time */
    for (char *end = partial; !is_there && *end != '\0';) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char kept = *end;
        *end = '\0';
        if (mkdir(partial, mode) != 0 && errno != EEXIST) {
            return make_error(err, partial);
        }
        *end = kept;
    }
    struct stat made; /* EEXIST may have meant a file */
    if (stat(path, &made) != 0) {
        return make_error(err, path);
    }
    if (!S_ISDIR(made.st_mode)) {
        errno = ENOTDIR;
        return make_error(err, path);
    }
    return BEACON_OK;
}
