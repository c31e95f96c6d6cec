/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/tracer.h"

#include <beacon/telemetry.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/money.h"
#include "event/event.h"
#include "telemetry/record.h"

#define META     BEACON_CLASS_META
#define CONTENT  BEACON_CLASS_CONTENT
#define IDENTITY BEACON_CLASS_IDENTITY

struct tracer {
    struct tracer_settings settings;
    struct record_draft draft;
    uint64_t now_unix_ms; /* of the event at hand */
    /* The request under way, for turn_latency. */
    bool is_asking;
    uint32_t attempt;
    uint64_t asked_ms, ended_ms; /* monotonic; ended_ms 0: none has ended yet */
    int64_t n_running;           /* commands */
};

static uint64_t mono_ms(void)
{
    return clock_mono_ns() / 1000000u;
}

/* ---- attributes ---- */

static void add(struct tracer *tracer, const char *key, const char *text)
{
    record_add_text(&tracer->draft, key, META, text);
}

/* Left out when there is nothing to say. */
static void add_if_any(struct tracer *tracer, const char *key, const char *text)
{
    add(tracer, key, text != NULL && text[0] != '\0' ? text : NULL);
}

/* Numbers that the reference sends as strings. */
static void add_digits(struct tracer *tracer, const char *key, uint64_t value)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
    add(tracer, key, digits);
}

static void add_int_if_known(struct tracer *tracer, const char *key, int64_t value)
{
    if (value >= 0) {
        record_add_int(&tracer->draft, key, value);
    }
}

static void begin(struct tracer *tracer, const char *name)
{
    const struct tracer_settings *settings = &tracer->settings;
    char timestamp[CLOCK_UTC_BYTES];
    clock_format_utc(tracer->now_unix_ms, timestamp);
    record_draft_reset(&tracer->draft);
    add(tracer, "event.name", name);
    add(tracer, "event.timestamp", timestamp);
    add(tracer, "conversation.id", settings->conversation_id);
    add(tracer, "app.version", settings->app_version);
    add(tracer, "auth_mode", settings->auth_mode);
    add(tracer, "originator", settings->originator);
    record_add_text(&tracer->draft, "user.account_id", IDENTITY, settings->account_id);
    add(tracer, "terminal.type", settings->terminal_type);
    add(tracer, "model", settings->model);
    add(tracer, "slug", settings->model);
}

static void end(struct tracer *tracer, const char *name)
{
    struct record *record =
        record_create(&tracer->draft, name, tracer->now_unix_ms * UINT64_C(1000000));
    tracer->settings.on_record(tracer->settings.ctx, record);
    record_release(record);
}

/* ---- how a request went, in phases ---- */

static void begin_latency(struct tracer *tracer, const char *phase)
{
    begin(tracer, "codex.turn_latency");
    add(tracer, "turn.phase", phase);
    record_add_int(&tracer->draft, "attempt", tracer->attempt);
}

/* Queues that other front doors of the reference have; here nothing waits in them. */
static void end_latency(struct tracer *tracer)
{
    static const char *const empty_queues[] = {
        "pending_input_count", "pending_user_input_count", "pending_background_execs",
        "pending_manual_compacts", "pending_browser_screenshots"};
    for (size_t i = 0; i < sizeof empty_queues / sizeof empty_queues[0]; i++) {
        record_add_int(&tracer->draft, empty_queues[i], 0);
    }
    record_add_int(&tracer->draft, "running_exec_count", tracer->n_running);
    record_add_bool(&tracer->draft, "scratchpad_active", false);
    end(tracer, "codex.turn_latency");
}

static void close_request(struct tracer *tracer, const char *phase)
{
    const uint64_t now_ms = mono_ms();
    tracer->is_asking = false;
    tracer->ended_ms = now_ms;
    begin_latency(tracer, phase);
    record_add_int(&tracer->draft, "duration_ms", (int64_t)(now_ms - tracer->asked_ms));
}

static void request_failed(struct tracer *tracer, const char *why)
{
    if (tracer->is_asking) {
        close_request(tracer, "request_failed");
        add_if_any(tracer, "note", why);
        end_latency(tracer);
    }
}

/* ---- one function per event ---- */

static void conversation_starts(struct tracer *tracer, const struct event *event)
{
    const struct event_session *session = &event->as.session;
    const struct tracer_settings *settings = &tracer->settings;
    begin(tracer, "codex.conversation_starts");
    add(tracer, "provider_name",
        settings->provider_name != NULL ? settings->provider_name : session->provider);
    add_if_any(tracer, "reasoning_effort", session->effort);
    add(tracer, "reasoning_summary", session->summary);
    add_int_if_known(tracer, "context_window", settings->context_window);
    add_int_if_known(tracer, "max_output_tokens", settings->max_output_tokens);
    add_int_if_known(tracer, "auto_compact_token_limit", settings->auto_compact_token_limit);
    add(tracer, "approval_policy", session->approval);
    add(tracer, "sandbox_policy", session->sandbox);
    add(tracer, "mcp_servers", settings->mcp_servers != NULL ? settings->mcp_servers : "");
    add_if_any(tracer, "active_profile", settings->active_profile);
    end(tracer, "codex.conversation_starts");
}

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xC0u) != 0x80u ? 1 : 0;
    }
    return n;
}

static void user_prompt(struct tracer *tracer, const struct event *event)
{
    const char *prompt = event->as.message.text;
    begin(tracer, "codex.user_prompt");
    add_digits(tracer, "prompt_length", count_characters(prompt));
    record_add_text(&tracer->draft, "prompt", CONTENT, prompt);
    end(tracer, "codex.user_prompt");
}

static void request_started(struct tracer *tracer, const struct event *event)
{
    const uint64_t now_ms = mono_ms();
    tracer->is_asking = true;
    tracer->attempt = event->as.request.attempt;
    tracer->asked_ms = now_ms;
    begin_latency(tracer, "request_scheduled");
    if (tracer->ended_ms != 0) {
        record_add_int(&tracer->draft, "gap_ms", (int64_t)(now_ms - tracer->ended_ms));
    }
    end_latency(tracer);
}

static void api_request(struct tracer *tracer, const struct event *event)
{
    const struct event_request *request = &event->as.request;
    begin(tracer, "codex.api_request");
    add_digits(tracer, "duration_ms", request->duration_ms);
    if (request->status > 0) {
        record_add_int(&tracer->draft, "http.response.status_code", request->status);
    }
    add_if_any(tracer, "error.message", request->error);
    record_add_int(&tracer->draft, "attempt", request->attempt);
    end(tracer, "codex.api_request");
}

static void sse_event(struct tracer *tracer, const struct event *event)
{
    const struct event_frame *frame = &event->as.frame;
    begin(tracer, "codex.sse_event");
    if (frame->kind != NULL) {
        add(tracer, "event.kind", frame->kind);
        add_digits(tracer, "duration_ms", frame->duration_ms);
    }
    add_if_any(tracer, "error.message", frame->error);
    end(tracer, "codex.sse_event");
}

static int64_t known(int64_t tokens)
{
    return tokens > 0 ? tokens : 0;
}

/* What it cost, and whether the provider's cache could help. */
static void add_spending(struct tracer *tracer, const struct event_spending *spending)
{
    if (spending == NULL) {
        return;
    }
    char usd[MONEY_TEXT_BYTES];
    money_json(spending->last.pico_usd, usd);
    add(tracer, "cost_usd", spending->last.pico_usd >= 0 ? usd : NULL);
    if (spending->last.is_estimated) {
        record_add_bool(&tracer->draft, "estimated", true);
    }
    add_if_any(tracer, "prefix_hash", spending->prefix.hash);
    add_if_any(tracer, "prefix_broken_at", spending->prefix.broken_at);
}

static void token_counts(struct tracer *tracer, const struct event_usage *usage,
                         const struct event_spending *spending)
{
    begin(tracer, "codex.sse_event");
    add(tracer, "event.kind", "response.completed");
    add_digits(tracer, "input_token_count", (uint64_t)known(usage->input));
    add_digits(tracer, "output_token_count", (uint64_t)known(usage->output));
    add_digits(tracer, "tool_token_count", (uint64_t)(known(usage->input) + known(usage->output)));
    add_int_if_known(tracer, "cached_token_count", usage->cached_input);
    add_int_if_known(tracer, "reasoning_token_count", usage->reasoning);
    add_spending(tracer, spending);
    end(tracer, "codex.sse_event");
}

static void request_completed(struct tracer *tracer, const struct event_usage *usage)
{
    close_request(tracer, "request_completed");
    if (usage->input >= 0 || usage->output >= 0) {
        record_add_int(&tracer->draft, "token_usage_input_tokens", known(usage->input));
        record_add_int(&tracer->draft, "token_usage_cached_input_tokens",
                       known(usage->cached_input));
        record_add_int(&tracer->draft, "token_usage_output_tokens", known(usage->output));
        record_add_int(&tracer->draft, "token_usage_reasoning_output_tokens",
                       known(usage->reasoning));
        record_add_int(&tracer->draft, "token_usage_total_tokens",
                       known(usage->input) + known(usage->output));
    }
    end_latency(tracer);
}

/* An answer is complete. What was not counted is not told: no count is not a count of 0. */
static void usage(struct tracer *tracer, const struct event *event)
{
    const struct event_usage *last = &event->as.usage.last;
    const struct event_spending *spending = event->as.usage.spending;
    if (spending != NULL && spending->is_broken) {
        return; /* the failure is told when it is known whether there is another try */
    }
    if (last->input >= 0 || last->output >= 0) {
        token_counts(tracer, last, spending);
    }
    request_completed(tracer, last);
}

static void retry(struct tracer *tracer, const struct event *event)
{
    request_failed(tracer, event->as.retry.reason);
}

static void turn_failed(struct tracer *tracer, const struct event *event)
{
    request_failed(tracer, event->as.message.text);
}

static void command_started(struct tracer *tracer, const struct event *event)
{
    (void)event;
    tracer->n_running++;
}

static void command_finished(struct tracer *tracer, const struct event *event)
{
    tracer->n_running -= event->as.command.status != EVENT_DECLINED ? 1 : 0;
}

static void tool_decision(struct tracer *tracer, const struct event *event)
{
    const struct event_decision *decision = &event->as.decision;
    begin(tracer, "codex.tool_decision");
    add(tracer, "tool_name", decision->name);
    add(tracer, "call_id", decision->call_id);
    add(tracer, "decision", decision->decision);
    add(tracer, "source", decision->source);
    add_if_any(tracer, "decided_by", decision->by);
    add_if_any(tracer, "rule", decision->where);
    add_if_any(tracer, "rule_layer", decision->layer);
    add_if_any(tracer, "rule_added", decision->rule_added);
    add_if_any(tracer, "approval_policy", decision->policy);
    add_if_any(tracer, "sandbox_backend", decision->sandbox);
    record_add_bool(&tracer->draft, "was_asked", decision->was_asked);
    record_add_bool(&tracer->draft, "is_escalated", decision->is_escalated);
    end(tracer, "codex.tool_decision");
}

static void tool_result(struct tracer *tracer, const struct event *event)
{
    const struct event_tool *tool = &event->as.tool;
    begin(tracer, "codex.tool_result");
    add(tracer, "tool_name", tool->name);
    add_if_any(tracer, "call_id", tool->call_id);
    record_add_span(&tracer->draft, "arguments", CONTENT, tool->input, tool->input_bytes);
    add_digits(tracer, "duration_ms", tool->duration_ms);
    add(tracer, "success", tool->is_success ? "true" : "false");
    record_add_span(&tracer->draft, "output", CONTENT, tool->output, tool->output_bytes);
    end(tracer, "codex.tool_result");
}

static void (*const tellers[])(struct tracer *tracer, const struct event *event) = {
    [EVENT_SESSION_STARTED] = conversation_starts,
    [EVENT_TURN_STARTED] = user_prompt,
    [EVENT_COMMAND_STARTED] = command_started,
    [EVENT_COMMAND_FINISHED] = command_finished,
    [EVENT_RETRY] = retry,
    [EVENT_USAGE] = usage,
    [EVENT_TURN_FAILED] = turn_failed,
    [EVENT_REQUEST_STARTED] = request_started,
    [EVENT_REQUEST_ANSWERED] = api_request,
    [EVENT_FRAME] = sse_event,
    [EVENT_TOOL_DECIDED] = tool_decision,
    [EVENT_TOOL_FINISHED] = tool_result,
};

void tracer_sink(void *ctx, const struct event *event)
{
    struct tracer *tracer = ctx;
    const size_t kind = (size_t)event->kind;
    if (kind < sizeof tellers / sizeof tellers[0] && tellers[kind] != NULL) {
        tracer->now_unix_ms = tracer->settings.now_unix_ms();
        tellers[kind](tracer, event);
    }
}

struct tracer *tracer_create(const struct tracer_settings *settings)
{
    struct tracer *tracer = alloc_zeroed(sizeof *tracer);
    tracer->settings = *settings;
    if (tracer->settings.now_unix_ms == NULL) {
        tracer->settings.now_unix_ms = clock_unix_ms;
    }
    record_draft_init(&tracer->draft, settings->redact);
    return tracer;
}

void tracer_destroy(struct tracer *tracer)
{
    if (tracer != NULL) {
        record_draft_finish(&tracer->draft);
        free(tracer);
    }
}
