/* tools.h - the tools of a turn as function declarations. Thread: [pure]. */
#ifndef PROVIDER_GEMINI_TOOLS_H
#define PROVIDER_GEMINI_TOOLS_H

#include <beacon-sdk/tool_names.h>

/* BEACON_E_INVALID, naming the tool, when its parameters are not a JSON object. */
beacon_rc gemini_tools_check(const struct beacon_turn *turn, struct beacon_error *err);

/* Append the members tools and toolConfig, in the order given; nothing when there is no tool.
 * `schema_name` is an enum gemini_schema. */
void gemini_tools_put(struct beacon_json_out *out, const struct beacon_turn *turn,
                      const struct beacon_tool_names *names, uint32_t schema_name);

#endif
