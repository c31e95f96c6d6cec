/* SPDX-License-Identifier: Apache-2.0 */
#include "tools.h"

#include <beacon-sdk/json_string.h>

#include "config.h"
#include "schema.h"

beacon_rc gemini_tools_check(const struct beacon_turn *turn, struct beacon_error *err)
{
    for (size_t i = 0; i < turn->n_tools; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[i]);
        if (tool.parameters.n > 0 && !beacon_json_is_whole(tool.parameters, '{')) {
            const struct beacon_str name = beacon_utf8_cut(tool.name, 64);
            return beacon_error_fill(err, BEACON_E_INVALID, "remove the tool, or mend its server",
                                     "the parameters of tool %.*s are not a JSON object",
                                     (int)name.n, name.n > 0 ? name.p : "");
        }
    }
    return BEACON_OK;
}

/* In the API's own kind of schema an object needs properties: a function that takes nothing then has
 * no parameters at all. */
static void put_parameters(struct beacon_json_out *out, struct beacon_str schema,
                           uint32_t schema_name)
{
    if (schema_name == GEMINI_SCHEMA_JSON && schema.n > 0) {
        beacon_json_key(out, "parametersJsonSchema");
        beacon_json_put_raw(out, schema);
    } else if (schema.n > 0 && gemini_schema_has_properties(schema)) {
        beacon_json_key(out, "parameters");
        gemini_schema_put(out, schema);
    }
}

static void put_tool(struct beacon_json_out *out, const struct beacon_tool *tool,
                     struct beacon_str wire, uint32_t schema_name)
{
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "name", wire);
    if (tool->description.n > 0) {
        beacon_json_put_member(out, "description", tool->description);
    }
    put_parameters(out,
                   (tool->flags & BEACON_TOOL_FREEFORM) != 0 ? BEACON_STR(BEACON_FREEFORM_SCHEMA)
                                                             : tool->parameters,
                   schema_name);
    beacon_json_end_object(out);
}

static void put_choice(struct beacon_json_out *out, uint32_t choice)
{
    static const char *const modes[] = {[BEACON_TOOL_CHOICE_AUTO] = "AUTO",
                                        [BEACON_TOOL_CHOICE_NONE] = "NONE",
                                        [BEACON_TOOL_CHOICE_REQUIRED] = "ANY"};
    beacon_json_key(out, "toolConfig");
    beacon_json_begin_object(out);
    beacon_json_key(out, "functionCallingConfig");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "mode", beacon_text(modes[choice < 3 ? choice : 0]));
    beacon_json_end_object(out);
    beacon_json_end_object(out);
}

void gemini_tools_put(struct beacon_json_out *out, const struct beacon_turn *turn,
                      const struct beacon_tool_names *names, uint32_t schema_name)
{
    if (turn->n_tools == 0) {
        return;
    }
    beacon_json_key(out, "tools");
    beacon_json_begin_array(out);
    beacon_json_begin_object(out);
    beacon_json_key(out, "functionDeclarations");
    beacon_json_begin_array(out);
    for (size_t i = 0; i < turn->n_tools; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[i]);
        put_tool(out, &tool, names->at[i].wire, schema_name);
    }
    beacon_json_end_array(out);
    beacon_json_end_object(out);
    beacon_json_end_array(out);
    put_choice(out, turn->tool_choice);
}
