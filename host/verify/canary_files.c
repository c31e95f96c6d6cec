/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "verify/canary_parts.h"

#define INSIDE  "canary-inside"  /* a file of the working directory, which is writable */
#define WAY_OUT "canary-way-out" /* a link there */

static long write_at(const char *path, int flags)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
    return fd < 0 ? -1 : write(fd, "x", 1);
}

static long try_write(const char *path)
{
    return write_at(path, O_CREAT);
}

static long try_append(const char *path)
{
    return write_at(path, O_APPEND);
}

static long try_truncate(const char *path)
{
    return truncate(path, 0);
}

static long try_unlink(const char *path)
{
    return unlink(path);
}

static long try_mkdir(const char *path)
{
    return mkdir(path, 0700);
}

/* Out of the tree that may be written. */
static long try_rename(const char *path)
{
    return write_at(INSIDE, O_CREAT) < 0 ? -1 : rename(INSIDE, path);
}

static long try_link(const char *path)
{
    return write_at(INSIDE, O_CREAT) < 0 ? -1 : link(INSIDE, path);
}

/* A way out that begins inside. */
static long try_symlink(const char *path)
{
    (void)unlink(WAY_OUT);
    return symlink(path, WAY_OUT) != 0 ? -1 : write_at(WAY_OUT, O_CREAT);
}

static long try_proc_root(const char *path)
{
    char name[4096];
    (void)snprintf(name, sizeof name, "/proc/self/root%s", path);
    return write_at(name, O_CREAT);
}

static long try_reopen(const char *path)
{
    char name[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return fd < 0 ? -1 : write_at(name, O_APPEND);
}

static long try_move_away(const char *path)
{
    char name[4096];
    (void)snprintf(name, sizeof name, "%s-moved", path);
    return rename(path, name);
}

static long try_chmod(const char *path)
{
    return chmod(path, 0600);
}

static long try_chown(const char *path)
{
    return chown(path, getuid(), getgid());
}

static long try_times(const char *path)
{
    const struct timeval long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    return utimes(path, long_ago);
}

static long try_attribute(const char *path)
{
    return setxattr(path, "user.canary", "x", 1, 0);
}

/* An empty file in its place is as good as none. */
static long try_read(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    errno = ENODATA;
    return read(fd, &byte, 1) == 1 ? 0 : -1;
}

static long try_exec(const char *path)
{
    return execl(path, path, "--canary", "through", "", (char *)NULL);
}

/* Through a descriptor that came from outside: the argument is "NUMBER NAME". */
static long try_inherited(const char *argument)
{
    char *name = NULL;
    const int fd = (int)strtol(argument, &name, 10);
    int file = openat(fd, name + 1, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return file < 0 ? -1 : write(file, "x", 1);
}

/* What would change the whole machine is only opened. */
static long try_open(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd;
}

static long try_device(const char *path)
{
    return mknod(path, S_IFCHR | 0600, (1u << 8) | 3u); /* what /dev/null is */
}

/* What every command does. */
static long try_ordinary(const char *unused)
{
    (void)unused;
    return write_at(INSIDE, O_CREAT | O_TRUNC) < 0 ? -1
           : try_read(INSIDE) < 0                  ? -1
                                                   : unlink(INSIDE);
}

static const struct canary canaries[] = {
    {"append", try_append, 0},       {"attribute", try_attribute, 0}, {"chmod", try_chmod, 0},
    {"chown", try_chown, 0},         {"device", try_device, 0},       {"exec", try_exec, 0},
    {"inherited", try_inherited, 0}, {"link", try_link, 0},           {"mkdir", try_mkdir, 0},
    {"move_away", try_move_away, 0}, {"open", try_open, 0},           {"ordinary", try_ordinary, 0},
    {"proc_root", try_proc_root, 0}, {"read", try_read, 0},           {"rename", try_rename, 0},
    {"reopen", try_reopen, 0},       {"symlink", try_symlink, 0},     {"times", try_times, 0},
    {"truncate", try_truncate, 0},   {"unlink", try_unlink, 0},       {"write", try_write, 0},
};

const struct canary_list canary_files = {canaries, sizeof canaries / sizeof canaries[0]};
