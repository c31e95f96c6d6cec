/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <beacon-sdk/sink.h>

#include "failure.h"

#define SENTENCE_MAX ((size_t)64 << 10)

void gemini_stream_init(struct gemini_stream *stream, const struct beacon_host *host,
                        struct beacon_failure *failure)
{
    memset(stream, 0, sizeof *stream);
    stream->host = host;
    stream->failure = failure;
    stream->counts = (struct gemini_counts){-1, -1, -1, -1, -1};
    beacon_json_out_init(&stream->sentence, SENTENCE_MAX);
    beacon_json_out_init(&stream->repaired, ITEMS_PARTS_MAX);
}

void gemini_stream_finish(struct gemini_stream *stream)
{
    gemini_items_finish(&stream->items);
    beacon_json_out_finish(&stream->sentence);
    beacon_json_out_finish(&stream->repaired);
}

static beacon_rc fail(const struct gemini_stream *stream, struct beacon_error *err)
{
    return beacon_failure_error(stream->failure, err);
}

/* ---- the parts of a frame ---- */

static beacon_rc start(struct gemini_stream *stream, const struct gemini_frame *frame,
                       const struct beacon_events *events)
{
    struct beacon_json_out *scratch = &stream->items.scratch;
    if (stream->is_started) {
        return BEACON_OK;
    }
    stream->is_started = true;
    beacon_json_out_reset(scratch);
    (void)beacon_json_out_reserve(scratch, frame->response_id.n + frame->model.n + 1);
    const struct beacon_str id = beacon_json_value(frame->response_id, scratch);
    return beacon_emit_start(events, id, beacon_json_value(frame->model, scratch));
}

static beacon_rc take_parts(struct gemini_stream *stream, const struct gemini_frame *frame,
                            const struct beacon_events *events)
{
    struct beacon_json j;
    struct gemini_part part;
    if (frame->n_parts <= 1) {
        return frame->n_parts == 0 ? BEACON_OK
                                   : gemini_items_take(&stream->items, &frame->first, events);
    }
    beacon_json_init(&j, frame->parts);
    (void)beacon_json_enter_array(&j);
    while (gemini_frame_next_part(&j, &part)) {
        beacon_rc rc = gemini_items_take(&stream->items, &part, events);
        if (rc < 0) {
            return rc;
        }
    }
    return BEACON_OK;
}

static void replace(int64_t *count, int64_t by)
{
    *count = by >= 0 ? by : *count;
}

/* Each frame counts everything so far; what a later one leaves out still holds. */
static void take_counts(struct gemini_counts *counts, const struct gemini_counts *from)
{
    replace(&counts->prompt, from->prompt);
    replace(&counts->cached, from->cached);
    replace(&counts->tool_prompt, from->tool_prompt);
    replace(&counts->answer, from->answer);
    replace(&counts->thoughts, from->thoughts);
}

/* Some servers write STOP into every frame: it is the end when the stream is. */
static beacon_rc take_finish(struct gemini_stream *stream, const struct gemini_frame *frame,
                             struct beacon_error *err)
{
    if (frame->finish_reason.n == 0 ||
        beacon_json_key_is(frame->finish_reason, "FINISH_REASON_UNSPECIFIED")) {
        return BEACON_OK;
    }
    const struct gemini_finish *finish = gemini_finish_find(frame->finish_reason);
    stream->finish = finish;
    beacon_json_out_reset(&stream->sentence);
    if (finish->sentence != NULL) {
        gemini_finish_tell(&stream->sentence, finish, frame->finish_reason, frame->finish_message);
    }
    if (finish->code != 0) {
        return BEACON_OK;
    }
    const struct beacon_failure_row row = {finish->verdict, BEACON_E_PROTOCOL, "", 0, NULL};
    beacon_failure_set(stream->failure, &row);
    beacon_failure_add(&stream->failure->message, beacon_json_out_text(&stream->sentence));
    return fail(stream, err);
}

static bool is_response(const struct gemini_frame *frame)
{
    return frame->has_candidate || frame->has_counts || frame->feedback.n > 0;
}

static beacon_rc take_frame(struct gemini_stream *stream, const struct gemini_frame *frame,
                            const struct beacon_events *events, struct beacon_error *err)
{
    if (frame->error.n > 0 && frame->error.p[0] != 'n') {
        gemini_failure_of_error(stream->failure, frame->error);
        return fail(stream, err);
    }
    if (!is_response(frame)) {
        return BEACON_OK;
    }
    beacon_rc rc = start(stream, frame, events);
    rc = rc < 0 ? rc : take_parts(stream, frame, events);
    if (rc == BEACON_E_LIMIT) {
        gemini_failure_too_large(stream->failure);
        return fail(stream, err);
    }
    if (rc < 0) {
        return rc;
    }
    take_counts(&stream->counts, &frame->counts);
    if (frame->feedback.n > 0 && gemini_failure_of_feedback(stream->failure, frame->feedback)) {
        return fail(stream, err);
    }
    return take_finish(stream, frame, err);
}

/* ---- frames ---- */

static bool begins_with(struct beacon_str text, char bracket)
{
    struct beacon_json j;
    beacon_json_init(&j, text);
    (void)beacon_json_peek(&j);
    return j.p < j.end && *j.p == bracket;
}

/* Half a response is a piece of the answer that is lost; anything else was never one. */
static beacon_rc read_one(struct gemini_stream *stream, struct beacon_str text,
                          const struct beacon_events *events, struct beacon_error *err)
{
    struct gemini_frame frame;
    if (gemini_frame_read(text, &frame)) {
        return take_frame(stream, &frame, events, err);
    }
    if (begins_with(text, '{')) {
        gemini_failure_of_nonsense(stream->failure);
        return fail(stream, err);
    }
    beacon_log(stream->host, BEACON_LOG_WARN, "skipped a frame of %zu bytes that is no JSON object",
               text.n);
    return BEACON_OK;
}

/* What a server sends that was not understood when it was asked for a stream. */
static beacon_rc read_list(struct gemini_stream *stream, struct beacon_str text,
                           const struct beacon_events *events, struct beacon_error *err)
{
    struct beacon_json j;
    struct beacon_str element;
    beacon_rc rc = BEACON_OK;
    beacon_json_init(&j, text);
    (void)beacon_json_enter_array(&j);
    while (rc == BEACON_OK && beacon_json_next_element(&j) && beacon_json_skip(&j, &element)) {
        rc = read_one(stream, element, events, err);
    }
    return rc;
}

beacon_rc gemini_stream_frame(struct gemini_stream *stream, struct beacon_bytes data,
                              const struct beacon_events *events, struct beacon_error *err)
{
    struct beacon_str text = beacon_span((const char *)data.p, data.n);
    if (stream->is_finished) {
        return BEACON_OK;
    }
    if (beacon_span_is(text, "[DONE]")) { /* of gateways that know it from elsewhere */
        return gemini_stream_end(stream, events, err);
    }
    if (!beacon_utf8_is_valid(text)) { /* behind this door everything is */
        beacon_json_out_reset(&stream->repaired);
        beacon_json_out_repaired(&stream->repaired, text);
        text = beacon_json_out_text(&stream->repaired);
    }
    return begins_with(text, '[') ? read_list(stream, text, events, err)
                                  : read_one(stream, text, events, err);
}

/* ---- the end ---- */

static int64_t sum(int64_t a, int64_t b)
{
    int64_t total;
    if (a < 0 || b < 0) {
        return a;
    }
    return __builtin_add_overflow(a, b, &total) ? INT64_MAX : total;
}

static beacon_rc emit_usage(const struct gemini_counts *counts, const struct beacon_events *events)
{
    struct beacon_usage usage =
        beacon_usage_unknown(BEACON_USAGE_INPUT_INCLUDES_CACHE | BEACON_USAGE_CUMULATIVE);
    usage.input = sum(counts->prompt, counts->tool_prompt);
    usage.cache_read = counts->cached;
    if (usage.input >= 0 && usage.cache_read > usage.input) {
        usage.cache_read = -1; /* it cannot be */
    }
    usage.output = counts->answer;
    usage.reasoning = counts->thoughts;
    if (usage.input < 0 && usage.output < 0 && usage.reasoning < 0) {
        return BEACON_OK;
    }
    return beacon_emit_usage(events, &usage);
}

beacon_rc gemini_stream_end(struct gemini_stream *stream, const struct beacon_events *events,
                            struct beacon_error *err)
{
    if (stream->finish == NULL || stream->is_finished) {
        return BEACON_OK;
    }
    beacon_rc rc = gemini_items_close(&stream->items, events);
    if (rc == BEACON_E_LIMIT) {
        gemini_failure_too_large(stream->failure);
        return fail(stream, err);
    }
    if (rc == BEACON_OK && stream->sentence.n > 0) {
        rc = beacon_emit_text(events, BEACON_EV_WARNING, beacon_json_out_text(&stream->sentence));
    }
    rc = rc < 0 ? rc : emit_usage(&stream->counts, events);
    if (rc < 0) {
        return rc;
    }
    const bool waits = stream->finish->code == BEACON_FINISH_STOP && stream->items.has_calls;
    stream->is_finished = true;
    return beacon_emit_finish(events, waits ? BEACON_FINISH_TOOLS : stream->finish->code);
}
