/* content.h - the blocks of a request: system text and messages.
 *
 * What the server made itself (a part with opaque data) goes back byte for byte. Thread: [pure].
 */
#ifndef PROVIDER_MESSAGES_CONTENT_H
#define PROVIDER_MESSAGES_CONTENT_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include "conversation.h"
#include <beacon-sdk/tool_names.h>

/* Close the object of a block; the cache breakpoint is its last member. */
void messages_end_block(struct beacon_json_out *out, bool has_breakpoint);

/* Do the system messages that the turn begins with say something? */
bool messages_has_system(const struct beacon_turn *turn, size_t n_system);

/* Append them as the member "system". */
void messages_put_system(struct beacon_json_out *out, const struct beacon_turn *turn,
                         size_t n_system, bool has_breakpoint);

/* Append the array of messages. */
void messages_put_messages(struct beacon_json_out *out,
                           const struct messages_conversation *conversation,
                           const struct beacon_tool_names *names);

#endif
