/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/event.h"
#include "event/fanout.h"
#include "session/history.h"
#include "session/journal.h"
#include "session/recorder.h"
#include "session/replay.h"
#include "unit/session/rollout_sample.h"

#define NOW     UINT64_C(1735787045678)
#define ITEM_HI "{\"type\":\"message\",\"role\":\"user\",\"content\":\"hi\"}"

static struct recorder *new_recorder(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = NULL;
    const struct recorder_session session = {.id = SAMPLE_ID,
                                             .now_ms = NOW,
                                             .cwd = temp_dir(state),
                                             .originator = "code_exec",
                                             .cli_version = "0.1.0",
                                             .source = "exec",
                                             .model_provider = "mock",
                                             .base_instructions = "Be \"good\"."};
    assert_ok(journal_create(temp_dir(state), SAMPLE_ID, NOW, &journal, &err), &err);
    struct recorder *recorder = recorder_create(journal);
    assert_ok(recorder_begin(recorder, &session, &err), &err);
    return recorder;
}

static void tell(struct recorder *recorder, enum event_kind kind, const char *text)
{
    struct event event = {.kind = kind, .turn_id = "t1", .as.message = {.text = text}};
    recorder_sink(recorder, &event);
}

static void tell_usage(struct recorder *recorder, enum event_kind kind, int64_t total)
{
    struct event event = {.kind = kind, .turn_id = "t1"};
    event.as.usage.last = (struct event_usage){50, 5, -1, 7, -1};
    event.as.usage.total = (struct event_usage){total, 5, 3, 7, 2};
    recorder_sink(recorder, &event);
}

static void assert_says(const struct recorder *recorder, const char *part_of_it)
{
    const char *text = read_text(recorder_path(recorder));
    if (strstr(text, part_of_it) == NULL) {
        fail_msg("%s\nis not in\n%s", part_of_it, text);
    }
}

static void the_first_line_says_what_the_session_is(void **state)
{
    write_text(temp_path(state, "x"), "");
    struct recorder *recorder = new_recorder(state);
    assert_says(recorder, "\"type\":\"session_meta\",\"payload\":{\"id\":\"" SAMPLE_ID
                          "\",\"timestamp\":\"2025-01-02T03:04:05.678Z\",\"cwd\":\"");
    assert_says(recorder, "\"originator\":\"code_exec\",\"cli_version\":\"0.1.0\",\"instructions\":"
                          "null,\"source\":\"exec\",\"model_provider\":\"mock\","
                          "\"base_instructions\":{\"text\":\"Be \\\"good\\\".\"}");
    recorder_destroy(recorder);
}

static void a_turn_context_is_one_line(void **state)
{
    struct beacon_error err = {0};
    struct recorder *recorder = new_recorder(state);
    const struct recorder_turn turn = {.turn_id = "t1",
                                       .cwd = "/w",
                                       .approval_policy = "never",
                                       .sandbox_policy = "{\"type\":\"read-only\"}",
                                       .model = "m",
                                       .effort = "low"};
    assert_ok(recorder_turn_context(recorder, &turn, &err), &err);
    assert_says(recorder,
                "\"type\":\"turn_context\",\"payload\":{\"turn_id\":\"t1\",\"cwd\":\"/w\","
                "\"approval_policy\":\"never\",\"sandbox_policy\":{\"type\":\"read-only\"}"
                ",\"model\":\"m\",\"effort\":\"low\",\"summary\":\"auto\"}}\n");
    recorder_destroy(recorder);
}

static void events_become_messages(void **state)
{
    struct recorder *recorder = new_recorder(state);
    struct fanout *fanout = fanout_create();
    fanout_add(fanout, recorder_sink, recorder);
    struct event started = {
        .kind = EVENT_TURN_STARTED, .turn_id = "t1", .as.message = {.text = "do\nit"}};
    fanout_emit(fanout, &started);
    tell(recorder, EVENT_REASONING, "hm");
    tell(recorder, EVENT_AGENT_MESSAGE, "first");
    tell(recorder, EVENT_AGENT_MESSAGE, "last");
    tell_usage(recorder, EVENT_TURN_COMPLETED, 90);
    assert_says(recorder, "\"payload\":{\"type\":\"task_started\",\"turn_id\":\"t1\",");
    assert_says(recorder, "\"payload\":{\"type\":\"user_message\",\"message\":\"do\\nit\"}}\n");
    assert_says(recorder, "\"payload\":{\"type\":\"agent_reasoning\",\"text\":\"hm\"}}\n");
    assert_says(recorder, "\"payload\":{\"type\":\"agent_message\",\"message\":\"first\"}}\n");
    assert_says(recorder, "\"payload\":{\"type\":\"task_complete\",\"turn_id\":\"t1\","
                          "\"last_agent_message\":\"last\"}}\n");
    assert_int_equal(recorder_failure(recorder, NULL), BEACON_OK);
    fanout_destroy(fanout);
    recorder_destroy(recorder);
}

static void a_failed_turn_says_why_and_an_interrupted_one_is_aborted(void **state)
{
    struct recorder *recorder = new_recorder(state);
    tell(recorder, EVENT_TURN_STARTED, "x");
    tell(recorder, EVENT_TURN_FAILED, "no quota");
    assert_says(recorder, "{\"type\":\"error\",\"message\":\"no quota\"}");
    assert_says(recorder, "\"last_agent_message\":null");
    tell(recorder, EVENT_TURN_STARTED, "x");
    recorder_set_interrupted(recorder);
    tell(recorder, EVENT_TURN_FAILED, "interrupted");
    assert_says(recorder,
                "{\"type\":\"turn_aborted\",\"turn_id\":\"t1\",\"reason\":\"interrupted\"}");
    recorder_destroy(recorder);
}

static void what_was_recorded_is_what_is_replayed(void **state)
{
    struct beacon_error err = {0};
    struct replay replay = {0};
    struct recorder *recorder = new_recorder(state);
    tell(recorder, EVENT_TURN_STARTED, "hi");
    assert_ok(recorder_item(recorder, ITEM_HI, strlen(ITEM_HI), &err), &err);
    tell_usage(recorder, EVENT_USAGE, 90);
    assert_ok(replay_read(recorder_path(recorder), &replay, &err), &err);
    assert_string_equal(replay.id, SAMPLE_ID);
    assert_string_equal(replay.cwd, temp_dir(state));
    assert_string_equal(replay.base_instructions, "Be \"good\".");
    assert_int_equal(replay.n_user_messages, 1);
    assert_int_equal(history_count(replay.history), 1);
    assert_int_equal(replay.total.input, 90);
    assert_int_equal(replay.total.cache_write, 3);
    assert_int_equal(replay.last.input, 50);
    assert_int_equal(replay.last.reasoning, 0);
    replay_finish(&replay);
    recorder_destroy(recorder);
}

static void a_compaction_is_replayed(void **state)
{
    struct beacon_error err = {0};
    struct replay replay = {0};
    struct recorder *recorder = new_recorder(state);
    assert_ok(recorder_item(recorder, ITEM_HI, strlen(ITEM_HI), &err), &err);
    assert_ok(recorder_compacted(recorder, "sum", "[{\"type\":\"reasoning\"}]", &err), &err);
    assert_ok(replay_read(recorder_path(recorder), &replay, &err), &err);
    assert_int_equal(history_count(replay.history), 1);
    replay_finish(&replay);
    recorder_destroy(recorder);
}

static void an_ephemeral_session_writes_nothing_and_never_fails(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct recorder *recorder = recorder_create(NULL);
    const struct recorder_session session = {.id = SAMPLE_ID};
    assert_ok(recorder_begin(recorder, &session, &err), &err);
    assert_ok(recorder_item(recorder, ITEM_HI, strlen(ITEM_HI), &err), &err);
    tell(recorder, EVENT_TURN_STARTED, "x");
    tell_usage(recorder, EVENT_TURN_COMPLETED, 1);
    assert_string_equal(recorder_path(recorder), "");
    assert_ok(recorder_failure(recorder, &err), &err);
    recorder_destroy(recorder);
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* The limit stands for a full disk: the write that meets it fails half-way. */
static void meet_a_full_disk(struct recorder *recorder)
{
    struct beacon_error err = {0};
    const struct rlimit limit = {2000, 2000};
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    char long_text[4000];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    CHECK(recorder_failure(recorder, &err) == BEACON_OK);
    tell(recorder, EVENT_AGENT_MESSAGE, long_text);
    CHECK(recorder_failure(recorder, &err) == BEACON_E_IO);
    CHECK(err.hint[0] != '\0');
    /* The next line would fit, and would stand behind a gap. */
    CHECK(recorder_item(recorder, ITEM_HI, strlen(ITEM_HI), &err) == BEACON_E_IO);
    tell(recorder, EVENT_REASONING, "x");
    _exit(0);
}

static void after_a_failed_write_nothing_more_is_written(void **state)
{
    struct recorder *recorder = new_recorder(state);
    const char *before = read_text(recorder_path(recorder));
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        meet_a_full_disk(recorder);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_string_equal(read_text(recorder_path(recorder)), before);
    recorder_destroy(recorder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(the_first_line_says_what_the_session_is),
        in_temp_dir(a_turn_context_is_one_line),
        in_temp_dir(events_become_messages),
        in_temp_dir(a_failed_turn_says_why_and_an_interrupted_one_is_aborted),
        in_temp_dir(what_was_recorded_is_what_is_replayed),
        in_temp_dir(a_compaction_is_replayed),
        cmocka_unit_test(an_ephemeral_session_writes_nothing_and_never_fails),
        in_temp_dir(after_a_failed_write_nothing_more_is_written),
    };
    return cmocka_run_group_tests_name("session/recorder", tests, NULL, NULL);
}
