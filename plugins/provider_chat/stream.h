/* stream.h - the chunks of a stream as parts of an answer. Thread: that of the exchange. */
#ifndef PROVIDER_CHAT_STREAM_H
#define PROVIDER_CHAT_STREAM_H

#include <beacon/provider.h>

struct chat_context;

/* Read one frame of a successful answer: a chunk, a whole answer, an error, or [DONE]. Words between
 * the chunks are passed over; a broken chunk, or one that says that the turn failed, sets the
 * exchange's failure and returns its code; below zero from the sink comes back as it is. */
beacon_rc chat_read_frame(const struct chat_context *c, struct beacon_str event,
                          struct beacon_str frame);

#endif
