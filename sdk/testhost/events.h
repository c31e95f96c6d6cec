/* SPDX-License-Identifier: Apache-2.0
 * events.h - the events of a turn as lines of text, and their grammar.
 *
 * Thread: the one a slot runs on.
 */
#ifndef TESTHOST_EVENTS_H
#define TESTHOST_EVENTS_H

#include <beacon/provider.h>

#include "internal.h"

#define EVENTS_ITEMS_MAX 4096

/* What has been seen of a turn. */
struct events {
    struct testhost *t;
    struct buffer lines;
    size_t n, refuse_after; /* refuse_after: SIZE_MAX = never */
    bool has_started, has_usage, is_finished, was_refused, has_call;
    uint8_t items[EVENTS_ITEMS_MAX];  /* by index: 0 unknown, 1 begun, 2 done */
    uint32_t types[EVENTS_ITEMS_MAX]; /* of the part that began */
    size_t n_open;
};

/* Zero it, set t and refuse_after. The sink is lent, for one call. */
const struct beacon_events *events_lend_sink(struct events *e);

/* After the turn: is anything missing? */
void events_end(struct events *e, bool is_ok);

#endif
