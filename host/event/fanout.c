/* SPDX-License-Identifier: Apache-2.0 */
#include "event/fanout.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "event/event.h"

#define SINKS_MAX 8 /* journal, one front door, exporters */

enum { HEARS_DELTAS = 1 << 0, HEARS_FRAMES = 1 << 1 };

struct fanout {
    struct {
        fanout_sink_fn sink;
        void *ctx;
        unsigned hears;
    } sinks[SINKS_MAX];
    size_t n;
    unsigned heard; /* by any of them */
};

struct fanout *fanout_create(void)
{
    return alloc_zeroed(sizeof(struct fanout));
}

void fanout_destroy(struct fanout *fanout)
{
    free(fanout);
}

static void add(struct fanout *fanout, fanout_sink_fn sink, void *ctx, unsigned hears)
{
    assert(fanout->n < SINKS_MAX);
    fanout->sinks[fanout->n].sink = sink;
    fanout->sinks[fanout->n].ctx = ctx;
    fanout->sinks[fanout->n].hears = hears;
    fanout->heard |= hears;
    fanout->n++;
}

void fanout_add(struct fanout *fanout, fanout_sink_fn sink, void *ctx)
{
    add(fanout, sink, ctx, HEARS_DELTAS);
}

void fanout_add_without_deltas(struct fanout *fanout, fanout_sink_fn sink, void *ctx)
{
    add(fanout, sink, ctx, 0);
}

bool fanout_hears_deltas(const struct fanout *fanout)
{
    return (fanout->heard & HEARS_DELTAS) != 0;
}

void fanout_add_with_frames(struct fanout *fanout, fanout_sink_fn sink, void *ctx)
{
    add(fanout, sink, ctx, HEARS_FRAMES);
}

bool fanout_hears_frames(const struct fanout *fanout)
{
    return (fanout->heard & HEARS_FRAMES) != 0;
}

/* What a listener must have asked for to hear such an event. */
static unsigned asked_for(enum event_kind kind)
{
    return kind == EVENT_TEXT_DELTA || kind == EVENT_REASONING_DELTA ? HEARS_DELTAS
           : kind == EVENT_FRAME                                     ? HEARS_FRAMES
                                                                     : 0;
}

void fanout_emit(struct fanout *fanout, const struct event *event)
{
    const unsigned needed = asked_for(event->kind);
    for (size_t i = 0; i < fanout->n; i++) {
        if ((fanout->sinks[i].hears & needed) == needed) {
            fanout->sinks[i].sink(fanout->sinks[i].ctx, event);
        }
    }
}
