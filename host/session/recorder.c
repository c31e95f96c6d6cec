/* SPDX-License-Identifier: Apache-2.0 */
#include "session/recorder.h"

#include <beacon-sdk/json_write.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "event/event.h"
#include "session/cost_record.h"
#include "session/git_info.h"
#include "session/journal.h"

#define AUTO_OUT __attribute__((cleanup(beacon_json_out_finish)))

struct recorder {
    struct journal *journal; /* NULL: nothing is kept */
    struct beacon_error failure;
    char *last_message; /* of the model in this turn, for task_complete; NULL when none yet */
    bool is_interrupted;
};

struct recorder *recorder_create(struct journal *journal)
{
    struct recorder *recorder = alloc_zeroed(sizeof *recorder);
    recorder->journal = journal;
    return recorder;
}

void recorder_destroy(struct recorder *recorder)
{
    if (recorder != NULL) {
        journal_close(recorder->journal);
        free(recorder->last_message);
        free(recorder);
    }
}

int recorder_failure(const struct recorder *recorder, struct beacon_error *err)
{
    if (recorder->failure.code != BEACON_OK && err != NULL) {
        *err = recorder->failure;
    }
    return recorder->failure.code;
}

const char *recorder_path(const struct recorder *recorder)
{
    return recorder->journal != NULL ? journal_path(recorder->journal) : "";
}

void recorder_set_interrupted(struct recorder *recorder)
{
    recorder->is_interrupted = true;
}

/* Every line passes here. The first failure ends the recording: what comes after it would have a
 * gap before it. */
static int append(struct recorder *recorder, const char *type, struct beacon_str payload,
                  struct beacon_error *err)
{
    if (recorder->journal == NULL) {
        return BEACON_OK;
    }
    if (recorder->failure.code == BEACON_OK) {
        (void)journal_append(recorder->journal, type, payload.p, payload.n, &recorder->failure);
    }
    return recorder_failure(recorder, err);
}

static int append_out(struct recorder *recorder, const char *type, const struct beacon_json_out *o,
                      struct beacon_error *err)
{
    if (o->failed) {
        return error_set(err, BEACON_E_LIMIT, "send less at once",
                         "a session record is over %u bytes", JOURNAL_RECORD_MAX);
    }
    return append(recorder, type, beacon_json_out_text(o), err);
}

static void begin(struct beacon_json_out *o)
{
    beacon_json_out_init(o, JOURNAL_RECORD_MAX);
    beacon_json_begin_object(o);
}

static void put(struct beacon_json_out *o, const char *key, const char *value)
{
    beacon_json_put_member(o, key, beacon_text(value));
}

static void put_or_null(struct beacon_json_out *o, const char *key, const char *value)
{
    beacon_json_key(o, key);
    if (value != NULL) {
        beacon_json_put_str(o, beacon_text(value));
    } else {
        beacon_json_put_null(o);
    }
}

static void put_if_set(struct beacon_json_out *o, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        put(o, key, value);
    }
}

static void put_git(struct beacon_json_out *o, const char *cwd)
{
    struct git_info git;
    if (!git_info_read(cwd, &git)) {
        return;
    }
    beacon_json_key(o, "git");
    beacon_json_begin_object(o);
    put_if_set(o, "commit_hash", git.commit_hash);
    put_if_set(o, "branch", git.branch);
    put_if_set(o, "repository_url", git.repository_url);
    beacon_json_end_object(o);
    git_info_finish(&git);
}

int recorder_begin(struct recorder *recorder, const struct recorder_session *session,
                   struct beacon_error *err)
{
    if (recorder->journal == NULL) {
        return BEACON_OK;
    }
    AUTO_OUT struct beacon_json_out o;
    char timestamp[CLOCK_UTC_BYTES];
    clock_format_utc(session->now_ms, timestamp);
    begin(&o);
    put(&o, "id", session->id);
    put(&o, "timestamp", timestamp);
    put(&o, "cwd", session->cwd);
    put(&o, "originator", session->originator);
    put(&o, "cli_version", session->cli_version);
    put_or_null(&o, "instructions", NULL);
    put(&o, "source", session->source);
    put(&o, "model_provider", session->model_provider);
    if (session->base_instructions != NULL) {
        beacon_json_key(&o, "base_instructions");
        beacon_json_begin_object(&o);
        put(&o, "text", session->base_instructions);
        beacon_json_end_object(&o);
    }
    put_git(&o, session->cwd);
    beacon_json_end_object(&o);
    return append_out(recorder, "session_meta", &o, err);
}

int recorder_turn_context(struct recorder *recorder, const struct recorder_turn *turn,
                          struct beacon_error *err)
{
    AUTO_OUT struct beacon_json_out o;
    begin(&o);
    put_if_set(&o, "turn_id", turn->turn_id);
    put(&o, "cwd", turn->cwd);
    put(&o, "approval_policy", turn->approval_policy);
    beacon_json_key(&o, "sandbox_policy");
    beacon_json_put_raw(&o, beacon_text(turn->sandbox_policy));
    put(&o, "model", turn->model);
    put_if_set(&o, "effort", turn->effort);
    bool has_summary = turn->summary != NULL && turn->summary[0] != '\0';
    put(&o, "summary", has_summary ? turn->summary : "auto");
    beacon_json_end_object(&o);
    return append_out(recorder, "turn_context", &o, err);
}

int recorder_item(struct recorder *recorder, const char *item, size_t n, struct beacon_error *err)
{
    return append(recorder, "response_item", beacon_span(item, n), err);
}

int recorder_compacted(struct recorder *recorder, const char *message, const char *replacement,
                       struct beacon_error *err)
{
    AUTO_OUT struct beacon_json_out o;
    begin(&o);
    put(&o, "message", message);
    if (replacement != NULL) {
        beacon_json_key(&o, "replacement_history");
        beacon_json_put_raw(&o, beacon_text(replacement));
    }
    beacon_json_end_object(&o);
    return append_out(recorder, "compacted", &o, err);
}

/* The frame of every event_msg: begin_event … end_event. */
static void begin_event(struct beacon_json_out *o, const char *type, const char *turn_id)
{
    begin(o);
    put(o, "type", type);
    put_if_set(o, "turn_id", turn_id);
}

static void end_event(struct recorder *recorder, struct beacon_json_out *o)
{
    beacon_json_end_object(o);
    struct beacon_error err = {0};
    int rc = append_out(recorder, "event_msg", o, &err);
    if (rc != BEACON_OK && recorder->failure.code == BEACON_OK) {
        recorder->failure = err;
    }
}

static void record_text(struct recorder *recorder, const char *type, const char *key,
                        const char *text)
{
    AUTO_OUT struct beacon_json_out o;
    begin_event(&o, type, NULL);
    put(&o, key, text);
    end_event(recorder, &o);
}

static void turn_started(struct recorder *recorder, const struct event *event)
{
    free(take_pointer(recorder->last_message));
    recorder->is_interrupted = false;
    AUTO_OUT struct beacon_json_out o;
    begin_event(&o, "task_started", event->turn_id);
    put_or_null(&o, "model_context_window", NULL);
    end_event(recorder, &o);
    record_text(recorder, "user_message", "message", event->as.message.text);
}

static void agent_message(struct recorder *recorder, const struct event *event)
{
    free(recorder->last_message);
    recorder->last_message = alloc_string(event->as.message.text);
    record_text(recorder, "agent_message", "message", event->as.message.text);
}

static void reasoning(struct recorder *recorder, const struct event *event)
{
    record_text(recorder, "agent_reasoning", "text", event->as.message.text);
}

static void put_tokens(struct beacon_json_out *o, const char *key, const struct event_usage *usage)
{
    const struct {
        const char *key;
        int64_t count;
    } rows[] = {
        {"input_tokens", usage->input},
        {"cached_input_tokens", usage->cached_input},
        {"cache_write_input_tokens", usage->cache_write},
        {"output_tokens", usage->output},
        {"reasoning_output_tokens", usage->reasoning},
        {"total_tokens",
         (usage->input > 0 ? usage->input : 0) + (usage->output > 0 ? usage->output : 0)},
    };
    beacon_json_key(o, key);
    beacon_json_begin_object(o);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        beacon_json_key(o, rows[i].key);
        beacon_json_put_int(o, rows[i].count > 0 ? rows[i].count : 0);
    }
    beacon_json_end_object(o);
}

static void usage(struct recorder *recorder, const struct event *event)
{
    AUTO_OUT struct beacon_json_out o;
    begin_event(&o, "token_count", NULL);
    beacon_json_key(&o, "info");
    beacon_json_begin_object(&o);
    put_tokens(&o, "total_token_usage", &event->as.usage.total);
    put_tokens(&o, "last_token_usage", &event->as.usage.last);
    put_or_null(&o, "model_context_window", NULL);
    beacon_json_end_object(&o);
    put_or_null(&o, "rate_limits", NULL);
    if (event->as.usage.spending != NULL) {
        cost_record_write(&o, event->turn_id, &event->as.usage.last, event->as.usage.spending);
    }
    end_event(recorder, &o);
}

static void sync_turn(struct recorder *recorder)
{
    if (recorder->journal != NULL && recorder->failure.code == BEACON_OK) {
        (void)journal_sync(recorder->journal, &recorder->failure);
    }
}

static void turn_ended(struct recorder *recorder, const struct event *event)
{
    AUTO_OUT struct beacon_json_out o;
    begin_event(&o, "task_complete", event->turn_id);
    put_or_null(&o, "last_agent_message", recorder->last_message);
    end_event(recorder, &o);
    sync_turn(recorder);
}

/* Who reads on knows which model the rest is of. */
static void fell_back(struct recorder *recorder, const struct event *event)
{
    const struct event_fallback *change = &event->as.fallback;
    AUTO_OUT struct beacon_json_out o;
    begin_event(&o, "model_reroute", event->turn_id);
    put(&o, "from_model", change->from_model);
    put(&o, "from_provider", change->from_provider);
    put(&o, "to_model", change->to_model);
    put(&o, "to_provider", change->to_provider);
    put(&o, "reason", change->reason);
    end_event(recorder, &o);
}

static void turn_failed(struct recorder *recorder, const struct event *event)
{
    if (!recorder->is_interrupted) {
        record_text(recorder, "error", "message", event->as.message.text);
        turn_ended(recorder, event);
        return;
    }
    AUTO_OUT struct beacon_json_out o;
    begin_event(&o, "turn_aborted", event->turn_id);
    put(&o, "reason", "interrupted");
    end_event(recorder, &o);
    sync_turn(recorder);
}

static void put_bool(struct beacon_json_out *o, const char *key, bool value)
{
    beacon_json_key(o, key);
    beacon_json_put_bool(o, value);
}

/* Who said yes or no, kept for whoever asks later; a session that is resumed passes over it. */
static void tool_decided(struct recorder *recorder, const struct event *event)
{
    const struct event_decision *decision = &event->as.decision;
    AUTO_OUT struct beacon_json_out o;
    begin_event(&o, "tool_decision", event->turn_id);
    put(&o, "call_id", decision->call_id);
    put(&o, "tool_name", decision->name);
    put(&o, "decision", decision->decision);
    put(&o, "source", decision->source);
    put(&o, "decided_by", decision->by);
    put_if_set(&o, "rule", decision->where);
    put_if_set(&o, "rule_layer", decision->layer);
    put_if_set(&o, "rule_added", decision->rule_added);
    put(&o, "approval_policy", decision->policy);
    put_if_set(&o, "sandbox_backend", decision->sandbox);
    put_bool(&o, "was_asked", decision->was_asked);
    put_bool(&o, "is_escalated", decision->is_escalated);
    end_event(recorder, &o);
}

static void put_words(struct beacon_json_out *o, const char *key, const char *const *words)
{
    beacon_json_key(o, key);
    beacon_json_begin_array(o);
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        beacon_json_put_str(o, beacon_text(words[i]));
    }
    beacon_json_end_array(o);
}

static void put_changes(struct beacon_json_out *o, const struct event_approval *approval)
{
    beacon_json_key(o, "changes");
    beacon_json_begin_object(o);
    for (size_t i = 0; i < approval->n_changes; i++) {
        put(o, approval->changes[i].path, approval->changes[i].kind);
    }
    beacon_json_end_object(o);
    put_if_set(o, "grant_root", approval->grant_root);
}

static void approval_requested(struct recorder *recorder, const struct event *event)
{
    const struct event_approval *approval = &event->as.approval;
    const bool is_patch = approval->kind == EVENT_APPROVE_PATCH;
    AUTO_OUT struct beacon_json_out o;
    begin_event(&o, is_patch ? "apply_patch_approval_request" : "exec_approval_request",
                event->turn_id);
    put(&o, "call_id", approval->call_id);
    if (is_patch) {
        put_changes(&o, approval);
    } else {
        put_words(&o, "command", approval->argv);
        put(&o, "cwd", approval->cwd);
        put_bool(&o, "is_escalation", approval->is_escalation);
    }
    put_if_set(&o, "reason", approval->reason);
    end_event(recorder, &o);
}

static void (*const recorded[])(struct recorder *, const struct event *) = {
    [EVENT_TURN_STARTED] = turn_started, [EVENT_AGENT_MESSAGE] = agent_message,
    [EVENT_REASONING] = reasoning,       [EVENT_USAGE] = usage,
    [EVENT_TURN_COMPLETED] = turn_ended, [EVENT_TURN_FAILED] = turn_failed,
    [EVENT_TOOL_DECIDED] = tool_decided, [EVENT_APPROVAL_REQUESTED] = approval_requested,
    [EVENT_MODEL_FALLBACK] = fell_back,
};

void recorder_sink(void *ctx, const struct event *event)
{
    struct recorder *recorder = ctx;
    if (recorder->journal == NULL) {
        return;
    }
    if ((size_t)event->kind < sizeof recorded / sizeof recorded[0] &&
        recorded[event->kind] != NULL) {
        recorded[event->kind](recorder, event);
    }
}
