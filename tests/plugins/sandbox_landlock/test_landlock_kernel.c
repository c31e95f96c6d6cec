/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "filter.h"
#include "filter_table.h"
#include "ruleset.h"

#define SYS_LANDLOCK_RESTRICT_SELF 446
#define NOT_APPLIED                100

/* Run `body` in a child under `filter_variant`; its result is the exit status. */
static int under_filter(uint32_t variant, int (*body)(const char *path), const char *path)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        size_t n = 0;
        const struct sock_filter *code = filter_find(variant, &n);
        const struct sock_fprog fprog = {.len = (unsigned short)n,
                                         .filter = (struct sock_filter *)code};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog) != 0) {
            _exit(NOT_APPLIED);
        }
        _exit(body(path));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int errno_of_open(const char *path, int flags)
{
    return open(path, flags | O_CLOEXEC, 0600) >= 0 ? 0 : errno;
}

static int truncate_blindly(const char *path)
{
    const struct open_how how = {.flags = O_TRUNC};
    bool is_refused = truncate(path, 0) != 0 && errno == EPERM;
    is_refused = is_refused && errno_of_open(path, O_RDONLY | O_TRUNC) == EPERM;
    is_refused = is_refused && errno_of_open(path, O_ACCMODE | O_TRUNC) == EPERM;
    is_refused =
        is_refused && syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how) < 0 && errno == ENOSYS;
#ifdef SYS_open
    is_refused = is_refused && syscall(SYS_open, path, O_RDONLY | O_TRUNC) < 0 && errno == EPERM;
#endif
    return is_refused ? 0 : 1;
}

static void truncating_without_a_writable_descriptor_is_refused_on_old_kernels(void **state)
{
    const char *path = temp_path(state, "file");
    write_text(path, "content");
    assert_int_equal(under_filter(FILTER_NO_TRUNCATE, truncate_blindly, path), 0);
    assert_string_equal(read_text(path), "content");
}

static int open_as_usual(const char *path)
{
    bool is_possible = errno_of_open(path, O_RDONLY) == 0 && errno_of_open(path, O_RDWR) == 0 &&
                       errno_of_open(path, O_WRONLY | O_TRUNC) == 0;
    return is_possible ? 0 : 1;
}

static void ordinary_opens_pass_every_filter(void **state)
{
    const char *path = temp_path(state, "file");
    write_text(path, "content");
    for (size_t i = 0; i < filter_variant_count; i++) {
        assert_int_equal(under_filter(filter_variants[i], open_as_usual, path), 0);
    }
}

static void every_variant_of_the_table_has_a_program(void **state)
{
    (void)state;
    for (size_t i = 0; i < filter_variant_count; i++) {
        size_t n = 0;
        assert_non_null(filter_find(filter_variants[i], &n));
        assert_in_range(n, 50, BPF_MAXINSNS / 2);
    }
}

#define NEWEST_KNOWN 469

/* With arguments that do nothing, should one get through. */
static const struct {
    long call;
    int expected;
} closed[] = {
    {SYS_clone3, ENOSYS},
    {SYS_io_uring_setup, ENOSYS},
    {SYS_io_uring_enter, ENOSYS},
    {SYS_io_uring_register, ENOSYS},
    {SYS_bpf, EPERM},
    {SYS_perf_event_open, EPERM},
    {SYS_userfaultfd, EPERM},
    {SYS_add_key, EPERM},
    {SYS_request_key, EPERM},
    {SYS_keyctl, EPERM},
    {SYS_mount, EPERM},
    {SYS_umount2, EPERM},
    {SYS_pivot_root, EPERM},
    {SYS_open_tree, EPERM},
    {SYS_move_mount, EPERM},
    {SYS_fsopen, EPERM},
    {SYS_fsconfig, EPERM},
    {SYS_fsmount, EPERM},
    {SYS_fspick, EPERM},
    {SYS_mount_setattr, EPERM},
    {467 /* open_tree_attr */, EPERM},
    {457 /* statmount */, ENOSYS},
    {458 /* listmount */, ENOSYS},
    {SYS_kexec_load, EPERM},
    {SYS_init_module, EPERM},
    {SYS_finit_module, EPERM},
    {SYS_delete_module, EPERM},
    {SYS_reboot, EPERM},
    {SYS_swapon, EPERM},
    {SYS_swapoff, EPERM},
    {SYS_acct, EPERM},
    {SYS_quotactl, EPERM},
    {443 /* quotactl_fd */, EPERM},
    {SYS_settimeofday, EPERM},
    {SYS_clock_settime, EPERM},
    {SYS_clock_adjtime, EPERM},
    {SYS_adjtimex, EPERM},
    {SYS_open_by_handle_at, EPERM},
    {SYS_pidfd_getfd, EPERM},
    {SYS_process_vm_readv, EPERM},
    {SYS_process_vm_writev, EPERM},
    {SYS_process_madvise, EPERM},
    {SYS_kcmp, EPERM},
    {SYS_fanotify_init, EPERM},
    {SYS_setns, EPERM},
#ifdef SYS_iopl
    {SYS_iopl, EPERM},
    {SYS_ioperm, EPERM},
    {SYS_modify_ldt, EPERM},
#endif
    {NEWEST_KNOWN + 1, ENOSYS},
    {4000, ENOSYS},
    {-1L, ENOSYS},
};

/* 0, or which of them is open, from 1. */
static int try_closed_calls(const char *unused)
{
    (void)unused;
    for (int i = 0; i < (int)(sizeof closed / sizeof closed[0]); i++) {
        errno = 0;
        if (syscall(closed[i].call, -1L, -1L, -1L, -1L, -1L, -1L) != -1 ||
            errno != closed[i].expected) {
            return i + 1;
        }
    }
    return 0;
}

static void dangerous_calls_are_closed_in_every_variant(void **state)
{
    (void)state;
    for (size_t i = 0; i < filter_variant_count; i++) {
        assert_int_equal(under_filter(filter_variants[i], try_closed_calls, NULL), 0);
    }
}

#define HIGH_BITS (UINT64_C(1) << 32)

static bool is_closed(long rc, int expected)
{
    return rc == -1 && errno == expected;
}

static int try_arguments(const char *unused)
{
    (void)unused;
    const uint64_t local = AF_UNIX, datagrams = SOCK_DGRAM | SOCK_CLOEXEC;
    bool is_right =
        is_closed(syscall(SYS_unshare, CLONE_NEWUSER), EPERM) &&
        is_closed(syscall(SYS_unshare, HIGH_BITS | CLONE_NEWNS), EPERM) &&
        is_closed(syscall(SYS_unshare, 0x80 /* time */), EPERM) &&
        is_closed(syscall(SYS_clone, CLONE_NEWPID, NULL, NULL, NULL, NULL), EPERM) &&
        syscall(SYS_unshare, CLONE_FILES) == 0 &&
        is_closed(syscall(SYS_ioctl, -1, TIOCSTI, NULL), EPERM) &&
        is_closed(syscall(SYS_ioctl, -1, HIGH_BITS | TIOCSTI, NULL), EPERM) &&
        is_closed(syscall(SYS_ioctl, -1, HIGH_BITS | TIOCLINUX, NULL), EPERM) &&
        is_closed(syscall(SYS_ioctl, -1, TIOCGWINSZ, NULL), EBADF) &&
        is_closed(syscall(SYS_socket, HIGH_BITS | local, datagrams, 0), EPERM) &&
        is_closed(syscall(SYS_socket, local, HIGH_BITS | datagrams, 0), EPERM) &&
        is_closed(syscall(SYS_socket, HIGH_BITS | AF_VSOCK, SOCK_STREAM, 0), EAFNOSUPPORT) &&
        syscall(SYS_socket, local, SOCK_SEQPACKET | SOCK_NONBLOCK, 0) > 0;
    is_right = is_right && syscall(SYS_personality, 0xffffffff) >= 0 &&
               is_closed(syscall(SYS_personality, READ_IMPLIES_EXEC), EPERM) &&
               syscall(SYS_personality, ADDR_NO_RANDOMIZE) >= 0 &&
               is_closed(syscall(SYS_prlimit64, getppid(), 0, NULL, NULL), EPERM) &&
               syscall(SYS_prlimit64, 0, 0, NULL, NULL) == 0;
    return is_right ? 0 : 1;
}

static void arguments_are_compared_as_the_kernel_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < filter_variant_count; i++) {
        assert_int_equal(under_filter(filter_variants[i], try_arguments, NULL), 0);
    }
}

static bool can_have(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    bool is_there = fd >= 0;
    if (is_there) {
        (void)close(fd);
    }
    return is_there;
}

/* The bits of what is possible. */
static int try_sockets(const char *unused)
{
    (void)unused;
    return (can_have(AF_INET, SOCK_STREAM, 0) ? 1 : 0) |
           (can_have(AF_INET, SOCK_DGRAM, 0) ? 2 : 0) |
           (can_have(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) ? 4 : 0) |
           (can_have(AF_INET, SOCK_RAW, IPPROTO_ICMP) ? 8 : 0) |
           (can_have(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT) ? 16 : 0) |
           (can_have(AF_PACKET, SOCK_RAW, 0) ? 32 : 0);
}

static void network_is_streams_datagrams_and_routes_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < filter_variant_count; i++) {
        bool is_off = (filter_variants[i] & FILTER_NO_NETWORK) != 0;
        assert_int_equal(under_filter(filter_variants[i], try_sockets, NULL), is_off ? 0 : 7);
    }
}

static void unknown_variant_has_no_program(void **state)
{
    (void)state;
    size_t n = 0;
    assert_null(filter_find(1u << 31, &n));
}

/* Write to both files under a ruleset of `level`; bit 0: the inner was written, bit 1: the outer. */
static int write_under(uint32_t level, const char *dir, const char *inside, const char *outside)
{
    const struct beacon_path_rule top = {
        .access = BEACON_PATH_READ | BEACON_PATH_EXEC, .path = {"/", 1}, .fd = -1};
    const struct beacon_path_rule root = {
        .access = BEACON_PATH_WRITE, .path = {dir, strlen(dir)}, .fd = -1};
    const struct beacon_path_rule *const paths[] = {&top, &root};
    const struct ruleset_wish wish = {.paths = paths, .n_paths = 2};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct beacon_error err = {0};
        int ruleset = -1;
        if (ruleset_build(&wish, level, &ruleset, &err) != BEACON_OK ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0) {
            _exit(NOT_APPLIED);
        }
        _exit((errno_of_open(inside, O_WRONLY | O_CREAT) == 0 ? 1 : 0) |
              (errno_of_open(outside, O_WRONLY) == 0 ? 2 : 0));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void every_level_confines_writes(void **state)
{
    const char *dir = temp_path(state, "w"), *inside = temp_path(state, "w/new");
    const char *outside = temp_path(state, "file");
    write_text(outside, "content");
    assert_int_equal(mkdir(dir, 0700), 0);
    for (uint32_t level = LANDLOCK_LEVEL_NEEDED; level <= landlock_level(); level++) {
        assert_int_equal(write_under(level, dir, inside, outside), 1);
        (void)unlink(inside);
    }
}

/* Bit 0: a file at hand was read, 1: a device that rules name, 2: one that they do not. */
static int read_under_limited_devices(const char *file)
{
    const struct beacon_path_rule top = {
        .access = BEACON_PATH_READ | BEACON_PATH_EXEC, .path = {"/", 1}, .fd = -1};
    const struct beacon_path_rule zero = {
        .access = BEACON_PATH_READ | BEACON_PATH_WRITE, .path = {"/dev/zero", 9}, .fd = -1};
    const struct beacon_path_rule *const paths[] = {&top, &zero};
    const struct ruleset_wish wish = {.paths = paths, .n_paths = 2, .are_devices_limited = true};
    struct beacon_error err = {0};
    int ruleset = -1;
    if (ruleset_build(&wish, landlock_level(), &ruleset, &err) != BEACON_OK ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0) {
        return NOT_APPLIED;
    }
    return (errno_of_open(file, O_RDONLY) == 0 ? 1 : 0) |
           (errno_of_open("/dev/zero", O_RDONLY) == 0 ? 2 : 0) |
           (errno_of_open("/dev/full", O_RDONLY) == 0 ? 4 : 0);
}

static void devices_that_no_rule_names_are_unreadable(void **state)
{
    const char *file = temp_path(state, "file");
    write_text(file, "content");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(read_under_limited_devices(file));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 1 | 2);
}

static void level_of_the_future_is_used_as_the_newest_known(void **state)
{
    const char *dir = temp_path(state, "w"), *inside = temp_path(state, "w/new");
    const char *outside = temp_path(state, "file");
    if (landlock_level() < 6) {
        skip();
    }
    write_text(outside, "content");
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(write_under(1000, dir, inside, outside), 1);
}

static void vanished_root_is_refused_by_name(void **state)
{
    const char *gone = temp_path(state, "gone");
    const struct beacon_path_rule root = {
        .access = BEACON_PATH_WRITE, .path = {gone, strlen(gone)}, .fd = -1};
    const struct beacon_path_rule *const paths[] = {&root};
    const struct ruleset_wish wish = {.paths = paths, .n_paths = 1};
    struct beacon_error err = {0};
    int ruleset = -1;
    assert_refused(ruleset_build(&wish, landlock_level(), &ruleset, &err), BEACON_E_REFUSED, &err);
    assert_int_equal(ruleset, -1);
    assert_non_null(strstr(err.message, "gone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(truncating_without_a_writable_descriptor_is_refused_on_old_kernels),
        in_temp_dir(ordinary_opens_pass_every_filter),
        cmocka_unit_test(every_variant_of_the_table_has_a_program),
        cmocka_unit_test(dangerous_calls_are_closed_in_every_variant),
        cmocka_unit_test(arguments_are_compared_as_the_kernel_does),
        cmocka_unit_test(network_is_streams_datagrams_and_routes_or_nothing),
        cmocka_unit_test(unknown_variant_has_no_program),
        in_temp_dir(every_level_confines_writes),
        in_temp_dir(devices_that_no_rule_names_are_unreadable),
        in_temp_dir(level_of_the_future_is_used_as_the_newest_known),
        in_temp_dir(vanished_root_is_refused_by_name),
    };
    return cmocka_run_group_tests_name("sandbox_landlock/kernel", tests, NULL, NULL);
}
