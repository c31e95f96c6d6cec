/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/text.h"

#define OUTPUT_MAX 65536

static const char *const test_env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};

static int wait_status(struct spawn_child child)
{
    int status = 0;
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    (void)close(child.pidfd);
    return status;
}

/* Run a shell script and give back what it wrote to its standard output. */
static int run_script(const char *script, struct spawn_request request, struct text *out)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    request.argv = argv;
    request.env = request.env != NULL ? request.env : test_env;
    request.out_fd = pipe_fds[1];
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    (void)close(pipe_fds[1]);
    text_init(out, OUTPUT_MAX);
    assert_ok(io_read_all(pipe_fds[0], "the child", out, &err), &err);
    (void)close(pipe_fds[0]);
    return wait_status(child);
}

static struct spawn_request plain_request(void)
{
    return (struct spawn_request){.env = test_env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
}

static size_t count_open_fds(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void assert_exit_status(int status, int expected)
{
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), expected);
}

static void child_has_only_its_three_descriptors(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const char *every_open_fd = "i=0; while [ $i -lt 256 ]; do [ -e /proc/self/fd/$i ] && echo $i; "
                                "i=$((i+1)); done; exit 1";
    int leaky = open("/", O_RDONLY | O_DIRECTORY); /* no CLOEXEC on purpose */
    assert_true(leaky >= 0);
    int status = run_script(every_open_fd, plain_request(), &out);
    (void)close(leaky);
    assert_exit_status(status, 1);
    assert_string_equal(text_string(&out), "0\n1\n2\n");
}

static void wanted_descriptors_arrive_under_their_numbers(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    int a[2], b[2];
    assert_int_equal(pipe2(a, O_CLOEXEC), 0);
    assert_int_equal(pipe2(b, O_CLOEXEC), 0);
    assert_int_equal(write(a[1], "a\n", 2), 2);
    assert_int_equal(write(b[1], "b\n", 2), 2);
    /* The two trade places: each source is the other's target. */
    const struct spawn_fd fds[] = {{a[0], b[0]}, {b[0], a[0]}};
    struct spawn_request request = plain_request();
    request.fds = fds;
    request.n_fds = 2;
    char script[128];
    (void)snprintf(script, sizeof script, "read x <&%d; read y <&%d; echo $x$y", b[0], a[0]);
    int status = run_script(script, request, &out);
    assert_exit_status(status, 0);
    assert_string_equal(text_string(&out), "ab\n");
    for (int i = 0; i < 2; i++) {
        (void)close(a[i]);
        (void)close(b[i]);
    }
}

static void child_starts_with_default_signals_although_the_host_ignores_some(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    sigset_t blocked, before;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before);
    void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
    int status = run_script("grep -E '^Sig(Blk|Ign)' /proc/self/status", plain_request(), &out);
    (void)signal(SIGPIPE, pipe_before);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    assert_exit_status(status, 0);
    assert_string_equal(text_string(&out),
                        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void mask_of_the_host_is_as_before(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    sigset_t before, after;
    (void)sigprocmask(SIG_SETMASK, NULL, &before);
    (void)run_script("true", plain_request(), &out);
    (void)sigprocmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
    assert_int_equal(sigismember(&after, SIGINT), 0);
}

static void child_leads_a_process_group_that_is_killed_as_one(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int pipe_fds[2];
    char byte = 0;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    const char *const argv[] = {"sh", "-c", "sleep 1000 & echo ready; wait", NULL};
    struct spawn_request request = plain_request();
    request.argv = argv;
    request.out_fd = pipe_fds[1];
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    (void)close(pipe_fds[1]);
    assert_int_equal(getpgid(child.pid), child.pid);
    while (read(pipe_fds[0], &byte, 1) == 1 && byte != '\n') {
    }
    spawn_kill(&child);
    assert_true(WIFSIGNALED(wait_status(child)));
    /* End of file comes only when the grandchild, which holds the pipe as well, is gone. */
    assert_int_equal(read(pipe_fds[0], &byte, 1), 0);
    (void)close(pipe_fds[0]);
    spawn_kill(&child); /* a vanished group is fine */
}

static void environment_and_directory_are_those_asked_for(void **state)
{
    AUTO_TEXT struct text out;
    const char *const env[] = {"PATH=/usr/bin:/bin", "ONLY=this", NULL};
    struct spawn_request request = plain_request();
    request.env = env;
    request.cwd = temp_dir(state);
    int status = run_script("echo $ONLY$HOME; pwd", request, &out);
    assert_exit_status(status, 0);
    char expected[4096];
    (void)snprintf(expected, sizeof expected, "this\n%s\n", temp_dir(state));
    assert_string_equal(text_string(&out), expected);
}

static void unset_descriptors_are_dev_null(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    int status = run_script("readlink /proc/self/fd/0 /proc/self/fd/2", plain_request(), &out);
    assert_exit_status(status, 0);
    assert_string_equal(text_string(&out), "/dev/null\n/dev/null\n");
}

static void host_with_closed_standard_descriptors_can_start_children(void **state)
{
    (void)state;
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        const char *const argv[] = {"sh", "-c", "[ -e /proc/self/fd/0 ] && exit 7", NULL};
        struct beacon_error err = {0};
        struct spawn_child child = {0};
        struct spawn_request request = plain_request();
        int status = 0;
        request.argv = argv;
        (void)close(0);
        (void)close(1);
        (void)close(2);
        if (spawn_start(&request, &child, NULL, &err) != BEACON_OK ||
            waitpid(child.pid, &status, 0) != child.pid) {
            _exit(1);
        }
        _exit(WEXITSTATUS(status));
    }
    int status = 0;
    assert_int_equal(waitpid(host, &status, 0), host);
    assert_exit_status(status, 7);
}

static void missing_program_is_not_found(void **state)
{
    (void)state;
    const char *const argv[] = {"no-such-program-anywhere", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {.pid = -7};
    struct spawn_failure failure = {0};
    struct spawn_request request = plain_request();
    request.argv = argv;
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_NOT_FOUND, &err);
    assert_int_equal(failure.stage, SPAWN_STAGE_EXEC);
    assert_int_equal(failure.os_errno, ENOENT);
    assert_int_equal(child.pid, -7);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left */
}

static void empty_name_and_empty_command_are_errors(void **state)
{
    (void)state;
    const char *const nameless[] = {"", NULL};
    const char *const nothing[] = {NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_request request = plain_request();
    request.argv = nameless;
    assert_refused(spawn_start(&request, &child, NULL, &err), BEACON_E_NOT_FOUND, &err);
    request.argv = nothing;
    assert_refused(spawn_start(&request, &child, NULL, &err), BEACON_E_INVALID, &err);
}

static void file_without_execute_permission_is_refused(void **state)
{
    const char *path = temp_path(state, "plain");
    const char *const argv[] = {path, NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_failure failure = {0};
    struct spawn_request request = plain_request();
    request.argv = argv;
    write_text(path, "#!/bin/sh\n");
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_REFUSED, &err);
    assert_int_equal(failure.os_errno, EACCES);
}

static void script_without_interpreter_line_is_not_handed_to_a_shell(void **state)
{
    const char *path = temp_path(state, "script");
    const char *const argv[] = {path, NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_failure failure = {0};
    struct spawn_request request = plain_request();
    request.argv = argv;
    write_text(path, "true\n");
    assert_int_equal(chmod(path, 0700), 0);
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_INVALID, &err);
    assert_int_equal(failure.os_errno, ENOEXEC);
}

static void path_is_searched_past_files_that_may_not_be_run(void **state)
{
    AUTO_TEXT struct text out;
    char path_variable[4096];
    (void)snprintf(path_variable, sizeof path_variable, "PATH=/nonexistent::%s:/usr/bin:/bin",
                   temp_dir(state));
    const char *const env[] = {path_variable, NULL};
    struct spawn_request request = plain_request();
    request.env = env;
    write_text(temp_path(state, "sh"), "not executable");
    int status = run_script("echo found", request, &out);
    assert_exit_status(status, 0);
    assert_string_equal(text_string(&out), "found\n");
}

static void missing_directory_is_named(void **state)
{
    const char *const argv[] = {"true", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_failure failure = {0};
    struct spawn_request request = plain_request();
    request.argv = argv;
    request.cwd = temp_path(state, "gone");
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_NOT_FOUND, &err);
    assert_int_equal(failure.stage, SPAWN_STAGE_SETUP);
    assert_non_null(strstr(err.message, "gone"));
}

static int refuse_third_operation(const void *ctx, const struct spawn_scene *scene,
                                  struct spawn_failure *failure)
{
    (void)scene;
    *failure = (struct spawn_failure){.index = 2, .os_errno = *(const int *)ctx};
    return -1;
}

static void failing_operation_tells_its_index_and_errno(void **state)
{
    (void)state;
    const int os_errno = EBADF;
    const char *const argv[] = {"true", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_failure failure = {0};
    struct spawn_request request = plain_request();
    request.argv = argv;
    request.prepare = refuse_third_operation;
    request.prepare_ctx = &os_errno;
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_REFUSED, &err);
    assert_int_equal(failure.stage, SPAWN_STAGE_PREPARE);
    assert_int_equal(failure.index, 2);
    assert_int_equal(failure.os_errno, EBADF);
}

static void command_on_a_terminal_owns_it(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "[ -t 0 ] && : </dev/tty && exit 5", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_request request = plain_request();
    AUTO_CLOSE int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    AUTO_CLOSE int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    request.argv = argv;
    request.in_fd = slave;
    request.is_terminal = true;
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    assert_exit_status(wait_status(child), 5);
}

/* Else a command could read what the person types, and take the foreground. */
static void command_has_no_part_in_the_terminal_of_the_host(void **state)
{
    (void)state;
    const char *script = "read -r pid name state parent group session rest < /proc/$$/stat && "
                         "[ $session -eq $$ ] && ! : 2>/dev/null </dev/tty";
    const char *const argv[] = {"bash", "-c", script, NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_request request = plain_request();
    request.argv = argv;
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    assert_exit_status(wait_status(child), 0);
}

static void thousand_starts_leak_no_descriptor(void **state)
{
    (void)state;
    const char *const good[] = {"/bin/true", NULL};
    const char *const bad[] = {"/nonexistent/program", NULL};
    struct beacon_error err = {0};
    struct spawn_request request = plain_request();
    size_t before = count_open_fds();
    for (int i = 0; i < 500; i++) {
        struct spawn_child child = {0};
        request.argv = good;
        assert_ok(spawn_start(&request, &child, NULL, &err), &err);
        assert_exit_status(wait_status(child), 0);
        request.argv = bad;
        assert_int_equal(spawn_start(&request, &child, NULL, &err), BEACON_E_NOT_FOUND);
    }
    assert_int_equal(count_open_fds(), before);
}

/* In a process that plays the host: start a child that would run for ever and tell its pid. */
static void play_host(int tell_fd)
{
    const char *const argv[] = {"sleep", "1000", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_request request = plain_request();
    request.argv = argv;
    if (spawn_start(&request, &child, NULL, &err) != BEACON_OK ||
        write(tell_fd, &child.pid, sizeof child.pid) != (ssize_t)sizeof child.pid) {
        _exit(1);
    }
    for (;;) {
        (void)pause();
    }
}

static void child_dies_with_a_killed_host(void **state)
{
    (void)state;
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        play_host(pipe_fds[1]);
    }
    (void)close(pipe_fds[1]);
    pid_t child = 0;
    assert_int_equal(read(pipe_fds[0], &child, sizeof child), sizeof child);
    (void)close(pipe_fds[0]);
    AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    assert_true(pidfd >= 0);
    assert_int_equal(kill(host, SIGKILL), 0);
    assert_int_equal(waitpid(host, NULL, 0), host);
    struct pollfd gone = {.fd = pidfd, .events = POLLIN};
    assert_int_equal(poll(&gone, 1, 60000), 1); /* a cap, not a measure */
}

/* A process that left its group and its session, whose parent is gone: the shell's pid is printed
 * by the daemon itself. */
static void daemonised_grandchild_is_swept(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    spawn_adopt_orphans();
    const char *script = "setsid sh -c '(echo $$ >&3; exec sleep 1000 >/dev/null 3>&-) &' 3>&1 "
                         ">/dev/null; exit 0";
    int status = run_script(script, plain_request(), &out);
    assert_exit_status(status, 0);
    assert_true(strtol(text_string(&out), NULL, 10) > 1);
    assert_true(spawn_sweep(NULL, 0) >= 1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(spawn_sweep(NULL, 0), 0);
}

static void sweep_spares_those_it_is_told_to_keep(void **state)
{
    (void)state;
    const char *const argv[] = {"sleep", "1000", NULL};
    struct beacon_error err = {0};
    struct spawn_child kept = {0}, swept = {0};
    struct spawn_request request = plain_request();
    request.argv = argv;
    AUTO_FREE pid_t *none = NULL, *children = NULL;
    assert_int_equal(spawn_list_children(&none), 0);
    assert_ok(spawn_start(&request, &kept, NULL, &err), &err);
    assert_int_equal(spawn_list_children(&children), 1);
    assert_int_equal(children[0], kept.pid);
    assert_ok(spawn_start(&request, &swept, NULL, &err), &err);
    assert_int_equal(spawn_sweep(children, 1), 1);
    (void)close(swept.pidfd);
    assert_int_equal(kill(kept.pid, 0), 0);
    spawn_kill(&kept);
    assert_true(WIFSIGNALED(wait_status(kept)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child_has_only_its_three_descriptors),
        cmocka_unit_test(wanted_descriptors_arrive_under_their_numbers),
        cmocka_unit_test(child_starts_with_default_signals_although_the_host_ignores_some),
        cmocka_unit_test(mask_of_the_host_is_as_before),
        cmocka_unit_test(child_leads_a_process_group_that_is_killed_as_one),
        in_temp_dir(environment_and_directory_are_those_asked_for),
        cmocka_unit_test(unset_descriptors_are_dev_null),
        cmocka_unit_test(host_with_closed_standard_descriptors_can_start_children),
        cmocka_unit_test(missing_program_is_not_found),
        cmocka_unit_test(empty_name_and_empty_command_are_errors),
        in_temp_dir(file_without_execute_permission_is_refused),
        in_temp_dir(script_without_interpreter_line_is_not_handed_to_a_shell),
        in_temp_dir(path_is_searched_past_files_that_may_not_be_run),
        in_temp_dir(missing_directory_is_named),
        cmocka_unit_test(failing_operation_tells_its_index_and_errno),
        cmocka_unit_test(command_on_a_terminal_owns_it),
        cmocka_unit_test(command_has_no_part_in_the_terminal_of_the_host),
        cmocka_unit_test(thousand_starts_leak_no_descriptor),
        cmocka_unit_test(child_dies_with_a_killed_host),
        cmocka_unit_test(daemonised_grandchild_is_swept),
        cmocka_unit_test(sweep_spares_those_it_is_told_to_keep),
    };
    return cmocka_run_group_tests_name("base/spawn", tests, NULL, NULL);
}
