/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn.h"

#define KEPT_FLAGS (O_APPEND | O_NONBLOCK) /* besides the access mode */
#define NULL_PATH  "/dev/null"
#define IS_NULL(n) ((n) == makedev(1, 3))

/* ---- in the host ---- */

static void plan_null(struct spawn_stream *ret)
{
    ret->kind = SPAWN_STREAM_DEVICE;
    ret->number = makedev(1, 3);
    ret->flags = O_RDWR;
    memcpy(ret->path, NULL_PATH, sizeof NULL_PATH);
}

static bool find_path(int fd, struct spawn_stream *ret)
{
    char link[32];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, ret->path, sizeof ret->path - 1);
    ret->path[n > 0 ? n : 0] = '\0';
    return ret->path[0] == '/';
}

static enum spawn_stream_kind kind_of(int fd, int index, int mode, const struct stat *st)
{
    if (S_ISCHR(st->st_mode)) {
        return isatty(fd) == 1 ? SPAWN_STREAM_TERMINAL : SPAWN_STREAM_DEVICE;
    }
    if (S_ISBLK(st->st_mode)) {
        return SPAWN_STREAM_DEVICE;
    }
    const bool is_read = index == STDIN_FILENO || mode == O_RDONLY;
    return S_ISREG(st->st_mode) && st->st_nlink > 0 && is_read ? SPAWN_STREAM_FILE
                                                               : SPAWN_STREAM_KEPT;
}

static void plan_one(int fd, int index, struct spawn_stream *ret)
{
    struct stat st;
    const int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (fd < 0) {
        plan_null(ret);
        return;
    }
    if (flags < 0 || (flags & O_PATH) != 0 || fstat(fd, &st) != 0) {
        return;
    }
    ret->kind = kind_of(fd, index, flags & O_ACCMODE, &st);
    ret->device = st.st_dev;
    ret->inode = st.st_ino;
    ret->number = st.st_rdev;
    ret->flags = ret->kind == SPAWN_STREAM_FILE ? O_RDONLY : flags & (O_ACCMODE | KEPT_FLAGS);
    if (S_ISCHR(st.st_mode) && IS_NULL(st.st_rdev)) {
        memcpy(ret->path, NULL_PATH, sizeof NULL_PATH);
    } else if (ret->kind != SPAWN_STREAM_KEPT && !find_path(fd, ret)) {
        ret->kind = SPAWN_STREAM_KEPT;
    }
}

void spawn_streams_plan(const struct spawn_request *request, struct spawn_streams *ret)
{
    const int fds[SPAWN_STREAMS] = {request->in_fd, request->out_fd, request->err_fd};
    for (int i = 0; i < SPAWN_STREAMS; i++) {
        plan_one(fds[i], i, &ret->list[i]);
    }
    ret->tree_fd = ret->place_fd = -1;
}

/* ---- in the second process ---- */

static bool is_same(const struct spawn_stream *stream, const struct stat *st)
{
    if (stream->kind == SPAWN_STREAM_DEVICE) {
        return S_ISCHR(st->st_mode) && st->st_rdev == stream->number;
    }
    return st->st_dev == stream->device && st->st_ino == stream->inode;
}

/* Without waiting for what a device waits for: the flag goes again when it was not there. */
static int open_one(const struct spawn_stream *stream, int fd)
{
    struct stat st;
    AUTO_CLOSE int opened =
        open(stream->path, stream->flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (opened < 0 || fstat(opened, &st) != 0) {
        return -1;
    }
    if (!is_same(stream, &st)) {
        errno = ESTALE;
        return -1;
    }
    if (stream->kind == SPAWN_STREAM_FILE) {
        const off_t at = lseek(fd, 0, SEEK_CUR);
        if (at > 0 && lseek(opened, at, SEEK_SET) < 0) {
            return -1;
        }
    }
    return fcntl(opened, F_SETFL, stream->flags & KEPT_FLAGS) != 0 || dup2(opened, fd) < 0 ? -1 : 0;
}

/* Two descriptors of one terminal go on being one, as a program may expect that sets its flags. */
static bool shares_terminal(const struct spawn_stream *a, const struct spawn_stream *b)
{
    return a->kind == SPAWN_STREAM_TERMINAL && b->kind == SPAWN_STREAM_TERMINAL &&
           a->flags == b->flags && a->device == b->device && a->inode == b->inode;
}

static int open_stream(struct spawn_streams *streams, int fd)
{
    struct spawn_stream *stream = &streams->list[fd];
    for (int i = 0; i < fd; i++) {
        if (shares_terminal(&streams->list[i], stream)) {
            return dup2(i, fd) < 0 ? -1 : 0;
        }
    }
    if (open_one(stream, fd) == 0) {
        return 0;
    }
    if (stream->kind != SPAWN_STREAM_TERMINAL) {
        return -1;
    }
    stream->kind = SPAWN_STREAM_KEPT;
    return 0;
}

int spawn_streams_open(struct spawn_streams *streams)
{
    for (int i = 0; i < SPAWN_STREAMS; i++) {
        if (streams->list[i].kind != SPAWN_STREAM_KEPT && open_stream(streams, i) != 0) {
            streams->refused = i;
            return -1;
        }
    }
    return 0;
}
