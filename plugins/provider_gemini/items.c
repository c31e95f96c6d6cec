/* SPDX-License-Identifier: Apache-2.0 */
#include "items.h"

#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>

#define ID_MAX 256u

void gemini_items_init(struct gemini_items *items, const struct beacon_tool_names *names,
                       uint64_t mark)
{
    memset(items, 0, sizeof *items);
    items->names = names;
    items->mark = mark;
    beacon_json_out_init(&items->text, ITEMS_TEXT_MAX);
    beacon_json_out_init(&items->parts, ITEMS_PARTS_MAX);
    beacon_json_out_init(&items->scratch, ITEMS_PARTS_MAX);
}

void gemini_items_finish(struct gemini_items *items)
{
    beacon_json_out_finish(&items->text);
    beacon_json_out_finish(&items->parts);
    beacon_json_out_finish(&items->scratch);
}

/* BEGIN with what is known beforehand, DONE with everything. */
static beacon_rc emit_whole(struct gemini_items *items, const struct beacon_part *part,
                            const struct beacon_events *events)
{
    struct beacon_part first = *part;
    const uint32_t index = items->n++;
    first.text = first.opaque = beacon_span(NULL, 0);
    beacon_rc rc = beacon_emit_item(events, BEACON_EV_ITEM_BEGIN, index, &first);
    return rc < 0 ? rc : beacon_emit_item(events, BEACON_EV_ITEM_DONE, index, part);
}

/* ---- texts ---- */

static beacon_rc open_item(struct gemini_items *items, uint32_t type,
                           const struct beacon_events *events)
{
    const struct beacon_part part = beacon_part_of(type);
    beacon_json_out_reset(&items->text);
    beacon_json_out_reset(&items->parts);
    items->n_told = 0;
    items->open = type;
    return beacon_emit_item(events, BEACON_EV_ITEM_BEGIN, items->n++, &part);
}

/* What of the text came without a signature since the last one. Of thoughts it does not go back. */
static void tell_unsigned(struct gemini_items *items, size_t end)
{
    if (items->open == BEACON_PART_TEXT && end > items->n_told) {
        beacon_json_begin_object(&items->parts);
        beacon_json_put_member(&items->parts, "text",
                               beacon_span(items->text.p + items->n_told, end - items->n_told));
        beacon_json_end_object(&items->parts);
    }
    items->n_told = items->text.n;
}

static void tell_signed(struct gemini_items *items, struct beacon_str raw, size_t before)
{
    if (items->parts.n == 0) {
        beacon_json_begin_array(&items->parts);
    }
    tell_unsigned(items, before);
    beacon_json_put_raw(&items->parts, raw);
}

beacon_rc gemini_items_close(struct gemini_items *items, const struct beacon_events *events)
{
    struct beacon_part part = beacon_part_of(items->open);
    if (items->open == 0) {
        return BEACON_OK;
    }
    if (items->parts.n > 0) {
        tell_unsigned(items, items->text.n);
        beacon_json_end_array(&items->parts);
    }
    items->open = 0;
    if (items->text.failed || items->parts.failed) {
        return BEACON_E_LIMIT;
    }
    part.text = beacon_json_out_text(&items->text);
    part.opaque = beacon_json_out_text(&items->parts);
    return beacon_emit_item(events, BEACON_EV_ITEM_DONE, items->n - 1, &part);
}

/* A signature without words, as it ends an answer. It belongs to the text before it; where there is
 * none it is a thought that nobody can read. */
static beacon_rc take_signature(struct gemini_items *items, const struct gemini_part *from,
                                const struct beacon_events *events)
{
    if (items->open != 0) {
        tell_signed(items, from->raw, items->text.n);
        return items->parts.failed ? BEACON_E_LIMIT : BEACON_OK;
    }
    struct beacon_part part = beacon_part_of(BEACON_PART_REASONING);
    part.opaque = from->raw;
    return emit_whole(items, &part, events);
}

static beacon_rc take_text(struct gemini_items *items, const struct gemini_part *from,
                           const struct beacon_events *events)
{
    const uint32_t type = from->is_thought ? BEACON_PART_REASONING : BEACON_PART_TEXT;
    beacon_rc rc = BEACON_OK;
    if (from->text.n == 0) {
        return from->signature.n > 0 ? take_signature(items, from, events) : BEACON_OK;
    }
    if (items->open != type) {
        rc = gemini_items_close(items, events);
        rc = rc < 0 ? rc : open_item(items, type, events);
    }
    if (rc < 0) {
        return rc;
    }
    const size_t before = items->text.n;
    beacon_json_out_unescaped(&items->text, from->text);
    if (from->signature.n > 0) {
        tell_signed(items, from->raw, before);
    }
    if (items->text.failed || items->parts.failed) {
        return BEACON_E_LIMIT;
    }
    return beacon_emit_delta(events, items->n - 1,
                             from->is_thought ? BEACON_DELTA_SUMMARY : BEACON_DELTA_TEXT,
                             beacon_span(items->text.p + before, items->text.n - before));
}

/* ---- calls ---- */

/* Ids are the host's key to a call: one that it could not keep as text is as good as none. */
static bool is_good_id(struct beacon_str id)
{
    for (size_t i = 0; i < id.n; i++) {
        if ((unsigned char)id.p[i] < 0x20) {
            return false;
        }
    }
    return id.n > 0 && id.n <= ID_MAX;
}

static struct beacon_str make_id(struct gemini_items *items, char *buffer, size_t capacity)
{
    int n = snprintf(buffer, capacity, "call_%016llx_%u", (unsigned long long)items->mark,
                     items->n_ids++);
    return beacon_span(buffer, (size_t)n);
}

/* The raw input of a tool that takes text. What is no such object is passed as it is: the tool then
 * says what is wrong with it. */
static struct beacon_str freeform_input(struct beacon_str args, struct beacon_json_out *scratch)
{
    struct beacon_str raw;
    return beacon_json_member_string(args, "input", &raw) ? beacon_json_value(raw, scratch) : args;
}

static struct beacon_str arguments_of(struct beacon_str call)
{
    struct beacon_str args;
    return beacon_json_member(call, "args", &args) && args.p[0] == '{' ? args : BEACON_STR("{}");
}

static beacon_rc take_call(struct gemini_items *items, const struct gemini_part *from,
                           const struct beacon_events *events)
{
    char made[64];
    struct beacon_json_out *scratch = &items->scratch;
    struct beacon_part part = beacon_part_of(BEACON_PART_TOOL_CALL);
    beacon_json_out_reset(scratch);
    /* No value is longer than its source: with this room at hand the spans below never move. */
    if (beacon_json_out_reserve(scratch, from->raw.n) == NULL) {
        return BEACON_E_LIMIT;
    }
    const struct beacon_str wire = beacon_json_member_text(from->call, "name", scratch);
    const struct beacon_tool_name *tool = beacon_tool_names_find(items->names, wire);
    part.call_id = beacon_json_member_text(from->call, "id", scratch);
    if (!is_good_id(part.call_id)) {
        part.call_id = make_id(items, made, sizeof made);
    }
    part.name = tool != NULL ? tool->name : wire;
    part.ns = tool != NULL ? tool->ns : part.ns;
    part.text = arguments_of(from->call);
    if (tool != NULL && tool->is_freeform) {
        part.flags = BEACON_PART_FREEFORM;
        part.text = freeform_input(part.text, scratch);
    }
    part.opaque = from->raw;
    items->has_calls = true;
    return emit_whole(items, &part, events);
}

/* ---- the rest ---- */

/* Code that the server ran, pictures it drew, and what nobody knows yet: kept, and never run here. */
static beacon_rc take_other(struct gemini_items *items, const struct gemini_part *from,
                            const struct beacon_events *events)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_SERVER_TOOL);
    beacon_json_out_reset(&items->scratch);
    part.name = beacon_json_value(from->kind, &items->scratch);
    /* What it is in full stands in opaque; a picture need not be kept twice. */
    part.text = beacon_span_is(from->kind, "inlineData") ? part.text : from->value;
    part.opaque = from->raw;
    return emit_whole(items, &part, events);
}

beacon_rc gemini_items_take(struct gemini_items *items, const struct gemini_part *part,
                            const struct beacon_events *events)
{
    if (items->n >= ITEMS_MAX) {
        return BEACON_E_LIMIT;
    }
    if (part->call.n > 0 && part->call.p[0] == '{') {
        beacon_rc rc = gemini_items_close(items, events);
        return rc < 0 ? rc : take_call(items, part, events);
    }
    if (part->has_text || (part->kind.n == 0 && part->signature.n > 0)) {
        return take_text(items, part, events);
    }
    if (part->kind.n == 0) {
        return BEACON_OK;
    }
    beacon_rc rc = gemini_items_close(items, events);
    return rc < 0 ? rc : take_other(items, part, events);
}
