/* SPDX-License-Identifier: Apache-2.0 */
#include "block.h"

#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>

enum messages_block_kind messages_block_kind_of(struct beacon_str raw_type)
{
    static const struct {
        const char *type;
        enum messages_block_kind kind;
    } rows[] = {
        {"text", BLOCK_TEXT},
        {"thinking", BLOCK_THINKING},
        {"redacted_thinking", BLOCK_REDACTED},
        {"tool_use", BLOCK_CALL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (beacon_json_key_is(raw_type, rows[i].type)) {
            return rows[i].kind;
        }
    }
    return BLOCK_SERVER; /* the server's own tools, and what nobody here has heard of */
}

bool messages_block_open(struct messages_block *block, enum messages_block_kind kind,
                         struct beacon_str object)
{
    struct beacon_json_out *const all[] = {&block->start, &block->text, &block->rest};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        beacon_json_out_init(all[i], BLOCK_BYTES_MAX);
    }
    block->is_open = true;
    block->kind = kind;
    beacon_json_out_bytes(&block->start, object.p, object.n);
    return !block->start.failed;
}

void messages_block_finish(struct messages_block *block)
{
    beacon_json_out_finish(&block->start);
    beacon_json_out_finish(&block->text);
    beacon_json_out_finish(&block->rest);
}

/* ---- the block as JSON again ---- */

/* The object it began with, the member `key` replaced by the JSON value in `value`. */
static struct beacon_str with_member(const struct messages_block *block, const char *key,
                                     struct beacon_str value, struct beacon_json_out *out)
{
    struct beacon_json j;
    struct beacon_str raw_key, old;
    const size_t start = out->n;
    out->comma_due = 0;
    beacon_json_begin_object(out);
    beacon_json_init(&j, beacon_json_out_text(&block->start));
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &raw_key) && beacon_json_skip(&j, &old)) {
        if (!beacon_json_key_is(raw_key, key)) {
            beacon_json_put_raw(out, beacon_span(raw_key.p - 1, raw_key.n + 2)); /* its quotes */
            beacon_json_out_bytes(out, ":", 1);
            beacon_json_out_bytes(out, old.p, old.n);
        }
    }
    beacon_json_key(out, key);
    beacon_json_put_raw(out, value);
    beacon_json_end_object(out);
    return out->failed ? beacon_span(NULL, 0) : beacon_span(out->p + start, out->n - start);
}

static void put_raw_string(struct beacon_json_out *out, const char *key, struct beacon_str raw)
{
    beacon_json_key(out, key);
    beacon_json_begin_string(out);
    beacon_json_out_bytes(out, raw.p, raw.n);
    beacon_json_end_string(out);
}

static struct beacon_str thinking_json(const struct messages_block *block,
                                       struct beacon_json_out *out)
{
    const size_t start = out->n;
    out->comma_due = 0;
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("thinking"));
    put_raw_string(out, "thinking", beacon_json_out_text(&block->text));
    put_raw_string(out, "signature", beacon_json_out_text(&block->rest));
    beacon_json_end_object(out);
    return out->failed ? beacon_span(NULL, 0) : beacon_span(out->p + start, out->n - start);
}

/* Text alone is built anew from the part; what it quotes only the server can say again. */
static struct beacon_str cited_json(const struct messages_block *block, struct beacon_json_out *out)
{
    const size_t start = out->n;
    out->comma_due = 0;
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("text"));
    beacon_json_put_member(out, "text", beacon_json_out_text(&block->text));
    beacon_json_key(out, "citations");
    beacon_json_begin_array(out);
    beacon_json_put_raw(out, beacon_json_out_text(&block->rest));
    beacon_json_end_array(out);
    beacon_json_end_object(out);
    return out->failed ? beacon_span(NULL, 0) : beacon_span(out->p + start, out->n - start);
}

/* ---- parts ---- */

/* The spans of a part point into one buffer, so its room must be there before the first of them.
 * `times`: escaping makes six bytes of one, a copy or two stay below three. */
static bool reserve(const struct messages_block *block, size_t times,
                    struct beacon_json_out *scratch)
{
    const size_t bytes = block->start.n + block->text.n + block->rest.n;
    beacon_json_out_reset(scratch);
    return beacon_json_out_reserve(scratch, times * bytes + 256) != NULL;
}

static size_t times_needed(const struct messages_block *block)
{
    switch (block->kind) {
    case BLOCK_TEXT:
        return block->rest.n > 0 ? 7 : 0;
    case BLOCK_CALL:
        return 7;
    default:
        return 3;
    }
}

static bool text_part(const struct messages_block *block, struct beacon_json_out *scratch,
                      struct beacon_part *part)
{
    part->type = BEACON_PART_TEXT;
    part->text = beacon_json_out_text(&block->text);
    if (block->rest.n > 0 && !beacon_span_is_blank(part->text)) {
        part->opaque = cited_json(block, scratch);
    }
    return block->text.n > 0;
}

static bool thinking_part(const struct messages_block *block, struct beacon_json_out *scratch,
                          struct beacon_part *part)
{
    part->type = BEACON_PART_REASONING;
    part->opaque = thinking_json(block, scratch);
    part->text = beacon_json_value(beacon_json_out_text(&block->text), scratch);
    return block->text.n > 0 || block->rest.n > 0;
}

static bool redacted_part(const struct messages_block *block, struct beacon_part *part)
{
    part->type = BEACON_PART_REASONING;
    part->opaque = beacon_json_out_text(&block->start);
    return true;
}

/* The name the tool has here. One that was made up stays, so that the host can say it is none. */
static void name_call(const struct messages_block *block, const struct beacon_tool_names *names,
                      struct beacon_json_out *scratch, struct beacon_part *part)
{
    const struct beacon_str object = beacon_json_out_text(&block->start);
    const struct beacon_str wire = beacon_json_member_text(object, "name", scratch);
    const struct beacon_tool_name *name = beacon_tool_names_find(names, wire);
    part->type = BEACON_PART_TOOL_CALL;
    part->call_id = beacon_json_member_text(object, "id", scratch);
    part->name = name != NULL ? name->name : wire;
    part->ns = name != NULL ? name->ns : beacon_span(NULL, 0);
    part->flags = name != NULL && name->is_freeform ? BEACON_PART_FREEFORM : 0;
}

/* What was sent in deltas, else what the block began with. */
static struct beacon_str input_of(const struct messages_block *block)
{
    struct beacon_str input = beacon_json_out_text(&block->text);
    if (beacon_span_is_blank(input)) {
        input = BEACON_STR("{}");
        (void)beacon_json_member(beacon_json_out_text(&block->start), "input", &input);
    }
    return input;
}

/* The model wrote them wrongly: the tool will say so, and the model read it. */
static struct beacon_str wrong_arguments(struct beacon_str input, struct beacon_json_out *out)
{
    const size_t start = out->n;
    out->comma_due = 0;
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "INVALID_JSON", input);
    beacon_json_end_object(out);
    return out->failed ? beacon_span(NULL, 0) : beacon_span(out->p + start, out->n - start);
}

static bool call_part(const struct messages_block *block, const struct beacon_tool_names *names,
                      bool is_incomplete, struct beacon_json_out *scratch, struct beacon_part *part)
{
    const struct beacon_str input = input_of(block);
    const bool is_json = beacon_json_is_whole(input, '{');
    struct beacon_str raw;
    if (!is_json && is_incomplete) {
        return false;
    }
    name_call(block, names, scratch, part);
    part->text = input;
    if (part->flags != BEACON_PART_FREEFORM) {
        part->text = is_json ? input : wrong_arguments(input, scratch);
    } else if (is_json && beacon_json_member_string(input, "input", &raw)) {
        part->text = beacon_json_value(raw, scratch);
    }
    return part->call_id.n > 0 && part->name.n > 0;
}

static bool server_part(const struct messages_block *block, struct beacon_json_out *scratch,
                        struct beacon_part *part)
{
    const struct beacon_str object = beacon_json_out_text(&block->start);
    const struct beacon_str input = input_of(block);
    struct beacon_str unused;
    part->type = BEACON_PART_SERVER_TOOL;
    part->name = beacon_json_member_text(object, "name", scratch);
    if (part->name.n == 0) {
        part->name = beacon_json_member_text(object, "type", scratch);
    }
    part->id = beacon_json_member_text(object, "id", scratch);
    const bool has_input = beacon_json_is_whole(input, '{') && input.n > 2;
    part->text = has_input ? input : beacon_span(NULL, 0);
    if (block->has_unknown) {
        return true;
    }
    part->opaque =
        block->text.n > 0 && has_input ? with_member(block, "input", input, scratch) : object;
    return beacon_json_member(part->opaque, "type", &unused);
}

bool messages_block_part(const struct messages_block *block, const struct beacon_tool_names *names,
                         bool is_incomplete, struct beacon_json_out *scratch,
                         struct beacon_part *ret)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_TEXT);
    bool is_told = false;
    if (!reserve(block, times_needed(block), scratch)) {
        return false;
    }
    switch (block->kind) {
    case BLOCK_TEXT:
        is_told = text_part(block, scratch, &part);
        break;
    case BLOCK_THINKING:
        is_told = thinking_part(block, scratch, &part);
        break;
    case BLOCK_REDACTED:
        is_told = redacted_part(block, &part);
        break;
    case BLOCK_CALL:
        is_told = call_part(block, names, is_incomplete, scratch, &part);
        break;
    case BLOCK_SERVER:
        is_told = server_part(block, scratch, &part);
        break;
    }
    if (!is_told || scratch->failed) {
        return false;
    }
    *ret = part;
    return true;
}
