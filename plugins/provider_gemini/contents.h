/* contents.h - the conversation as the members systemInstruction and contents.
 *
 * Roles alternate: neighbours of one role share a content. What this API made itself (a part with
 * opaque data) goes back byte for byte, with its signatures; everything else is built from its parts.
 * The answers to the calls of one content stand together in the next, in the order of the calls. Equal
 * messages give equal bytes, and a longer conversation begins with the bytes of the shorter one: that
 * is what a prompt cache lives on. Thread: [pure].
 */
#ifndef PROVIDER_GEMINI_CONTENTS_H
#define PROVIDER_GEMINI_CONTENTS_H

#include <beacon-sdk/tool_names.h>

/* Append systemInstruction: the system messages at the beginning. Nothing when there are none; later
 * ones are told as the user's. */
void gemini_instruction_put(struct beacon_json_out *out, const struct beacon_turn *turn);

/* Append contents. `signature`: what stands for that of a call another model made. */
void gemini_contents_put(struct beacon_json_out *out, const struct beacon_turn *turn,
                         const struct beacon_tool_names *names, struct beacon_str signature);

#endif
