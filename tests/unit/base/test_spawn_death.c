/* SPDX-License-Identifier: Apache-2.0
 *
 * A host that is killed, at every stage of a birth and after it, leaves no process. The victim is a
 * process made for that. Whatever it starts holds the end of a pipe, so nothing needs to be measured:
 * the pipe comes to its end when the last of them is gone.
 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn.h"
#include "unit/base/spawn_stage.h"

#define ROUNDS 200

enum stage { IN_FIRST, IN_SECOND, IN_PROGRAM };

struct scene {
    enum stage stage;
    int tell_fd; /* a byte goes there once the stage is reached; all hold it */
};

static _Noreturn void stay(const struct scene *scene)
{
    (void)!write(scene->tell_fd, "x", 1);
    for (;;) {
        (void)pause();
    }
}

static int prepare(const void *ctx, const struct spawn_scene *spawn, struct spawn_failure *failure)
{
    const struct scene *scene = ctx;
    (void)failure;
    if (scene->stage == (spawn->parent == 0 ? IN_FIRST : IN_SECOND)) {
        stay(scene);
    }
    return 0;
}

/* The victim: it never comes back. */
static _Noreturn void play_host(const struct scene *scene, const char *const *argv)
{
    struct spawn_request request = space_request();
    struct spawn_space space = *request.space;
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    const struct spawn_fd fds[] = {{scene->tell_fd, 9}};
    space.prepare = prepare;
    request.argv = argv;
    request.fds = fds;
    request.n_fds = 1;
    request.space = &space;
    request.prepare = prepare;
    request.prepare_ctx = scene;
    if (spawn_start(&request, &child, NULL, &err) != BEACON_OK) {
        _exit(1);
    }
    for (;;) {
        (void)pause();
    }
}

static pid_t start_victim(enum stage stage, const char *const *argv, int *ret_fd)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    const pid_t victim = fork();
    assert_true(victim >= 0);
    if (victim == 0) {
        const struct scene scene = {stage, fds[1]};
        (void)close(fds[0]);
        play_host(&scene, argv);
    }
    (void)close(fds[1]);
    *ret_fd = fds[0];
    return victim;
}

static void kill_at(enum stage stage)
{
    static const char *const argv[] = {"sh", "-c",
                                       "printf x >&9; setsid sleep 1000 & exec sleep 1000", NULL};
    char byte = 0;
    int fd = -1;
    const pid_t victim = start_victim(stage, argv, &fd);
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(kill(victim, SIGKILL), 0);
    assert_int_equal(waitpid(victim, NULL, 0), victim);
    assert_int_equal(read(fd, &byte, 1), 0);
    (void)close(fd);
}

static void first_process_dies_with_a_host_killed_while_it_mounts(void **state)
{
    (void)state;
    kill_at(IN_FIRST);
}

static void second_process_dies_with_a_host_killed_while_it_is_confined(void **state)
{
    (void)state;
    kill_at(IN_SECOND);
}

static void command_dies_with_a_killed_host_and_so_does_what_it_started(void **state)
{
    (void)state;
    kill_at(IN_PROGRAM);
}

/* Wherever the birth happens to be: the victim is killed after a little more work each time. */
static void host_killed_at_any_moment_leaves_nothing(void **state)
{
    (void)state;
    static const char *const argv[] = {"sleep", "1000", NULL};
    for (int round = 0; round < ROUNDS; round++) {
        char byte = 0;
        int fd = -1;
        const pid_t victim = start_victim(IN_PROGRAM, argv, &fd);
        for (volatile long work = 0; work < (long)round * 10000; work++) {
        }
        assert_int_equal(kill(victim, SIGKILL), 0);
        assert_int_equal(waitpid(victim, NULL, 0), victim);
        assert_int_equal(read(fd, &byte, 1), 0);
        (void)close(fd);
    }
}

static void reaper_killed_from_outside_takes_everything_along(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "setsid sleep 1000 & echo x; exec sleep 1000",
                                       NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    char byte = 0;
    int fds[2], status = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    struct spawn_request request = space_request();
    request.argv = argv;
    request.out_fd = fds[1];
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(kill(child.pid, SIGKILL), 0);
    spawn_reap(&child, &status);
    assert_int_equal(status, SIGKILL);
    while (read(fds[0], &byte, 1) > 0) {
    }
    (void)close(fds[0]);
    assert_nothing_runs();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_process_dies_with_a_host_killed_while_it_mounts),
        cmocka_unit_test(second_process_dies_with_a_host_killed_while_it_is_confined),
        cmocka_unit_test(command_dies_with_a_killed_host_and_so_does_what_it_started),
        cmocka_unit_test(host_killed_at_any_moment_leaves_nothing),
        cmocka_unit_test(reaper_killed_from_outside_takes_everything_along),
    };
    if (!spaces_are_possible()) {
        return SPAWN_STAGE_SKIPPED;
    }
    return cmocka_run_group_tests_name("base/spawn and death", tests, NULL, NULL);
}
