/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verify/canary_parts.h"

#define HIGH_BIT (UINT64_C(1) << 32)

static pid_t pid_of(const char *pid)
{
    return (pid_t)strtol(pid, NULL, 10);
}

static long try_through(const char *unused)
{
    (void)unused;
    return 0;
}

/* Lives until its input ends: somebody for the others to disturb. */
static long try_victim(const char *unused)
{
    char byte;
    (void)unused;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}

static long try_signal(const char *pid)
{
    return kill(pid_of(pid), SIGCHLD); /* ignored where it is not expected */
}

static long try_kill(const char *pid)
{
    return kill(pid_of(pid), SIGKILL);
}

static long try_ptrace(const char *pid)
{
    return ptrace(PTRACE_SEIZE, pid_of(pid), NULL, NULL);
}

static long try_nice(const char *pid)
{
    return setpriority(PRIO_PROCESS, (id_t)pid_of(pid), 19);
}

static long try_limit(const char *pid)
{
    struct rlimit now = {0};
    return prlimit(pid_of(pid), RLIMIT_CORE, &(struct rlimit){0}, &now);
}

static long read_of(const char *pid, const char *name)
{
    char path[64], byte;
    (void)snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : read(fd, &byte, 1) > 0 ? 0 : -1;
}

static long try_see(const char *pid)
{
    return read_of(pid, "status");
}

static long try_environ(const char *pid)
{
    return read_of(pid, "environ");
}

/* Holds a FIFO open, until nobody is at its other end any more. */
static _Noreturn void stay(const char *fifo, int told)
{
    struct pollfd end = {.fd = open(fifo, O_WRONLY | O_CLOEXEC)};
    if (end.fd >= 0 && write(told, "x", 1) == 1) {
        (void)poll(&end, 1, -1);
    }
    _exit(0);
}

/* A process that tries to outlive the command that made it. */
static long try_outlive(const char *fifo)
{
    int ends[2];
    char byte;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    const pid_t child = fork();
    if (child == 0) {
        (void)setsid();
        if (fork() == 0) {
            stay(fifo, ends[1]);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    return child < 0 || read(ends[0], &byte, 1) != 1 ? -1 : 0;
}

static long try_core(const char *unused)
{
    struct rlimit limit = {0};
    (void)unused;
    if (getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0) {
        errno = EPERM;
        return -1;
    }
    return 0;
}

static long try_shm(const char *id)
{
    const void *at = shmat((int)strtol(id, NULL, 10), NULL, SHM_RDONLY);
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): that is how shmat() says it */
    return at == (const void *)-1 ? -1 : 0;
}

/* Calls with arguments that the kernel refuses for another reason once they are let through. */
static long try_mount(const char *unused)
{
    (void)unused;
    return mount("none", "/nowhere/at/all", "tmpfs", 0, NULL);
}

static long try_unmount(const char *unused)
{
    (void)unused;
    return umount2("/nowhere/at/all", MNT_DETACH);
}

static long try_namespace(const char *unused)
{
    (void)unused;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS);
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

static long try_userfault(const char *unused)
{
    (void)unused;
    return syscall(SYS_userfaultfd, O_CLOEXEC);
}

static long try_perf(const char *unused)
{
    (void)unused;
    return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}

static long try_handle(const char *unused)
{
    (void)unused;
    return syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0);
}

/* Typing for the person. The number is compared by the kernel on 32 bits only. */
static long type_into(unsigned long request)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    return syscall(SYS_ioctl, fd >= 0 ? fd : STDIN_FILENO, request, " ");
}

static long try_typing(const char *unused)
{
    (void)unused;
    return type_into(TIOCSTI);
}

static long try_wide_typing(const char *unused)
{
    (void)unused;
    return type_into(HIGH_BIT | TIOCSTI);
}

static long try_foreign(const char *unused)
{
    (void)unused;
#ifdef __x86_64__
    long answer = 20; /* getpid() of 32-bit programs */
    __asm__ volatile("int $0x80" : "+a"(answer) : : "memory");
    errno = answer < 0 ? (int)-answer : 0;
    return answer < 0 ? -1 : 0;
#else
    errno = ENOSYS;
    return -1;
#endif
}

static const struct canary canaries[] = {
    {"bpf", try_bpf, EINVAL},
    {"core", try_core, 0},
    {"environ", try_environ, 0},
    {"foreign", try_foreign, 0},
    {"handle", try_handle, EFAULT},
    {"io_uring", try_io_uring, EFAULT},
    {"keyring", try_keyring, 0},
    {"kill", try_kill, 0},
    {"limit", try_limit, 0},
    {"module", try_module, EFAULT},
    {"mount", try_mount, ENOENT},
    {"namespace", try_namespace, 0},
    {"nice", try_nice, 0},
    {"outlive", try_outlive, 0},
    {"perf", try_perf, EFAULT},
    {"ptrace", try_ptrace, 0},
    {"see", try_see, 0},
    {"shm", try_shm, 0},
    {"signal", try_signal, 0},
    {"through", try_through, 0},
    {"typing", try_typing, 0},
    {"unmount", try_unmount, ENOENT},
    {"userfault", try_userfault, 0},
    {"victim", try_victim, 0},
    {"wide_typing", try_wide_typing, 0},
};

const struct canary_list canary_calls = {canaries, sizeof canaries / sizeof canaries[0]};
