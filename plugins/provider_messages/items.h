/* items.h - the blocks of an answer as items of the host's grammar of events.
 *
 * The host hears of a block when there is something to hear: text and thinking with their first delta.
 * That it is whole is told when the whole answer is: a message of this API is repeated or it is not,
 * and thinking that lasts without the call it led to would make the next request wrong. Thread: that
 * of the exchange.
 */
#ifndef PROVIDER_MESSAGES_ITEMS_H
#define PROVIDER_MESSAGES_ITEMS_H

#include "exchange.h"

/* Say that the answer begins, once. */
beacon_rc messages_start(const struct messages_context *c, struct beacon_str id,
                         struct beacon_str model);

/* The open block with the server's index; NULL: none. */
struct messages_block *messages_items_find(struct messages_stream *stream, uint32_t index);

/* Open a block; one that is open at this index ends. *ret is set only when BEACON_OK is returned, and
 * stays until the next block is opened. */
beacon_rc messages_items_open(const struct messages_context *c, uint32_t index,
                              enum messages_block_kind kind, struct beacon_str object,
                              struct messages_block **ret);

/* Add to one of the block's buffers; BEACON_E_LIMIT when the answer is too big. */
beacon_rc messages_items_keep(const struct messages_context *c, struct beacon_json_out *buffer,
                              struct beacon_str bytes);

/* Show a piece of text (unescaped) of the block. */
beacon_rc messages_items_show(const struct messages_context *c, struct messages_block *block,
                              uint32_t code, struct beacon_str text);

/* The answer is over: hand out every block of it, also those the server left open. */
beacon_rc messages_items_hand_out(const struct messages_context *c);

void messages_items_finish(struct messages_stream *stream);

#endif
