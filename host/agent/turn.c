/* SPDX-License-Identifier: Apache-2.0
 * turn.c - THE loop: one turn of the conversation as a table of steps.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_state.h"
#include "agent/compact.h"
#include "agent/dispatch.h"
#include "agent/fallback.h"
#include "agent/stream.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/random.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "session/recorder.h"

static void emit(struct agent *agent, struct event event)
{
    event.turn_id = agent->turn_id;
    fanout_emit(agent->parts.events, &event);
}

static void emit_message(struct agent *agent, enum event_kind kind, const char *text)
{
    struct event event = {.kind = kind};
    event.as.message.text = text;
    emit(agent, event);
}

void turn_fail(struct agent *agent, const struct beacon_error *err, const char *message)
{
    if (agent->failure.code == BEACON_OK) {
        agent->failure = *err;
        agent->failure_message = alloc_string(message);
    }
}

static void fail(struct agent *agent, const struct beacon_error *err)
{
    turn_fail(agent, err, err->message);
}

/* Nothing goes on when the journal can't be written: what is not recorded did not happen. */
static bool may_go_on(struct agent *agent)
{
    struct beacon_error err = {0};
    if (agent->is_interrupted) {
        (void)error_set(&err, BEACON_E_CANCELLED, "resume the session to go on", "interrupted");
        turn_fail(agent, &err, "interrupted");
    } else if (recorder_failure(agent->parts.recorder, &err) != BEACON_OK) {
        fail(agent, &err);
    }
    return agent->failure.code == BEACON_OK;
}

/* ---- what comes from the model while it answers ---- */

static void on_delta(void *ctx, uint32_t code, const char *p, size_t n)
{
    struct agent *agent = ctx;
    spending_add_delta(agent, n);
    if (!fanout_hears_deltas(agent->parts.events) || compact_is_asking(agent)) {
        return;
    }
    struct event event; /* the largest of its kinds is not cleared ten thousand times a turn */
    event.kind = code == 0 ? EVENT_TEXT_DELTA : EVENT_REASONING_DELTA;
    event.turn_id = agent->turn_id;
    event.as.delta.text = p;
    event.as.delta.n = n;
    fanout_emit(agent->parts.events, &event);
}

/* Events carry C strings: a NUL in the model's words must not hide what follows it. */
static char *event_text(struct beacon_str words)
{
    char *text = alloc_string_n(words.n > 0 ? words.p : "", words.n);
    for (char *nul = memchr(text, '\0', words.n); nul != NULL;
         nul = memchr(nul, '\0', words.n - (size_t)(nul - text))) {
        *nul = ' ';
    }
    return text;
}

static void tell_item(struct agent *agent, const struct beacon_part *part)
{
    if (part->type != BEACON_PART_TEXT && part->type != BEACON_PART_REASONING) {
        return;
    }
    AUTO_FREE char *text = event_text(part->text);
    if (part->type == BEACON_PART_TEXT) {
        emit_message(agent, EVENT_AGENT_MESSAGE, text);
    } else if (text[0] != '\0') {
        emit_message(agent, EVENT_REASONING, text);
    }
}

static bool holds_nul(struct beacon_str text)
{
    return text.n > 0 && memchr(text.p, '\0', text.n) != NULL;
}

/* A name cut at a NUL would be that of another tool, and an id no answer could be matched with. */
static int check_call(const struct beacon_part *part, struct beacon_error *err)
{
    if (part->type == BEACON_PART_TOOL_CALL &&
        (holds_nul(part->name) || holds_nul(part->call_id))) {
        return error_set(err, BEACON_E_PROTOCOL, "report this to the operator of the model",
                         "the model called a tool by a name or an id that contains a NUL");
    }
    return BEACON_OK;
}

static int on_item(void *ctx, const struct beacon_part *part)
{
    struct agent *agent = ctx;
    struct beacon_error err = {0};
    if (compact_is_asking(agent)) {
        compact_take_part(agent, part);
        return BEACON_OK;
    }
    int rc = check_call(part, &err);
    rc = rc == BEACON_OK ? conversation_add_part(agent, part, &err) : rc;
    if (rc != BEACON_OK) {
        fail(agent, &err);
        return rc;
    }
    spending_add_item(agent, part);
    tell_item(agent, part);
    if (part->type == BEACON_PART_TOOL_CALL) {
        dispatch_add(agent->dispatch, part);
    }
    return BEACON_OK;
}

static void on_usage(void *ctx, const struct beacon_usage *usage)
{
    spending_add_usage(ctx, usage);
}

static void on_warning(void *ctx, const char *p, size_t n)
{
    AUTO_FREE char *text = alloc_string_n(p, n);
    emit_message(ctx, EVENT_WARNING, text);
}

static void on_pause_over(void *ctx)
{
    struct agent *agent = ctx;
    agent->is_pausing = false;
    /* Calls that arrived whole before the stream broke run first: asked again, the model would make
     * them a second time. */
    turn_run(agent, dispatch_waiting(agent->dispatch) > 0 ? TURN_TOOLS : TURN_PREPARE);
}

/* True when another attempt is on its way. */
static bool retry(struct agent *agent, const struct stream_outcome *outcome)
{
    struct attempt attempt = {0};
    if (!attempts_next(&agent->attempts, outcome, random_unit(), &attempt)) {
        return false;
    }
    agent->is_pausing = true; /* before the event: who hears it may interrupt */
    loop_timer_start(agent->pause, agent->settings.is_hasty ? 0 : attempt.wait_ms);
    struct event event = {.kind = EVENT_RETRY};
    event.as.retry = (struct event_retry){.attempt = attempt.n,
                                          .max_attempts = attempt.max,
                                          .delay_ms = attempt.wait_ms,
                                          .reason = outcome->message};
    emit(agent, event);
    return true;
}

/* True when another model is asked. */
static bool fall_back(struct agent *agent, const struct stream_outcome *outcome)
{
    if (!fallback_begin(agent, outcome)) {
        return false;
    }
    on_pause_over(agent); /* calls that arrived whole run first, for this one too */
    return true;
}

static const char *advice(const struct stream_outcome *outcome)
{
    if (outcome->hint[0] != '\0') {
        return outcome->hint;
    }
    if (outcome->verdict == BEACON_VERDICT_TOO_LONG) {
        return "shorten the prompt, or choose a model or a server with a larger context";
    }
    switch (outcome->code) {
    case BEACON_E_AUTH:
        return "check the API key of this provider";
    case BEACON_E_LIMIT:
        return "wait for the limit to pass, or choose another model or provider";
    default:
        return "`beacon exec resume --last` goes on from here";
    }
}

void turn_give_up(struct agent *agent, const struct stream_outcome *outcome)
{
    struct beacon_error err = {0};
    beacon_rc code = outcome->code < 0 ? outcome->code : BEACON_E_PROTOCOL;
    (void)error_set(&err, code, advice(outcome), "%s", outcome->message);
    turn_fail(agent, &err, outcome->message);
}

/* The answer to a question of compact.c. */
static enum turn_next end_compaction(struct agent *agent)
{
    struct beacon_error err = {0};
    const bool is_all = compact_is_asked_for(agent);
    if (!compact_is_answered(agent)) {
        return TURN_PREPARE;
    }
    if (compact_apply(agent, &err) != BEACON_OK) {
        fail(agent, &err);
        return TURN_DONE;
    }
    return is_all ? TURN_DONE : TURN_PREPARE;
}

/* True when the turn goes on with less of the conversation, or has failed over it. */
static bool make_room(struct agent *agent, const struct stream_outcome *outcome)
{
    struct beacon_error err = {0};
    if (compact_is_asking(agent)) {
        return compact_recover(agent, outcome);
    }
    if (outcome->verdict != BEACON_VERDICT_TOO_LONG || !compact_would_help(agent)) {
        return false;
    }
    if (compact_begin(agent, "too_long", &err) != BEACON_OK) {
        fail(agent, &err);
    }
    return true;
}

static void warn_of_truncation(struct agent *agent)
{
    const struct spending *spending = &agent->spending;
    if (!agent->settings.is_local ||
        !truncation_is_seen(&agent->truncation, spending->last_estimate, spending->last_input)) {
        return;
    }
    AUTO_FREE char *text = alloc_printf(
        "the server read %lld tokens of a request of about %lld: it seems to cut the conversation "
        "without saying so, and the model does not see all of it; give the server a larger context "
        "(Ollama: OLLAMA_CONTEXT_LENGTH, llama.cpp: --ctx-size), or set model_context_window to "
        "what it has",
        (long long)spending->last_input, (long long)spending->last_estimate);
    emit_message(agent, EVENT_WARNING, text);
}

/* After a whole answer of the model. */
static enum turn_next after_answer(struct agent *agent, const struct stream_outcome *outcome)
{
    compact_note_usage(agent);
    warn_of_truncation(agent);
    bool asks_again = outcome->finish == BEACON_FINISH_PAUSE;
    return dispatch_waiting(agent->dispatch) > 0 ? TURN_TOOLS
           : asks_again                          ? TURN_PREPARE
                                                 : TURN_DONE;
}

static void on_stream_end(void *ctx, const struct stream_outcome *outcome)
{
    struct agent *agent = ctx;
    agent->stream = NULL;
    agent->has_hung_plugin |= outcome->is_hung;
    request_watch_end(agent, outcome);
    spending_end_request(agent, outcome->is_ok);
    if (!may_go_on(agent)) {
        turn_run(agent, TURN_DONE);
    } else if (outcome->is_ok) {
        agent->has_reauthed = false;
        attempts_reset(&agent->attempts);
        turn_run(agent,
                 compact_is_asking(agent) ? end_compaction(agent) : after_answer(agent, outcome));
    } else if (reauth_begin(agent, outcome) || retry(agent, outcome) || fall_back(agent, outcome)) {
        return;
    } else if (make_room(agent, outcome)) {
        turn_run(agent, dispatch_waiting(agent->dispatch) > 0 ? TURN_TOOLS : TURN_PREPARE);
    } else {
        turn_give_up(agent, outcome);
        turn_run(agent, TURN_DONE);
    }
}

/* ---- the steps ---- */

static enum turn_next prepare(struct agent *agent)
{
    struct beacon_error err = {0};
    if (!may_go_on(agent)) {
        return TURN_DONE;
    }
    if (compact_if_due(agent, &err) != BEACON_OK) {
        fail(agent, &err);
        return TURN_DONE;
    }
    return TURN_STREAM;
}

static enum turn_next stream(struct agent *agent)
{
    const struct stream_callbacks callbacks = {
        .ctx = agent,
        .on_delta = on_delta,
        .on_item = on_item,
        .on_usage = on_usage,
        .on_warning = on_warning,
        .on_end = on_stream_end,
        .on_status = request_watch_status,
        .on_frame = fanout_hears_frames(agent->parts.events) ? request_watch_frame : NULL,
    };
    struct stream_parts parts = {agent->parts.loop, agent->parts.http, agent->parts.provider,
                                 agent->parts.limits};
    struct beacon_error err = {0};
    struct beacon_turn turn;
    struct arena *arena = arena_create();
    agent->answer = (struct event_usage){-1, -1, -1, -1, -1};
    int rc = compact_is_asking(agent) ? compact_build_request(agent, arena, &turn, &err)
                                      : request_build(agent, arena, &turn, &err);
    if (rc == BEACON_OK) {
        rc = spending_begin_request(agent, &turn, &err);
    }
    if (rc == BEACON_OK) {
        rc = stream_start(&parts, &turn, arena, &callbacks, &agent->stream, &err);
    }
    if (rc != BEACON_OK) {
        arena_destroy(arena);
        turn_fail(agent, &err, err.message);
        return TURN_DONE;
    }
    request_watch_begin(agent); /* now that who hears it could interrupt */
    spending_tell_prefix(agent);
    return TURN_WAIT;
}

static enum turn_next tools(struct agent *agent)
{
    if (!may_go_on(agent)) {
        return TURN_DONE;
    }
    return dispatch_run(agent->dispatch) ? TURN_WAIT : TURN_PREPARE;
}

static void tell_completed(struct agent *agent)
{
    const struct event_spending spending = spending_of_turn(agent);
    struct event event = {.kind = EVENT_TURN_COMPLETED};
    event.as.usage.total = agent->total;
    event.as.usage.spending = &spending;
    emit(agent, event);
    struct beacon_error err = {0};
    if (recorder_failure(agent->parts.recorder, &err) != BEACON_OK) {
        fail(agent, &err); /* the end of the turn is a record too */
    }
}

static void tell_failed(struct agent *agent)
{
    struct event event = {.kind = EVENT_TURN_FAILED};
    event.as.message.text = agent->failure_message;
    event.as.message.hint = agent->failure.hint;
    emit(agent, event);
}

static enum turn_next done(struct agent *agent)
{
    if (agent->failure.code == BEACON_OK) {
        tell_completed(agent);
    }
    struct beacon_error failure = agent->failure;
    enum agent_outcome outcome = failure.code == BEACON_OK            ? AGENT_COMPLETED
                                 : failure.code == BEACON_E_CANCELLED ? AGENT_INTERRUPTED
                                 : agent->spending.is_over            ? AGENT_OVER_BUDGET
                                                                      : AGENT_FAILED;
    if (outcome != AGENT_COMPLETED) {
        tell_failed(agent);
    }
    dispatch_cancel(agent->dispatch);
    compact_finish(&agent->compaction);
    spending_end_turn(agent);
    agent->turn_id[0] = '\0';
    agent->failure = (struct beacon_error){0};
    free(take_pointer(agent->failure_message));
    agent->is_interrupted = false;
    agent->has_reauthed = false;
    attempts_reset(&agent->attempts);
    fallback_end(agent);
    agent->on_end(agent->on_end_ctx, outcome, outcome != AGENT_COMPLETED ? &failure : NULL);
    return TURN_WAIT;
}

struct turn_step {
    const char *name; /* also the name of its telemetry span */
    enum turn_next (*run)(struct agent *agent);
};

static const struct turn_step steps[] = {
    [TURN_PREPARE] = {"prepare", prepare}, /* may the turn go on, and is there room? */
    [TURN_STREAM] = {"stream", stream},    /* history → request; the answer arrives on the loop */
    [TURN_TOOLS] = {"tools", tools}, /* run the calls; their answers → history → prepare */
    [TURN_DONE] = {"done", done},    /* last event, everything of the turn forgotten */
};

void turn_run(struct agent *agent, enum turn_next next)
{
    while (next != TURN_WAIT) {
        next = steps[next].run(agent);
    }
}

/* ---- what comes from the tools ---- */

static int on_answer(void *ctx, const struct dispatch_call *call, const struct tool_answer *answer)
{
    struct agent *agent = ctx;
    struct beacon_error err = {0};
    int rc = conversation_add_answer(agent, call, answer, &err);
    if (rc != BEACON_OK) {
        fail(agent, &err);
    }
    return rc;
}

static void on_tools_idle(void *ctx)
{
    turn_run(ctx, TURN_PREPARE);
}

/* ---- birth and end of an agent ---- */

struct agent *agent_create(const struct agent_parts *parts, const struct agent_settings *settings,
                           agent_end_fn on_end, void *ctx)
{
    static const struct dispatch_callbacks callbacks = {on_answer, on_tools_idle};
    struct agent *agent = alloc_zeroed(sizeof *agent);
    agent->parts = *parts;
    agent->settings = *settings;
    agent->on_end = on_end;
    agent->on_end_ctx = ctx;
    agent->total = settings->usage;
    compact_init(&agent->compaction);
    agent->attempts.request_max = settings->request_max_retries;
    agent->attempts.stream_max = settings->stream_max_retries;
    agent->dispatch = dispatch_create(parts->tools, &callbacks, agent);
    agent->pause = loop_timer_create(parts->loop, on_pause_over, agent);
    spending_open(agent);
    return agent;
}

void agent_destroy(struct agent *agent)
{
    if (agent == NULL) {
        return;
    }
    assert(agent->stream == NULL);
    loop_timer_close(agent->pause);
    spending_close(agent);
    dispatch_destroy(agent->dispatch);
    compact_finish(&agent->compaction);
    free(agent->failure_message);
    free(agent);
}
