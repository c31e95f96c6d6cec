/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper, which ends what a command leaves where there is no pid namespace. Who is meant holds a
 * pipe open: it ends with the last of them.
 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn.h"
#include "unit/base/spawn_stage.h"

#define LEAVE_DAEMON "setsid sh -c 'sleep 1000 & sleep 1000' & "

static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

struct stage {
    struct spawn_child child;
    int pipe[2]; /* the program writes into it */
};

static struct spawn_request kept_request(const char *const *argv, int out_fd, int err_fd)
{
    return (struct spawn_request){.argv = argv,
                                  .env = environment,
                                  .in_fd = -1,
                                  .out_fd = out_fd,
                                  .err_fd = err_fd,
                                  .is_kept = true};
}

static void begin(struct stage *stage, const char *script, bool shares_terminal)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct beacon_error err = {0};
    assert_int_equal(pipe2(stage->pipe, O_CLOEXEC), 0);
    struct spawn_request request = kept_request(argv, stage->pipe[1], -1);
    request.shares_terminal = shares_terminal;
    assert_ok(spawn_start(&request, &stage->child, NULL, &err), &err);
    assert_true(stage->child.is_kept);
    (void)close(stage->pipe[1]);
}

/* Waits for as long as anybody has the other end. */
static void assert_all_are_gone(struct stage *stage)
{
    char rest[64];
    while (read(stage->pipe[0], rest, sizeof rest) > 0) {
    }
    (void)close(stage->pipe[0]);
}

static int status_of(const char *script)
{
    struct stage stage;
    int status = 0;
    begin(&stage, script, false);
    spawn_reap(&stage.child, &status);
    assert_all_are_gone(&stage);
    assert_nothing_runs();
    return status;
}

static void status_is_that_of_the_program(void **state)
{
    (void)state;
    assert_int_equal(status_of("exit 7"), 7 << 8);
    assert_int_equal(status_of("kill -9 $$"), SIGKILL);
    assert_int_equal(status_of("kill -TERM $$"), SIGTERM);
}

static void what_is_left_ends_with_the_program(void **state)
{
    (void)state;
    assert_int_equal(status_of(LEAVE_DAEMON "exit 3"), 3 << 8);
    assert_int_equal(
        status_of("i=0; while [ $i -lt 50 ]; do " LEAVE_DAEMON "i=$((i+1)); done; exit 4"), 4 << 8);
}

static void killing_reaches_what_left_the_group(void **state)
{
    (void)state;
    struct stage stage;
    int status = 0;
    char byte = 0;
    begin(&stage, LEAVE_DAEMON "echo ready; sleep 1000", false);
    assert_int_equal(read(stage.pipe[0], &byte, 1), 1);
    spawn_kill(&stage.child);
    spawn_reap(&stage.child, &status);
    assert_int_equal(status, SIGKILL);
    assert_all_are_gone(&stage);
    assert_nothing_runs();
}

static void play_host(int out_fd, int err_fd)
{
    const char *const argv[] = {"sh", "-c", LEAVE_DAEMON "echo >&2; sleep 1000", NULL};
    struct spawn_child child = {0};
    const struct spawn_request request = kept_request(argv, out_fd, err_fd);
    (void)spawn_start(&request, &child, NULL, NULL);
    for (;;) {
        (void)pause();
    }
}

static void everything_ends_with_the_host(void **state)
{
    (void)state;
    struct stage stage;
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe2(stage.pipe, O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    const pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        play_host(stage.pipe[1], ready[1]);
    }
    (void)close(stage.pipe[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(kill(host, SIGKILL), 0);
    assert_int_equal(waitpid(host, NULL, 0), host);
    assert_all_are_gone(&stage);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void stops_and_the_end_are_told(void **state)
{
    (void)state;
    struct stage stage;
    int status = 0;
    begin(&stage, "kill -STOP $$; exit 9", true);
    assert_true(spawn_wait(&stage.child, &status));
    assert_int_equal(WSTOPSIG(status), SIGSTOP);
    spawn_signal(&stage.child, SIGCONT);
    assert_false(spawn_wait(&stage.child, &status));
    spawn_reap(&stage.child, &status);
    assert_int_equal(status, 9 << 8);
    assert_all_are_gone(&stage);
}

static void missing_program_leaves_nothing(void **state)
{
    (void)state;
    const char *const argv[] = {"there-is-no-such-program", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    const struct spawn_request request = kept_request(argv, -1, -1);
    const size_t before = count_open_fds();
    assert_refused(spawn_start(&request, &child, NULL, &err), BEACON_E_NOT_FOUND, &err);
    assert_int_equal(count_open_fds(), before);
    assert_nothing_runs();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_is_that_of_the_program),
        cmocka_unit_test(what_is_left_ends_with_the_program),
        cmocka_unit_test(killing_reaches_what_left_the_group),
        cmocka_unit_test(everything_ends_with_the_host),
        cmocka_unit_test(stops_and_the_end_are_told),
        cmocka_unit_test(missing_program_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
