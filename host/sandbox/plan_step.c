/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/plan_step.h"

#include <beacon/sandbox.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn.h"
#include "sandbox/plan.h"

#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define LANDLOCK_LOG_FLAGS 7u /* the three of ABI 7; an older kernel refuses them itself */

static int set_no_new_privs(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    (void)operation;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int apply_landlock(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    return (int)syscall(SYS_landlock_restrict_self, operation->fd, operation->flags);
}

/* A signal must not make a call be asked twice: a runtime that sends itself signals would never get
 * through. Linux 5.19. */
static int make_notifier(const struct sock_fprog *program)
{
    const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    const int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, program);
    return fd >= 0 || errno != EINVAL
               ? fd
               : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

static int apply_seccomp(const struct plan_operation *operation, struct plan_stage *stage)
{
    const struct sock_fprog program = {
        .len = (unsigned short)(operation->n / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)operation->data,
    };
    if ((operation->flags & BEACON_SECCOMP_NOTIFY) == 0) {
        return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    }
    AUTO_CLOSE int notifier = make_notifier(&program);
    return notifier < 0 ? -1 : spawn_send_fd(stage->scene, PLAN_SENT_NOTIFIER, notifier);
}

static int set_limit(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    const struct rlimit limit = {.rlim_cur = operation->b, .rlim_max = operation->c};
    return (int)syscall(SYS_prlimit64, 0, (int)operation->a, &limit, NULL);
}

static int change_directory(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    return fchdir(operation->fd);
}

static int close_number(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    return close(operation->fd);
}

static int set_umask(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    (void)umask((mode_t)operation->a & 0777);
    return 0;
}

static int set_death_signal(const struct plan_operation *operation, struct plan_stage *stage)
{
    if (prctl(PR_SET_PDEATHSIG, operation->a, 0, 0, 0) != 0) {
        return -1;
    }
    if (getppid() != stage->scene->parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static int duplicate_to(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    return dup2(operation->fd, (int)operation->a) < 0 ? -1 : 0;
}

/* Also from the bounding set, so that a program run as root does not get them back. Who may not change
 * that set gains nothing on execve either, once new privileges are given up. */
static void bound_capabilities(uint64_t kept)
{
    for (unsigned capability = 0; capability < 64; capability++) {
        if ((kept >> capability & 1) == 0 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
            return; /* past the last one, or not ours to change */
        }
    }
}

/* The ambient set follows the others. */
static int limit_capabilities(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    if (syscall(SYS_capget, &header, data) != 0) {
        return -1;
    }
    if ((data[0].permitted | data[1].permitted) != 0) {
        bound_capabilities(operation->a);
    }
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        uint32_t kept = (uint32_t)(operation->a >> (32 * i));
        data[i].permitted &= kept;
        data[i].effective &= kept;
        data[i].inheritable &= kept;
    }
    return (int)syscall(SYS_capset, &header, data);
}

/* Made before any operation runs: what is left is to part from the host's mounts. */
static int enter_namespaces(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    return (operation->flags & CLONE_NEWNS) != 0 ? plan_make_private() : 0;
}

/* Between the two processes, not in one of them. */
static int be_locked(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)operation;
    (void)stage;
    return 0;
}

static int enter_cgroup(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    AUTO_CLOSE int fd = openat(operation->fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, "0", 1) == 1 ? 0 : -1;
}

#define NAMESPACES                                                                                 \
    ((uint32_t)(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET |         \
                CLONE_NEWUTS | CLONE_NEWCGROUP))

static const struct plan_step steps[] = {
    [BEACON_OP_NO_NEW_PRIVS] = {.name = "give up new privileges", .run = set_no_new_privs},
    [BEACON_OP_LANDLOCK] = {.name = "apply the Landlock ruleset",
                            .fd_use = PLAN_FD_OURS,
                            .known_flags = LANDLOCK_LOG_FLAGS,
                            .run = apply_landlock},
    [BEACON_OP_SECCOMP] = {.name = "apply the system call filter",
                           .known_flags = BEACON_SECCOMP_NOTIFY,
                           .data = PLAN_DATA_FILTER,
                           .run = apply_seccomp},
    [BEACON_OP_NAMESPACES] = {.name = "enter new namespaces",
                              .known_flags = NAMESPACES,
                              .place = PLAN_FIRST,
                              .run = enter_namespaces},
    [BEACON_OP_RLIMIT] = {.name = "set a resource limit", .run = set_limit},
    [BEACON_OP_FCHDIR] = {.name = "enter the working directory",
                          .fd_use = PLAN_FD_OURS,
                          .place = PLAN_IN_HOST_TREE,
                          .run = change_directory},
    [BEACON_OP_CLOSE] = {.name = "close a descriptor",
                         .fd_use = PLAN_FD_NUMBER,
                         .run = close_number},
    [BEACON_OP_UMASK] = {.name = "set the file mode mask", .run = set_umask},
    [BEACON_OP_PDEATHSIG] = {.name = "ask to end with the host", .run = set_death_signal},
    [BEACON_OP_DUP_TO] = {.name = "place a descriptor",
                          .fd_use = PLAN_FD_OURS,
                          .run = duplicate_to},
    [BEACON_OP_BIND] = {.name = "bind a directory or file",
                        .data = PLAN_DATA_MOUNT,
                        .place = PLAN_IN_MOUNTS,
                        .run = plan_bind},
    [BEACON_OP_MOUNT] = {.name = "mount a file system",
                         .data = PLAN_DATA_MOUNT,
                         .place = PLAN_IN_MOUNTS,
                         .run = plan_mount},
    [BEACON_OP_MASK] = {.name = "hide a directory or file",
                        .data = PLAN_DATA_MOUNT,
                        .place = PLAN_IN_MOUNTS,
                        .run = plan_mask},
    [BEACON_OP_PIVOT] = {.name = "change the root directory",
                         .data = PLAN_DATA_PATH,
                         .place = PLAN_IN_MOUNTS,
                         .run = plan_pivot},
    [BEACON_OP_LOOPBACK_UP] = {.name = "bring up the loopback network",
                               .place = PLAN_IN_NETWORK,
                               .run = plan_loopback_up},
    [BEACON_OP_LOCK_USERNS] = {.name = "lock the namespaces",
                               .place = PLAN_BEFORE_LOCK,
                               .run = be_locked},
    [BEACON_OP_LISTEN_TO_HOST] = {.name = "listen for the host's proxy",
                                  .place = PLAN_IN_NETWORK,
                                  .run = plan_listen},
    [BEACON_OP_CGROUP] = {.name = "enter the control group",
                          .fd_use = PLAN_FD_OURS,
                          .run = enter_cgroup},
    [BEACON_OP_CAPABILITIES] = {.name = "give up capabilities", .run = limit_capabilities},
    [BEACON_OP_MOUNT_ATTR] = {.name = "change a mount",
                              .data = PLAN_DATA_MOUNT,
                              .place = PLAN_IN_MOUNTS,
                              .run = plan_change_mount},
    [BEACON_OP_SYMLINK] = {.name = "make a link",
                           .data = PLAN_DATA_MOUNT,
                           .place = PLAN_IN_MOUNTS,
                           .run = plan_link},
};

const struct plan_step *plan_step_of(uint32_t op)
{
    bool is_known = op < sizeof steps / sizeof steps[0] && steps[op].run != NULL;
    return is_known ? &steps[op] : NULL;
}
