/* shape.h - the chunk that comes ten thousand times, recognised by the bytes around its text.
 *
 * Chunks of one stream differ in little but the text they bring. A chunk that was read, and did
 * nothing but bring text, is kept; the next one that has the same bytes before and after its text
 * does the same with another text, and needs no reading. Owned by a stream. Thread: the exchange's.
 */
#ifndef PROVIDER_CHAT_SHAPE_H
#define PROVIDER_CHAT_SHAPE_H

#include <beacon-sdk/json_write.h>
#include <stdbool.h>

struct chat_shape {
    struct beacon_json_out frame;
    size_t from, to; /* of the text in it, between its quotes; to 0: nothing is kept */
    uint32_t channel;
};

void chat_shape_init(struct chat_shape *shape);
void chat_shape_finish(struct chat_shape *shape);

/* True: `frame` is the kept one with another text. *ret_raw is that text, valid UTF-8. */
bool chat_shape_match(const struct chat_shape *shape, struct beacon_str frame,
                      struct beacon_str *ret_raw);

/* Keep `frame`, valid UTF-8, whose only meaning is the text `raw`, a slice of it. */
void chat_shape_learn(struct chat_shape *shape, struct beacon_str frame, struct beacon_str raw,
                      uint32_t channel);

#endif
