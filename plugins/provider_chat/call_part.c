/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/sink.h>

#include "call_id.h"
#include "calls.h"
#include "tools.h"

/* The only member of an object that is a string; false: there is none, or more than one. */
static bool only_string(struct beacon_str object, struct beacon_str *ret_raw)
{
    struct beacon_json j;
    struct beacon_str key, value;
    size_t n = 0;
    beacon_json_init(&j, object);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        if (value.p[0] == '"') {
            *ret_raw = beacon_span(value.p + 1, value.n - 2);
            n++;
        }
    }
    return n == 1;
}

/* What a freeform tool is given: the parameter the model was told of, else the only text there is,
 * else everything as it came. */
static struct beacon_str raw_input(struct beacon_str arguments, struct beacon_json_out *scratch)
{
    struct beacon_str raw;
    if (!beacon_json_is_whole(arguments, '{')) {
        return arguments;
    }
    if (beacon_json_member_string(arguments, "input", &raw) || only_string(arguments, &raw)) {
        return beacon_json_value(raw, scratch);
    }
    return arguments;
}

/* Some servers escape the object once more, into a string. */
static struct beacon_str unwrapped(struct beacon_str arguments, struct beacon_json_out *scratch)
{
    size_t from = 0, end = arguments.n;
    while (from < end && (unsigned char)arguments.p[from] <= ' ') {
        from++;
    }
    while (end > from && (unsigned char)arguments.p[end - 1] <= ' ') {
        end--;
    }
    const struct beacon_str text =
        from < end ? beacon_span(arguments.p + from, end - from) : beacon_span(NULL, 0);
    if (!beacon_json_is_whole(text, '"')) {
        return text;
    }
    const struct beacon_str inside =
        beacon_json_value(beacon_span(text.p + 1, text.n - 2), scratch);
    return beacon_json_is_whole(inside, '{') ? inside : text;
}

static void put_arguments(struct beacon_str arguments, bool is_freeform,
                          struct beacon_json_out *scratch, struct beacon_part *part)
{
    const struct beacon_str text = unwrapped(arguments, scratch);
    if (is_freeform) {
        part->flags = BEACON_PART_FREEFORM;
        part->text = raw_input(text, scratch);
    } else if (text.n == 0 || beacon_span_is(text, "null")) {
        part->text = BEACON_STR("{}");
    } else {
        part->flags = beacon_json_is_whole(text, '{') ? 0 : BEACON_PART_FREEFORM;
        part->text = text;
    }
}

/* Is the id of call `i` missing, or that of one before it? */
static bool needs_id(const struct chat_calls *calls, size_t i)
{
    const struct beacon_str id = beacon_json_out_text(&calls->at[i].id);
    for (size_t k = 0; k < i; k++) {
        if (beacon_span_equal(id, beacon_json_out_text(&calls->at[k].id))) {
            return true;
        }
    }
    return id.n == 0;
}

static bool give_id(struct chat_calls *calls, size_t i, uint64_t hash)
{
    char made[CALL_ID_MADE_BYTES];
    if (needs_id(calls, i)) {
        chat_make_call_id(chat_hash(beacon_json_out_text(&calls->at[i].id), hash + i), made);
        beacon_json_out_reset(&calls->at[i].id);
        beacon_json_out_bytes(&calls->at[i].id, made, sizeof made);
    }
    return !calls->at[i].id.failed;
}

bool chat_call_part(struct chat_calls *calls, size_t i, const struct chat_tools *tools,
                    uint64_t hash, struct beacon_part *ret)
{
    const struct chat_call *call = &calls->at[i];
    const struct beacon_str wire = beacon_json_out_text(&call->name);
    const struct beacon_str arguments = beacon_json_out_text(&call->arguments);
    const struct chat_tool *tool = chat_tools_find(tools, wire);
    beacon_json_out_reset(&calls->scratch);
    /* No value is longer than its source, and one may be unescaped twice: with this room at hand the
     * spans below never move. */
    if (!give_id(calls, i, hash) ||
        beacon_json_out_reserve(&calls->scratch, 2 * arguments.n + 1) == NULL) {
        return false;
    }
    struct beacon_part part = beacon_part_of(BEACON_PART_TOOL_CALL);
    part.call_id = beacon_json_out_text(&call->id);
    part.name = tool != NULL ? tool->name : wire;
    part.ns = tool != NULL ? tool->ns : beacon_span(NULL, 0);
    part.opaque = beacon_json_out_text(&call->extra);
    put_arguments(arguments, tool != NULL && tool->is_freeform, &calls->scratch, &part);
    *ret = part;
    return true;
}
