/* events.h - the server's events as events of the host. Thread: that of the exchange. */
#ifndef PROVIDER_RESPONSES_EVENTS_H
#define PROVIDER_RESPONSES_EVENTS_H

#include <beacon/provider.h>

/* Read one frame of a successful answer. An unknown or broken event is passed over; an event that
 * says that the turn failed sets x->failure and returns its code; below zero from the sink comes
 * back as it is. */
beacon_rc responses_read_event(struct beacon_exchange *x, struct beacon_bytes data,
                               const struct beacon_events *events, struct beacon_error *err);

#endif
