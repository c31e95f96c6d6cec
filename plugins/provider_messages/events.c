/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_members.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>

#include "failure.h"
#include "finish.h"
#include "items.h"

#define INDEX_MOST INT32_MAX

/* The members of an event that any handler uses, found in one pass. */
struct frame {
    struct beacon_str text;                                /* the whole event */
    struct beacon_str type;                                /* between its quotes */
    struct beacon_str delta, block, message, usage, error; /* values */
    int64_t index;
};

/* The members of a delta, likewise; strings between their quotes. */
struct delta {
    struct beacon_str type, text, thinking, json, signature, stop_reason;
    struct beacon_str citation, stop_details; /* values */
};

/* The inside of a string value; empty for any other value. */
static inline struct beacon_str unquoted(struct beacon_str value)
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
        frame->type = is_key(member, "type") ? unquoted(member->raw_value) : frame->type;
        break;
    case 5:
        if (is_key(member, "index")) {
            frame->index = beacon_member_integer(member, 0);
        } else if (is_key(member, "delta")) {
            frame->delta = member->raw_value;
        } else if (is_key(member, "usage")) {
            frame->usage = member->raw_value;
        } else if (is_key(member, "error")) {
            frame->error = member->raw_value;
        }
        break;
    case 7:
        frame->message = is_key(member, "message") ? member->raw_value : frame->message;
        break;
    case 13:
        frame->block = is_key(member, "content_block") ? member->raw_value : frame->block;
        break;
    default:
        break;
    }
}

/* True: `text` is an object. Nothing is told about its UTF-8 unless it is ASCII. */
static bool read_frame(struct beacon_str text, struct frame *frame, bool *ret_is_ascii)
{
    struct beacon_members walk;
    struct beacon_member member;
    memset(frame, 0, sizeof *frame);
    frame->text = text;
    beacon_members_begin(&walk, text);
    while (beacon_members_next(&walk, &member)) {
        take_member(frame, &member);
    }
    *ret_is_ascii = walk.is_ascii;
    return beacon_members_finished(&walk);
}

static inline void take_delta_member(struct delta *delta, struct beacon_str key,
                                     struct beacon_str value)
{
    static const struct {
        const char *key;
        size_t n, offset;
        bool is_string;
    } rows[] = {
        {"type", 4, offsetof(struct delta, type), true},
        {"text", 4, offsetof(struct delta, text), true},
        {"thinking", 8, offsetof(struct delta, thinking), true},
        {"partial_json", 12, offsetof(struct delta, json), true},
        {"signature", 9, offsetof(struct delta, signature), true},
        {"citation", 8, offsetof(struct delta, citation), false},
        {"stop_reason", 11, offsetof(struct delta, stop_reason), true},
        {"stop_details", 12, offsetof(struct delta, stop_details), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (key.n == rows[i].n && memcmp(key.p, rows[i].key, key.n) == 0) {
            struct beacon_str *slot = (struct beacon_str *)((char *)delta + rows[i].offset);
            *slot = rows[i].is_string ? unquoted(value) : value;
            return;
        }
    }
}

static bool read_delta(struct beacon_str object, struct delta *delta)
{
    struct beacon_json j;
    struct beacon_str key, value;
    memset(delta, 0, sizeof *delta);
    if (object.n == 0 || object.p[0] != '{') {
        return false;
    }
    beacon_json_init(&j, object);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        take_delta_member(delta, key, value);
    }
    return true; /* it is part of a frame that was well formed */
}

static uint32_t index_of(const struct frame *frame)
{
    return frame->index >= 0 && frame->index <= INDEX_MOST ? (uint32_t)frame->index : 0;
}

static struct beacon_str value_of(const struct messages_context *c, struct beacon_str raw)
{
    beacon_json_out_reset(&c->x->stream.scratch);
    return beacon_json_value(raw, &c->x->stream.scratch);
}

/* ---- what a block grows by ---- */

static beacon_rc add_text(const struct messages_context *c, struct messages_block *block,
                          struct beacon_str raw)
{
    const struct beacon_str text = value_of(c, raw);
    beacon_rc rc = messages_items_keep(c, &block->text, text);
    return rc < 0 ? rc : messages_items_show(c, block, BEACON_DELTA_TEXT, text);
}

static beacon_rc add_thinking(const struct messages_context *c, struct messages_block *block,
                              struct beacon_str raw)
{
    beacon_rc rc = messages_items_keep(c, &block->text, raw);
    return rc < 0 ? rc : messages_items_show(c, block, BEACON_DELTA_SUMMARY, value_of(c, raw));
}

static beacon_rc add_signature(const struct messages_context *c, struct messages_block *block,
                               struct beacon_str raw)
{
    return messages_items_keep(c, &block->rest, raw);
}

static beacon_rc add_json(const struct messages_context *c, struct messages_block *block,
                          struct beacon_str raw)
{
    return messages_items_keep(c, &block->text, value_of(c, raw));
}

static beacon_rc add_citation(const struct messages_context *c, struct messages_block *block,
                              struct beacon_str value)
{
    beacon_rc rc = BEACON_OK;
    if (value.n > 0 && block->rest.n > 0) {
        rc = messages_items_keep(c, &block->rest, BEACON_STR(","));
    }
    return rc < 0 ? rc : messages_items_keep(c, &block->rest, value);
}

/* Which deltas a block may grow by. `opens`: a server forgot to begin the block. */
static const struct growth {
    const char *type;
    uint32_t kinds; /* bits of enum messages_block_kind */
    bool opens;
    enum messages_block_kind kind;
    size_t offset; /* in struct delta */
    beacon_rc (*add)(const struct messages_context *c, struct messages_block *block,
                     struct beacon_str value);
} growths[] = {
    {"text_delta", 1u << BLOCK_TEXT, true, BLOCK_TEXT, offsetof(struct delta, text), add_text},
    {"thinking_delta", 1u << BLOCK_THINKING, true, BLOCK_THINKING, offsetof(struct delta, thinking),
     add_thinking},
    {"input_json_delta", 1u << BLOCK_CALL | 1u << BLOCK_SERVER, false, BLOCK_CALL,
     offsetof(struct delta, json), add_json},
    {"signature_delta", 1u << BLOCK_THINKING, true, BLOCK_THINKING,
     offsetof(struct delta, signature), add_signature},
    {"citations_delta", 1u << BLOCK_TEXT, false, BLOCK_TEXT, offsetof(struct delta, citation),
     add_citation},
};

static const struct growth *find_growth(struct beacon_str raw_type)
{
    for (size_t i = 0; i < sizeof growths / sizeof growths[0]; i++) {
        if (beacon_span_is(raw_type, growths[i].type)) {
            return &growths[i];
        }
    }
    return NULL;
}

static beacon_rc on_delta(const struct messages_context *c, const struct frame *frame)
{
    struct delta delta;
    if (!read_delta(frame->delta, &delta)) {
        return BEACON_OK;
    }
    const struct growth *growth = find_growth(delta.type);
    struct messages_block *block = messages_items_find(&c->x->stream, index_of(frame));
    if (block == NULL && growth != NULL && growth->opens) {
        beacon_rc rc =
            messages_items_open(c, index_of(frame), growth->kind, beacon_span(NULL, 0), &block);
        if (rc < 0) {
            return rc;
        }
    }
    if (block == NULL) {
        return BEACON_OK;
    }
    if (growth == NULL || (growth->kinds >> block->kind & 1) == 0) {
        block->has_unknown = true;
        return BEACON_OK;
    }
    return growth->add(c, block,
                       *(const struct beacon_str *)((const char *)&delta + growth->offset));
}

/* ---- blocks ---- */

/* What a block has already when it begins: nothing in a stream, everything in a whole message. */
static beacon_rc take_beginning(const struct messages_context *c, struct messages_block *block)
{
    const struct beacon_str object = beacon_json_out_text(&block->start);
    struct beacon_str text = beacon_span(NULL, 0), signature = text, citations = text;
    if (block->kind == BLOCK_TEXT) {
        (void)beacon_json_member_string(object, "text", &text);
        if (beacon_json_member(object, "citations", &citations) && citations.n > 2 &&
            citations.p[0] == '[') {
            beacon_rc rc = add_citation(c, block, beacon_span(citations.p + 1, citations.n - 2));
            if (rc < 0) {
                return rc;
            }
        }
        return add_text(c, block, text);
    }
    if (block->kind == BLOCK_THINKING) {
        (void)beacon_json_member_string(object, "thinking", &text);
        (void)beacon_json_member_string(object, "signature", &signature);
        beacon_rc rc = add_signature(c, block, signature);
        return rc < 0 ? rc : add_thinking(c, block, text);
    }
    return BEACON_OK;
}

static beacon_rc begin_block(const struct messages_context *c, uint32_t index,
                             struct beacon_str object)
{
    struct messages_block *block = NULL;
    struct beacon_str type;
    if (object.n == 0 || !beacon_json_member_string(object, "type", &type)) {
        return BEACON_OK;
    }
    beacon_rc rc = messages_items_open(c, index, messages_block_kind_of(type), object, &block);
    return rc < 0 ? rc : take_beginning(c, block);
}

static beacon_rc on_block_start(const struct messages_context *c, const struct frame *frame)
{
    return begin_block(c, index_of(frame), frame->block);
}

static beacon_rc on_block_stop(const struct messages_context *c, const struct frame *frame)
{
    struct messages_block *block = messages_items_find(&c->x->stream, index_of(frame));
    if (block != NULL) {
        block->is_open = false;
    }
    return BEACON_OK;
}

/* ---- messages ---- */

static beacon_rc start_with(const struct messages_context *c, struct beacon_str message)
{
    struct beacon_json_out *scratch = &c->x->stream.scratch;
    beacon_json_out_reset(scratch);
    (void)beacon_json_out_reserve(scratch, message.n + 1);
    const struct beacon_str id = beacon_json_member_text(message, "id", scratch);
    return messages_start(c, id, beacon_json_member_text(message, "model", scratch));
}

static beacon_rc on_message_start(const struct messages_context *c, const struct frame *frame)
{
    struct beacon_str usage;
    if (beacon_json_member(frame->message, "usage", &usage)) {
        messages_take_usage(&c->x->stream, usage, false);
    }
    return start_with(c, frame->message);
}

static beacon_rc on_message_delta(const struct messages_context *c, const struct frame *frame)
{
    struct delta delta;
    messages_take_usage(&c->x->stream, frame->usage, true);
    return read_delta(frame->delta, &delta)
               ? messages_take_stop(c, delta.stop_reason, delta.stop_details)
               : BEACON_OK;
}

static beacon_rc on_message_stop(const struct messages_context *c, const struct frame *frame)
{
    (void)frame;
    return messages_finish(c);
}

static beacon_rc take_content(const struct messages_context *c, struct beacon_str content)
{
    struct beacon_json j;
    struct beacon_str element;
    beacon_rc rc = BEACON_OK;
    beacon_json_init(&j, content);
    if (beacon_json_peek(&j) != BEACON_JSON_ARRAY || !beacon_json_enter_array(&j)) {
        return rc;
    }
    while (rc >= 0 && beacon_json_next_element(&j) && beacon_json_skip(&j, &element)) {
        rc = begin_block(c, 0, element); /* which ends the one before */
    }
    return rc;
}

/* The whole answer of a server that does not stream, or of a gateway that would not. */
static beacon_rc on_message(const struct messages_context *c, const struct frame *frame)
{
    struct beacon_str content = beacon_span(NULL, 0), reason = content, details = content;
    (void)beacon_json_member(frame->text, "content", &content);
    (void)beacon_json_member_string(frame->text, "stop_reason", &reason);
    (void)beacon_json_member(frame->text, "stop_details", &details);
    messages_take_usage(&c->x->stream, frame->usage, true);
    beacon_rc rc = start_with(c, frame->text);
    rc = rc < 0 ? rc : take_content(c, content);
    rc = rc < 0 ? rc : messages_take_stop(c, reason, details);
    return rc < 0 ? rc : messages_finish(c);
}

static beacon_rc on_error(const struct messages_context *c, const struct frame *frame)
{
    const bool is_object = frame->error.n > 0 && frame->error.p[0] == '{';
    messages_failure_of_error(&c->x->failure, is_object ? frame->error : frame->text);
    if (c->x->stream.is_started) { /* what was read until here is paid for */
        beacon_rc rc = messages_tell_usage(c);
        if (rc < 0) {
            return rc;
        }
    }
    return beacon_failure_error(&c->x->failure, c->err);
}

/* Events without a row, ping among them, are ignored. */
#define ROW(type, fn)                                                                              \
    {                                                                                              \
        type, sizeof(type) - 1, fn                                                                 \
    }
static const struct handler {
    const char *type;
    size_t n;
    beacon_rc (*fn)(const struct messages_context *c, const struct frame *frame);
} handlers[] = {
    ROW("content_block_delta", on_delta), /* the one that comes ten thousand times */
    ROW("content_block_start", on_block_start),
    ROW("content_block_stop", on_block_stop),
    ROW("message_start", on_message_start),
    ROW("message_delta", on_message_delta),
    ROW("message_stop", on_message_stop),
    ROW("message", on_message),
    ROW("error", on_error),
};
#undef ROW

/* Read the event into `frame`, as UTF-8 whatever it was: behind this door everything is. */
static bool read_repaired(struct messages_stream *stream, struct beacon_str text,
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

/* A line that is nothing is passed over. Half an event is a piece of the answer that is lost, and the
 * signature of a thought no longer fits: the answer is asked for again. */
static beacon_rc on_nonsense(const struct messages_context *c, struct beacon_str text)
{
    static const struct beacon_failure_row row = {
        BEACON_VERDICT_RETRY, BEACON_E_PROTOCOL,
        "stream disconnected before completion: the server sent an event that is no JSON", 0, NULL};
    if (text.n == 0 || text.p[0] != '{') {
        beacon_log(c->x->instance->host, BEACON_LOG_WARN,
                   "skipped an event of %zu bytes that is no JSON object", text.n);
        return BEACON_OK;
    }
    beacon_failure_set(&c->x->failure, &row);
    return beacon_failure_error(&c->x->failure, c->err);
}

static beacon_rc handle(const struct messages_context *c, const struct frame *frame)
{
    if (frame->type.n == 0) {
        return frame->error.n > 0 ? on_error(c, frame) : BEACON_OK;
    }
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (frame->type.n == handlers[i].n &&
            memcmp(frame->type.p, handlers[i].type, handlers[i].n) == 0) {
            return handlers[i].fn(c, frame);
        }
    }
    return BEACON_OK;
}

beacon_rc messages_read_event(struct beacon_exchange *x, struct beacon_bytes data,
                              const struct beacon_events *events, struct beacon_error *err)
{
    struct frame frame;
    const struct messages_context c = {x, events, err};
    const struct beacon_str text = beacon_span((const char *)data.p, data.n);
    if (x->stream.is_finished || beacon_span_is(text, "[DONE]")) {
        return BEACON_OK;
    }
    return read_repaired(&x->stream, text, &frame) ? handle(&c, &frame) : on_nonsense(&c, text);
}
