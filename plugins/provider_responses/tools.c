/* SPDX-License-Identifier: Apache-2.0 */
#include "tools.h"

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sized.h>

#include "config.h"

beacon_rc responses_tools_check(const struct beacon_tool *const *tools, size_t n,
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

static void put_function(struct beacon_json_out *out, const struct beacon_tool *tool)
{
    beacon_json_put_member(out, "type", BEACON_STR("function"));
    beacon_json_put_member(out, "name", tool->name);
    beacon_json_put_member(out, "description", tool->description);
    beacon_json_key(out, "strict");
    beacon_json_put_bool(out, false);
    beacon_json_key(out, "parameters");
    beacon_json_put_raw(out, tool->parameters.n > 0
                                 ? tool->parameters
                                 : BEACON_STR("{\"type\":\"object\",\"properties\":{}}"));
}

static void put_custom(struct beacon_json_out *out, const struct beacon_tool *tool)
{
    beacon_json_put_member(out, "type", BEACON_STR("custom"));
    beacon_json_put_member(out, "name", tool->name);
    beacon_json_put_member(out, "description", tool->description);
    if (tool->grammar.n == 0) {
        return;
    }
    beacon_json_key(out, "format");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("grammar"));
    beacon_json_put_member(out, "syntax", tool->grammar_syntax);
    beacon_json_put_member(out, "definition", tool->grammar);
    beacon_json_end_object(out);
}

static void put_tool(struct beacon_json_out *out, const struct beacon_tool *tool)
{
    beacon_json_begin_object(out);
    if ((tool->flags & BEACON_TOOL_FREEFORM) != 0) {
        put_custom(out, tool);
    } else {
        put_function(out, tool);
    }
    beacon_json_end_object(out);
}

static void begin_namespace(struct beacon_json_out *out, struct beacon_str ns)
{
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("namespace"));
    beacon_json_put_member(out, "name", ns);
    beacon_json_put_member(out, "description", BEACON_STR(""));
    beacon_json_key(out, "tools");
    beacon_json_begin_array(out);
}

static void end_namespace(struct beacon_json_out *out)
{
    beacon_json_end_array(out);
    beacon_json_end_object(out);
}

/* A server refuses the search together with the least effort. */
static void put_search(struct beacon_json_out *out, const struct responses_config *config,
                       const struct beacon_turn *turn)
{
    if (config->quirks.web_search == RESPONSES_SEARCH_NONE ||
        beacon_span_is(turn->effort, "minimal")) {
        return;
    }
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("web_search"));
    beacon_json_key(out, "external_web_access");
    beacon_json_put_bool(out, config->quirks.web_search == RESPONSES_SEARCH_LIVE);
    beacon_json_end_object(out);
}

void responses_tools_put(struct beacon_json_out *out, const struct responses_config *config,
                         const struct beacon_turn *turn)
{
    struct beacon_str open = BEACON_STR("");
    beacon_json_begin_array(out);
    for (size_t i = 0; i < turn->n_tools; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[i]);
        if (!beacon_span_equal(open, tool.ns)) {
            if (open.n > 0) {
                end_namespace(out);
            }
            if (tool.ns.n > 0) {
                begin_namespace(out, tool.ns);
            }
            open = tool.ns;
        }
        put_tool(out, &tool);
    }
    if (open.n > 0) {
        end_namespace(out);
    }
    put_search(out, config, turn);
    beacon_json_end_array(out);
}
