/* SPDX-License-Identifier: Apache-2.0 */
#include "tools.h"

#include <stdlib.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sized.h>

#include "config.h"

#define NS_GAP "__"

#define NO_PARAMETERS "{\"type\":\"object\",\"properties\":{}}"
#define RAW_PARAMETERS                                                                             \
    "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},"                       \
    "\"required\":[\"input\"],\"additionalProperties\":false}"

static beacon_rc check(const struct beacon_tool *tool, struct beacon_error *err)
{
    if (tool->parameters.n == 0 || beacon_json_is_whole(tool->parameters, '{')) {
        return BEACON_OK;
    }
    const struct beacon_str name = beacon_utf8_cut(tool->name, 64);
    return beacon_error_fill(err, BEACON_E_INVALID, "remove the tool, or mend its server",
                             "the parameters of tool %.*s are not a JSON object", (int)name.n,
                             name.n > 0 ? name.p : "");
}

static beacon_rc measure(const struct beacon_turn *turn, size_t *ret, struct beacon_error *err)
{
    size_t n = 1;
    for (size_t i = 0; i < turn->n_tools; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[i]);
        beacon_rc rc = check(&tool, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        n += tool.ns.n + sizeof NS_GAP + tool.name.n;
    }
    *ret = n;
    return BEACON_OK;
}

/* Append to the text at `*at`. */
static struct beacon_str copy(char **at, struct beacon_str s)
{
    char *to = *at;
    if (s.n > 0) {
        memcpy(to, s.p, s.n);
    }
    *at += s.n;
    return beacon_span(to, s.n);
}

static void copy_tool(char **at, const struct beacon_tool *tool, struct chat_tool *ret)
{
    char *const wire = *at;
    ret->ns = copy(at, tool->ns);
    (void)copy(at, tool->ns.n > 0 ? BEACON_STR(NS_GAP) : BEACON_STR(""));
    ret->name = copy(at, tool->name);
    ret->wire = beacon_span(wire, (size_t)(*at - wire));
    ret->is_freeform = (tool->flags & BEACON_TOOL_FREEFORM) != 0;
}

beacon_rc chat_tools_init(struct chat_tools *tools, const struct beacon_turn *turn,
                          struct beacon_error *err)
{
    size_t n = 0;
    memset(tools, 0, sizeof *tools);
    beacon_rc rc = measure(turn, &n, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    tools->text = malloc(n);
    tools->at = calloc(turn->n_tools + 1, sizeof *tools->at);
    if (tools->text == NULL || tools->at == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    char *at = tools->text;
    for (; tools->n < turn->n_tools; tools->n++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[tools->n]);
        copy_tool(&at, &tool, &tools->at[tools->n]);
    }
    return BEACON_OK;
}

void chat_tools_finish(struct chat_tools *tools)
{
    free(tools->at);
    free(tools->text);
    memset(tools, 0, sizeof *tools);
}

const struct chat_tool *chat_tools_find(const struct chat_tools *tools, struct beacon_str wire)
{
    for (size_t i = 0; i < tools->n; i++) {
        if (beacon_span_equal(tools->at[i].wire, wire)) {
            return &tools->at[i];
        }
    }
    return NULL;
}

void chat_put_tool_name(struct beacon_json_out *out, struct beacon_str ns, struct beacon_str name)
{
    beacon_json_begin_string(out);
    if (ns.n > 0) {
        beacon_json_out_escaped(out, ns);
        beacon_json_out_escaped(out, BEACON_STR(NS_GAP));
    }
    beacon_json_out_escaped(out, name);
    beacon_json_end_string(out);
}

static struct beacon_str parameters_of(const struct beacon_tool *tool)
{
    if ((tool->flags & BEACON_TOOL_FREEFORM) != 0) {
        return BEACON_STR(RAW_PARAMETERS);
    }
    return tool->parameters.n > 0 ? tool->parameters : BEACON_STR(NO_PARAMETERS);
}

static void put_tool(struct beacon_json_out *out, const struct chat_config *config,
                     const struct beacon_tool *tool)
{
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("function"));
    beacon_json_key(out, "function");
    beacon_json_begin_object(out);
    beacon_json_key(out, "name");
    chat_put_tool_name(out, tool->ns, tool->name);
    beacon_json_put_member(out, "description", tool->description);
    if (config->quirks.strict_tools) {
        beacon_json_key(out, "strict");
        beacon_json_put_bool(out, true);
    }
    beacon_json_key(out, "parameters");
    beacon_json_put_raw(out, parameters_of(tool));
    beacon_json_end_object(out);
    beacon_json_end_object(out);
}

void chat_put_tools(struct beacon_json_out *out, const struct chat_config *config,
                    const struct beacon_turn *turn)
{
    beacon_json_begin_array(out);
    for (size_t i = 0; i < turn->n_tools; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[i]);
        put_tool(out, config, &tool);
    }
    beacon_json_end_array(out);
}
