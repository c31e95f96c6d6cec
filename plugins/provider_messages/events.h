/* events.h - reading the stream of an answer. Thread: that of the exchange. */
#ifndef PROVIDER_MESSAGES_EVENTS_H
#define PROVIDER_MESSAGES_EVENTS_H

#include "exchange.h"

/* One frame of an answer of status 2xx: an event, or the whole message of a server that does not
 * stream. What is no JSON object is logged and passed over. */
beacon_rc messages_read_event(struct beacon_exchange *x, struct beacon_bytes data,
                              const struct beacon_events *events, struct beacon_error *err);

#endif
