/* tools.h - the tools of a turn in the form of the Messages API. Thread: [pure]. */
#ifndef PROVIDER_MESSAGES_TOOLS_H
#define PROVIDER_MESSAGES_TOOLS_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include <beacon-sdk/tool_names.h>

/* BEACON_E_INVALID, naming the tool, when its parameters are not a JSON object. */
beacon_rc messages_tools_check(const struct beacon_tool *const *tools, size_t n,
                               struct beacon_error *err);

/* Append the members "tools" and "tool_choice", which are left out where they say nothing. `names` is
 * made of the same tools. `has_breakpoint`: the prompt cache may end behind the last tool. */
void messages_tools_put(struct beacon_json_out *out, const struct beacon_turn *turn,
                        const struct beacon_tool_names *names, bool has_breakpoint);

#endif
