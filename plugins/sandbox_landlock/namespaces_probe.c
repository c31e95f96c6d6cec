/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"

#define STACK_BYTES (32u << 10)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* On borrowed memory the child costs nothing to make, however large the host is; the sanitizers keep
 * books about that memory. The network is not made: that takes longer than all the rest, and where
 * the others may be made only its own limit is in the way. No signal tells the host of its end. */
#define CHILD_FLAGS                                                                                \
    (CLONE_VFORK | (IS_SANITIZED ? 0 : CLONE_VM) | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |    \
     CLONE_NEWIPC)

enum stage { STAGE_DONE = 1, STAGE_MOUNTS, STAGE_PROC, STAGE_PLACE };

struct attempt {
    volatile int stage; /* where it failed, or STAGE_DONE; 0: nothing ran */
    volatile int os_errno;
    _Alignas(16) char stack[STACK_BYTES];
};

static long mount_proc(void)
{
    long fs = syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) {
        return -1;
    }
    return syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
}

/* Shares the host's memory, not its descriptors: raw calls only. */
static int try_in_child(void *arg)
{
    struct attempt *attempt = arg;
    struct mount_attr attr = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    };
    attempt->stage = STAGE_MOUNTS;
    if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof attr) != 0) {
        attempt->os_errno = errno;
        return 1;
    }
    attempt->stage = STAGE_PROC;
    long proc = mount_proc();
    if (proc < 0) {
        attempt->os_errno = errno;
        return 1;
    }
    attempt->stage = STAGE_PLACE;
    if (syscall(SYS_move_mount, proc, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) != 0) {
        attempt->os_errno = errno;
        return 1;
    }
    attempt->stage = STAGE_DONE;
    return 0;
}

/* No handler of the host may run in the child. */
static int run_child(struct attempt *attempt)
{
    const uint64_t all = ~UINT64_C(0);
    uint64_t before = 0;
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    pid_t pid = clone(try_in_child, attempt->stack + sizeof attempt->stack, CHILD_FLAGS, attempt);
    int os_errno = errno;
    while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {
    }
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
    return pid > 0 ? 0 : os_errno;
}

/* -1: there is no such switch. */
static long read_switch(const char *path)
{
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        (void)close(fd);
    }
    return n > 0 ? strtol(text, NULL, 10) : -1;
}

static bool is_filtered(void)
{
    return prctl(PR_GET_SECCOMP) == 2;
}

static const char *why_no_user_namespace(int os_errno)
{
    const char *outer = getenv("BEACON_SANDBOX");
    if (outer != NULL && is_filtered()) {
        return "inside a Beacon sandbox already; landlock is used";
    }
    if (read_switch("/proc/sys/user/max_user_namespaces") == 0 || os_errno == ENOSPC ||
        os_errno == EUSERS) {
        return "user namespaces are refused: their limit user.max_user_namespaces is reached or 0";
    }
    if (read_switch("/proc/sys/kernel/unprivileged_userns_clone") == 0) {
        return "user namespaces are refused: kernel.unprivileged_userns_clone is 0";
    }
    if (os_errno == EINVAL || os_errno == ENOSYS) {
        return "this kernel is built without user namespaces, or a filter hides them";
    }
    if (is_filtered()) {
        return "user namespaces are refused by the system call filter around this process (a "
               "container's)";
    }
    return "user namespaces are refused: by a security module, or in a chroot";
}

static const char *why_no_mounts(int os_errno)
{
    if (read_switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1) {
        return "AppArmor takes the rights of user namespaces away "
               "(kernel.apparmor_restrict_unprivileged_userns is 1)";
    }
    if (os_errno == ENOSYS) {
        return "mount_setattr is missing: Linux 5.12 or newer is needed, or a filter hides it";
    }
    return os_errno == EINVAL ? "the root directory is no mount point of its own here"
                              : "mounts cannot be changed in a new user namespace";
}

static const char *explain(const struct attempt *attempt, int clone_errno)
{
    if (clone_errno != 0) {
        return why_no_user_namespace(clone_errno);
    }
    switch ((enum stage)attempt->stage) {
    case STAGE_DONE:
        break;
    case STAGE_PROC:
        return "/proc cannot be mounted anew: parts of it are masked, as in a container";
    case STAGE_PLACE:
        return "mounts are refused: this process is in a Landlock sandbox already";
    case STAGE_MOUNTS:
    default:
        return why_no_mounts(attempt->os_errno);
    }
    return read_switch("/proc/sys/user/max_net_namespaces") == 0
               ? "network namespaces are refused: user.max_net_namespaces is 0"
               : NULL;
}

bool namespaces_try(char *ret_detail, size_t n)
{
    if (!filter_is_supported()) {
        (void)snprintf(ret_detail, n, "no system call filter for this machine's architecture");
        return false;
    }
    /* The maps of ids are written through /proc, which then belongs to root. */
    if (geteuid() != 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1) {
        (void)snprintf(ret_detail, n,
                       "this process is not dumpable, so its user namespaces cannot be set up");
        return false;
    }
    struct attempt *attempt =
        mmap(NULL, sizeof *attempt, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (attempt == MAP_FAILED) {
        (void)snprintf(ret_detail, n, "out of memory");
        return false;
    }
    int clone_errno = run_child(attempt);
    const char *missing = explain(attempt, clone_errno);
    (void)munmap(attempt, sizeof *attempt);
    (void)snprintf(ret_detail, n, "%s",
                   missing != NULL ? missing : "user, mount, process, IPC and network namespaces");
    return missing == NULL;
}

bool namespaces_are_there(char *ret_detail, size_t n)
{
    static pid_t tried_by; /* a process that was forked may be confined more than its parent */
    static bool are_there;
    static char detail[NAMESPACES_DETAIL_BYTES];
    if (tried_by != getpid()) {
        are_there = namespaces_try(detail, sizeof detail);
        tried_by = getpid();
    }
    (void)snprintf(ret_detail, n, "%s", detail);
    return are_there;
}
