/* items.h - the blocks of an answer as items of the host's grammar of events.
 *
 * The host hears of a block when there is something to hear: text and thinking with their first delta,
 * calls when they are whole. Thread: that of the exchange.
 */
#ifndef PROVIDER_MESSAGES_ITEMS_H
#define PROVIDER_MESSAGES_ITEMS_H

#include "exchange.h"

/* Say that the answer begins, once. */
beacon_rc messages_start(const struct messages_context *c, struct beacon_str id,
                         struct beacon_str model);

/* The open block with the server's index; NULL: none. */
struct messages_block *messages_items_find(struct messages_stream *stream, uint32_t index);

/* Open a block; one that is open at this index ends. *ret is NULL only after a failure. */
beacon_rc messages_items_open(const struct messages_context *c, uint32_t index,
                              enum messages_block_kind kind, struct beacon_str object,
                              struct messages_block **ret);

/* Add to one of the block's buffers; BEACON_E_LIMIT when the answer is too big. */
beacon_rc messages_items_keep(const struct messages_context *c, struct beacon_json_out *buffer,
                              struct beacon_str bytes);

/* Show a piece of text (unescaped) of the block. */
beacon_rc messages_items_show(const struct messages_context *c, struct messages_block *block,
                              uint32_t code, struct beacon_str text);

/* The block is whole. A call whose arguments are no JSON stays open until the answer ends. */
beacon_rc messages_items_close(const struct messages_context *c, struct messages_block *block);

/* The answer is over: close what the server left open. */
beacon_rc messages_items_close_all(const struct messages_context *c);

#endif
