/* input.h - the conversation as the items of a Responses request.
 *
 * What this wire's family made itself (a part with opaque data) goes back byte for byte; everything
 * else is built from its parts. Equal messages give equal bytes, and a longer conversation begins
 * with the bytes of the shorter one: that is what a prompt cache lives on. Thread: [pure].
 */
#ifndef PROVIDER_RESPONSES_INPUT_H
#define PROVIDER_RESPONSES_INPUT_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

struct responses_config;
struct responses_spans;

/* The first system message becomes the request's instructions, later ones developer messages; all of
 * them with the quirk developer_instructions. */
bool responses_input_has_instructions(const struct responses_config *config,
                                      const struct beacon_turn *turn);

/* Append the text of that message as one string value. There must be one. */
void responses_input_put_instructions(struct beacon_json_out *out, const struct beacon_turn *turn);

/* Append the array of items. Reasoning goes directly before the item it led to, or not at all; where it
 * stands is added to `reasoning`. */
void responses_input_put_items(struct beacon_json_out *out, const struct responses_config *config,
                               const struct beacon_turn *turn, struct responses_spans *reasoning);

#endif
