/* SPDX-License-Identifier: Apache-2.0 */
/* What is said where namespaces cannot be had. Each refusal is one of the kernel's, laid on a child. */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "namespaces_probe.h"

#define NOT_SET_UP 77

typedef bool (*refusal_fn)(void);

/* What the probe says in a child upon which `refuse` was laid. NULL: that was not possible here. */
static const char *said_after(refusal_fn refuse)
{
    static char said[NAMESPACES_DETAIL_BYTES + 8];
    int fds[2];
    int status = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char detail[NAMESPACES_DETAIL_BYTES] = "";
        if (!refuse()) {
            _exit(NOT_SET_UP);
        }
        const char *verdict = namespaces_try(detail, sizeof detail) ? "yes: " : "no: ";
        bool is_said = write(fds[1], verdict, strlen(verdict)) > 0 &&
                       write(fds[1], detail, strlen(detail)) > 0;
        _exit(is_said ? 0 : 1);
    }
    (void)close(fds[1]);
    ssize_t n = read(fds[0], said, 5);
    ssize_t more = n > 0 ? read(fds[0], said + n, sizeof said - 1 - (size_t)n) : 0;
    said[n > 0 && more > 0 ? n + more : 0] = '\0';
    (void)close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? said : NULL;
}

static bool put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_put = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return close(fd) == 0 && is_put;
}

/* Root of a user namespace of our own. */
static bool become_root_inside(void)
{
    char uid[64], gid[64];
    (void)snprintf(uid, sizeof uid, "0 %u 1", (unsigned)geteuid());
    (void)snprintf(gid, sizeof gid, "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && put("/proc/self/setgroups", "deny") &&
           put("/proc/self/uid_map", uid) && put("/proc/self/gid_map", gid);
}

static bool use_up_user_namespaces(void)
{
    return become_root_inside() && put("/proc/sys/user/max_user_namespaces", "0");
}

static bool use_up_networks(void)
{
    return become_root_inside() && put("/proc/sys/user/max_net_namespaces", "0");
}

static bool mask_a_part_of_proc(void)
{
    return become_root_inside() && mount("none", "/proc/sys", "tmpfs", MS_RDONLY, NULL) == 0 &&
           unshare(CLONE_NEWNS) == 0;
}

/* `call` answers `os_errno`; of clone only when it asks for a user namespace. */
static bool filter(uint32_t call, uint32_t os_errno)
{
    const uint32_t flags = call == SYS_clone ? CLONE_NEWUSER : ~UINT32_C(0);
    struct sock_filter rows[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flags, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | os_errno),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof rows / sizeof rows[0], .filter = rows};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool filter_clone(void)
{
    (void)unsetenv("BEACON_SANDBOX");
    return filter(SYS_clone, EPERM);
}

static bool filter_clone_inside_beacon(void)
{
    return setenv("BEACON_SANDBOX", "landlock", 1) == 0 && filter(SYS_clone, EPERM);
}

static bool be_an_old_kernel(void)
{
    return filter(SYS_mount_setattr, ENOSYS);
}

/* One layer that forbids to make directories: whoever is under any may not mount. */
static bool enter_landlock(void)
{
    const uint64_t attr[1] = {1u << 7};
    int ruleset =
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? (int)syscall(444, attr, sizeof attr, 0) : -1;
    return ruleset >= 0 && syscall(446, ruleset, 0) == 0;
}

static bool become_undumpable(void)
{
    bool is_user = geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
    return is_user && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

static bool refuse_nothing(void)
{
    return true;
}

static void assert_said(refusal_fn refuse, const char *words)
{
    const char *said = said_after(refuse);
    if (said == NULL) {
        skip(); /* this machine refuses more than the test */
    }
    assert_string_equal(said, words);
}

static void this_machine_has_them_or_says_why(void **state)
{
    (void)state;
    const char *said = said_after(refuse_nothing);
    assert_non_null(said);
    assert_true(strncmp(said, "yes: ", 5) == 0 || strlen(said) > 5);
}

static void limit_of_user_namespaces_is_named(void **state)
{
    (void)state;
    assert_said(use_up_user_namespaces, "no: user namespaces are refused: their limit "
                                        "user.max_user_namespaces is reached or 0");
}

static void limit_of_networks_is_named(void **state)
{
    (void)state;
    assert_said(use_up_networks,
                "no: network namespaces are refused: user.max_net_namespaces is 0");
}

static void masked_proc_is_told(void **state)
{
    (void)state;
    assert_said(mask_a_part_of_proc,
                "no: /proc cannot be mounted anew: parts of it are masked, as in a container");
}

static void filter_of_a_container_is_told(void **state)
{
    (void)state;
    assert_said(filter_clone, "no: user namespaces are refused by the system call filter around "
                              "this process (a container's)");
}

static void sandbox_within_a_sandbox_is_told(void **state)
{
    (void)state;
    assert_said(filter_clone_inside_beacon,
                "no: inside a Beacon sandbox already; landlock is used");
}

static void landlock_around_it_is_told(void **state)
{
    (void)state;
    assert_said(enter_landlock,
                "no: mounts are refused: this process is in a Landlock sandbox already");
}

static void undumpable_process_is_told(void **state)
{
    (void)state;
    assert_said(become_undumpable,
                "no: this process is not dumpable, so its user namespaces cannot be set up");
}

static void old_kernel_is_told(void **state)
{
    (void)state;
    assert_said(
        be_an_old_kernel,
        "no: mount_setattr is missing: Linux 5.12 or newer is needed, or a filter hides it");
}

static void probe_leaves_no_process_behind(void **state)
{
    (void)state;
    char detail[NAMESPACES_DETAIL_BYTES];
    for (int i = 0; i < 20; i++) {
        (void)namespaces_try(detail, sizeof detail);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_has_them_or_says_why),
        cmocka_unit_test(limit_of_user_namespaces_is_named),
        cmocka_unit_test(limit_of_networks_is_named),
        cmocka_unit_test(masked_proc_is_told),
        cmocka_unit_test(filter_of_a_container_is_told),
        cmocka_unit_test(sandbox_within_a_sandbox_is_told),
        cmocka_unit_test(landlock_around_it_is_told),
        cmocka_unit_test(undumpable_process_is_told),
        cmocka_unit_test(old_kernel_is_told),
        cmocka_unit_test(probe_leaves_no_process_behind),
    };
    return cmocka_run_group_tests_name("sandbox_landlock/probe", tests, NULL, NULL);
}
