/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_members.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>

#include "exchange.h"
#include "output.h"

/* The members of an event that any handler uses, found in one pass. */
struct frame {
    struct beacon_str text;                  /* the whole event */
    struct beacon_str type, delta;           /* strings, between their quotes */
    struct beacon_str item, response, error; /* values */
    int64_t output_index, summary_index, sequence;
    bool is_delta_plain; /* nothing in it is escaped */
};

/* Everything a handler needs; rc and err as everywhere. */
struct context {
    struct beacon_exchange *x;
    const struct beacon_events *events;
    struct beacon_error *err;
};

/* The inside of a string value; empty for any other value. */
static struct beacon_str unquoted(struct beacon_str value)
{
    return value.n >= 2 && value.p[0] == '"' ? beacon_span(value.p + 1, value.n - 2)
                                             : beacon_span(NULL, 0);
}

static inline bool is_key(const struct beacon_member *member, const char *name)
{
    return memcmp(member->raw_key.p, name, member->raw_key.n) == 0;
}

/* Lengths tell most keys apart, so that one comparison is left for a member somebody asks for. */
static inline void take_member(struct frame *frame, const struct beacon_member *member)
{
    switch (member->raw_key.n) {
    case 4:
        if (is_key(member, "type")) {
            frame->type = unquoted(member->raw_value);
        } else if (is_key(member, "item")) {
            frame->item = member->raw_value;
        }
        break;
    case 5:
        if (is_key(member, "delta")) {
            frame->delta = unquoted(member->raw_value);
            frame->is_delta_plain = member->is_plain;
        } else if (is_key(member, "error")) {
            frame->error = member->raw_value;
        }
        break;
    case 8:
        frame->response = is_key(member, "response") ? member->raw_value : frame->response;
        break;
    case 12:
        if (is_key(member, "output_index")) {
            frame->output_index = beacon_member_integer(member, -1);
        }
        break;
    case 13:
        if (is_key(member, "summary_index")) {
            frame->summary_index = beacon_member_integer(member, 0);
        }
        break;
    case 15:
        if (is_key(member, "sequence_number")) {
            frame->sequence = beacon_member_integer(member, -1);
        }
        break;
    default:
        break;
    }
}

/* True: `text` is an object with a type. Nothing is told about its UTF-8 unless it is ASCII. */
static bool read_frame(struct beacon_str text, struct frame *frame, bool *ret_is_ascii)
{
    struct beacon_members walk;
    struct beacon_member member;
    const struct beacon_str none = {NULL, 0};
    frame->text = text; /* each by itself, as in beacon_event_init() */
    frame->type = none;
    frame->delta = none;
    frame->item = none;
    frame->response = none;
    frame->error = none;
    frame->output_index = frame->sequence = -1;
    frame->summary_index = 0;
    frame->is_delta_plain = false;
    beacon_members_begin(&walk, text);
    while (beacon_members_next(&walk, &member)) {
        take_member(frame, &member);
    }
    *ret_is_ascii = walk.is_ascii;
    return beacon_members_finished(&walk) && frame->type.n > 0;
}

/* ---- what the host's grammar of events asks for ---- */

static beacon_rc start(const struct context *c, struct beacon_str id, struct beacon_str model)
{
    if (c->x->stream.is_started) {
        return BEACON_OK;
    }
    c->x->stream.is_started = true;
    return beacon_emit_start(c->events, id, model);
}

static inline bool has_index(const struct frame *frame)
{
    return frame->output_index >= 0 && frame->output_index < ITEMS_MAX;
}

static inline bool is_begun(const struct context *c, uint32_t index)
{
    return (c->x->stream.is_begun[index / 64] >> (index % 64) & 1) != 0;
}

/* `id` is the item's, "" when the event does not say. */
static beacon_rc begin_item(const struct context *c, uint32_t index, struct beacon_str id,
                            const struct beacon_part *part)
{
    if (is_begun(c, index)) {
        return BEACON_OK;
    }
    beacon_rc rc = start(c, BEACON_STR(""), BEACON_STR(""));
    c->x->stream.is_begun[index / 64] |= UINT64_C(1) << (index % 64);
    responses_items_begin(&c->x->stream.items, index, id, part->type);
    return rc < 0 ? rc : beacon_emit_item(c->events, BEACON_EV_ITEM_BEGIN, index, part);
}

static void end_item(const struct context *c, uint32_t index)
{
    c->x->stream.is_begun[index / 64] &= ~(UINT64_C(1) << (index % 64));
    responses_items_end(&c->x->stream.items, index);
}

/* The first delta of an item that was not announced, or one whose event has no index: then the item
 * is found by its id, else it is the latest of its kind, else a new one. */
static beacon_rc find_delta_item(const struct context *c, const struct frame *frame, uint32_t type,
                                 uint32_t *ret)
{
    const struct responses_items *items = &c->x->stream.items;
    struct beacon_str id = beacon_span(NULL, 0);
    (void)beacon_json_member_string(frame->text, "item_id", &id);
    uint32_t index = (uint32_t)frame->output_index;
    if (!has_index(frame) && !responses_items_named(items, id, &index) &&
        !responses_items_latest(items, type, &index)) {
        index = items->next;
    }
    *ret = index;
    const struct beacon_part part = beacon_part_of(type);
    return begin_item(c, index, id, &part);
}

static beacon_rc emit_delta(const struct context *c, const struct frame *frame, uint32_t code)
{
    uint32_t index = (uint32_t)frame->output_index;
    if (!has_index(frame) || !is_begun(c, index)) {
        const uint32_t type = code == BEACON_DELTA_TEXT ? BEACON_PART_TEXT : BEACON_PART_REASONING;
        beacon_rc rc = find_delta_item(c, frame, type, &index);
        if (rc < 0) {
            return rc;
        }
    }
    beacon_json_out_reset(&c->x->stream.scratch);
    return beacon_emit_delta(c->events, index, code,
                             frame->is_delta_plain
                                 ? frame->delta
                                 : beacon_json_value(frame->delta, &c->x->stream.scratch));
}

/* ---- handlers ---- */

static beacon_rc on_text(const struct context *c, const struct frame *frame)
{
    return emit_delta(c, frame, BEACON_DELTA_TEXT);
}

static beacon_rc on_summary(const struct context *c, const struct frame *frame)
{
    return emit_delta(c, frame, BEACON_DELTA_SUMMARY);
}

static beacon_rc on_reasoning(const struct context *c, const struct frame *frame)
{
    return emit_delta(c, frame, BEACON_DELTA_REASONING);
}

static beacon_rc on_section(const struct context *c, const struct frame *frame)
{
    if (frame->summary_index == 0) {
        return BEACON_OK; /* nothing stands before it */
    }
    struct frame without_text = *frame;
    without_text.delta = beacon_span(NULL, 0);
    return emit_delta(c, &without_text, BEACON_DELTA_SECTION);
}

static beacon_rc on_created(const struct context *c, const struct frame *frame)
{
    struct beacon_str id = beacon_span(NULL, 0), model = id;
    struct beacon_json_out *scratch = &c->x->stream.scratch;
    (void)beacon_json_member_string(frame->response, "id", &id);
    (void)beacon_json_member_string(frame->response, "model", &model);
    beacon_json_out_reset(scratch);
    (void)beacon_json_out_reserve(scratch, id.n + model.n + 1);
    return start(c, beacon_json_value(id, scratch), beacon_json_value(model, scratch));
}

static bool read_item(const struct context *c, const struct frame *frame, struct beacon_part *part)
{
    if (responses_output_read(frame->item, &c->x->stream.scratch, part)) {
        return true;
    }
    beacon_log(c->x->instance->host, BEACON_LOG_WARN, "skipped an output item without a type");
    return false;
}

static beacon_rc on_item_added(const struct context *c, const struct frame *frame)
{
    struct beacon_part part;
    if (!read_item(c, frame, &part)) {
        return BEACON_OK;
    }
    /* Not whole yet: who it is, and nothing that could be taken for the result. */
    part.text = part.opaque = beacon_span(NULL, 0);
    const struct responses_items *items = &c->x->stream.items;
    uint32_t index = (uint32_t)frame->output_index;
    if (!has_index(frame) && !responses_items_named(items, part.id, &index)) {
        index = items->next;
    }
    return begin_item(c, index, part.id, &part);
}

static beacon_rc on_item_done(const struct context *c, const struct frame *frame)
{
    struct beacon_part part;
    if (!read_item(c, frame, &part)) {
        return BEACON_OK;
    }
    const struct responses_items *items = &c->x->stream.items;
    uint32_t index = (uint32_t)frame->output_index;
    if (!has_index(frame) && !responses_items_named(items, part.id, &index) &&
        !responses_items_oldest(items, part.type, &index)) {
        index = items->next;
    }
    beacon_rc rc = begin_item(c, index, part.id, &part);
    if (rc < 0) {
        return rc;
    }
    end_item(c, index);
    c->x->stream.has_calls = c->x->stream.has_calls || part.type == BEACON_PART_TOOL_CALL;
    return beacon_emit_item(c->events, BEACON_EV_ITEM_DONE, index, &part);
}

static int64_t count_in(struct beacon_str object, const char *key)
{
    struct beacon_str value;
    const int64_t count =
        beacon_json_member(object, key, &value) ? beacon_json_integer(value, -1) : -1;
    return count >= 0 ? count : -1;
}

static beacon_rc emit_usage(const struct context *c, struct beacon_str response)
{
    struct beacon_str usage, details;
    if (!beacon_json_member(response, "usage", &usage) || usage.p[0] != '{') {
        return BEACON_OK;
    }
    struct beacon_usage counts = beacon_usage_unknown(BEACON_USAGE_INPUT_INCLUDES_CACHE |
                                                      BEACON_USAGE_OUTPUT_INCLUDES_REASONING);
    counts.input = count_in(usage, "input_tokens");
    counts.output = count_in(usage, "output_tokens");
    if (beacon_json_member(usage, "input_tokens_details", &details)) {
        counts.cache_read = count_in(details, "cached_tokens");
    }
    if (beacon_json_member(usage, "output_tokens_details", &details)) {
        counts.reasoning = count_in(details, "reasoning_tokens");
    }
    return beacon_emit_usage(c->events, &counts);
}

static beacon_rc on_completed(const struct context *c, const struct frame *frame)
{
    beacon_rc rc = on_created(c, frame);
    rc = rc < 0 ? rc : emit_usage(c, frame->response);
    if (rc < 0) {
        return rc;
    }
    c->x->stream.is_finished = true;
    return beacon_emit_finish(c->events,
                              c->x->stream.has_calls ? BEACON_FINISH_TOOLS : BEACON_FINISH_STOP);
}

static beacon_rc on_failed(const struct context *c, const struct frame *frame)
{
    struct beacon_str error = beacon_span(NULL, 0);
    (void)beacon_json_member(frame->response, "error", &error);
    beacon_failure_of_error(&c->x->failure, &responses_failures, error);
    return beacon_failure_error(&c->x->failure, c->err);
}

/* The same words, but on the top level of the event, or one level down. */
static beacon_rc on_error(const struct context *c, const struct frame *frame)
{
    const bool is_nested = frame->error.n > 0 && frame->error.p[0] == '{';
    beacon_failure_of_error(&c->x->failure, &responses_failures,
                            is_nested ? frame->error : frame->text);
    return beacon_failure_error(&c->x->failure, c->err);
}

static beacon_rc on_incomplete(const struct context *c, const struct frame *frame)
{
    struct beacon_str details, reason = beacon_span(NULL, 0);
    if (beacon_json_member(frame->response, "incomplete_details", &details)) {
        (void)beacon_json_member_string(details, "reason", &reason);
    }
    responses_failure_incomplete(&c->x->failure, reason);
    return beacon_failure_error(&c->x->failure, c->err);
}

/* Events without a row are ignored: they repeat what output_item.done says. */
#define ROW(type, fn)                                                                              \
    {                                                                                              \
        type, sizeof(type) - 1, fn                                                                 \
    }
static const struct handler {
    const char *type;
    size_t n;
    beacon_rc (*fn)(const struct context *c, const struct frame *frame);
} handlers[] = {
    ROW("response.output_text.delta", on_text), /* the one that comes ten thousand times */
    ROW("response.reasoning_summary_text.delta", on_summary),
    ROW("response.reasoning_text.delta", on_reasoning),
    ROW("response.reasoning_summary_part.added", on_section),
    ROW("response.refusal.delta", on_text),
    ROW("response.created", on_created),
    ROW("response.output_item.added", on_item_added),
    ROW("response.output_item.done", on_item_done),
    ROW("response.completed", on_completed),
    ROW("response.failed", on_failed),
    ROW("response.incomplete", on_incomplete),
    ROW("error", on_error),
};
#undef ROW

/* A repeated event must not make a tool run twice. Some servers count nothing and write 0. */
static bool is_repeated(struct responses_stream *stream, const struct frame *frame)
{
    if (frame->sequence <= 0) {
        return false;
    }
    if (frame->sequence <= stream->last_sequence) {
        return true;
    }
    stream->last_sequence = frame->sequence;
    return false;
}

/* Read the event into `frame`, as UTF-8 whatever it was: behind this door everything is. */
static bool read_repaired(struct responses_stream *stream, struct beacon_str text,
                          struct frame *frame)
{
    bool is_ascii;
    const bool is_read = read_frame(text, frame, &is_ascii);
    if (is_ascii || beacon_utf8_is_valid(text)) {
        return is_read;
    }
    beacon_json_out_reset(&stream->repaired);
    beacon_json_out_repaired(&stream->repaired, text);
    return read_frame(beacon_json_out_text(&stream->repaired), frame, &is_ascii);
}

beacon_rc responses_read_event(struct beacon_exchange *x, struct beacon_bytes data,
                               const struct beacon_events *events, struct beacon_error *err)
{
    struct frame frame;
    const struct context c = {x, events, err};
    const struct beacon_str text = beacon_span((const char *)data.p, data.n);
    if (x->stream.is_finished || beacon_span_is(text, "[DONE]")) {
        return BEACON_OK;
    }
    if (!read_repaired(&x->stream, text, &frame)) {
        beacon_log(x->instance->host, BEACON_LOG_WARN,
                   "skipped an event of %zu bytes that is no JSON object with a type", data.n);
        return BEACON_OK;
    }
    if (is_repeated(&x->stream, &frame)) {
        return BEACON_OK;
    }
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (frame.type.n == handlers[i].n &&
            memcmp(frame.type.p, handlers[i].type, handlers[i].n) == 0) {
            return handlers[i].fn(&c, &frame);
        }
    }
    return BEACON_OK;
}
