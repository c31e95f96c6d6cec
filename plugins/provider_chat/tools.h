/* tools.h - the tools of a turn as functions, and what the model's names for them mean.
 *
 * This wire has functions only: a tool of a namespace becomes `namespace__name`, a freeform tool a
 * function with the one parameter `input`. The names are copied, because calls arrive after open().
 * Thread: that of the exchange.
 */
#ifndef PROVIDER_CHAT_TOOLS_H
#define PROVIDER_CHAT_TOOLS_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

struct chat_config;

struct chat_tool {
    struct beacon_str wire, name, ns; /* "mcp__srv__read", "read", "mcp__srv" */
    bool is_freeform;
};

/* Owned by an exchange; the spans point into `text`. */
struct chat_tools {
    struct chat_tool *at;
    size_t n;
    char *text;
};

/* Copy the names of the turn's tools. BEACON_E_INVALID: the parameters of a tool are no JSON object.
 * Free with chat_tools_finish(), also after a failure. */
beacon_rc chat_tools_init(struct chat_tools *tools, const struct beacon_turn *turn,
                          struct beacon_error *err);
void chat_tools_finish(struct chat_tools *tools);

/* NULL: the model made the name up. */
const struct chat_tool *chat_tools_find(const struct chat_tools *tools, struct beacon_str wire);

/* Append the name that this wire has for a tool. */
void chat_put_tool_name(struct beacon_json_out *out, struct beacon_str ns, struct beacon_str name);

/* Append the array of functions. */
void chat_put_tools(struct beacon_json_out *out, const struct chat_config *config,
                    const struct beacon_turn *turn);

#endif
