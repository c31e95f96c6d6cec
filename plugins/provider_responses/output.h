/* output.h - a finished output item of the server as a part of the conversation.
 *
 * Thread: that of the exchange.
 */
#ifndef PROVIDER_RESPONSES_OUTPUT_H
#define PROVIDER_RESPONSES_OUTPUT_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

/* Fill *ret from `item`, one well-formed JSON value of valid UTF-8. ret->opaque is `item` itself;
 * the other strings point into `item` or `scratch` (emptied first) and live as long as both stay as
 * they are. False: no object, no type, or no memory. An item of a type unknown here is a SERVER_TOOL:
 * it is kept and goes back, and nobody runs it. */
bool responses_output_read(struct beacon_str item, struct beacon_json_out *scratch,
                           struct beacon_part *ret);

#endif
