/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/exec_json.h"
#include "event/event.h"

/* Where the lines of the running test go. */
static struct {
    struct exec_json *json;
    const char *path;
    int fd;
} out;

static int setup(void **state)
{
    if (temp_dir_setup(state) != 0) {
        return -1;
    }
    out.path = temp_path(state, "out");
    out.fd = open(out.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    out.json = exec_json_create(out.fd);
    return out.fd >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
    exec_json_destroy(out.json);
    (void)close(out.fd);
    return temp_dir_teardown(state);
}

/* NOLINTNEXTLINE(readability-identifier-naming): a sibling of in_temp_dir() */
#define on_output(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void say(struct event event)
{
    event.turn_id = "turn";
    exec_json_sink(out.json, &event);
}

static void say_message(enum event_kind kind, const char *text)
{
    struct event event = {.kind = kind};
    event.as.message.text = text;
    say(event);
}

static void say_command(enum event_kind kind, const char *call_id, const char *output, int code)
{
    struct event event = {.kind = kind};
    event.as.command = (struct event_command){
        .call_id = call_id,
        .command = "/bin/bash -lc 'echo hi; exit 3'",
        .cwd = "/w",
        .output = output,
        .output_bytes = strlen(output),
        .exit_code = code,
        .duration_ms = 12,
        .status = kind == EVENT_COMMAND_STARTED ? EVENT_IN_PROGRESS
                  : code == 0                   ? EVENT_COMPLETED
                                                : EVENT_FAILED,
    };
    say(event);
}

static void say_patch(enum event_kind kind, enum event_status status)
{
    static const struct event_change changes[] = {{"/abs/a.txt", "add", NULL},
                                                  {"/abs/b.txt", "update", "/abs/c.txt"}};
    struct event event = {.kind = kind};
    event.as.patch = (struct event_patch){.call_id = "c1",
                                          .changes = changes,
                                          .n_changes = 2,
                                          .diff = "",
                                          .message = "",
                                          .status = status};
    say(event);
}

static void say_plan(const char *first_status)
{
    const struct event_step steps[] = {{"A", first_status}, {"B", "in_progress"}};
    struct event event = {.kind = EVENT_PLAN_UPDATED};
    event.as.plan = (struct event_plan){"why", steps, 2};
    say(event);
}

static void say_completed(struct event_usage total)
{
    struct event event = {.kind = EVENT_TURN_COMPLETED};
    event.as.usage.total = total;
    say(event);
}

static void assert_written(const char *wanted)
{
    assert_int_equal(exec_json_errno(out.json), 0);
    assert_string_equal(read_text(out.path), wanted);
}

static void a_turn_reads_as_clients_expect_it(void **state)
{
    (void)state;
    struct event session = {.kind = EVENT_SESSION_STARTED};
    session.as.session.thread_id = "019a0000-0000-7000-8000-000000000001";
    say(session);
    say_message(EVENT_WARNING, "unknown model");
    say_message(EVENT_TURN_STARTED, "hi");
    say_message(EVENT_REASONING, "**Thinking**");
    say_message(EVENT_AGENT_MESSAGE, "hello");
    say_completed((struct event_usage){100, 20, 0, 30, 10});
    assert_written("{\"type\":\"thread.started\",\"thread_id\":"
                   "\"019a0000-0000-7000-8000-000000000001\"}\n"
                   "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_0\",\"type\":\"error\","
                   "\"message\":\"unknown model\"}}\n"
                   "{\"type\":\"turn.started\"}\n"
                   "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_1\",\"type\":"
                   "\"reasoning\",\"text\":\"**Thinking**\"}}\n"
                   "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_2\",\"type\":"
                   "\"agent_message\",\"text\":\"hello\"}}\n"
                   "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":100,"
                   "\"cached_input_tokens\":20,\"cache_write_input_tokens\":0,"
                   "\"output_tokens\":30,\"reasoning_output_tokens\":10}}\n");
}

#define COMMAND "\"type\":\"command_execution\",\"command\":\"/bin/bash -lc 'echo hi; exit 3'\","

static void a_command_starts_and_completes_as_one_item(void **state)
{
    (void)state;
    say_command(EVENT_COMMAND_STARTED, "c1", "", 0);
    say_command(EVENT_COMMAND_FINISHED, "c1", "hi\n", 3);
    assert_written("{\"type\":\"item.started\",\"item\":{\"id\":\"item_0\"," COMMAND
                   "\"aggregated_output\":\"\",\"exit_code\":null,\"status\":\"in_progress\"}}\n"
                   "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_0\"," COMMAND
                   "\"aggregated_output\":\"hi\\n\",\"exit_code\":3,\"status\":\"failed\"}}\n");
}

static void commands_side_by_side_keep_their_numbers(void **state)
{
    (void)state;
    say_command(EVENT_COMMAND_STARTED, "c1", "", 0);
    say_command(EVENT_COMMAND_STARTED, "c2", "", 0);
    say_message(EVENT_AGENT_MESSAGE, "meanwhile");
    say_command(EVENT_COMMAND_FINISHED, "c2", "two", 0);
    say_command(EVENT_COMMAND_FINISHED, "c1", "one", 0);
    const char *text = read_text(out.path);
    const char *second = strstr(text, "\"aggregated_output\":\"two\",\"exit_code\":0,"
                                      "\"status\":\"completed\"");
    const char *first = strstr(text, "\"aggregated_output\":\"one\"");
    assert_non_null(second);
    assert_non_null(first);
    assert_true(second < first);
    assert_non_null(strstr(text, "\"item.completed\",\"item\":{\"id\":\"item_1\","));
    assert_non_null(strstr(text, "\"item.completed\",\"item\":{\"id\":\"item_2\",\"type\":"
                                 "\"agent_message\""));
    assert_non_null(strstr(second, "\"item.completed\",\"item\":{\"id\":\"item_0\","));
}

static void a_patch_names_its_files_by_their_old_paths(void **state)
{
    (void)state;
    say_patch(EVENT_PATCH_STARTED, EVENT_IN_PROGRESS);
    say_patch(EVENT_PATCH_FINISHED, EVENT_FAILED);
    assert_written("{\"type\":\"item.started\",\"item\":{\"id\":\"item_0\",\"type\":"
                   "\"file_change\",\"changes\":[{\"path\":\"/abs/a.txt\",\"kind\":\"add\"},"
                   "{\"path\":\"/abs/b.txt\",\"kind\":\"update\"}],\"status\":\"in_progress\"}}\n"
                   "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_0\",\"type\":"
                   "\"file_change\",\"changes\":[{\"path\":\"/abs/a.txt\",\"kind\":\"add\"},"
                   "{\"path\":\"/abs/b.txt\",\"kind\":\"update\"}],\"status\":\"failed\"}}\n");
}

#define PLAN(done)                                                                                 \
    "\"item\":{\"id\":\"item_0\",\"type\":\"todo_list\",\"items\":[{\"text\":\"A\","               \
    "\"completed\":" done "},{\"text\":\"B\",\"completed\":false}]}}\n"

static void a_plan_is_one_item_that_completes_with_the_turn(void **state)
{
    (void)state;
    say_plan("pending");
    say_plan("completed");
    say_message(EVENT_AGENT_MESSAGE, "done");
    say_completed((struct event_usage){0});
    assert_written("{\"type\":\"item.started\"," PLAN("false") "{\"type\":\"item.updated\"," PLAN(
        "true") "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_1\",\"type\":"
                "\"agent_message\",\"text\":\"done\"}}\n"
                "{\"type\":\"item.completed\"," PLAN(
                    "true") "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":0,"
                            "\"cached_input_tokens\":0,\"cache_write_input_tokens\":0,"
                            "\"output_tokens\":0,\"reasoning_output_tokens\":0}}\n");
}

static void a_retry_is_an_error_line_that_does_not_end_the_turn(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_RETRY};
    event.as.retry = (struct event_retry){
        .attempt = 2, .max_attempts = 5, .reason = "stream closed before response.completed"};
    say(event);
    assert_written("{\"type\":\"error\",\"message\":\"Reconnecting... 2/5 (stream closed before "
                   "response.completed)\"}\n");
}

static void a_failure_is_told_twice(void **state)
{
    (void)state;
    say_plan("pending");
    struct event event = {.kind = EVENT_TURN_FAILED};
    event.as.message.text = "no \"such\" model";
    event.as.message.hint = "choose another";
    say(event);
    assert_written("{\"type\":\"item.started\"," PLAN("false") "{\"type\":\"item.completed\"," PLAN(
        "false") "{\"type\":\"error\",\"message\":\"no \\\"such\\\" model\"}\n"
                 "{\"type\":\"turn.failed\",\"error\":{\"message\":\"no \\\"such\\\" "
                 "model\"}}\n");
}

static void unknown_numbers_are_zero(void **state)
{
    (void)state;
    say_completed((struct event_usage){-1, -1, -1, -1, -1});
    assert_written("{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":0,"
                   "\"cached_input_tokens\":0,\"cache_write_input_tokens\":0,"
                   "\"output_tokens\":0,\"reasoning_output_tokens\":0}}\n");
}

static void events_for_screens_are_left_out(void **state)
{
    (void)state;
    struct event delta = {.kind = EVENT_TEXT_DELTA};
    delta.as.delta.text = "he";
    delta.as.delta.n = 2;
    say(delta);
    delta.kind = EVENT_REASONING_DELTA;
    say(delta);
    struct event usage = {.kind = EVENT_USAGE};
    say(usage);
    struct event later = {.kind = (enum event_kind)1000};
    say(later);
    assert_written("");
}

/* Every byte a command can print, NUL among them. */
static void any_output_stays_one_valid_line(void **state)
{
    (void)state;
    char output[0x80];
    for (int i = 0; i < 0x80; i++) {
        output[i] = (char)i;
    }
    struct event event = {.kind = EVENT_COMMAND_FINISHED};
    event.as.command = (struct event_command){.call_id = "c1",
                                              .command = "x",
                                              .output = output,
                                              .output_bytes = sizeof output,
                                              .status = EVENT_COMPLETED};
    say(event);
    const char *line = read_text(out.path);
    assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
    struct beacon_error err = {0};
    AUTO_JSON struct json_object *tree = NULL;
    assert_ok(json_parse(line, strlen(line), "line", &tree, &err), &err);
    struct json_object *text = json_member(json_member(tree, "item"), "aggregated_output");
    assert_int_equal(json_object_get_string_len(text), sizeof output);
    assert_memory_equal(json_object_get_string(text), output, sizeof output);
}

static void a_reader_that_left_is_noticed_and_not_written_to_again(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct exec_json *json = exec_json_create(full);
    struct event event = {.kind = EVENT_TURN_STARTED, .turn_id = ""};
    event.as.message.text = "hi";
    exec_json_sink(json, &event);
    assert_int_equal(exec_json_errno(json), ENOSPC);
    (void)close(full);
    exec_json_sink(json, &event); /* would be EBADF */
    assert_int_equal(exec_json_errno(json), ENOSPC);
    exec_json_destroy(json);
}

static void items_that_never_end_are_forgotten_with_the_stream(void **state)
{
    (void)state;
    say_command(EVENT_COMMAND_STARTED, "c1", "", 0);
    say_plan("pending");
    assert_int_equal(exec_json_errno(out.json), 0); /* memory checkers see the rest */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_output(a_turn_reads_as_clients_expect_it),
        on_output(a_command_starts_and_completes_as_one_item),
        on_output(commands_side_by_side_keep_their_numbers),
        on_output(a_patch_names_its_files_by_their_old_paths),
        on_output(a_plan_is_one_item_that_completes_with_the_turn),
        on_output(a_retry_is_an_error_line_that_does_not_end_the_turn),
        on_output(a_failure_is_told_twice),
        on_output(unknown_numbers_are_zero),
        on_output(events_for_screens_are_left_out),
        on_output(any_output_stays_one_valid_line),
        on_output(a_reader_that_left_is_noticed_and_not_written_to_again),
        on_output(items_that_never_end_are_forgotten_with_the_stream),
    };
    return cmocka_run_group_tests_name("cli/exec_json", tests, NULL, NULL);
}
