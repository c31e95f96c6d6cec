/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/text.h"
#include "unit/base/spawn_stage.h"

/* ---- what comes through ---- */

static void exit_status_is_that_of_the_program(void **state)
{
    (void)state;
    assert_int_equal(space_status("exit 7"), 7 << 8);
    assert_int_equal(space_status("exit 0"), 0);
    assert_int_equal(space_status("exit 255"), 255 << 8);
}

static void ending_signal_is_that_of_the_program(void **state)
{
    (void)state;
    assert_int_equal(space_status("kill -9 $$"), SIGKILL);
    assert_int_equal(space_status("kill -TERM $$"), SIGTERM);
}

static void program_is_the_second_process_of_its_namespace(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    assert_int_equal(space_script("echo $$ $PPID", &out), 0);
    assert_string_equal(text_string(&out), "2 1\n");
}

static void program_starts_with_default_signals_and_its_three_descriptors(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    const char *script = "grep -E '^Sig(Blk|Ign)' /proc/self/status; i=0; while [ $i -lt 256 ]; do "
                         "[ -e /proc/self/fd/$i ] && echo $i; i=$((i+1)); done; exit 0";
    assert_int_equal(space_script(script, &out), 0);
    (void)signal(SIGPIPE, before);
    assert_string_equal(text_string(&out), "SigBlk:\t0000000000000000\n"
                                           "SigIgn:\t0000000000000000\n0\n1\n2\n");
}

static void mask_of_the_host_is_as_before(void **state)
{
    (void)state;
    sigset_t after;
    assert_int_equal(space_status("true"), 0);
    (void)sigprocmask(SIG_SETMASK, NULL, &after);
    for (int signal_number = 1; signal_number < SIGRTMIN; signal_number++) {
        assert_int_equal(sigismember(&after, signal_number), 0);
    }
}

static void program_leads_its_own_session(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *script = "read -r pid name status parent group session rest < /proc/self/stat; "
                         "[ $session -eq $pid ] && [ $group -eq $pid ]";
    struct spawn_request request = space_request();
    const char *const argv[] = {"bash", "-c", script, NULL};
    request.argv = argv;
    /* The host's /proc is seen inside, with the host's numbers. */
    assert_int_equal(space_run(&request, &out), 0);
}

static void program_on_a_terminal_owns_it(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"sh", "-c", "[ -t 0 ] && : </dev/tty && exit 5", NULL};
    AUTO_CLOSE int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    AUTO_CLOSE int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct spawn_request request = space_request();
    request.argv = argv;
    request.in_fd = slave;
    request.is_terminal = true;
    assert_int_equal(space_run(&request, &out), 5 << 8);
}

static int close_the_tree(const void *ctx, const struct spawn_scene *scene,
                          struct spawn_failure *failure)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY, .propagation = 1u << 18};
    (void)ctx;
    if (scene->parent == 0 &&
        syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof attr) != 0) {
        failure->os_errno = errno;
        return -1;
    }
    return 0;
}

static int renew_the_terminals(const void *ctx, const struct spawn_scene *scene,
                               struct spawn_failure *failure)
{
    if (close_the_tree(ctx, scene, failure) != 0) {
        return -1;
    }
    return scene->parent == 0 ? (int)syscall(SYS_mount, "none", "/dev/pts", "devpts", 0,
                                             "newinstance,ptmxmode=0666")
                              : 0;
}

/* The name of the host's is somebody else's, or nobody's, among terminals of its own. */
static void terminal_has_a_name_among_new_terminals(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"sh", "-c",
                                "[ -t 0 ] && [ -t 2 ] && tty && : </dev/tty; "
                                "chmod 600 /dev/pts/0 2>&1 | grep -c Read-only; "
                                "chmod 600 /proc/self/fd/0 2>&1 | grep -c Read-only; "
                                "script -qec tty /dev/null </dev/null",
                                NULL};
    AUTO_CLOSE int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    AUTO_CLOSE int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct spawn_request request = space_request();
    struct spawn_space space = *request.space;
    space.prepare = renew_the_terminals;
    request.space = &space;
    request.argv = argv;
    request.in_fd = request.err_fd = slave;
    request.is_terminal = true;
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "/dev/pts/0\n1\n1\n/dev/pts/1\r\n");
}

static void wanted_descriptors_arrive_under_their_numbers(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"sh", "-c", "read x <&3; read y <&4; echo $x$y", NULL};
    int a[2], b[2];
    assert_int_equal(pipe2(a, O_CLOEXEC), 0);
    assert_int_equal(pipe2(b, O_CLOEXEC), 0);
    assert_int_equal(write(a[1], "a\n", 2), 2);
    assert_int_equal(write(b[1], "b\n", 2), 2);
    /* The numbers at which the reaper has its own. */
    const struct spawn_fd fds[] = {{b[0], 4}, {a[0], 3}};
    struct spawn_request request = space_request();
    request.argv = argv;
    request.fds = fds;
    request.n_fds = 2;
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "ab\n");
    for (int i = 0; i < 2; i++) {
        (void)close(a[i]);
        (void)close(b[i]);
    }
}

/* Else the mode of the file could be changed by the descriptor of the host, whatever is mounted. */
static void input_is_a_file_of_the_namespace(void **state)
{
    AUTO_TEXT struct text out;
    const char *path = temp_path(state, "input");
    const char *const argv[] = {"sh", "-c",
                                "read x; echo $x; chmod 777 /proc/self/fd/0 2>&1 | "
                                "grep -c Read-only",
                                NULL};
    write_text(path, "first\nsecond\n");
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(lseek(fd, 6, SEEK_SET), 6);
    struct spawn_request request = space_request();
    struct spawn_space space = *request.space;
    space.prepare = close_the_tree;
    request.space = &space;
    request.argv = argv;
    request.in_fd = fd;
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "second\n1\n");
}

static int hide_the_directory(const void *ctx, const struct spawn_scene *scene,
                              struct spawn_failure *failure)
{
    failure->os_errno = 0;
    return scene->parent == 0 ? (int)syscall(SYS_mount, "none", ctx, "tmpfs", 0, NULL) : 0;
}

static void input_that_is_not_in_the_namespace_is_refused(void **state)
{
    const char *const argv[] = {"true", NULL};
    const char *path = temp_path(state, "input");
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    write_text(path, "one\n");
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct spawn_request request = space_request();
    struct spawn_space space = *request.space;
    space.prepare = hide_the_directory;
    request.space = &space;
    request.prepare_ctx = temp_dir(state);
    request.argv = argv;
    request.in_fd = fd;
    assert_refused(spawn_start(&request, &child, NULL, &err), BEACON_E_REFUSED, &err);
    assert_non_null(strstr(err.message, path));
    assert_nothing_runs();
}

/* The mode is set to what it is, whoever breaks this. */
static void devices_are_those_of_the_namespace(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    AUTO_CLOSE int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    AUTO_CLOSE int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const int inputs[] = {-1, zero, null};
    const char *const argv[] = {
        "sh", "-c",
        "exec 4<&0 5>&2; chmod 666 /proc/self/fd/4 /proc/self/fd/5 2>&1 | grep -c Read-only", NULL};
    struct spawn_request request = space_request();
    struct spawn_space space = *request.space;
    space.prepare = close_the_tree;
    request.space = &space;
    request.argv = argv;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        request.in_fd = inputs[i];
        request.err_fd = inputs[i] == zero ? -1 : inputs[i];
        assert_int_equal(space_run(&request, &out), 0);
        assert_string_equal(text_string(&out), "2\n");
        text_finish(&out);
    }
}

static void access_to_a_device_stays_what_it_was(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    AUTO_CLOSE int null = open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC);
    const char *const argv[] = {"sh", "-c", "grep -o 2001$ /proc/self/fdinfo/2; cat <&2 || echo no",
                                NULL};
    struct spawn_request request = space_request();
    request.argv = argv;
    request.err_fd = null;
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "2001\nno\n");
}

/* ---- stops ---- */

static void stops_and_the_end_are_told(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "kill -STOP $$; kill -STOP $$; exit 9", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    struct spawn_request request = space_request();
    request.argv = argv;
    request.shares_terminal = true;
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    for (int i = 0; i < 2; i++) {
        assert_true(spawn_wait(&child, &status));
        assert_true(WIFSTOPPED(status));
        assert_int_equal(WSTOPSIG(status), SIGSTOP);
        spawn_signal(&child, SIGCONT);
    }
    assert_false(spawn_wait(&child, &status));
    spawn_reap(&child, &status);
    assert_int_equal(status, 9 << 8);
}

static void stops_of_a_plain_child_are_told_as_well(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "kill -STOP $$; exit 9", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    struct spawn_request request = space_request();
    request.argv = argv;
    request.space = NULL;
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    assert_true(spawn_wait(&child, &status));
    assert_int_equal(WSTOPSIG(status), SIGSTOP);
    spawn_signal(&child, SIGCONT);
    assert_false(spawn_wait(&child, &status));
    spawn_reap(&child, &status);
    assert_int_equal(status, 9 << 8);
}

/* Else a command could keep its namespace alive for ever, by states nobody asks for. */
static void endless_states_that_nobody_reads_do_not_hold_up_the_end(void **state)
{
    (void)state;
    const char *script = "(i=0; while [ $i -lt 20000 ]; do kill -STOP $$; kill -CONT $$; "
                         "i=$((i+1)); done; kill -KILL $$) & wait; wait; wait; exec sleep 1000";
    const char *const argv[] = {"bash", "-c", script, NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    struct spawn_request request = space_request();
    request.argv = argv;
    request.shares_terminal = true;
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    spawn_reap(&child, &status);
    const bool is_told = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    assert_true(is_told || status == (128 + SIGKILL) << 8);
}

/* ---- the end ---- */

static void everything_in_the_namespace_ends_with_the_program(void **state)
{
    (void)state;
    /* The pipe comes to its end only when the last one that holds it is gone. */
    assert_int_equal(space_status("setsid sleep 1000 & (setsid sleep 1000 &); exit 3"), 3 << 8);
}

static void killed_namespace_is_gone_with_those_that_left_the_group(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "setsid sh -c 'echo ready; exec sleep 1000' & wait",
                                NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    char byte = 0;
    int status = 0, fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    struct spawn_request request = space_request();
    request.argv = argv;
    request.out_fd = fds[1];
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    (void)close(fds[1]);
    while (read(fds[0], &byte, 1) == 1 && byte != '\n') {
    }
    spawn_kill(&child);
    spawn_reap(&child, &status);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(read(fds[0], &byte, 1), 0);
    (void)close(fds[0]);
    spawn_kill(&child); /* a vanished one is fine */
    spawn_reap(&child, &status);
    assert_int_equal(status, 0);
}

static void births_leave_neither_descriptors_nor_processes_nor_mounts(void **state)
{
    (void)state;
    const char *const good[] = {"/bin/true", NULL};
    const char *const bad[] = {"/nonexistent/program", NULL};
    struct beacon_error err = {0};
    struct spawn_request request = space_request();
    struct spawn_child child = {0};
    int status = 0;
    request.argv = good;
    assert_ok(spawn_start(&request, &child, NULL, &err), &err); /* makes the image of the reaper */
    spawn_reap(&child, &status);
    const size_t fds = count_open_fds(), mounts = count_mounts();
    for (int i = 0; i < 500; i++) {
        request.argv = good;
        assert_ok(spawn_start(&request, &child, NULL, &err), &err);
        spawn_reap(&child, &status);
        assert_int_equal(status, 0);
        request.argv = bad;
        assert_int_equal(spawn_start(&request, &child, NULL, &err), BEACON_E_NOT_FOUND);
    }
    assert_int_equal(count_open_fds(), fds);
    assert_int_equal(count_mounts(), mounts);
    assert_nothing_runs();
}

/* ---- failures ---- */

static int refuse_third_operation(const void *ctx, const struct spawn_scene *scene,
                                  struct spawn_failure *failure)
{
    (void)ctx;
    (void)scene;
    *failure = (struct spawn_failure){.index = 2, .os_errno = EBADF};
    return -1;
}

static void missing_program_is_not_found(void **state)
{
    (void)state;
    const char *const argv[] = {"no-such-program-anywhere", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {.pid = -7};
    struct spawn_failure failure = {0};
    struct spawn_request request = space_request();
    request.argv = argv;
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_NOT_FOUND, &err);
    assert_int_equal(failure.stage, SPAWN_STAGE_EXEC);
    assert_int_equal(failure.os_errno, ENOENT);
    assert_int_equal(child.pid, -7);
    assert_nothing_runs();
}

static void failing_operation_of_either_process_is_told(void **state)
{
    (void)state;
    const char *const argv[] = {"true", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_failure failure = {0};
    struct spawn_space space = *space_request().space;
    struct spawn_request request = space_request();
    request.argv = argv;
    request.prepare = refuse_third_operation;
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_REFUSED, &err);
    assert_int_equal(failure.stage, SPAWN_STAGE_PREPARE);
    assert_int_equal(failure.index, 2);
    assert_int_equal(failure.os_errno, EBADF);
    space.prepare = refuse_third_operation;
    request.space = &space;
    request.prepare = NULL;
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_REFUSED, &err);
    assert_int_equal(failure.stage, SPAWN_STAGE_PREPARE);
    assert_int_equal(failure.index, 2);
    assert_nothing_runs();
}

static void other_directory_at_the_path_is_not_entered(void **state)
{
    AUTO_TEXT struct text out;
    const char *const argv[] = {"pwd", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_failure failure = {0};
    const char *dir = temp_path(state, "dir");
    assert_int_equal(mkdir(dir, 0755), 0);
    AUTO_CLOSE int held = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct spawn_request request = space_request();
    request.argv = argv;
    request.cwd = dir;
    request.cwd_fd = held;
    assert_int_equal(space_run(&request, &out), 0);
    assert_int_equal(rename(dir, temp_path(state, "moved")), 0);
    assert_int_equal(mkdir(dir, 0755), 0);
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_NOT_FOUND, &err);
    assert_int_equal(failure.os_errno, ESTALE);
    assert_non_null(strstr(err.message, dir));
    assert_nothing_runs();
}

/* ---- descriptors for the host ---- */

static int send_null(const void *ctx, const struct spawn_scene *scene,
                     struct spawn_failure *failure)
{
    (void)ctx;
    AUTO_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    failure->os_errno = EIO;
    return spawn_send_fd(scene, scene->parent == 0 ? 10 : 11, fd);
}

static int send_five(const void *ctx, const struct spawn_scene *scene,
                     struct spawn_failure *failure)
{
    for (int i = 0; i < 5; i++) {
        if (send_null(ctx, scene, failure) != 0) {
            return -1;
        }
    }
    return 0;
}

static void both_processes_can_send_descriptors(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"true", NULL};
    struct spawn_sent sent = {0};
    struct spawn_space space = *space_request().space;
    struct spawn_request request = space_request();
    space.prepare = send_null;
    request.space = &space;
    request.prepare = send_null;
    request.argv = argv;
    request.sent = &sent;
    assert_int_equal(space_run(&request, &out), 0);
    assert_int_equal(sent.n, 2);
    assert_int_equal(sent.list[0].tag, 10);
    assert_int_equal(sent.list[1].tag, 11);
    for (size_t i = 0; i < sent.n; i++) {
        assert_int_equal(fcntl(sent.list[i].fd, F_GETFD), FD_CLOEXEC);
        (void)close(sent.list[i].fd);
    }
}

static void plain_child_can_send_descriptors(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"true", NULL};
    struct spawn_sent sent = {0};
    struct spawn_request request = space_request();
    request.space = NULL;
    request.prepare = send_null;
    request.argv = argv;
    request.sent = &sent;
    assert_int_equal(space_run(&request, &out), 0);
    assert_int_equal(sent.n, 1);
    assert_int_equal(sent.list[0].tag, 11);
    (void)close(sent.list[0].fd);
}

static void descriptors_nobody_has_room_for_are_closed(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *const argv[] = {"true", NULL};
    struct spawn_sent sent = {0};
    struct spawn_request request = space_request();
    request.prepare = send_five;
    request.argv = argv;
    request.sent = &sent;
    const size_t before = count_open_fds();
    assert_int_equal(space_run(&request, &out), 0);
    assert_int_equal(sent.n, SPAWN_SENT_MAX);
    assert_int_equal(count_open_fds(), before + SPAWN_SENT_MAX);
    for (size_t i = 0; i < sent.n; i++) {
        (void)close(sent.list[i].fd);
    }
}

static void failed_birth_keeps_nothing_that_was_sent(void **state)
{
    (void)state;
    const char *const argv[] = {"/nonexistent", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_sent sent = {0};
    struct spawn_request request = space_request();
    request.prepare = send_null;
    request.argv = argv;
    request.sent = &sent;
    const size_t before = count_open_fds();
    assert_int_equal(spawn_start(&request, &child, NULL, &err), BEACON_E_NOT_FOUND);
    assert_int_equal(sent.n, 0);
    assert_int_equal(count_open_fds(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_status_is_that_of_the_program),
        cmocka_unit_test(ending_signal_is_that_of_the_program),
        cmocka_unit_test(program_is_the_second_process_of_its_namespace),
        cmocka_unit_test(program_starts_with_default_signals_and_its_three_descriptors),
        cmocka_unit_test(mask_of_the_host_is_as_before),
        cmocka_unit_test(program_leads_its_own_session),
        cmocka_unit_test(program_on_a_terminal_owns_it),
        cmocka_unit_test(terminal_has_a_name_among_new_terminals),
        cmocka_unit_test(wanted_descriptors_arrive_under_their_numbers),
        in_temp_dir(input_is_a_file_of_the_namespace),
        in_temp_dir(input_that_is_not_in_the_namespace_is_refused),
        cmocka_unit_test(devices_are_those_of_the_namespace),
        cmocka_unit_test(access_to_a_device_stays_what_it_was),
        cmocka_unit_test(stops_and_the_end_are_told),
        cmocka_unit_test(stops_of_a_plain_child_are_told_as_well),
        cmocka_unit_test(endless_states_that_nobody_reads_do_not_hold_up_the_end),
        cmocka_unit_test(everything_in_the_namespace_ends_with_the_program),
        cmocka_unit_test(killed_namespace_is_gone_with_those_that_left_the_group),
        cmocka_unit_test(births_leave_neither_descriptors_nor_processes_nor_mounts),
        cmocka_unit_test(missing_program_is_not_found),
        cmocka_unit_test(failing_operation_of_either_process_is_told),
        in_temp_dir(other_directory_at_the_path_is_not_entered),
        cmocka_unit_test(both_processes_can_send_descriptors),
        cmocka_unit_test(plain_child_can_send_descriptors),
        cmocka_unit_test(descriptors_nobody_has_room_for_are_closed),
        cmocka_unit_test(failed_birth_keeps_nothing_that_was_sent),
    };
    if (!spaces_are_possible()) {
        return SPAWN_STAGE_SKIPPED;
    }
    return cmocka_run_group_tests_name("base/spawn in namespaces", tests, NULL, NULL);
}
