/* finish.h - the end of an answer: what it cost, why it stopped. Thread: that of the exchange. */
#ifndef PROVIDER_MESSAGES_FINISH_H
#define PROVIDER_MESSAGES_FINISH_H

#include "exchange.h"

/* Take the counts of a usage object; a later one replaces what it names. */
void messages_take_usage(struct messages_stream *stream, struct beacon_str usage, bool is_last);

/* Tell the counts, once; also after a failure, for what was read was paid for. */
beacon_rc messages_tell_usage(const struct messages_context *c);

/* Note the stop reason of message_delta (raw; may be empty). `details` may hold an explanation. */
beacon_rc messages_take_stop(const struct messages_context *c, struct beacon_str raw_reason,
                             struct beacon_str details);

/* Hand out the items and emit the last events. */
beacon_rc messages_finish(const struct messages_context *c);

#endif
