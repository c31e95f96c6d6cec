/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sized.h>

#include "call_id.h"
#include "config.h"
#include "history.h"
#include "messages.h"
#include "request.h"
#include "tools.h"

/* What of an answer this server wants to see again. */
struct wish {
    bool text, calls;
    bool reasoning; /* as text, under the name the server has for it */
    bool details;   /* as the server's own list */
};

static bool has_details(const struct beacon_part *part)
{
    return part->type == BEACON_PART_REASONING && beacon_json_is_whole(part->opaque, '[');
}

/* Details bind the reasoning to what follows it, so they go back as long as they are kept; the mere
 * text is of use to the answer it led to. */
static bool is_echoed(const struct chat_group *group, const struct chat_entry *entry)
{
    const size_t last_user = group->history->last_user;
    switch (group->config->quirks.reasoning_echo) {
    case CHAT_ECHO_NEVER:
        return false;
    case CHAT_ECHO_ALWAYS:
        return true;
    default:
        return last_user == SIZE_MAX || entry->message > last_user;
    }
}

static struct wish look(const struct chat_group *group)
{
    const struct chat_quirks *quirks = &group->config->quirks;
    const bool is_wanted = quirks->reasoning_in != 0 && quirks->reasoning_echo != CHAT_ECHO_NEVER;
    struct wish wish = {0};
    wish.text = chat_group_has(group, BEACON_PART_TEXT);
    for (size_t i = group->from; i < group->end; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, group->history->at[i].part);
        wish.calls = wish.calls || part.type == BEACON_PART_TOOL_CALL;
        wish.details = wish.details || (is_wanted && has_details(&part));
        wish.reasoning =
            wish.reasoning || (is_wanted && part.type == BEACON_PART_REASONING && part.text.n > 0 &&
                               is_echoed(group, &group->history->at[i]));
    }
    wish.reasoning = wish.reasoning && !wish.details; /* once is enough */
    return wish;
}

static void put_content(struct beacon_json_out *out, const struct chat_group *group,
                        const struct wish *wish)
{
    const uint32_t empty = group->config->quirks.empty_content;
    if (wish->text) {
        beacon_json_key(out, "content");
        chat_put_joined(out, group, BEACON_PART_TEXT);
    } else if (empty == CHAT_EMPTY_STRING || !wish->calls) {
        beacon_json_put_member(out, "content", BEACON_STR(""));
    } else if (empty == CHAT_EMPTY_NULL) {
        beacon_json_key(out, "content");
        beacon_json_put_null(out);
    }
}

/* The lists of several items become one. */
static void put_details(struct beacon_json_out *out, const struct chat_group *group)
{
    beacon_json_key(out, "reasoning_details");
    beacon_json_begin_array(out);
    for (size_t i = group->from; i < group->end; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, group->history->at[i].part);
        if (!has_details(&part)) {
            continue;
        }
        const struct beacon_str inside = beacon_span(part.opaque.p + 1, part.opaque.n - 2);
        if (!beacon_span_is_blank(inside)) {
            beacon_json_put_raw(out, inside);
        }
    }
    beacon_json_end_array(out);
}

/* Servers parse the arguments before a model sees them: what is no object is made one. */
static void put_arguments(struct beacon_json_out *out, const struct beacon_part *part)
{
    const bool is_raw =
        (part->flags & BEACON_PART_FREEFORM) != 0 ||
        (!beacon_span_is_blank(part->text) && !beacon_json_is_whole(part->text, '{'));
    if (!is_raw) {
        beacon_json_put_member(out, "arguments",
                               beacon_span_is_blank(part->text) ? BEACON_STR("{}") : part->text);
        return;
    }
    struct beacon_json_out inner;
    beacon_json_out_init(&inner, REQUEST_BYTES_MAX);
    beacon_json_begin_object(&inner);
    beacon_json_put_member(&inner, "input", part->text);
    beacon_json_end_object(&inner);
    out->failed = out->failed || inner.failed;
    beacon_json_put_member(out, "arguments", beacon_json_out_text(&inner));
    beacon_json_out_finish(&inner);
}

static void put_call(struct beacon_json_out *out, const struct chat_group *group,
                     const struct beacon_part *part)
{
    beacon_json_begin_object(out);
    beacon_json_key(out, "id");
    chat_put_call_id(out, part->call_id,
                     group->config->quirks.tool_call_id == CHAT_CALL_IDS_ALNUM9);
    beacon_json_put_member(out, "type", BEACON_STR("function"));
    beacon_json_key(out, "function");
    beacon_json_begin_object(out);
    beacon_json_key(out, "name");
    chat_put_tool_name(out, part->ns, part->name);
    put_arguments(out, part);
    beacon_json_end_object(out);
    if (beacon_json_is_whole(part->opaque, '{')) {
        beacon_json_key(out, "extra_content"); /* signatures that some servers want back */
        beacon_json_put_raw(out, part->opaque);
    }
    beacon_json_end_object(out);
}

static void put_calls(struct beacon_json_out *out, const struct chat_group *group)
{
    beacon_json_key(out, "tool_calls");
    beacon_json_begin_array(out);
    for (size_t i = group->from; i < group->end; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, group->history->at[i].part);
        if (part.type == BEACON_PART_TOOL_CALL) {
            put_call(out, group, &part);
        }
    }
    beacon_json_end_array(out);
}

void chat_put_answer(struct beacon_json_out *out, const struct chat_group *group)
{
    const struct wish wish = look(group);
    if (!wish.text && !wish.calls && !wish.details) {
        return;
    }
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "role", BEACON_STR("assistant"));
    put_content(out, group, &wish);
    if (wish.reasoning) {
        beacon_json_key(out, chat_reasoning_names[group->config->quirks.reasoning_in]);
        chat_put_joined(out, group, BEACON_PART_REASONING);
    }
    if (wish.details) {
        put_details(out, group);
    }
    if (wish.calls) {
        put_calls(out, group);
    }
    beacon_json_end_object(out);
}
