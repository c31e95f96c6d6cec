/* items.h - parts of the answer as items of the host: texts are gathered, calls come whole.
 *
 * A text arrives in pieces of one kind (answer or thought); they are one item until the kind changes.
 * A piece with a signature must go back as a part of its own, so an item that had one carries its
 * parts as opaque JSON: one object, or a list. Thread: that of the exchange.
 */
#ifndef PROVIDER_GEMINI_ITEMS_H
#define PROVIDER_GEMINI_ITEMS_H

#include <beacon-sdk/tool_names.h>

#include "frame.h"

#define ITEMS_MAX       4096u              /* of one answer */
#define ITEMS_TEXT_MAX  ((size_t)64 << 20) /* bytes of one text */
#define ITEMS_PARTS_MAX ((size_t)256 << 20)

struct gemini_items {
    const struct beacon_tool_names *names;
    uint64_t mark;  /* of the exchange, for ids of calls that have none */
    uint32_t n;     /* items begun */
    uint32_t n_ids; /* ids made */
    uint32_t open;  /* BEACON_PART_TEXT or _REASONING while an item gathers text, else 0 */
    bool has_calls;
    struct beacon_json_out text;    /* of the open item */
    size_t n_told;                  /* of it, what stands in `parts` */
    struct beacon_json_out parts;   /* of the open item, once one had a signature */
    struct beacon_json_out scratch; /* unescaped names and inputs */
};

void gemini_items_init(struct gemini_items *items, const struct beacon_tool_names *names,
                       uint64_t mark);
void gemini_items_finish(struct gemini_items *items);

/* Take one part of the answer. Below zero from the sink comes back as it is; BEACON_E_LIMIT: more
 * than an answer may have. */
beacon_rc gemini_items_take(struct gemini_items *items, const struct gemini_part *part,
                            const struct beacon_events *events);

/* No part follows: end the text that is open. */
beacon_rc gemini_items_close(struct gemini_items *items, const struct beacon_events *events);

#endif
