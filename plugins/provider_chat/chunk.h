/* chunk.h - one chunk of a stream, or a whole answer, taken apart into raw values.
 *
 * Thread: [pure].
 */
#ifndef PROVIDER_CHAT_CHUNK_H
#define PROVIDER_CHAT_CHUNK_H

#include <beacon-sdk/endpoint_quirks.h>

/* Slices of the text; empty when absent or null. */
struct chat_chunk {
    struct beacon_str text;
    struct beacon_str id, model;           /* between their quotes */
    struct beacon_str usage, choice_usage; /* objects, wherever they stood */
    struct beacon_str delta, message;      /* objects of the first choice */
    struct beacon_str finish_reason;       /* between its quotes */
    bool has_choices;                      /* there is a list, may be empty */
    bool has_choice;                       /* with a first one in it */
    bool is_error;                         /* it says that the turn failed */
};

/* What of a delta or message means something. Raw values; empty when absent or null. */
struct chat_delta {
    struct beacon_str content, refusal, tool_calls, function_call, details;
    struct beacon_str reasoning; /* the first of the configured names that says something */
};

/* False: no JSON object. */
bool chat_chunk_read(struct beacon_str text, struct chat_chunk *ret);

void chat_delta_read(struct beacon_str object, const struct beacon_quirk_list *reasoning_names,
                     struct chat_delta *ret);

/* The inside of a string value; empty for any other value. */
struct beacon_str chat_unquoted(struct beacon_str value);

#endif
