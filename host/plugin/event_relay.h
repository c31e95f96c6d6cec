/* event_relay.h - the events a provider emits, checked and completed on their way to the agent.
 *
 * Sits between the plugin and the agent's sink: events of an older plugin are completed to the
 * host's size, those with a code this host does not know are left out (refused when the critical
 * bit is set), and the order START … FINISH is held: FINISH once, nothing after it. A delta that
 * needs no change, which is nearly every event of a stream, is passed on as it is.
 * Private to provider.c. Thread: that of the exchange.
 */
#ifndef HOST_PLUGIN_EVENT_RELAY_H
#define HOST_PLUGIN_EVENT_RELAY_H

#include <beacon/provider.h>
#include <stdbool.h>

struct event_relay {
    struct beacon_events table;     /* given to the plugin */
    const struct beacon_events *to; /* the agent's, during one call */
    bool is_finished;               /* FINISH was seen in this exchange */
    beacon_rc failed;               /* the first failure of this call; sticky */
    struct beacon_error why;        /* of `failed` */
};

/* The relay must not move afterwards: its table points to it. */
void event_relay_init(struct event_relay *relay);

/* Before a call that may emit: what to hand to the plugin. */
const struct beacon_events *event_relay_begin(struct event_relay *relay,
                                              const struct beacon_events *to);

/* After it: BEACON_OK, or the failure of an event, which counts even if the plugin went on. */
int event_relay_end(struct event_relay *relay, const char *plugin_id, struct beacon_error *err);

#endif
