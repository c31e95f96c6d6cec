/* block.h - one content block of an answer while it is being sent.
 *
 * A block begins with an object, grows by deltas and ends; several may be open at once. Here it is
 * kept until it is whole and can become a part of the conversation. Thinking and signatures are kept
 * as they stood between their quotes, never unescaped: they go back byte for byte. Owned by an
 * exchange. Thread: that of the exchange.
 */
#ifndef PROVIDER_MESSAGES_BLOCK_H
#define PROVIDER_MESSAGES_BLOCK_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include <beacon-sdk/tool_names.h>

#define BLOCK_BYTES_MAX ((size_t)32 << 20) /* of all that is kept of one answer */

enum messages_block_kind { BLOCK_TEXT, BLOCK_THINKING, BLOCK_REDACTED, BLOCK_CALL, BLOCK_SERVER };

struct messages_block {
    bool is_open, is_begun; /* begun: the host was told of it */
    bool has_unknown;       /* it grew by something unknown here, so it cannot go back */
    enum messages_block_kind kind;
    uint32_t index;               /* the server's */
    uint32_t item;                /* ours */
    struct beacon_json_out start; /* the object it began with */
    struct beacon_json_out
        text; /* TEXT: the text. THINKING: raw. CALL, SERVER: JSON of the input */
    struct beacon_json_out rest; /* THINKING: raw signature. TEXT: citations, with commas */
};

/* Fill a zeroed block; `object` is the block as the server began it, empty for a kind that is only
 * known by its delta. False: no memory. Free with messages_block_finish(), also then. */
bool messages_block_open(struct messages_block *block, enum messages_block_kind kind,
                         struct beacon_str object);
enum messages_block_kind messages_block_kind_of(struct beacon_str raw_type);
void messages_block_finish(struct messages_block *block);

/* Make a part of a block that is whole. Strings live as long as the block, `names` and `scratch`
 * (emptied first) stay as they are. False: there is nothing to tell, or no memory (scratch->failed). A
 * call whose arguments are no JSON object is no part when it was cut off (`is_incomplete`), else one
 * whose arguments say so. */
bool messages_block_part(const struct messages_block *block, const struct beacon_tool_names *names,
                         bool is_incomplete, struct beacon_json_out *scratch,
                         struct beacon_part *ret);

#endif
