/* SPDX-License-Identifier: Apache-2.0 */
#include "canary.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define INSIDE "canary-inside" /* a file of the working directory, which is writable */

/* Each returns below 0 with errno when it failed. */

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
    return symlink(path, "canary-way-out") != 0 ? -1 : write_at("canary-way-out", O_CREAT);
}

static long try_proc_root(const char *path)
{
    char name[4096];
    (void)snprintf(name, sizeof name, "/proc/self/root%s", path);
    return write_at(name, O_CREAT);
}

static long try_read(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : read(fd, &byte, 1);
}

static long try_exec(const char *path)
{
    return execl(path, path, CANARY_OPTION, "through", "", (char *)NULL);
}

static long try_through(const char *unused)
{
    (void)unused;
    return 0;
}

/* What every command does. */
static long try_ordinary(const char *unused)
{
    (void)unused;
    return write_at(INSIDE, O_CREAT | O_TRUNC) < 0 ? -1
           : try_read(INSIDE) < 0                  ? -1
                                                   : unlink(INSIDE);
}

static struct sockaddr_in local_address(const char *port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return to;
}

static long try_tcp(const char *port)
{
    const struct sockaddr_in to = local_address(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&to, sizeof to);
}

static long try_udp(const char *port)
{
    const struct sockaddr_in to = local_address(port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof to);
}

static long try_listen(const char *unused)
{
    const struct sockaddr_in at = local_address("0");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unused;
    return fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ? -1 : listen(fd, 1);
}

static long try_abstract(const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s", name);
    const socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&to, n);
}

static long try_signal(const char *pid)
{
    return kill((pid_t)strtol(pid, NULL, 10), SIGCHLD); /* ignored where it is not expected */
}

static long try_ptrace(const char *pid)
{
    return ptrace(PTRACE_SEIZE, (pid_t)strtol(pid, NULL, 10), NULL, NULL);
}

/* Calls with arguments that the kernel refuses for another reason once they are let through. */
static long try_mount(const char *unused)
{
    (void)unused;
    return mount("none", "/nowhere/at/all", "tmpfs", 0, NULL);
}

static long try_bpf(const char *unused)
{
    (void)unused;
    return syscall(SYS_bpf, 0, NULL, 0);
}

static long try_module(const char *unused)
{
    (void)unused;
    return syscall(SYS_init_module, NULL, 0, "");
}

static long try_keyring(const char *unused)
{
    (void)unused;
    return syscall(SYS_keyctl, 0, -3, 0); /* which key is the session's? */
}

static long try_io_uring(const char *unused)
{
    (void)unused;
    return syscall(SYS_io_uring_setup, 0, NULL);
}

static const struct canary {
    const char *name;
    long (*try)(const char *argument);
    int other_errno; /* of a call that was let through, and failed for this harmless reason; 0: none */
} canaries[] = {
    {"append", try_append, 0},
    {"abstract", try_abstract, 0},
    {"bpf", try_bpf, EINVAL},
    {"exec", try_exec, 0},
    {"io_uring", try_io_uring, EFAULT},
    {"keyring", try_keyring, 0},
    {"link", try_link, 0},
    {"listen", try_listen, 0},
    {"mkdir", try_mkdir, 0},
    {"module", try_module, EFAULT},
    {"mount", try_mount, ENOENT},
    {"ordinary", try_ordinary, 0},
    {"proc_root", try_proc_root, 0},
    {"ptrace", try_ptrace, 0},
    {"read", try_read, 0},
    {"rename", try_rename, 0},
    {"signal", try_signal, 0},
    {"symlink", try_symlink, 0},
    {"tcp", try_tcp, 0},
    {"through", try_through, 0},
    {"truncate", try_truncate, 0},
    {"udp", try_udp, 0},
    {"unlink", try_unlink, 0},
    {"write", try_write, 0},
};

int canary_main(const char *name, const char *argument)
{
    for (size_t i = 0; i < sizeof canaries / sizeof canaries[0]; i++) {
        if (strcmp(canaries[i].name, name) != 0) {
            continue;
        }
        errno = 0;
        if (canaries[i].try(argument) >= 0 ||
            (canaries[i].other_errno != 0 && errno == canaries[i].other_errno)) {
            return CANARY_THROUGH;
        }
        (void)fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return CANARY_DENIED;
    }
    return CANARY_UNKNOWN;
}
