/* stream.h - the frames of an answer as events of the host.
 *
 * Nothing in the stream says that it is over but its end: what was counted and why it ended is kept
 * until then, and told by gemini_stream_end(). Thread: that of the exchange.
 */
#ifndef PROVIDER_GEMINI_STREAM_H
#define PROVIDER_GEMINI_STREAM_H

#include "finish.h"
#include "items.h"

struct gemini_stream {
    const struct beacon_host *host;
    struct beacon_failure *failure; /* the exchange's */
    struct gemini_items items;
    struct gemini_counts counts;
    const struct gemini_finish *finish; /* NULL: not seen yet */
    struct beacon_json_out sentence;    /* about it, for the person */
    struct beacon_json_out repaired;    /* a frame that was not UTF-8 */
    bool is_started, is_finished;
};

void gemini_stream_init(struct gemini_stream *stream, const struct beacon_host *host,
                        struct beacon_failure *failure);
void gemini_stream_finish(struct gemini_stream *stream);

/* Read one frame of a successful answer: a response, or a list of them. An unknown one is passed over;
 * one that breaks off, or says that the turn failed, sets the failure and returns its code; below zero
 * from the sink comes back as it is. */
beacon_rc gemini_stream_frame(struct gemini_stream *stream, struct beacon_bytes data,
                              const struct beacon_events *events, struct beacon_error *err);

/* The body is over. Without a finishReason nothing is told, and is_finished stays false. */
beacon_rc gemini_stream_end(struct gemini_stream *stream, const struct beacon_events *events,
                            struct beacon_error *err);

#endif
