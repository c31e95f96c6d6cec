/* SPDX-License-Identifier: Apache-2.0 */
#include "finish.h"

#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>

#include "items.h"

#define EXPLANATION_MAX 600u

/* ---- usage ---- */

static void take_count(struct beacon_str usage, const char *key, int64_t *count)
{
    struct beacon_str value;
    const int64_t read =
        beacon_json_member(usage, key, &value) ? beacon_json_integer(value, -1) : -1;
    *count = read >= 0 ? read : *count;
}

void messages_take_usage(struct messages_stream *stream, struct beacon_str usage, bool is_last)
{
    struct beacon_usage *counts = &stream->usage;
    if (usage.n == 0 || usage.p[0] != '{') {
        return;
    }
    take_count(usage, "input_tokens", &counts->input);
    take_count(usage, "cache_read_input_tokens", &counts->cache_read);
    take_count(usage, "cache_creation_input_tokens", &counts->cache_write);
    if (is_last) { /* the first only counts what was prepared before the first token */
        take_count(usage, "output_tokens", &counts->output);
    }
}

/* A prompt is never empty: servers that do not count write 0. */
static bool has_input(const struct beacon_usage *counts)
{
    return counts->input > 0 || counts->cache_read > 0 || counts->cache_write > 0;
}

beacon_rc messages_tell_usage(const struct messages_context *c)
{
    struct beacon_usage counts = c->x->stream.usage;
    if (c->x->stream.has_told_usage) {
        return BEACON_OK;
    }
    if (!has_input(&counts)) {
        counts.input = counts.cache_read = counts.cache_write = -1;
    }
    if (counts.input < 0 && counts.output < 0) {
        return BEACON_OK;
    }
    c->x->stream.has_told_usage = true;
    return beacon_emit_usage(c->events, &counts);
}

/* ---- stop ---- */

static const struct reason {
    const char *name;
    uint32_t finish;
    bool is_incomplete;
    const char *warning;
} reasons[] = {
    {"end_turn", BEACON_FINISH_STOP, false, NULL},
    {"stop_sequence", BEACON_FINISH_STOP, false, NULL},
    {"tool_use", BEACON_FINISH_TOOLS, false, NULL},
    {"max_tokens", BEACON_FINISH_LENGTH, true, "The answer reached max_tokens and is cut off."},
    {"model_context_window_exceeded", BEACON_FINISH_LENGTH, true,
     "The answer reached the end of the model's context window and is cut off."},
    {"pause_turn", BEACON_FINISH_PAUSE, false, NULL},
    {"refusal", BEACON_FINISH_REFUSAL, true, "The model refused to go on."},
};

static beacon_rc warn(const struct messages_context *c, const char *text, struct beacon_str details)
{
    struct beacon_json_out line;
    struct beacon_str raw = beacon_span(NULL, 0);
    if (details.n > 0) {
        (void)beacon_json_member_string(details, "explanation", &raw);
    }
    beacon_json_out_init(&line, (size_t)8 * EXPLANATION_MAX);
    beacon_json_out_bytes(&line, text, strlen(text));
    if (raw.n > 0) {
        beacon_json_out_bytes(&line, " ", 1);
        beacon_json_out_unescaped(&line, beacon_utf8_cut(raw, EXPLANATION_MAX));
    }
    beacon_rc rc =
        line.failed ? BEACON_OK
                    : beacon_emit_text(c->events, BEACON_EV_WARNING, beacon_json_out_text(&line));
    beacon_json_out_finish(&line);
    return rc;
}

beacon_rc messages_take_stop(const struct messages_context *c, struct beacon_str raw_reason,
                             struct beacon_str details)
{
    struct messages_stream *stream = &c->x->stream;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (beacon_json_key_is(raw_reason, reasons[i].name) &&
            stream->stop != reasons[i].finish) { /* some say it twice */
            stream->stop = reasons[i].finish;
            stream->is_incomplete = reasons[i].is_incomplete;
            return reasons[i].warning != NULL ? warn(c, reasons[i].warning, details) : BEACON_OK;
        }
    }
    return BEACON_OK;
}

/* What happened counts more than the word for it: gateways confuse the two ordinary ones. */
static uint32_t finish_code(const struct messages_stream *stream)
{
    const bool is_ordinary = stream->stop == 0 || stream->stop == BEACON_FINISH_STOP ||
                             stream->stop == BEACON_FINISH_TOOLS;
    if (is_ordinary) {
        return stream->has_calls ? BEACON_FINISH_TOOLS : BEACON_FINISH_STOP;
    }
    return stream->stop;
}

beacon_rc messages_finish(const struct messages_context *c)
{
    beacon_rc rc = messages_start(c, beacon_span(NULL, 0), beacon_span(NULL, 0));
    rc = rc < 0 ? rc : messages_items_hand_out(c);
    rc = rc < 0 ? rc : messages_tell_usage(c);
    if (rc < 0) {
        return rc;
    }
    c->x->stream.is_finished = true;
    return beacon_emit_finish(c->events, finish_code(&c->x->stream));
}
