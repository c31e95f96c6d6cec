/* SPDX-License-Identifier: Apache-2.0 */
#include "tools.h"

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sized.h>

#include "content.h"

beacon_rc messages_tools_check(const struct beacon_tool *const *tools, size_t n,
                               struct beacon_error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, tools[i]);
        if (tool.parameters.n > 0 && !beacon_json_is_whole(tool.parameters, '{')) {
            const struct beacon_str name = beacon_utf8_cut(tool.name, 64);
            return beacon_error_fill(err, BEACON_E_INVALID, "remove the tool, or mend its server",
                                     "the parameters of tool %.*s are not a JSON object",
                                     (int)name.n, name.n > 0 ? name.p : "");
        }
    }
    return BEACON_OK;
}

/* The API insists on a type at the top, which others leave to be understood. */
static void put_schema(struct beacon_json_out *out, struct beacon_str schema)
{
    struct beacon_str type, key;
    struct beacon_json j;
    if (schema.n == 0) {
        beacon_json_put_raw(out, BEACON_STR("{\"type\":\"object\",\"properties\":{}}"));
        return;
    }
    if (beacon_json_member(schema, "type", &type)) {
        beacon_json_put_raw(out, schema);
        return;
    }
    beacon_json_init(&j, schema);
    (void)beacon_json_enter_object(&j);
    const char *const inside = j.p;
    const bool has_members = beacon_json_next_key(&j, &key);
    beacon_json_put_raw(out, BEACON_STR("{\"type\":\"object\""));
    beacon_json_out_bytes(out, ",", has_members ? 1 : 0);
    beacon_json_out_bytes(out, inside, (size_t)(schema.p + schema.n - inside));
}

static void put_tool(struct beacon_json_out *out, const struct beacon_tool *tool,
                     struct beacon_str wire, bool has_breakpoint)
{
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "name", wire);
    if (tool->description.n > 0) {
        beacon_json_put_member(out, "description", tool->description);
    }
    beacon_json_key(out, "input_schema");
    if ((tool->flags & BEACON_TOOL_FREEFORM) != 0) {
        beacon_json_put_raw(out, BEACON_STR(BEACON_FREEFORM_SCHEMA));
    } else {
        put_schema(out, tool->parameters);
    }
    messages_end_block(out, has_breakpoint);
}

static void put_choice(struct beacon_json_out *out, const struct beacon_turn *turn)
{
    static const char *const names[] = {"auto", "none", "any"};
    const uint32_t choice = turn->tool_choice < 3 ? turn->tool_choice : 0;
    const bool one_by_one = turn->parallel_tools == 0 && choice != BEACON_TOOL_CHOICE_NONE;
    if (choice == BEACON_TOOL_CHOICE_AUTO && !one_by_one) {
        return;
    }
    beacon_json_key(out, "tool_choice");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", beacon_text(names[choice]));
    if (one_by_one) {
        beacon_json_key(out, "disable_parallel_tool_use");
        beacon_json_put_bool(out, true);
    }
    beacon_json_end_object(out);
}

void messages_tools_put(struct beacon_json_out *out, const struct beacon_turn *turn,
                        const struct beacon_tool_names *names, bool has_breakpoint)
{
    if (turn->n_tools == 0) {
        return;
    }
    beacon_json_key(out, "tools");
    beacon_json_begin_array(out);
    for (size_t i = 0; i < turn->n_tools; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[i]);
        put_tool(out, &tool, names->at[i].wire, has_breakpoint && i + 1 == turn->n_tools);
    }
    beacon_json_end_array(out);
    put_choice(out, turn);
}
