/* SPDX-License-Identifier: Apache-2.0 */
#include "turn.h"

#include <math.h>

#include "json_read.h"

static const struct beacon_part *lend_part(struct testhost *t, struct beacon_str object)
{
    static const char *const types[] = {"text", "reasoning",   "tool_call", "tool_result",
                                        "blob", "server_tool", NULL};
    const struct beacon_str blob = json_text(t, object, "blob");
    const struct beacon_part part = {
        .struct_size = sizeof part,
        .type = json_choice(object, "type", types),
        .flags = (json_flag(object, "freeform") ? BEACON_PART_FREEFORM : 0) |
                 (json_flag(object, "error") ? BEACON_PART_ERROR : 0),
        .reserved0 = testhost_noise(t),
        .text = json_text(t, object, "text"),
        .call_id = json_text(t, object, "call_id"),
        .name = json_text(t, object, "name"),
        .media_type = json_text(t, object, "media_type"),
        .url = json_text(t, object, "url"),
        .blob = {(const uint8_t *)blob.p, blob.n},
        .opaque = json_text(t, object, "opaque"),
        .id = json_text(t, object, "id"),
        .ns = json_text(t, object, "ns"),
    };
    return testhost_lend_struct(t, "part", &part, sizeof part);
}

static const struct beacon_part *lend_text_part(struct testhost *t, struct beacon_str raw_text)
{
    struct beacon_part part = {.struct_size = sizeof part, .type = BEACON_PART_TEXT};
    part.reserved0 = testhost_noise(t);
    part.text = json_lend(t, raw_text);
    return testhost_lend_struct(t, "part", &part, sizeof part);
}

static const struct beacon_message *lend_message(struct testhost *t, struct beacon_str object)
{
    static const char *const roles[] = {"system", "user", "assistant", "tool", NULL};
    struct beacon_message message = {.struct_size = sizeof message};
    const struct beacon_str text = json_raw(object, "text");
    struct pointers parts = {NULL, 0};
    struct json_walk walk;
    if (text.n > 0) {
        pointers_add(&parts, lend_text_part(t, text));
    }
    if (json_walk_start(&walk, json_raw(object, "parts"))) {
        while (json_walk_next(&walk)) {
            pointers_add(&parts, lend_part(t, walk.raw));
        }
    }
    message.role = json_choice(object, "role", roles);
    message.n_parts = parts.n;
    message.parts = pointers_lend(t, &parts);
    message.cache_hint = (uint32_t)json_int(object, "cache_hint", 0);
    message.flags = testhost_noise(t);
    return testhost_lend_struct(t, "message", &message, sizeof message);
}

static const struct beacon_tool *lend_tool(struct testhost *t, struct beacon_str object)
{
    const struct beacon_tool tool = {
        .struct_size = sizeof tool,
        .flags = json_flag(object, "freeform") ? BEACON_TOOL_FREEFORM : 0,
        .name = json_text(t, object, "name"),
        .description = json_text(t, object, "description"),
        .parameters = json_text(t, object, "parameters"),
        .grammar_syntax = json_text(t, object, "grammar_syntax"),
        .grammar = json_text(t, object, "grammar"),
        .ns = json_text(t, object, "ns"),
    };
    return testhost_lend_struct(t, "tool", &tool, sizeof tool);
}

static void lend_lists(struct testhost *t, struct beacon_str object, struct beacon_turn *turn)
{
    struct pointers messages = {NULL, 0}, tools = {NULL, 0};
    struct json_walk walk;
    if (json_walk_start(&walk, json_raw(object, "messages"))) {
        while (json_walk_next(&walk)) {
            pointers_add(&messages, lend_message(t, walk.raw));
        }
    }
    if (json_walk_start(&walk, json_raw(object, "tools"))) {
        while (json_walk_next(&walk)) {
            pointers_add(&tools, lend_tool(t, walk.raw));
        }
    }
    turn->n_messages = messages.n;
    turn->messages = pointers_lend(t, &messages);
    turn->n_tools = tools.n;
    turn->tools = pointers_lend(t, &tools);
}

const struct beacon_turn *turn_lend(struct testhost *t, const char *json)
{
    const struct beacon_str object = beacon_text(json);
    if (!json_is_object(t, "turn", object)) {
        return NULL;
    }
    struct beacon_turn turn = {
        .struct_size = sizeof turn,
        .flags = testhost_noise(t),
        .model = json_text(t, object, "model"),
        .session_id = json_text(t, object, "session_id"),
        .idempotency_key = json_text(t, object, "idempotency_key"),
        .attempt = (uint32_t)json_int(object, "attempt", 1),
        .tool_choice = (uint32_t)json_int(object, "tool_choice", BEACON_TOOL_CHOICE_AUTO),
        .max_output_tokens = json_int(object, "max_output_tokens", -1),
        .temperature = json_double(json_raw(object, "temperature"), (double)NAN),
        .effort = json_text(t, object, "effort"),
        .output_schema = json_text(t, object, "output_schema"),
        .extra = json_text(t, object, "extra"),
        .reasoning_summary = json_text(t, object, "reasoning_summary"),
        .verbosity = json_text(t, object, "verbosity"),
        .parallel_tools = json_flag(object, "parallel_tools") ? 1 : 0,
        .reserved0 = testhost_noise(t),
    };
    lend_lists(t, object, &turn);
    return testhost_lend_struct(t, "turn", &turn, sizeof turn);
}
