/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/agent/turn_stage.h"

#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "plugin/provider.h"
#include "session/history.h"
#include "session/journal.h"
#include "session/recorder.h"
#include "session/replay.h"
#include "support/mock_server.h"
#include "unit/tools/tool_stage.h"

#define SEEN_MAX  (64u << 20)
#define THREAD_ID "019a0000-0000-7000-8000-000000000001"

struct turn_stage turn;

static enum event_kind interrupting;
static bool is_interrupting;

void interrupt_on(enum event_kind kind)
{
    interrupting = kind;
    is_interrupting = true;
}

static void see_numbers(const struct event *event)
{
    const struct event_retry *retry = &event->as.retry;
    const struct event_usage *usage = &event->as.usage.last;
    const struct event_spending *spending = event->as.usage.spending;
    if (event->kind == EVENT_RETRY) {
        (void)text_addf(&turn.seen, "retry %u/%u: %s\n", retry->attempt, retry->max_attempts,
                        retry->reason);
    } else if (spending->is_broken) {
        turn.n_broken++;
    } else if (spending->last.is_estimated) {
        (void)text_add_string(&turn.seen, "usage: estimated\n");
    } else {
        (void)text_addf(&turn.seen, "usage: %lld in, %lld out\n", (long long)usage->input,
                        (long long)usage->output);
    }
}

static void see(void *ctx, const struct event *event)
{
    static const char *const labels[] = {[EVENT_WARNING] = "warning",
                                         [EVENT_TURN_STARTED] = "turn",
                                         [EVENT_AGENT_MESSAGE] = "message",
                                         [EVENT_REASONING] = "reasoning",
                                         [EVENT_TURN_FAILED] = "failed"};
    (void)ctx;
    if (event->kind == EVENT_RETRY || event->kind == EVENT_USAGE) {
        see_numbers(event);
    } else if (event->kind == EVENT_COMMAND_STARTED) {
        (void)text_addf(&turn.seen, "run: %s\n", event->as.command.command);
    } else if (event->kind == EVENT_COMMAND_FINISHED) {
        (void)text_addf(&turn.seen, "ran: %d\n", event->as.command.exit_code);
    } else if (event->kind == EVENT_COMPACTED) {
        (void)text_addf(&turn.seen, "compacted: %s\n", event->as.compaction.reason);
    } else if (event->kind == EVENT_TURN_COMPLETED) {
        (void)text_add_string(&turn.seen, "completed\n");
    } else if (event->kind < sizeof labels / sizeof labels[0] && labels[event->kind] != NULL) {
        (void)text_addf(&turn.seen, "%s: %s\n", labels[event->kind], event->as.message.text);
    }
    if (turn.on_event != NULL) {
        turn.on_event(event->kind, turn.state);
    }
    if (is_interrupting && event->kind == interrupting) {
        is_interrupting = false;
        agent_interrupt(turn.agent);
    }
}

static void on_end(void *ctx, enum agent_outcome outcome, const struct beacon_error *err)
{
    (void)ctx;
    turn.n_ends++;
    turn.outcome = outcome;
    turn.failure = err != NULL ? *err : (struct beacon_error){0};
    loop_stop(stage.loop);
}

static struct recorder *open_recorder(void **state)
{
    struct journal *journal = NULL;
    struct beacon_error err = {0};
    assert_ok(journal_create(temp_path(state, "home"), THREAD_ID, 0, &journal, &err), &err);
    struct recorder *recorder = recorder_create(journal);
    struct recorder_session session = {.id = THREAD_ID,
                                       .cwd = stage.dir,
                                       .originator = "test",
                                       .cli_version = "0",
                                       .source = "exec",
                                       .model_provider = "test"};
    assert_ok(recorder_begin(recorder, &session, &err), &err);
    return recorder;
}

int turn_stage_setup(void **state)
{
    if (tool_stage_setup(state) != 0) {
        return -1;
    }
    memset(&turn, 0, sizeof turn);
    is_interrupting = false;
    turn.state = state;
    text_init(&turn.seen, SEEN_MAX);
    turn.http = http_create(stage.loop);
    turn.limits = (struct http_limits){10000, 10000, 10000, 0};
    turn.history = history_create();
    turn.recorder = open_recorder(state);
    fanout_add(stage.events, recorder_sink, turn.recorder);
    fanout_add(stage.events, see, NULL);
    return 0;
}

int turn_stage_teardown(void **state)
{
    mock_server_stop(turn.server);
    agent_destroy(turn.agent);
    history_destroy(turn.history);
    recorder_destroy(turn.recorder);
    text_finish(&turn.seen);
    http_destroy(turn.http);
    if (!stage.is_left_alone) {
        provider_close(turn.provider);
    }
    return tool_stage_teardown(state);
}

void turn_stage_ask(const char *component, const char *config)
{
    struct beacon_error err = {0};
    assert_ok(provider_open(stage.plugins, component, config, &turn.provider, &err), &err);
    struct agent_parts parts = {.loop = stage.loop,
                                .http = turn.http,
                                .provider = turn.provider,
                                .limits = &turn.limits,
                                .history = turn.history,
                                .recorder = turn.recorder,
                                .events = stage.events,
                                .tools = &stage.context};
    struct agent_settings settings = {.thread_id = THREAD_ID,
                                      .model = "mock",
                                      .effort = "",
                                      .summary = "",
                                      .verbosity = "",
                                      .output_schema = "",
                                      .base_instructions = "Be good.",
                                      .approval = "never",
                                      .sandbox_policy_json = "{\"type\":\"read-only\"}",
                                      .max_output_tokens = -1,
                                      .compact_limit = turn.compact_limit,
                                      .request_max_retries = 2,
                                      .stream_max_retries = 2,
                                      .usage = turn.usage_before,
                                      .cost_before = turn.cost_before,
                                      .profile = turn.profile,
                                      .budget = turn.budget};
    turn.agent = agent_create(&parts, &settings, on_end, NULL);
}

void turn_stage_ask_server(void **state, const char *scenario)
{
    turn.server = mock_server_start(state, scenario);
    AUTO_FREE char *config =
        alloc_printf("{\"base_url\":\"%s\"}", mock_server_url(turn.server, "/v1"));
    turn_stage_ask("responses", config);
}

static enum agent_outcome run_until_end(void)
{
    const int before = turn.n_ends;
    while (turn.n_ends == before) {
        loop_run(stage.loop);
    }
    return turn.outcome;
}

enum agent_outcome turn_stage_submit(const struct agent_prompt *prompt)
{
    struct beacon_error err = {0};
    assert_ok(agent_submit(turn.agent, prompt, &err), &err);
    return run_until_end();
}

enum agent_outcome turn_stage_compact(void)
{
    struct beacon_error err = {0};
    assert_ok(agent_compact(turn.agent, &err), &err);
    return run_until_end();
}

void assert_replay(void)
{
    struct replay replay = {0};
    struct beacon_error err = {0};
    assert_ok(replay_read(recorder_path(turn.recorder), &replay, &err), &err);
    assert_int_equal(history_count(replay.history), history_count(turn.history));
    for (size_t i = 0; i < history_count(turn.history); i++) {
        const struct beacon_str kept = history_item(turn.history, i);
        const struct beacon_str read = history_item(replay.history, i);
        assert_int_equal(read.n, kept.n);
        assert_memory_equal(read.p, kept.p, kept.n);
    }
    replay_finish(&replay);
}

enum agent_outcome turn_stage_run(const char *prompt)
{
    return turn_stage_submit(&(struct agent_prompt){.text = prompt});
}

const char *turn_seen(void)
{
    return text_string(&turn.seen);
}

const char *turn_journal(void)
{
    return read_text(recorder_path(turn.recorder));
}

size_t turn_request_count(void)
{
    AUTO_JSON struct json_object *requests = mock_server_requests(turn.server);
    return json_object_array_length(requests);
}

const char *turn_request(size_t index)
{
    static struct json_object *requests; /* the strings belong to it */
    (void)json_object_put(requests);
    requests = mock_server_requests(turn.server);
    const char *body = json_string_of(json_object_array_get_idx(requests, index), "body", NULL);
    assert_non_null(body);
    return body;
}

void assert_turn(const char *prompt, enum agent_outcome outcome, const char *seen)
{
    text_reset(&turn.seen);
    assert_int_equal(turn_stage_run(prompt), outcome);
    assert_string_equal(turn_seen(), seen);
}
