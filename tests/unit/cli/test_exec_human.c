/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/exec_human.h"
#include "event/event.h"

/* Standard error as the running test sees it. */
static int real_stderr;
static const char *path;

static int setup(void **state)
{
    if (temp_dir_setup(state) != 0) {
        return -1;
    }
    path = temp_path(state, "stderr");
    real_stderr = dup(STDERR_FILENO);
    return 0;
}

static int teardown(void **state)
{
    (void)close(real_stderr);
    return temp_dir_teardown(state);
}

/* NOLINTNEXTLINE(readability-identifier-naming): a sibling of in_temp_dir() */
#define on_output(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* What a person sees of `n` events. */
static const char *shown(const struct exec_human_settings *settings, const struct event *events,
                         size_t n)
{
    struct exec_human *human = exec_human_create(settings);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)dup2(fd, STDERR_FILENO);
    for (size_t i = 0; i < n; i++) {
        exec_human_sink(human, &events[i]);
    }
    (void)fflush(stderr);
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(fd);
    exec_human_destroy(human);
    return read_text(path);
}

static const struct exec_human_settings plain = {0};

#define MESSAGE(kind_, text_)                                                                      \
    {                                                                                              \
        .kind = (kind_), .as.message.text = (text_)                                                \
    }

static const struct event_change changes[] = {{"/w/a.txt", "add", NULL}};
static const struct event_step steps[] = {
    {"look", "completed"}, {"change", "in_progress"}, {"test", "pending"}};

#define TURN                                                                                       \
    {.kind = EVENT_SESSION_STARTED,                                                                \
     .as.session = {.thread_id = "019a",                                                           \
                    .cwd = "/w",                                                                   \
                    .model = "gpt",                                                                \
                    .provider = "mock",                                                            \
                    .approval = "never",                                                           \
                    .sandbox = "read-only",                                                        \
                    .sandbox_backend = "landlock",                                                 \
                    .effort = "medium",                                                            \
                    .summary = "",                                                                 \
                    .version = "1.2.3"}},                                                          \
        MESSAGE(EVENT_WARNING, "old key"), MESSAGE(EVENT_TURN_STARTED, "fix it"),                  \
        MESSAGE(EVENT_REASONING, "Let me see."),                                                   \
        {.kind = EVENT_PLAN_UPDATED, .as.plan = {"because", steps, 3}},                            \
        {.kind = EVENT_COMMAND_STARTED, .as.command = {.command = "make", .cwd = "/w"}},           \
        {.kind = EVENT_COMMAND_FINISHED,                                                           \
         .as.command = {.command = "make",                                                         \
                        .output = "ok\n",                                                          \
                        .output_bytes = 3,                                                         \
                        .duration_ms = 12}},                                                       \
        {.kind = EVENT_COMMAND_FINISHED,                                                           \
         .as.command = {.command = "make", .output = "", .exit_code = 3, .duration_ms = 7}},       \
        {.kind = EVENT_PATCH_STARTED},                                                             \
        {.kind = EVENT_PATCH_FINISHED,                                                             \
         .as.patch = {.changes = changes,                                                          \
                      .n_changes = 1,                                                              \
                      .diff = "+++ a.txt\n+new\n",                                                 \
                      .message = "",                                                               \
                      .status = EVENT_COMPLETED}},                                                 \
        MESSAGE(EVENT_AGENT_MESSAGE, "Done."),                                                     \
    {                                                                                              \
        .kind = EVENT_TURN_COMPLETED, .as.usage.total = { 1234000, 0, 0, 567, 0 }                  \
    }

static void a_turn_reads_from_top_to_bottom(void **state)
{
    (void)state;
    const struct event events[] = {TURN};
    assert_string_equal(shown(&plain, events, sizeof events / sizeof events[0]),
                        "Beacon v1.2.3\n"
                        "--------\n"
                        "workdir: /w\n"
                        "model: gpt\n"
                        "provider: mock\n"
                        "approval: never\n"
                        "sandbox: read-only (landlock)\n"
                        "reasoning effort: medium\n"
                        "reasoning summaries: none\n"
                        "session id: 019a\n"
                        "--------\n"
                        "warning: old key\n"
                        "user\nfix it\n"
                        "Let me see.\n"
                        "plan\nbecause\n  ✓ look\n  → change\n  • test\n"
                        "exec\nmake in /w\n"
                        " succeeded in 12ms:\nok\n"
                        " exited 3 in 7ms:\n"
                        "apply patch\n"
                        "patch: completed\n/w/a.txt\n+++ a.txt\n+new\n"
                        "beacon\nDone.\n"
                        "tokens used\n1,234,567\n");
}

static void a_failure_says_what_to_do(void **state)
{
    (void)state;
    struct event events[] = {
        {.kind = EVENT_RETRY,
         .as.retry = {.attempt = 1, .max_attempts = 5, .delay_ms = 1500, .reason = "gone"}},
        MESSAGE(EVENT_TURN_FAILED, "no more")};
    events[1].as.message.hint = "try later";
    assert_string_equal(shown(&plain, events, 2), "ERROR: Reconnecting... 1/5 (gone) in 1.5 s\n"
                                                  "ERROR: no more\n"
                                                  "       try later\n");
}

static void without_colour_there_is_no_escape_code(void **state)
{
    (void)state;
    const struct event events[] = {TURN};
    assert_null(strchr(shown(&plain, events, sizeof events / sizeof events[0]), '\x1b'));
    const struct exec_human_settings coloured = {.has_color = true};
    assert_non_null(strchr(shown(&coloured, events, sizeof events / sizeof events[0]), '\x1b'));
}

/* Titles, cursor moves and questions to the terminal come from anywhere. */
static void nobody_speaks_to_the_terminal_but_us(void **state)
{
    (void)state;
    static const char evil[] = "\x1b]0;title\x07\x1b[2J\r\x7f\xc2\x9b"
                               "6n\x1b[c";
    const struct event_change named[] = {{evil, "add", NULL}};
    const struct event_step step[] = {{evil, "pending"}};
    const struct event events[] = {
        MESSAGE(EVENT_WARNING, evil),
        MESSAGE(EVENT_TURN_STARTED, evil),
        MESSAGE(EVENT_REASONING, evil),
        MESSAGE(EVENT_AGENT_MESSAGE, evil),
        {.kind = EVENT_PLAN_UPDATED, .as.plan = {evil, step, 1}},
        {.kind = EVENT_COMMAND_STARTED, .as.command = {.command = evil, .cwd = evil}},
        {.kind = EVENT_COMMAND_FINISHED,
         .as.command = {.command = evil, .output = evil, .output_bytes = sizeof evil - 1}},
        {.kind = EVENT_PATCH_FINISHED,
         .as.patch = {.changes = named,
                      .n_changes = 1,
                      .diff = evil,
                      .message = evil,
                      .status = EVENT_FAILED}},
        {.kind = EVENT_RETRY, .as.retry = {.attempt = 1, .max_attempts = 2, .reason = evil}},
        MESSAGE(EVENT_TURN_FAILED, evil),
    };
    const char *text = shown(&plain, events, sizeof events / sizeof events[0]);
    for (const char *p = text; *p != '\0'; p++) {
        assert_true((unsigned char)*p >= ' ' || *p == '\n');
        assert_int_not_equal(*p, '\x7f');
    }
    assert_null(strstr(text, "\xc2\x9b"));
    assert_non_null(strstr(text, "^[]0;title^G^[[2J^M^?"));
}

static void long_output_is_shown_in_part_and_counted(void **state)
{
    (void)state;
    char output[3000] = "";
    for (int i = 0; i < 100; i++) {
        (void)snprintf(output + strlen(output), 16, "line %d\n", i);
    }
    const struct event events[] = {
        {.kind = EVENT_COMMAND_FINISHED,
         .as.command = {.command = "x", .output = output, .output_bytes = strlen(output)}}};
    const char *text = shown(&plain, events, 1);
    assert_non_null(strstr(text, "line 39\n… 60 more lines\n"));
    assert_null(strstr(text, "line 40"));
}

static void reasoning_can_be_hidden(void **state)
{
    (void)state;
    const struct exec_human_settings quiet = {.hides_reasoning = true};
    const struct event events[] = {MESSAGE(EVENT_REASONING, "hm")};
    assert_string_equal(shown(&quiet, events, 1), "");
}

static void screens_own_events_are_left_out(void **state)
{
    (void)state;
    const struct event events[] = {{.kind = EVENT_TEXT_DELTA, .as.delta = {"he", 2}},
                                   {.kind = EVENT_USAGE},
                                   {.kind = (enum event_kind)1000}};
    assert_string_equal(shown(&plain, events, 3), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_output(a_turn_reads_from_top_to_bottom),
        on_output(a_failure_says_what_to_do),
        on_output(without_colour_there_is_no_escape_code),
        on_output(nobody_speaks_to_the_terminal_but_us),
        on_output(long_output_is_shown_in_part_and_counted),
        on_output(reasoning_can_be_hidden),
        on_output(screens_own_events_are_left_out),
    };
    return cmocka_run_group_tests_name("cli/exec_human", tests, NULL, NULL);
}
