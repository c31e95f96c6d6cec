/* fragment.h - one element of a chunk's `tool_calls`: a call, or a piece of one. Thread: [pure]. */
#ifndef PROVIDER_CHAT_FRAGMENT_H
#define PROVIDER_CHAT_FRAGMENT_H

#include <beacon-sdk/json_string.h>

#define FRAGMENT_NO_INDEX (-1)
#define FRAGMENT_LEGACY   (-2) /* `function_call`, of which an answer has one */

/* Slices of the frame; empty when absent. */
struct chat_fragment {
    int64_t index;
    struct beacon_str id, name;         /* between their quotes */
    struct beacon_str arguments, extra; /* raw values */
    bool is_whole;                      /* of an answer that is not streamed */
};

/* False: nothing of a call in it. */
bool chat_fragment_read(struct beacon_str element, struct chat_fragment *ret);

/* The same for the value of `function_call`. */
bool chat_fragment_read_legacy(struct beacon_str value, struct chat_fragment *ret);

#endif
