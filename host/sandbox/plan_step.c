/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/plan_step.h"

#include <beacon/sandbox.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif
#define LANDLOCK_LOG_FLAGS 7u /* the three of ABI 7; an older kernel refuses them itself */

static int set_no_new_privs(const struct plan_operation *operation)
{
    (void)operation;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int apply_landlock(const struct plan_operation *operation)
{
    return (int)syscall(SYS_landlock_restrict_self, operation->fd, operation->flags);
}

static int apply_seccomp(const struct plan_operation *operation)
{
    const struct sock_fprog program = {
        .len = (unsigned short)(operation->n / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)operation->data,
    };
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static int set_limit(const struct plan_operation *operation)
{
    const struct rlimit limit = {.rlim_cur = operation->b, .rlim_max = operation->c};
    return (int)syscall(SYS_prlimit64, 0, (int)operation->a, &limit, NULL);
}

static int change_directory(const struct plan_operation *operation)
{
    return fchdir(operation->fd);
}

static int close_number(const struct plan_operation *operation)
{
    return close(operation->fd);
}

static int set_umask(const struct plan_operation *operation)
{
    (void)umask((mode_t)operation->a & 0777);
    return 0;
}

static int set_death_signal(const struct plan_operation *operation)
{
    if (prctl(PR_SET_PDEATHSIG, operation->a, 0, 0, 0) != 0) {
        return -1;
    }
    if (getppid() != operation->host) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static int duplicate_to(const struct plan_operation *operation)
{
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
static int limit_capabilities(const struct plan_operation *operation)
{
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

static const struct plan_step steps[] = {
    [BEACON_OP_NO_NEW_PRIVS] = {"give up new privileges", PLAN_FD_UNUSED, 0, 0, set_no_new_privs},
    [BEACON_OP_LANDLOCK] = {"apply the Landlock ruleset", PLAN_FD_OURS, LANDLOCK_LOG_FLAGS, 0,
                            apply_landlock},
    [BEACON_OP_SECCOMP] = {"apply the system call filter", PLAN_FD_UNUSED, 0,
                           sizeof(struct sock_filter), apply_seccomp},
    [BEACON_OP_RLIMIT] = {"set a resource limit", PLAN_FD_UNUSED, 0, 0, set_limit},
    [BEACON_OP_FCHDIR] = {"enter the working directory", PLAN_FD_OURS, 0, 0, change_directory},
    [BEACON_OP_CLOSE] = {"close a descriptor", PLAN_FD_NUMBER, 0, 0, close_number},
    [BEACON_OP_UMASK] = {"set the file mode mask", PLAN_FD_UNUSED, 0, 0, set_umask},
    [BEACON_OP_PDEATHSIG] = {"ask to end with the host", PLAN_FD_UNUSED, 0, 0, set_death_signal},
    [BEACON_OP_DUP_TO] = {"place a descriptor", PLAN_FD_OURS, 0, 0, duplicate_to},
    [BEACON_OP_CAPABILITIES] = {"give up capabilities", PLAN_FD_UNUSED, 0, 0, limit_capabilities},
};

const struct plan_step *plan_step_of(uint32_t op)
{
    bool is_known = op < sizeof steps / sizeof steps[0] && steps[op].run != NULL;
    return is_known ? &steps[op] : NULL;
}
