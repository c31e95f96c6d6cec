/* SPDX-License-Identifier: Apache-2.0 */
/* A birth into namespaces that begins before it is known what shall run there. */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn.h"
#include "base/text.h"
#include "unit/base/spawn_stage.h"

#define NOT_SET_UP 2

#ifdef BEACON_SANITIZED
#define BEGINS_EARLY false /* a copy of the host's memory would not learn what to run */
#else
#define BEGINS_EARLY true
#endif

static struct spawn_expected *expect(const struct spawn_space *space)
{
    struct spawn_expected *expected = spawn_expect(space);
    assert_true((expected != NULL) == BEGINS_EARLY);
    return expected;
}

/* The pipe of its output and what else the request names are opened only after the birth has begun. */
static void program_gets_what_was_opened_after_its_birth_began(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"sh", "-c", "echo $$ $PPID; echo y >&9", NULL};
    struct spawn_request request = space_request();
    request.argv = argv;
    request.expected = expect(request.space);
    AUTO_CLOSE int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const struct spawn_fd fds[] = {{null, 9}};
    request.fds = fds;
    request.n_fds = 1;
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "2 1\n");
}

static void program_has_no_descriptor_of_the_host(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"sh", "-c",
                                "i=0; while [ $i -lt 256 ]; do [ -e /proc/self/fd/$i ] && echo $i; "
                                "i=$((i+1)); done; exit 0",
                                NULL};
    struct spawn_request request = space_request();
    request.argv = argv;
    AUTO_CLOSE int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    request.expected = expect(request.space);
    AUTO_CLOSE int after = dup(before); /* without close-on-exec */
    assert_true(before >= 0 && after >= 0);
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "0\n1\n2\n");
}

static void birth_into_other_namespaces_was_for_nothing(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"sh", "-c", "echo $$", NULL};
    struct spawn_request request = space_request();
    struct spawn_space other = *request.space;
    other.flags &= ~(uint64_t)CLONE_NEWIPC;
    request.argv = argv;
    request.expected = expect(&other);
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "2\n");
    assert_nothing_runs();
}

static void plain_program_starts_all_the_same(void **state)
{
    (void)state;
    AUTO_TEXT struct text unused;
    const char *const argv[] = {"sh", "-c", "exit 3", NULL};
    struct spawn_request request = space_request();
    request.argv = argv;
    request.expected = expect(request.space);
    request.space = NULL;
    assert_int_equal(space_run(&request, &unused), 3 << 8);
    assert_nothing_runs();
}

static void assert_start_fails(const char *const *argv, int code)
{
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_request request = space_request();
    request.argv = argv;
    request.expected = expect(request.space);
    assert_int_equal(spawn_start(&request, &child, NULL, &err), code);
}

static void nothing_is_left_of_a_birth_that_comes_to_nothing(void **state)
{
    (void)state;
    static const char *const missing[] = {"/nonexistent", NULL}, *const empty[] = {NULL};
    const struct spawn_request request = space_request();
    spawn_expect_end(expect(request.space)); /* what is made once */
    const size_t fds = count_open_fds(), mounts = count_mounts();
    spawn_expect_end(expect(request.space));
    spawn_expect_end(NULL);
    assert_start_fails(missing, BEACON_E_NOT_FOUND);
    assert_start_fails(empty, BEACON_E_INVALID);
    assert_nothing_runs();
    assert_int_equal(count_open_fds(), fds);
    assert_int_equal(count_mounts(), mounts);
}

/* The child holds the table of descriptors with the pipe in it. */
static void begun_birth_ends_with_a_killed_host(void **state)
{
    (void)state;
    char byte = 0;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    const pid_t victim = fork();
    assert_true(victim >= 0);
    if (victim == 0) {
        const struct spawn_request request = space_request();
        (void)close(fds[0]);
        (void)spawn_expect(request.space);
        if (write(fds[1], "x", 1) == 1) {
            (void)pause();
        }
        _exit(1);
    }
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(kill(victim, SIGKILL), 0);
    assert_int_equal(waitpid(victim, NULL, 0), victim);
    assert_int_equal(read(fds[0], &byte, 1), 0);
    (void)close(fds[0]);
}

static bool put(const char *path, const char *text)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* The limit of a user namespace that the test makes: nothing of the machine is changed. */
static bool refuse_networks(void)
{
    char uid[64], gid[64];
    (void)snprintf(uid, sizeof uid, "0 %u 1", (unsigned)geteuid());
    (void)snprintf(gid, sizeof gid, "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER) == 0 && put("/proc/self/setgroups", "deny") &&
           put("/proc/self/uid_map", uid) && put("/proc/self/gid_map", gid) &&
           put("/proc/sys/user/max_net_namespaces", "0");
}

/* Nothing of this process comes after it but the start. */
static int run_in_child(int (*run)(void))
{
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(run());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int start_without_network(void)
{
    static const char *const argv[] = {"true", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    if (!refuse_networks()) {
        return NOT_SET_UP;
    }
    struct spawn_request request = space_request();
    request.argv = argv;
    request.expected = spawn_expect(request.space);
    return spawn_start(&request, &child, NULL, &err) == BEACON_E_REFUSED &&
                   strstr(err.message, "cannot make the namespaces of true") != NULL &&
                   waitpid(-1, NULL, WNOHANG | __WALL) < 0
               ? 0
               : 1;
}

static void namespace_that_is_refused_is_told(void **state)
{
    (void)state;
    const int status = run_in_child(start_without_network);
    if (status == NOT_SET_UP) {
        skip();
    }
    assert_int_equal(status, 0);
}

/* As a container's filter might. */
static bool refuse_unshare(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int start_without_unshare(void)
{
    static const char *const argv[] = {"sh", "-c", "exit 6", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    if (!refuse_unshare()) {
        return NOT_SET_UP;
    }
    struct spawn_request request = space_request();
    request.argv = argv;
    request.expected = spawn_expect(request.space);
    if (spawn_start(&request, &child, NULL, &err) != BEACON_OK) {
        return 1;
    }
    spawn_reap(&child, &status);
    return status == 6 << 8 && waitpid(-1, NULL, WNOHANG | __WALL) < 0 ? 0 : 1;
}

static void early_way_that_is_refused_is_not_the_only_one(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(start_without_unshare), 0);
}

/* ---- the end ---- */

static bool is_over_at_once(const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    struct spawn_request request = space_request();
    request.argv = argv;
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    assert_false(spawn_wait(&child, &status));
    const bool is_over = spawn_is_over(&child);
    spawn_reap(&child, &status);
    assert_int_equal(status, 4 << 8);
    return is_over;
}

static void program_that_leaves_nobody_behind_is_known_to_be_over(void **state)
{
    (void)state;
    assert_true(is_over_at_once("exit 4"));
    assert_true(is_over_at_once("true & wait; exit 4"));
}

static void program_that_leaves_somebody_behind_is_not_over_before_it_is_reaped(void **state)
{
    (void)state;
    assert_false(is_over_at_once("setsid sleep 1000 & exit 4"));
    assert_nothing_runs();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_gets_what_was_opened_after_its_birth_began),
        cmocka_unit_test(program_has_no_descriptor_of_the_host),
        cmocka_unit_test(birth_into_other_namespaces_was_for_nothing),
        cmocka_unit_test(plain_program_starts_all_the_same),
        cmocka_unit_test(nothing_is_left_of_a_birth_that_comes_to_nothing),
        cmocka_unit_test(begun_birth_ends_with_a_killed_host),
        cmocka_unit_test(namespace_that_is_refused_is_told),
        cmocka_unit_test(early_way_that_is_refused_is_not_the_only_one),
        cmocka_unit_test(program_that_leaves_nobody_behind_is_known_to_be_over),
        cmocka_unit_test(program_that_leaves_somebody_behind_is_not_over_before_it_is_reaped),
    };
    if (!spaces_are_possible()) {
        return SPAWN_STAGE_SKIPPED;
    }
    return cmocka_run_group_tests_name("base/spawn begun early", tests, NULL, NULL);
}
