/* item.h - one step of the conversation as JSON, the form in which it is stored.
 *
 * Rollouts keep Responses API items (docs of the wire: message, reasoning, function_call, …). An item
 * of that family is kept bit for bit; items of another provider are rewritten into that form with
 * what only that provider understands beside it, in a member "beacon":
 * {"opaque_ns":…,"opaque":…,"error":true}. Borrows everything, owns nothing. Thread: [main].
 */
#ifndef HOST_SESSION_ITEM_H
#define HOST_SESSION_ITEM_H

#include <beacon/provider.h>
#include <stdbool.h>

#define ITEM_NS_RESPONSES "openai" /* opaque_ns of the wire whose items are stored as they are */

struct arena;
struct text;

struct item_view {
    const char *type;     /* "message", "function_call", …; from the arena */
    uint32_t role;        /* BEACON_ROLE_ */
    bool is_known;        /* false: keep it in the file, there is nothing to send */
    struct beacon_str ns; /* namespace of the opaque data; "" when there is none */
    const struct beacon_part *const *parts;
    size_t n_parts;
};

/* Append the item for one finished part to `out`. `opaque_ns` names the provider family of
 * part->opaque (NULL or "" when the part is the host's own). BEACON_E_LIMIT: over out's cap,
 * BEACON_E_INVALID: no such part type. */
int item_from_part(uint32_t role, const struct beacon_part *part, const char *opaque_ns,
                   struct text *out, struct beacon_error *err);

/* Append one message item made of TEXT and BLOB parts (images become data: URLs). */
int item_from_message(uint32_t role, const struct beacon_part *const *parts, size_t n_parts,
                      struct text *out, struct beacon_error *err);

/* Append the item for a TOOL_RESULT part; `images` (BLOB parts, may be none) turn its output from a
 * string into a list. */
int item_from_result(const struct beacon_part *result, const struct beacon_part *const *images,
                     size_t n_images, struct text *out, struct beacon_error *err);

/* Read an item. Strings point into `json` (where it has no escapes) or into the arena, so both must
 * outlive `ret`. The part of an assistant or tool item carries the whole item as its opaque data,
 * unless "beacon" gives another provider's. Unknown types succeed with is_known false;
 * BEACON_E_INVALID when `json` is not one object with a string "type". */
int item_decode(struct beacon_str json, struct arena *arena, struct item_view *ret,
                struct beacon_error *err);

#endif
