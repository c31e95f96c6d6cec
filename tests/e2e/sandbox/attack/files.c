/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static const char evil[] = "overwritten\n";

static int write_evil(const char *what, int fd)
{
    if (fd < 0 || write(fd, evil, sizeof evil - 1) < 0) {
        return attack_failed(what);
    }
    return close(fd);
}

static int write_file(char **argv)
{
    return write_evil("open for writing", open(argv[0], O_WRONLY));
}

static int append(char **argv)
{
    return write_evil("open for appending", open(argv[0], O_RDWR | O_APPEND));
}

static int create(char **argv)
{
    return write_evil("create", open(argv[0], O_WRONLY | O_CREAT | O_EXCL, 0644));
}

static int cut(char **argv)
{
    return attack_result("truncate", truncate(argv[0], 3));
}

/* The kernel truncates although nothing can be written through the descriptor. */
static int open_truncating(char **argv)
{
    return attack_result("open with O_TRUNC", open(argv[0], O_RDONLY | O_TRUNC));
}

/* Access mode 3: neither reading nor writing, and yet it truncates. */
static int open_mode_three(char **argv)
{
    return attack_result("open with mode 3 and O_TRUNC", open(argv[0], O_ACCMODE | O_TRUNC));
}

static int open_by_openat2(char **argv)
{
    struct open_how how = {.flags = O_WRONLY | O_TRUNC};
    return write_evil("openat2", (int)syscall(SYS_openat2, AT_FDCWD, argv[0], &how, sizeof how));
}

/* A descriptor that was opened for less, opened once more through its link in /proc. */
static int reopen(const char *path, int flags)
{
    char link[64];
    int fd = open(path, flags);
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return fd < 0 ? attack_failed("open") : write_evil("open again", open(link, O_WRONLY));
}

static int reopen_path(char **argv)
{
    return reopen(argv[0], O_PATH);
}

static int reopen_readable(char **argv)
{
    return reopen(argv[0], O_RDONLY);
}

static int map(char **argv)
{
    int fd = open(argv[0], O_RDWR);
    char *memory =
        fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return attack_failed("map for writing");
    }
    (void)memcpy(memory, evil, 4);
    return attack_result("msync", msync(memory, 4096, MS_SYNC));
}

static int copy_range(char **argv)
{
    int from = open(argv[0], O_RDONLY), to = open(argv[1], O_WRONLY);
    return attack_result("copy_file_range", copy_file_range(from, NULL, to, NULL, 4, 0));
}

static int send_file(char **argv)
{
    int from = open(argv[0], O_RDONLY), to = open(argv[1], O_WRONLY);
    return attack_result("sendfile", sendfile(to, from, NULL, 4));
}

static int splice_into(char **argv)
{
    int ends[2], to = open(argv[0], O_WRONLY);
    if (to < 0 || pipe(ends) != 0 || write(ends[1], evil, 4) != 4) {
        return attack_failed("open for splice");
    }
    return attack_result("splice", splice(ends[0], NULL, to, NULL, 4, 0));
}

static int punch(char **argv)
{
    int fd = open(argv[0], O_WRONLY);
    return attack_result("fallocate",
                         fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
}

static int extend(char **argv)
{
    int fd = open(argv[0], O_WRONLY);
    return attack_result("fallocate", fallocate(fd, 0, 0, 1 << 17));
}

static int clone_file(char **argv)
{
    int from = open(argv[0], O_RDONLY), to = open(argv[1], O_WRONLY);
    return attack_result("FICLONE", ioctl(to, FICLONE, from));
}

/* A file without a name, given one afterwards. */
static int link_unnamed(char **argv)
{
    char link[64];
    int fd = open(argv[0], O_TMPFILE | O_WRONLY, 0644);
    if (fd < 0 || write(fd, evil, sizeof evil - 1) < 0) {
        return attack_failed("O_TMPFILE");
    }
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return attack_result("linkat", linkat(AT_FDCWD, link, AT_FDCWD, argv[1], AT_SYMLINK_FOLLOW));
}

static int exchange(char **argv)
{
    return attack_result("exchange",
                         renameat2(AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_EXCHANGE));
}

static int bind_socket(char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[0]);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return attack_result("bind", bind(fd, (struct sockaddr *)&address, sizeof address));
}

/* A file found by its number in the file system instead of by its path. */
static int open_handle(char **argv)
{
    _Alignas(struct file_handle) char room[sizeof(struct file_handle) + MAX_HANDLE_SZ] = {0};
    struct file_handle *handle = (struct file_handle *)room;
    int mount_id = 0, mount_fd = open(argv[1], O_RDONLY);
    handle->handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(AT_FDCWD, argv[0], handle, &mount_id, 0) != 0) {
        return attack_failed("name_to_handle_at");
    }
    return write_evil("open_by_handle_at", open_by_handle_at(mount_fd, handle, O_WRONLY));
}

/* Out of a chroot by a descriptor of a folder outside of it. */
static int leave_chroot(char **argv)
{
    int top = open("/", O_RDONLY | O_DIRECTORY);
    if (top < 0 || chroot(argv[0]) != 0 || fchdir(top) != 0 || chroot(".") != 0) {
        return attack_failed("chroot");
    }
    return write_evil("open", open(argv[1], O_WRONLY));
}

const struct attack file_attacks[] = {
    {"write", 1, write_file},
    {"append", 1, append},
    {"create", 1, create},
    {"truncate", 1, cut},
    {"open-truncating", 1, open_truncating},
    {"open-mode-three", 1, open_mode_three},
    {"openat2", 1, open_by_openat2},
    {"reopen-path", 1, reopen_path},
    {"reopen-readable", 1, reopen_readable},
    {"map", 1, map},
    {"copy-range", 2, copy_range},
    {"sendfile", 2, send_file},
    {"splice", 1, splice_into},
    {"punch", 1, punch},
    {"extend", 1, extend},
    {"clone-file", 2, clone_file},
    {"link-unnamed", 2, link_unnamed},
    {"exchange", 2, exchange},
    {"bind", 1, bind_socket},
    {"open-handle", 2, open_handle},
    {"leave-chroot", 2, leave_chroot},
    {0},
};
