/* calls.h - a call of the history as functionCall, and its answer as functionResponse.
 *
 * A call that this API made is in its opaque part, with the id that the API gave it, or none; the
 * answer repeats name and id from there, and without an id it is found by name and order. Thread: [pure].
 */
#ifndef PROVIDER_GEMINI_CALLS_H
#define PROVIDER_GEMINI_CALLS_H

#include <beacon-sdk/tool_names.h>

/* Append a call that another model made, with `signature` unless that is "". */
void gemini_call_put(struct beacon_json_out *out, const struct beacon_tool_names *names,
                     const struct beacon_part *call, struct beacon_str signature);

/* Append the answer `result` to `call`. */
void gemini_response_put(struct beacon_json_out *out, const struct beacon_tool_names *names,
                         const struct beacon_part *call, const struct beacon_part *result);

#endif
