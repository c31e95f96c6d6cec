/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "tools/command.h"
#include "unit/tools/tool_stage.h"

#define BAD_ARGUMENTS "failed to parse function arguments: "

/* `answer` is a chunk: id and wall time of the right shape, then exactly `rest`. */
static void assert_chunk(const char *answer, const char *rest)
{
    assert_memory_equal(answer, "Chunk ID: ", 10);
    assert_int_equal(strspn(answer + 10, "0123456789abcdef"), 6);
    const char *time = answer + 16;
    assert_memory_equal(time, "\nWall time: ", 12);
    size_t whole = strspn(time + 12, "0123456789");
    assert_int_equal(strspn(time + 12, "0123456789."), whole + 5);
    const char *after = time + 12 + whole + 5;
    assert_memory_equal(after, " seconds\n", 9);
    assert_string_equal(after + 9, rest);
}

static void a_command_that_ends_is_answered_with_its_output(void **state)
{
    (void)state;
    assert_chunk(stage_run("exec_command", "{\"cmd\":\"echo hi\"}"), "Process exited with code 0\n"
                                                                     "Original token count: 1\n"
                                                                     "Output:\nhi\n");
    assert_string_equal(stage_seen(), "started: /bin/bash -lc 'echo hi'\nfinished 0: hi\n\n");
    assert_null(command_find(stage.commands, 1));
}

static void failures_of_the_script_are_its_exit_code(void **state)
{
    (void)state;
    assert_chunk(stage_run("exec_command", "{\"cmd\":\"kill -9 $$\"}"),
                 "Process exited with code 137\nOriginal token count: 0\nOutput:\n");
    const char *answer = stage_run("exec_command", "{\"cmd\":\"nosuchcmd_zz\"}");
    assert_non_null(strstr(answer, "Process exited with code 127\n"));
    assert_non_null(strstr(answer, "nosuchcmd_zz: command not found\n"));
    assert_non_null(strstr(stage_seen(), "started: /bin/bash -lc nosuchcmd_zz\n"));
}

static void shell_login_and_directory_can_be_chosen(void **state)
{
    assert_int_equal(mkdir(temp_path(state, "sub"), 0700), 0);
    const char *answer =
        stage_run("exec_command", "{\"cmd\":\"echo $0; pwd\",\"shell\":\"/bin/sh\","
                                  "\"login\":false,\"workdir\":\"sub\"}");
    assert_non_null(strstr(answer, "Output:\n/bin/sh\n"));
    assert_non_null(strstr(answer, temp_path(state, "sub")));
    assert_memory_equal(stage_seen(), "started: /bin/sh -c 'echo $0; pwd'\n", 35);
}

static void output_is_cut_to_the_budget_of_the_call(void **state)
{
    (void)state;
    const char *answer =
        stage_run("exec_command", "{\"cmd\":\"seq 60000\",\"max_output_tokens\":500}");
    assert_non_null(strstr(answer, "Original token count: 87224\n"
                                   "Output:\n"
                                   "Warning: truncated output (original token count: 87224)\n"
                                   "Total output lines: 60000\n\n1\n2\n"));
    assert_non_null(strstr(answer, "\n277\n…86724 tokens truncated…834\n59835\n"));
}

static void the_sessions_own_limit_is_never_passed(void **state)
{
    (void)state;
    stage.context.max_output_tokens = 2;
    const char *answer =
        stage_run("exec_command", "{\"cmd\":\"echo 0123456789\",\"max_output_tokens\":1000000}");
    assert_non_null(strstr(answer, "\n\n0123…1 tokens truncated…789\n"));
    answer = stage_run("exec_command", "{\"cmd\":\"echo 0123456789\",\"max_output_tokens\":-5}");
    assert_non_null(strstr(answer, "…2 tokens truncated…"));
}

static void arguments_that_are_none_are_told(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"exec_command", "{", BAD_ARGUMENTS "JSON: unexpected end of data at byte 1"},
        {"exec_command", "[]", BAD_ARGUMENTS "expected an object"},
        {"exec_command", "{}", BAD_ARGUMENTS "missing field `cmd` at line 1 column 2"},
        {"exec_command", "{\n \"x\": 1}\n", BAD_ARGUMENTS "missing field `cmd` at line 2 column 8"},
        {"exec_command", "{\"cmd\":null}", BAD_ARGUMENTS "missing field `cmd` at line 1 column 12"},
        {"exec_command", "{\"cmd\":[\"ls\"]}", BAD_ARGUMENTS "field `cmd` must be a string"},
        {"exec_command", "{\"cmd\":\"a\\u0000b\"}", BAD_ARGUMENTS "field `cmd` contains a NUL"},
        {"exec_command", "{\"cmd\":\"ls\",\"workdir\":1}",
         BAD_ARGUMENTS "field `workdir` must be a string"},
        {"exec_command", "{\"cmd\":\"ls\",\"tty\":\"yes\"}",
         BAD_ARGUMENTS "field `tty` must be a boolean"},
        {"exec_command", "{\"cmd\":\"ls\",\"yield_time_ms\":\"1\"}",
         BAD_ARGUMENTS "field `yield_time_ms` must be a number"},
        {"write_stdin", "{}", BAD_ARGUMENTS "missing field `session_id` at line 1 column 2"},
        {"write_stdin", "{\"session_id\":\"1\"}",
         BAD_ARGUMENTS "field `session_id` must be a number"},
        {"shell", "{}", BAD_ARGUMENTS "missing field `command` at line 1 column 2"},
        {"shell", "{\"command\":\"ls\"}", BAD_ARGUMENTS "field `command` must be an array"},
        {"shell", "{\"command\":[]}", BAD_ARGUMENTS "field `command` is empty"},
        {"shell", "{\"command\":[\"ls\",1]}",
         BAD_ARGUMENTS "field `command` must be an array of strings"},
        {"shell", "{\"command\":[\"l\\u0000s\"]}",
         BAD_ARGUMENTS "field `command` must be an array of strings"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(stage_run(rows[i][0], rows[i][1]), rows[i][2]);
    }
    assert_string_equal(stage_seen(), "");
}

static void unknown_fields_and_fractions_are_let_pass(void **state)
{
    (void)state;
    assert_chunk(stage_run("exec_command",
                           "{\"cmd\":\"echo hi\",\"yield_time_ms\":1000.5,\"colour\":\"red\","
                           "\"justification\":null}"),
                 "Process exited with code 0\nOriginal token count: 1\nOutput:\nhi\n");
}

static void asking_for_more_than_the_sandbox_gives_is_refused(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"exec_command", "{\"cmd\":\"ls\",\"sandbox_permissions\":\"require_escalated\"}"},
        {"shell", "{\"command\":[\"ls\"],\"with_escalated_permissions\":true}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(stage_run(rows[i][0], rows[i][1]),
                            "approval policy is Never; reject command — you cannot ask for "
                            "escalated permissions if the approval policy is Never");
    }
    assert_chunk(
        stage_run("exec_command", "{\"cmd\":\"true\",\"sandbox_permissions\":\"use_default\"}"),
        "Process exited with code 0\nOriginal token count: 0\nOutput:\n");
}

static void a_command_that_cannot_start_is_told(void **state)
{
    (void)state;
    const char *answer = stage_run("exec_command", "{\"cmd\":\"ls\",\"workdir\":\"missing\"}");
    assert_memory_equal(answer, "exec_command failed: ", 21);
    assert_non_null(strstr(answer, "missing"));
    answer = stage_run("shell", "{\"command\":[\"/no/such/program\"]}");
    assert_memory_equal(answer, "shell failed: ", 14);
}

static void a_command_that_goes_on_is_asked_again_by_its_session(void **state)
{
    (void)state;
    const char *answer = stage_run(
        "exec_command", "{\"cmd\":\"echo one; until test -e go; do :; done; echo two; exit 4\","
                        "\"yield_time_ms\":250}");
    assert_chunk(answer, "Process running with session ID 1\n"
                         "Original token count: 1\n"
                         "Output:\none\n");
    write_text(temp_path(state, "go"), "");
    assert_chunk(stage_run("write_stdin", "{\"session_id\":1}"), "Process exited with code 4\n"
                                                                 "Original token count: 1\n"
                                                                 "Output:\ntwo\n");
    assert_string_equal(stage_run("write_stdin", "{\"session_id\":1}"),
                        "write_stdin failed: Unknown process id 1");
}

static bool has_exited(void *command)
{
    return command_has_exited(command);
}

static void an_exit_that_nobody_waited_for_is_told_at_once(void **state)
{
    (void)state;
    (void)stage_run("exec_command", "{\"cmd\":\"until test -e go; do :; done; echo bye\","
                                    "\"yield_time_ms\":250}");
    write_text(temp_path(state, "go"), "");
    stage_until(has_exited, command_find(stage.commands, 1));
    struct stage_call *call = stage_begin("write_stdin", "{\"session_id\":1,\"chars\":\"late\"}");
    assert_int_equal(call->n_answers, 1);
    assert_chunk(call->text, "Process exited with code 0\n"
                             "Original token count: 1\n"
                             "Output:\nbye\n");
}

static void what_is_typed_reaches_a_terminal(void **state)
{
    (void)state;
    const char *answer = stage_run(
        "exec_command", "{\"cmd\":\"stty -echo; echo ready; read x; echo got $x\",\"tty\":true,"
                        "\"yield_time_ms\":250}");
    assert_non_null(strstr(answer, "session ID 1\n"));
    answer = stage_run("write_stdin",
                       "{\"session_id\":1,\"chars\":\"hello\\n\",\"yield_time_ms\":30000}");
    assert_non_null(strstr(answer, "Process exited with code 0\n"));
    assert_non_null(strstr(answer, "got hello\r\n"));
}

static void typing_without_a_terminal_is_told(void **state)
{
    (void)state;
    (void)stage_run("exec_command", "{\"cmd\":\"exec sleep 1000\",\"yield_time_ms\":250}");
    assert_string_equal(stage_run("write_stdin", "{\"session_id\":1,\"chars\":\"x\"}"),
                        "write_stdin failed: stdin is closed for this session; start it again "
                        "with tty set to true");
}

static void unknown_sessions_are_told_by_their_number(void **state)
{
    (void)state;
    static const char *const ids[] = {"1", "0", "-1", "4294967297", "9223372036854775807"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const char *answer = stage_runf("write_stdin", "{\"session_id\":%s}", ids[i]);
        assert_memory_equal(answer, "write_stdin failed: Unknown process id ", 39);
        assert_string_equal(answer + 39, ids[i]);
    }
}

static void the_older_tools_answer_with_json(void **state)
{
    (void)state;
    static const char *const names[] = {"shell", "container.exec", "local_shell"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *answer =
            stage_run(names[i], "{\"command\":[\"bash\",\"-lc\",\"echo '\\\"a/b\\\"'; exit 3\"],"
                                "\"timeout_ms\":1000}");
        struct beacon_error err = {0};
        AUTO_JSON struct json_object *tree = NULL;
        assert_ok(json_parse(answer, strlen(answer), "answer", &tree, &err), &err);
        assert_string_equal(json_string_of(tree, "output", ""), "\"a/b\"\n");
        struct json_object *metadata = json_member(tree, "metadata");
        assert_int_equal(json_int_of(metadata, "exit_code", -1), 3);
        assert_true(
            json_object_is_type(json_member(metadata, "duration_seconds"), json_type_double));
        assert_memory_equal(answer, "{\"output\":\"\\\"a/b\\\"\\n\",\"metadata\":", 33);
    }
}

static void local_shell_names_its_directory_otherwise(void **state)
{
    assert_int_equal(mkdir(temp_path(state, "sub"), 0700), 0);
    const char *answer = stage_run("local_shell", "{\"type\":\"exec\",\"command\":[\"pwd\"],"
                                                  "\"working_directory\":\"sub\",\"env\":null,"
                                                  "\"timeout_ms\":null}");
    assert_non_null(strstr(answer, "/sub\\n\""));
}

#define HEREDOC                                                                                    \
    "apply_patch <<'EOF'\\n*** Begin Patch\\n*** Add File: a\\n+new\\n*** End Patch\\nEOF"

static void a_patch_in_a_script_is_taken_as_a_patch(void **state)
{
    assert_int_equal(mkdir(temp_path(state, "sub"), 0700), 0);
    const char *answer = stage_run("exec_command", "{\"cmd\":\"" HEREDOC "\"}");
    assert_non_null(strstr(answer, "Success. Updated the following files:\nA a\n"));
    assert_string_equal(read_text(temp_path(state, "a")), "new\n");
    (void)stage_run("exec_command", "{\"cmd\":\"cd sub && " HEREDOC "\"}");
    assert_string_equal(read_text(temp_path(state, "sub/a")), "new\n");
    (void)unlink(temp_path(state, "sub/a"));
    (void)stage_run("shell",
                    "{\"command\":[\"bash\",\"-lc\",\"" HEREDOC "\"],\"workdir\":\"sub\"}");
    assert_string_equal(read_text(temp_path(state, "sub/a")), "new\n");
    assert_null(strstr(stage_seen(), "/bin/bash"));
    assert_null(strstr(stage_seen(), "finished"));
}

static void a_bare_patch_is_told_how_to_be_one(void **state)
{
    (void)state;
    assert_string_equal(stage_run("shell", "{\"command\":[\"*** Begin Patch\\n*** Add File: a\\n"
                                           "+new\\n*** End Patch\"]}"),
                        "patch detected without explicit call to apply_patch. Rerun as "
                        "[\"apply_patch\", \"<patch>\"]");
}

static bool is_seen(void *line)
{
    return strstr(stage_seen(), line) != NULL;
}

static void a_cancelled_call_is_aborted_and_its_command_killed(void **state)
{
    (void)state;
    struct stage_call *call = stage_begin("exec_command", "{\"cmd\":\"exec sleep 1000\"}");
    assert_int_equal(call->n_answers, 0);
    stage_cancel(call);
    assert_int_equal(call->n_answers, 1);
    assert_string_equal(call->text, "aborted");
    assert_null(command_find(stage.commands, 1));
    stage_until(is_seen, "finished 137 failed: \n");
}

static void many_calls_at_once_are_answered_each_with_its_own(void **state)
{
    (void)state;
    struct stage_call *running[16];
    for (size_t i = 0; i < 16; i++) {
        char input[64];
        (void)snprintf(input, sizeof input, "{\"cmd\":\"echo number %zu\"}", i);
        running[i] = stage_begin("exec_command", input);
    }
    for (size_t i = 0; i < 16; i++) {
        char wanted[64];
        (void)snprintf(wanted, sizeof wanted, "Output:\nnumber %zu\n", i);
        assert_string_equal(strstr(stage_wait(running[i]), "Output:"), wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_tool_stage(a_command_that_ends_is_answered_with_its_output),
        on_tool_stage(failures_of_the_script_are_its_exit_code),
        on_tool_stage(shell_login_and_directory_can_be_chosen),
        on_tool_stage(output_is_cut_to_the_budget_of_the_call),
        on_tool_stage(the_sessions_own_limit_is_never_passed),
        on_tool_stage(arguments_that_are_none_are_told),
        on_tool_stage(unknown_fields_and_fractions_are_let_pass),
        on_tool_stage(asking_for_more_than_the_sandbox_gives_is_refused),
        on_tool_stage(a_command_that_cannot_start_is_told),
        on_tool_stage(a_command_that_goes_on_is_asked_again_by_its_session),
        on_tool_stage(an_exit_that_nobody_waited_for_is_told_at_once),
        on_tool_stage(what_is_typed_reaches_a_terminal),
        on_tool_stage(typing_without_a_terminal_is_told),
        on_tool_stage(unknown_sessions_are_told_by_their_number),
        on_tool_stage(the_older_tools_answer_with_json),
        on_tool_stage(local_shell_names_its_directory_otherwise),
        on_tool_stage(a_patch_in_a_script_is_taken_as_a_patch),
        on_tool_stage(a_bare_patch_is_told_how_to_be_one),
        on_tool_stage(a_cancelled_call_is_aborted_and_its_command_killed),
        on_tool_stage(many_calls_at_once_are_answered_each_with_its_own),
    };
    return cmocka_run_group_tests_name("tools/shell", tests, NULL, NULL);
}
