/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "loop/loop.h"
#include "tools/command.h"
#include "tools/output_limit.h"
#include "unit/tools/tool_stage.h"

static struct command *start(const char *script, bool has_terminal, uint64_t timeout_ms)
{
    const char *const argv[] = {"/bin/bash", "-c", script, NULL};
    struct command_request request = {.argv = argv,
                                      .cwd = stage.dir,
                                      .call_id = "call_1",
                                      .has_terminal = has_terminal,
                                      .timeout_ms = timeout_ms};
    struct beacon_error err = {0};
    struct command *command = NULL;
    assert_ok(command_start(&stage.context, &request, &command, &err), &err);
    return command;
}

static bool has_exited(void *command)
{
    return command_has_exited(command);
}

static void finish(struct command *command)
{
    stage_until(has_exited, command);
}

/* Exit code of a script, its output in `ret_out` until the command is forgotten. */
static int run(const char *script, struct text *ret_out)
{
    struct command *command = start(script, false, 0);
    finish(command);
    output_limit_copy(command_fresh_output(command), ret_out);
    int code = command_exit_code(command);
    command_release(command);
    return code;
}

static void assert_run(const char *script, int code, const char *output)
{
    AUTO_TEXT struct text out;
    text_init(&out, 4u << 20);
    assert_int_equal(run(script, &out), code);
    assert_string_equal(text_string(&out), output);
}

static void exit_codes_are_told_as_a_shell_does(void **state)
{
    (void)state;
    assert_run("exit 0", 0, "");
    assert_run("exit 3", 3, "");
    assert_run("kill -KILL $$", 137, "");
    assert_run("kill -TERM $$", 143, "");
    assert_string_equal(stage_seen(), "started: /bin/bash -c 'exit 0'\n"
                                      "finished 0: \n"
                                      "started: /bin/bash -c 'exit 3'\n"
                                      "finished 3 failed: \n"
                                      "started: /bin/bash -c 'kill -KILL $$'\n"
                                      "finished 137 failed: \n"
                                      "started: /bin/bash -c 'kill -TERM $$'\n"
                                      "finished 143 failed: \n");
}

static void stdout_and_stderr_come_in_the_order_they_were_written(void **state)
{
    (void)state;
    assert_run("echo a; echo b >&2; echo c; printf d >&2", 0, "a\nb\nc\nd");
}

static void stdin_is_empty_without_a_terminal(void **state)
{
    (void)state;
    assert_run("read x || echo nothing", 0, "nothing\n");
}

static void it_runs_in_the_directory_and_with_the_variables_given(void **state)
{
    AUTO_TEXT struct text out;
    text_init(&out, 65536);
    assert_int_equal(run("pwd; env | grep -E '^(HOME|LC_ALL|SHELL)='", &out), 0);
    assert_true(strncmp(text_string(&out), temp_dir(state), strlen(temp_dir(state))) == 0);
    assert_non_null(strstr(text_string(&out), "\nHOME=/nonexistent\n"));
}

static void all_that_was_written_before_the_exit_is_kept(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    text_init(&out, 4u << 20);
    assert_int_equal(run("seq 100000", &out), 0);
    assert_int_equal(out.len, 588895);
    assert_string_equal(text_string(&out) + out.len - 7, "100000\n");
}

static void assert_same_content(const char *a, const char *b)
{
    const char *const argv[] = {"cmp", a, b, NULL};
    assert_int_equal(run_program(argv, NULL, NULL, NULL), 0);
}

static void what_memory_cannot_hold_is_in_a_file_until_the_session_ends(void **state)
{
    uint64_t missing = 1;
    command_table_spill_to(stage.commands, temp_path(state, "outputs"),
                           "01990000-0000-7000-8000-000000000001");
    struct command *small = start("seq 1000", false, 0);
    finish(small);
    struct command *large = start("seq 400000 | tee seq.txt", false, 0);
    finish(large);
    const char *path = command_spilled(large, &missing);
    assert_non_null(path);
    assert_int_equal(missing, 0);
    assert_same_content(path, temp_path(state, "seq.txt"));
    /* Asked for afterwards, because an answer showed less than there is in memory. */
    path = command_spilled(small, &missing);
    assert_non_null(path);
    struct command *again = start("seq 1000 >small.txt", false, 0);
    finish(again);
    assert_same_content(path, temp_path(state, "small.txt"));
    command_release(small);
    command_release(large);
    command_release(again);
}

static void a_timeout_kills_the_whole_group_and_is_code_124(void **state)
{
    (void)state;
    struct command *command = start("sleep 1000 & echo $!; sleep 1000", false, 100);
    finish(command);
    assert_int_equal(command_exit_code(command), EXIT_CODE_TIMEOUT);
    assert_true(command_has_timed_out(command));
    AUTO_TEXT struct text out;
    text_init(&out, 65536);
    output_limit_copy(command_fresh_output(command), &out);
    pid_t pid = (pid_t)strtol(text_string(&out), NULL, 10);
    assert_true(pid > 1);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid); /* adopted: its parent is gone */
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void a_command_in_time_does_not_time_out(void **state)
{
    (void)state;
    struct command *command = start("exit 5", false, 600000);
    finish(command);
    assert_false(command_has_timed_out(command));
    assert_int_equal(command_exit_code(command), 5);
}

static void a_background_child_that_holds_the_pipe_is_not_waited_for(void **state)
{
    (void)state;
    assert_run("sleep 1000 & echo started", 0, "started\n");
}

/* More than a pipe holds: it would block, or die of SIGPIPE, if nobody read on. */
static void what_a_background_child_writes_later_is_read_and_dropped(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    text_init(&out, 65536);
    const char *script = "(until test -e go; do :; done; head -c 1000000 /dev/zero; "
                         "echo $? > wrote) & echo here";
    assert_int_equal(run(script, &out), 0);
    assert_string_equal(text_string(&out), "here\n");
    assert_run("touch go; until test -s wrote; do :; done; cat wrote", 0, "0\n");
}

static void a_command_that_cannot_start_leaves_nothing(void **state)
{
    const char *const argv[] = {"/no/such/program", NULL};
    struct command_request request = {.argv = argv, .cwd = temp_dir(state), .call_id = "c"};
    struct beacon_error err = {0};
    struct command *command = NULL;
    assert_refused(command_start(&stage.context, &request, &command, &err), BEACON_E_NOT_FOUND,
                   &err);
    const char *const shell[] = {"/bin/sh", "-c", "true", NULL};
    request.argv = shell;
    request.cwd = temp_path(state, "missing");
    assert_true(command_start(&stage.context, &request, &command, &err) < 0);
    assert_non_null(strstr(err.message, "missing"));
    assert_null(command);
    assert_null(command_find(stage.commands, 1));
    assert_string_equal(stage_seen(), "");
}

static bool has_output(void *command)
{
    return output_limit_tokens(command_fresh_output(command)) > 0;
}

static void a_terminal_is_one_and_takes_input(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct command *command =
        start("test -t 0 && test -t 1 && test -t 2 && stty size; read x; echo got $x", true, 0);
    stage_until(has_output, command);
    assert_ok(command_write(command, "hello\n", 6, &err), &err);
    finish(command);
    AUTO_TEXT struct text out;
    text_init(&out, 65536);
    output_limit_copy(command_fresh_output(command), &out);
    assert_string_equal(text_string(&out), "24 80\r\nhello\r\ngot hello\r\n");
    assert_int_equal(command_exit_code(command), 0);
}

static void an_interrupt_typed_at_the_terminal_reaches_the_program(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct command *command = start("echo ready; exec sleep 1000", true, 0);
    stage_until(has_output, command);
    assert_ok(command_write(command, "\003", 1, &err), &err);
    finish(command);
    assert_int_equal(command_exit_code(command), 130);
}

static void a_terminal_that_is_full_says_so(void **state)
{
    (void)state;
    static char much[1u << 20];
    memset(much, 'x', sizeof much);
    struct beacon_error err = {0};
    struct command *command = start("stty raw -echo; echo ready; exec sleep 1000", true, 0);
    stage_until(has_output, command);
    assert_refused(command_write(command, much, sizeof much, &err), BEACON_E_IO, &err);
}

static void input_without_a_terminal_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct command *command = start("sleep 1000", false, 0);
    assert_refused(command_write(command, "x", 1, &err), BEACON_E_UNSUPPORTED, &err);
}

static void more_than_the_limit_do_not_run_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < COMMANDS_MAX; i++) {
        (void)start("exec sleep 1000", false, 0);
    }
    const char *const argv[] = {"/bin/true", NULL};
    struct command_request request = {.argv = argv, .cwd = stage.dir, .call_id = "c"};
    struct beacon_error err = {0};
    struct command *command = NULL;
    assert_refused(command_start(&stage.context, &request, &command, &err), BEACON_E_LIMIT, &err);
    struct command *one = command_find(stage.commands, 1);
    command_kill(one);
    finish(one);
    assert_ok(command_start(&stage.context, &request, &command, &err), &err);
}

static void output_that_nobody_came_for_is_kept_of_the_newest(void **state)
{
    (void)state;
    for (int i = 0; i < COMMANDS_MAX + 8; i++) {
        finish(start("echo x", false, 0));
    }
    assert_null(command_find(stage.commands, 1));
    assert_non_null(command_find(stage.commands, COMMANDS_MAX + 8));
    assert_null(command_find(stage.commands, COMMANDS_MAX + 9));
}

static void a_command_released_while_it_runs_goes_when_it_exits(void **state)
{
    (void)state;
    struct command *command = start("exec sleep 1000", false, 0);
    uint32_t id = command_id(command);
    assert_ptr_equal(command_find(stage.commands, id), command);
    command_release(command);
    assert_null(command_find(stage.commands, id));
    command_kill(command);
    assert_run("exit 0", 0, ""); /* the loop sees both exits; memory checkers see the rest */
}

/* Also one that has left its group and its session. */
static void the_end_of_the_session_ends_every_process(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    text_init(&out, 65536);
    assert_int_equal(run("setsid sleep 1000 >/dev/null 2>&1 & echo $!", &out), 0);
    struct command *command = start("exec sleep 1000", false, 0);
    (void)command;
    pid_t pid = (pid_t)strtol(text_string(&out), NULL, 10);
    assert_int_equal(kill(pid, 0), 0);
    command_table_destroy(stage.commands);
    stage.commands = command_table_create(); /* for the teardown */
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_non_null(strstr(stage_seen(), "started: /bin/bash -c 'exec sleep 1000'\n"));
    assert_null(strstr(stage_seen(), "137"));
}

static size_t count_descriptors(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void two_hundred_commands_leak_no_descriptor(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    text_init(&out, 65536);
    assert_int_equal(run("true", &out), 0);
    size_t before = count_descriptors();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(run("echo x", &out), 0);
        struct command *command = start("echo x", true, 60000);
        finish(command);
        command_release(command);
    }
    assert_int_equal(count_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_tool_stage(exit_codes_are_told_as_a_shell_does),
        on_tool_stage(stdout_and_stderr_come_in_the_order_they_were_written),
        on_tool_stage(stdin_is_empty_without_a_terminal),
        on_tool_stage(it_runs_in_the_directory_and_with_the_variables_given),
        on_tool_stage(all_that_was_written_before_the_exit_is_kept),
        on_tool_stage(what_memory_cannot_hold_is_in_a_file_until_the_session_ends),
        on_tool_stage(a_timeout_kills_the_whole_group_and_is_code_124),
        on_tool_stage(a_command_in_time_does_not_time_out),
        on_tool_stage(a_background_child_that_holds_the_pipe_is_not_waited_for),
        on_tool_stage(what_a_background_child_writes_later_is_read_and_dropped),
        on_tool_stage(a_command_that_cannot_start_leaves_nothing),
        on_tool_stage(a_terminal_is_one_and_takes_input),
        on_tool_stage(an_interrupt_typed_at_the_terminal_reaches_the_program),
        on_tool_stage(a_terminal_that_is_full_says_so),
        on_tool_stage(input_without_a_terminal_is_refused),
        on_tool_stage(more_than_the_limit_do_not_run_at_once),
        on_tool_stage(output_that_nobody_came_for_is_kept_of_the_newest),
        on_tool_stage(a_command_released_while_it_runs_goes_when_it_exits),
        on_tool_stage(the_end_of_the_session_ends_every_process),
        on_tool_stage(two_hundred_commands_leak_no_descriptor),
    };
    return cmocka_run_group_tests_name("tools/command", tests, NULL, NULL);
}
