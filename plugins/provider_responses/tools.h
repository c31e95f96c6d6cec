/* tools.h - the tools of a turn in the form of the Responses API. Thread: [pure]. */
#ifndef PROVIDER_RESPONSES_TOOLS_H
#define PROVIDER_RESPONSES_TOOLS_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>

/* BEACON_E_INVALID, naming the tool, when its parameters are not a JSON object. */
beacon_rc responses_tools_check(const struct beacon_tool *const *tools, size_t n,
                                struct beacon_error *err);

struct responses_config;

/* Append the array, in the order given; neighbours of one namespace share a namespace entry. The
 * search that the server does itself comes last. */
void responses_tools_put(struct beacon_json_out *out, const struct responses_config *config,
                         const struct beacon_turn *turn);

#endif
