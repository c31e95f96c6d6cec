/* thinking.h - how hard the model shall think, in the words of the API. Thread: [pure]. */
#ifndef PROVIDER_GEMINI_THINKING_H
#define PROVIDER_GEMINI_THINKING_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>

/* Append the member thinkingConfig of an object; nothing when neither effort nor thoughts are asked
 * for, or `thinking` (an enum gemini_thinking) says that this model cannot be told. */
void gemini_thinking_put(struct beacon_json_out *out, uint32_t thinking,
                         const struct beacon_turn *turn);

#endif
