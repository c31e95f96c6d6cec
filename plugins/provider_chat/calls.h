/* calls.h - the tool calls of one answer, put together from their pieces.
 *
 * By the index of a piece where the server counts, else by its id, else by what came before. Owned by
 * an answer. Thread: that of the exchange.
 */
#ifndef PROVIDER_CHAT_CALLS_H
#define PROVIDER_CHAT_CALLS_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include "fragment.h"

#define CHAT_CALLS_MAX      128u               /* calls of one answer */
#define CHAT_CALL_NAME_MAX  ((size_t)1024)     /* bytes of an id or a name */
#define CHAT_ARGUMENTS_MAX  ((size_t)64 << 20) /* bytes of all arguments of an answer */
#define CHAT_CALL_EXTRA_MAX ((size_t)1 << 20)

struct chat_tools;

/* How far the arguments are from being one whole object, counted as they come. */
struct chat_nesting {
    uint32_t depth;
    bool is_begun, is_in_string, is_escaped;
};

struct chat_call {
    int64_t index;                                     /* of its pieces, or FRAGMENT_ */
    struct beacon_json_out id, name, arguments, extra; /* plain text; extra is JSON */
    struct chat_nesting nesting;
};

struct chat_calls {
    struct chat_call *at;
    size_t n, capacity;
    size_t arguments_bytes; /* of all */
    struct beacon_json_out scratch;
};

void chat_calls_init(struct chat_calls *calls);
void chat_calls_finish(struct chat_calls *calls);

/* Take one piece. False: a cap is reached, or there is no memory. `tools` tells when a name is whole
 * already. */
bool chat_calls_add(struct chat_calls *calls, const struct chat_fragment *fragment,
                    const struct chat_tools *tools);

/* Nothing is open in its arguments, or there are none. */
bool chat_call_is_closed(const struct chat_call *call);

/* Fill *ret with call `i`, complete. Arguments that parse are JSON, for a freeform tool its input;
 * any others are raw text with BEACON_PART_FREEFORM, for the tool to refuse. `hash` differs between
 * requests and makes a call_id where the server gave none, or one twice. Strings live until the next
 * call of this function. False: no memory. */
bool chat_call_part(struct chat_calls *calls, size_t i, const struct chat_tools *tools,
                    uint64_t hash, struct beacon_part *ret);

#endif
