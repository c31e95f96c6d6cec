/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

static int number(char **argv)
{
    return (int)attack_number(argv[0]);
}

static int write_to(int fd)
{
    return attack_result("write", write(fd, "planted\n", 8));
}

static int create_beneath(int folder)
{
    int fd = openat(folder, "planted", O_WRONLY | O_CREAT, 0644);
    return fd < 0 ? attack_failed("openat beneath the descriptor") : write_to(fd);
}

static int fd_openat(char **argv)
{
    return create_beneath(number(argv));
}

/* The number is not known: every one there could be. */
static int fd_openat_any(char **argv)
{
    int result = 1;
    (void)argv;
    for (int fd = 0; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 && create_beneath(fd) == 0) {
            result = 0;
        }
    }
    return result;
}

static int fd_write(char **argv)
{
    return write_to(number(argv));
}

static int fd_truncate(char **argv)
{
    return attack_result("ftruncate", ftruncate(number(argv), 1));
}

static int fd_chmod(char **argv)
{
    return attack_result("fchmod", fchmod(number(argv), 0777));
}

static int fd_chmod_same(char **argv)
{
    struct stat now;
    return fstat(number(argv), &now) != 0
               ? attack_failed("fstat")
               : attack_result("fchmod", fchmod(number(argv), now.st_mode & 07777));
}

static int fd_time(char **argv)
{
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    return attack_result("futimens", futimens(number(argv), old));
}

static int fd_xattr(char **argv)
{
    return attack_result("fsetxattr", fsetxattr(number(argv), "user.planted", "x", 1, 0));
}

static int fd_reopen(char **argv)
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", number(argv));
    int fd = open(link, O_WRONLY);
    return fd < 0 ? attack_failed("open again") : write_to(fd);
}

static int fd_chdir(char **argv)
{
    return fchdir(number(argv)) != 0 ? attack_failed("fchdir") : create_beneath(AT_FDCWD);
}

static int fd_proc(char **argv)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d/planted", number(argv));
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    return fd < 0 ? attack_failed("open through /proc") : write_to(fd);
}

/* A folder that somebody sends through a socket. */
static int fd_receive(char **argv)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    char byte;
    struct iovec text = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t n = recvmsg(number(argv), &message, MSG_DONTWAIT);
    const struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header == NULL) {
        return attack_failed("recvmsg");
    }
    int folder;
    (void)memcpy(&folder, CMSG_DATA(header), sizeof folder);
    return create_beneath(folder);
}

const struct attack descriptor_attacks[] = {
    {"fd-openat", 1, fd_openat},
    {"fd-openat-any", 0, fd_openat_any},
    {"fd-write", 1, fd_write},
    {"fd-truncate", 1, fd_truncate},
    {"fd-chmod", 1, fd_chmod},
    {"fd-chmod-same", 1, fd_chmod_same},
    {"fd-time", 1, fd_time},
    {"fd-xattr", 1, fd_xattr},
    {"fd-reopen", 1, fd_reopen},
    {"fd-chdir", 1, fd_chdir},
    {"fd-proc", 1, fd_proc},
    {"fd-receive", 1, fd_receive},
    {0},
};
