/* SPDX-License-Identifier: Apache-2.0 */
#include "items.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/sink.h>

#include "failure.h"

beacon_rc messages_start(const struct messages_context *c, struct beacon_str id,
                         struct beacon_str model)
{
    if (c->x->stream.is_started) {
        return BEACON_OK;
    }
    c->x->stream.is_started = true;
    return beacon_emit_start(c->events, id, model);
}

static beacon_rc too_big(const struct messages_context *c, const char *what)
{
    messages_failure_too_big(&c->x->failure, what);
    return beacon_failure_error(&c->x->failure, c->err);
}

/* From the back: the newest is the one that grows. */
struct messages_block *messages_items_find(struct messages_stream *stream, uint32_t index)
{
    for (size_t i = stream->n_blocks; i > 0; i--) {
        struct messages_block *block = &stream->blocks[i - 1];
        if (block->is_open && block->index == index) {
            return block;
        }
    }
    return NULL;
}

static struct messages_block *add_block(struct messages_stream *stream)
{
    if (stream->n_blocks == stream->blocks_capacity) {
        const size_t n = stream->n_blocks > 0 ? 2 * stream->n_blocks : 8;
        struct messages_block *grown = realloc(stream->blocks, n * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        stream->blocks = grown;
        stream->blocks_capacity = n;
    }
    struct messages_block *block = &stream->blocks[stream->n_blocks++];
    memset(block, 0, sizeof *block);
    return block;
}

beacon_rc messages_items_open(const struct messages_context *c, uint32_t index,
                              enum messages_block_kind kind, struct beacon_str object,
                              struct messages_block **ret)
{
    struct messages_stream *stream = &c->x->stream;
    struct messages_block *block = messages_items_find(stream, index);
    if (block != NULL) {
        block->is_open = false;
    }
    stream->n_kept += object.n;
    if (stream->n_blocks == EXCHANGE_ITEMS_MAX || stream->n_kept > BLOCK_BYTES_MAX) {
        return too_big(c, "its blocks");
    }
    block = add_block(stream);
    if (block == NULL || !messages_block_open(block, kind, object)) {
        return too_big(c, "its blocks, for which there is no memory");
    }
    block->index = index;
    *ret = block;
    return BEACON_OK;
}

beacon_rc messages_items_keep(const struct messages_context *c, struct beacon_json_out *buffer,
                              struct beacon_str bytes)
{
    c->x->stream.n_kept += bytes.n;
    if (c->x->stream.n_kept > BLOCK_BYTES_MAX) {
        return too_big(c, "its text");
    }
    beacon_json_out_bytes(buffer, bytes.p, bytes.n);
    return buffer->failed ? too_big(c, "its text") : BEACON_OK;
}

/* Items are counted here: some servers give every block the index 0. */
static beacon_rc begin(const struct messages_context *c, struct messages_block *block,
                       const struct beacon_part *part)
{
    struct messages_stream *stream = &c->x->stream;
    if (block->is_begun) {
        return BEACON_OK;
    }
    beacon_rc rc = messages_start(c, beacon_span(NULL, 0), beacon_span(NULL, 0));
    if (rc < 0) {
        return rc;
    }
    block->is_begun = true;
    block->item = stream->n_items++;
    struct beacon_part known = *part;
    known.text = known.opaque = beacon_span(NULL, 0); /* nothing to be taken for the result */
    return beacon_emit_item(c->events, BEACON_EV_ITEM_BEGIN, block->item, &known);
}

beacon_rc messages_items_show(const struct messages_context *c, struct messages_block *block,
                              uint32_t code, struct beacon_str text)
{
    if (text.n == 0) {
        return BEACON_OK;
    }
    if (!block->is_begun) {
        const struct beacon_part part =
            beacon_part_of(code == BEACON_DELTA_TEXT ? BEACON_PART_TEXT : BEACON_PART_REASONING);
        beacon_rc rc = begin(c, block, &part);
        if (rc < 0) {
            return rc;
        }
    }
    return beacon_emit_delta(c->events, block->item, code, text);
}

static beacon_rc hand_out(const struct messages_context *c, struct messages_block *block)
{
    struct messages_stream *stream = &c->x->stream;
    struct beacon_part part;
    if (!messages_block_part(block, &c->x->request.names, stream->is_incomplete, &stream->scratch,
                             &part)) {
        return stream->scratch.failed ? too_big(c, "a block") : BEACON_OK;
    }
    beacon_rc rc = begin(c, block, &part);
    if (rc < 0) {
        return rc;
    }
    stream->has_calls = stream->has_calls || part.type == BEACON_PART_TOOL_CALL;
    return beacon_emit_item(c->events, BEACON_EV_ITEM_DONE, block->item, &part);
}

beacon_rc messages_items_hand_out(const struct messages_context *c)
{
    beacon_rc rc = BEACON_OK;
    for (size_t i = 0; i < c->x->stream.n_blocks && rc >= 0; i++) {
        rc = hand_out(c, &c->x->stream.blocks[i]);
    }
    return rc;
}

void messages_items_finish(struct messages_stream *stream)
{
    for (size_t i = 0; i < stream->n_blocks; i++) {
        messages_block_finish(&stream->blocks[i]);
    }
    free(stream->blocks);
    stream->blocks = NULL;
    stream->n_blocks = stream->blocks_capacity = 0;
}
