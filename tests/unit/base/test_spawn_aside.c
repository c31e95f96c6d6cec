/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/reaper/reaper.h"
#include "base/spawn_aside.h"
#include "unit/base/spawn_stage.h"

static struct spawn_aside *start_guardian(const char *path, int *ret_end)
{
    const char *argv[] = {REAPER_GUARDIAN_NAME, path, NULL};
    struct beacon_error err = {0};
    struct spawn_aside *aside = NULL;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(spawn_aside_start(argv, ends[0], REAPER_STATUS_FD, &aside, &err), &err);
    argv[0] = argv[1] = NULL; /* it has its own */
    (void)close(ends[0]);
    *ret_end = ends[1];
    return aside;
}

static void it_runs_its_program_and_is_ended(void **state)
{
    struct beacon_error err = {0};
    int end = -1;
    struct spawn_aside *aside = start_guardian(temp_path(state, ".code"), &end);
    assert_ok(spawn_aside_wait(aside, &err), &err);
    assert_ok(spawn_aside_wait(aside, &err), &err);
    assert_true(spawn_aside_is_alive(aside));
    spawn_aside_end(aside);
    (void)close(end);
    assert_nothing_runs();
}

static void it_is_ended_wherever_it_is(void **state)
{
    const size_t before = count_open_fds();
    for (int i = 0; i < 100; i++) {
        int end = -1;
        struct spawn_aside *aside = start_guardian(temp_path(state, ".code"), &end);
        spawn_aside_kill(aside);
        spawn_aside_end(aside);
        (void)close(end);
    }
    spawn_aside_end(NULL);
    assert_nothing_runs();
    assert_true(count_open_fds() <= before + 1); /* the image */
}

/* Its end is that of a process orphaned to this one. */
static void it_does_its_work_when_the_host_dies_right_after_its_birth(void **state)
{
    const char *path = temp_path(state, ".code");
    struct stat st;
    spawn_adopt_orphans();
    for (int i = 0; i < 50; i++) {
        assert_int_equal(mknod(path, S_IFSOCK | REAPER_COVER_MARK, 0), 0);
        const pid_t host = fork();
        assert_true(host >= 0);
        if (host == 0) {
            int end = -1;
            (void)start_guardian(path, &end);
            (void)raise(SIGKILL);
        }
        while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
        }
        assert_int_equal(lstat(path, &st), -1);
    }
}

static void descriptor_that_is_not_open_is_told(void **state)
{
    (void)state;
    const char *const argv[] = {REAPER_GUARDIAN_NAME, NULL};
    struct beacon_error err = {0};
    struct spawn_aside *aside = NULL;
    assert_ok(spawn_aside_start(argv, -1, REAPER_STATUS_FD, &aside, &err), &err);
    assert_int_equal(spawn_aside_wait(aside, &err), BEACON_E_REFUSED);
    assert_int_equal(err.os_errno, EBADF);
    spawn_aside_end(aside);
    assert_nothing_runs();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(it_runs_its_program_and_is_ended),
        in_temp_dir(it_is_ended_wherever_it_is),
        in_temp_dir(it_does_its_work_when_the_host_dies_right_after_its_birth),
        cmocka_unit_test(descriptor_that_is_not_open_is_told),
    };
    return cmocka_run_group_tests_name("base/spawn aside", tests, NULL, NULL);
}
