/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/compact.h"

#include <beacon-sdk/text.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_state.h"
#include "agent/estimate.h"
#include "agent/ledger.h"
#include "agent/stream.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "config/model_profile.h"
#include "event/fanout.h"
#include "session/history.h"
#include "session/item.h"
#include "session/recorder.h"
#include "session/replay_compact.h"
#include "session/user_message.h"
#include "tools/tool.h"

#define SUMMARY_BYTES_MAX (256u << 10)
#define FRUITLESS_MAX     2
#define CUTS_MAX          8

const char compact_default_prompt[] =
    "Stop here and write a hand-over note: this conversation will be replaced by it to make room, "
    "and "
    "whoever goes on has only that note, what the user said, and a list of files, commands and "
    "open "
    "steps that the program keeps. Say what the task is and what the user decided; what is done, "
    "what "
    "was found out and how it was verified; what was tried in vain; exactly what comes next. Name "
    "files, functions, values and error messages. Do not call tools. Answer with the note alone.";

void compact_init(struct compaction *compaction)
{
    *compaction = (struct compaction){.known_tokens = -1};
}

static void forget_question(struct compaction *compaction)
{
    history_destroy(take_pointer(compaction->partial));
    free(take_pointer(compaction->summary));
    compaction->reason = NULL;
    compaction->n_cuts = 0;
    compaction->is_strict = false;
}

void compact_finish(struct compaction *compaction)
{
    forget_question(compaction);
}

bool compact_is_asking(const struct agent *agent)
{
    return agent->compaction.reason != NULL;
}

bool compact_is_asked_for(const struct agent *agent)
{
    return compact_is_asking(agent) && strcmp(agent->compaction.reason, "asked") == 0;
}

/* ---- when the question itself is too long ---- */

/* What the host said first stays; of the rest the newer half. False: nothing is left to leave out. */
static bool halve(struct agent *agent)
{
    struct compaction *compaction = &agent->compaction;
    const struct history *whole = agent->parts.history;
    const size_t n = history_count(whole);
    const size_t kept = n >> (compaction->n_cuts + 1);
    struct beacon_error unused = {.struct_size = sizeof unused};
    if (kept == 0 || compaction->n_cuts == CUTS_MAX) {
        return false;
    }
    compaction->n_cuts++;
    history_destroy(compaction->partial);
    compaction->partial = history_create();
    for (size_t i = n - kept; i < n; i++) {
        const struct beacon_str item = history_item(whole, i);
        (void)history_append(compaction->partial, item.p, item.n, &unused);
    }
    return true;
}

/* ---- is it due? ---- */

/* What the next request takes: what the last one did, and what came since. */
static int64_t next_tokens(const struct agent *agent)
{
    const struct compaction *compaction = &agent->compaction;
    const size_t bytes = history_bytes(agent->parts.history);
    if (compaction->known_tokens < 0) {
        return estimate_text(bytes + strlen(agent->settings.base_instructions));
    }
    return compaction->known_tokens +
           estimate_text(bytes > compaction->known_bytes ? bytes - compaction->known_bytes : 0);
}

void compact_note_usage(struct agent *agent)
{
    struct compaction *compaction = &agent->compaction;
    const struct event_usage *answer = &agent->answer;
    if (answer->input >= 0) {
        compaction->known_tokens = answer->input + (answer->output > 0 ? answer->output : 0);
        compaction->known_bytes = history_bytes(agent->parts.history);
    }
}

static bool has_led_somewhere(struct agent *agent)
{
    struct compaction *compaction = &agent->compaction;
    struct ledger *ledger = ledger_read(agent->parts.history, agent->parts.tools->cwd);
    const bool is_progress =
        compaction->n_done == 0 || compaction->has_new_words || ledger_news(ledger) > 0;
    compaction->n_fruitless = is_progress ? 0 : compaction->n_fruitless + 1;
    ledger_destroy(ledger);
    return compaction->n_fruitless <= FRUITLESS_MAX;
}

/* A tenth of the window stays free for the answer; 0: nothing is known. */
static int64_t limit_of(const struct agent *agent)
{
    const struct agent_settings *settings = &agent->settings;
    const int64_t window = settings->context_tokens > 0 ? settings->context_tokens
                           : settings->profile != NULL  ? settings->profile->context_tokens
                                                        : 0;
    return settings->compact_limit > 0 ? settings->compact_limit
           : window > 0                ? window - window / 10
                                       : 0;
}

int compact_if_due(struct agent *agent, struct beacon_error *err)
{
    const int64_t limit = limit_of(agent);
    if (limit <= 0 || compact_is_asking(agent) || next_tokens(agent) < limit) {
        return BEACON_OK;
    }
    return compact_begin(agent, "limit", err);
}

int compact_begin(struct agent *agent, const char *reason, struct beacon_error *err)
{
    struct compaction *compaction = &agent->compaction;
    if (!has_led_somewhere(agent)) {
        return error_set(
            err, BEACON_E_LIMIT,
            "say in a new session what is left to do, or set a larger "
            "model_auto_compact_token_limit",
            "the conversation was compacted %u times, and nothing new was done between "
            "the last of them",
            compaction->n_done);
    }
    compaction->reason = reason;
    if (strcmp(reason, "too_long") == 0) {
        (void)halve(agent); /* the whole of it was just refused */
    }
    return BEACON_OK;
}

bool compact_would_help(const struct agent *agent)
{
    const struct history *history = agent->parts.history;
    struct arena *arena = arena_create();
    bool would_help = false;
    for (size_t i = 0; i < history_count(history) && !would_help; i++) {
        struct item_view view;
        struct beacon_error unused = {.struct_size = sizeof unused};
        would_help = item_decode(history_item(history, i), arena, &view, &unused) == BEACON_OK &&
                     view.is_known && view.role != BEACON_ROLE_USER &&
                     view.role != BEACON_ROLE_SYSTEM;
    }
    arena_destroy(arena);
    return would_help;
}

/* ---- the question ---- */

static void add_prompt(const struct agent *agent, struct arena *arena, struct beacon_turn *turn)
{
    const char *prompt = agent->settings.compact_prompt;
    struct beacon_part *part = arena_zeroed(arena, sizeof *part);
    const struct beacon_part **parts = arena_array(arena, 1, sizeof(struct beacon_part *));
    struct beacon_message *message = arena_zeroed(arena, sizeof *message);
    const struct beacon_message **all =
        arena_array(arena, turn->n_messages + 1, sizeof(struct beacon_message *));
    part->struct_size = (uint32_t)sizeof *part;
    part->type = BEACON_PART_TEXT;
    part->text = beacon_text(prompt != NULL ? prompt : compact_default_prompt);
    parts[0] = part;
    message->struct_size = (uint32_t)sizeof *message;
    message->role = BEACON_ROLE_USER;
    message->parts = parts;
    message->n_parts = 1;
    for (size_t i = 0; i < turn->n_messages; i++) {
        all[i] = turn->messages[i];
    }
    all[turn->n_messages] = message;
    turn->messages = all;
    turn->n_messages++;
}

int compact_build_request(struct agent *agent, struct arena *arena, struct beacon_turn *ret,
                          struct beacon_error *err)
{
    const struct compaction *compaction = &agent->compaction;
    const struct history *asked =
        compaction->partial != NULL ? compaction->partial : agent->parts.history;
    int rc = request_build_of(agent, asked, arena, ret, err);
    if (rc == BEACON_OK) {
        add_prompt(agent, arena, ret);
        /* A provider's cache may depend on the choice, so it stays as it was where words come. */
        ret->tool_choice =
            compaction->is_strict ? BEACON_TOOL_CHOICE_NONE : BEACON_TOOL_CHOICE_AUTO;
        ret->output_schema = beacon_text("");
    }
    return rc;
}

bool compact_is_answered(struct agent *agent)
{
    struct compaction *compaction = &agent->compaction;
    const bool is_answered = compaction->summary != NULL || compaction->is_strict;
    compaction->is_strict = true;
    return is_answered;
}

void compact_take_part(struct agent *agent, const struct beacon_part *part)
{
    struct compaction *compaction = &agent->compaction;
    if (part->type != BEACON_PART_TEXT) {
        return;
    }
    const struct beacon_str words = beacon_utf8_cut(part->text, SUMMARY_BYTES_MAX);
    char *before = compaction->summary;
    compaction->summary =
        alloc_printf("%s%.*s", before != NULL ? before : "", (int)words.n, words.p);
    free(before);
}

/* ---- what stays ---- */

static void write_summary(const struct agent *agent, struct text *out)
{
    const char *words = agent->compaction.summary;
    struct ledger *ledger = ledger_read(agent->parts.history, agent->parts.tools->cwd);
    (void)text_addf(out,
                    USER_MESSAGE_SUMMARY
                    "\nEverything between the messages above and this one was replaced by what "
                    "follows, to make room. Go on from here; do not begin anew.\n\n"
                    "## Summary (by the model)\n%s\n\n",
                    words != NULL ? words
                                  : "There is none: the conversation did not fit any more.");
    ledger_write(ledger, out);
    (void)text_add_string(out, "</compacted_history>");
    ledger_destroy(ledger);
}

static char *payload_of(const char *message)
{
    AUTO_JSON struct json_object *payload = json_object_new_object();
    json_object_object_add(payload, "message", json_object_new_string(message));
    return alloc_string(json_object_to_json_string_ext(payload, JSON_C_TO_STRING_PLAIN));
}

static void tell(struct agent *agent, int64_t before, const char *summary)
{
    struct event event = {.kind = EVENT_COMPACTED, .turn_id = agent->turn_id};
    event.as.compaction = (struct event_compaction){.reason = agent->compaction.reason,
                                                    .tokens_before = before,
                                                    .tokens_after = next_tokens(agent),
                                                    .summary = summary};
    forget_question(&agent->compaction);
    fanout_emit(agent->parts.events, &event);
}

int compact_apply(struct agent *agent, struct beacon_error *err)
{
    struct compaction *compaction = &agent->compaction;
    const int64_t before = next_tokens(agent);
    AUTO_TEXT struct text summary;
    text_init(&summary, (size_t)4 * SUMMARY_BYTES_MAX);
    write_summary(agent, &summary);
    AUTO_FREE char *payload = payload_of(text_string(&summary));
    int rc = recorder_compacted(agent->parts.recorder, text_string(&summary), NULL, err);
    if (rc == BEACON_OK) {
        rc = replay_compact(agent->parts.history, beacon_text(payload), err);
    }
    if (rc != BEACON_OK) {
        forget_question(compaction);
        return rc;
    }
    compaction->n_done++;
    compaction->known_tokens = -1;
    compaction->has_new_words = false;
    truncation_forget(&agent->truncation);
    tell(agent, before, text_string(&summary));
    return BEACON_OK;
}

/* ---- when it failed ---- */

bool compact_recover(struct agent *agent, const struct stream_outcome *outcome)
{
    struct beacon_error err = {.struct_size = sizeof err};
    if (outcome->verdict != BEACON_VERDICT_TOO_LONG) {
        forget_question(&agent->compaction);
        return false;
    }
    free(take_pointer(agent->compaction.summary));
    if (halve(agent)) {
        return true;
    }
    if (compact_apply(agent, &err) != BEACON_OK) {
        turn_fail(agent, &err, err.message);
    }
    return true;
}
