/* mock_reply.h - the bytes of one scripted answer of mock_model, made piece by piece.
 *
 * A reply is described by one JSON object of the scenario (docs in mock_model.c); a play is one
 * sending of it. Streams of any length are made as the socket takes them. For tests only.
 */
#ifndef TESTS_SUPPORT_MOCK_REPLY_H
#define TESTS_SUPPORT_MOCK_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct json_object;
struct play;

enum play_next {
    PLAY_MORE,  /* bytes were added; ask again when they are sent */
    PLAY_END,   /* the answer is over, the connection may serve another request */
    PLAY_CLOSE, /* close the connection now */
    PLAY_RESET, /* close it with a TCP reset */
    PLAY_HANG,  /* never send anything more */
};

/* `reply` is borrowed and outlives the play; `number` makes the ids of this answer unique. */
struct play *play_start(struct json_object *reply, unsigned number);
void play_finish(struct play *play); /* NULL is fine */

uint64_t play_delay_ms(const struct play *play);     /* before the first byte */
size_t play_bytes_per_send(const struct play *play); /* 0 = no limit */
enum play_next play_next(struct play *play, struct text *out);

#endif
