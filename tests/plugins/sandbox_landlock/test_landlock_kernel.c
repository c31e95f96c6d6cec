/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
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
        cmocka_unit_test(unknown_variant_has_no_program),
        in_temp_dir(every_level_confines_writes),
        in_temp_dir(level_of_the_future_is_used_as_the_newest_known),
        in_temp_dir(vanished_root_is_refused_by_name),
    };
    return cmocka_run_group_tests_name("sandbox_landlock/kernel", tests, NULL, NULL);
}
