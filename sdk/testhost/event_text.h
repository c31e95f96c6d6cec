/* SPDX-License-Identifier: Apache-2.0
 * event_text.h - an event as one line of text, as testhost_provider.h shows them. Thread: [any]. */
#ifndef TESTHOST_EVENT_TEXT_H
#define TESTHOST_EVENT_TEXT_H

#include <beacon/provider.h>

#include "buffer.h"

void event_text(struct buffer *to, const struct beacon_event *ev);

#endif
