/* SPDX-License-Identifier: Apache-2.0 */
#include "event/fanout.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "event/event.h"

#define SINKS_MAX 8 /* journal, one front door, exporters */

struct fanout {
    struct {
        fanout_sink_fn sink;
        void *ctx;
        bool hears_deltas;
    } sinks[SINKS_MAX];
    size_t n;
    bool has_listener_for_deltas;
};

struct fanout *fanout_create(void)
{
    return alloc_zeroed(sizeof(struct fanout));
}

void fanout_destroy(struct fanout *fanout)
{
    free(fanout);
}

static void add(struct fanout *fanout, fanout_sink_fn sink, void *ctx, bool hears_deltas)
{
    assert(fanout->n < SINKS_MAX);
    fanout->sinks[fanout->n].sink = sink;
    fanout->sinks[fanout->n].ctx = ctx;
    fanout->sinks[fanout->n].hears_deltas = hears_deltas;
    fanout->has_listener_for_deltas |= hears_deltas;
    fanout->n++;
}

void fanout_add(struct fanout *fanout, fanout_sink_fn sink, void *ctx)
{
    add(fanout, sink, ctx, true);
}

void fanout_add_without_deltas(struct fanout *fanout, fanout_sink_fn sink, void *ctx)
{
    add(fanout, sink, ctx, false);
}

bool fanout_hears_deltas(const struct fanout *fanout)
{
    return fanout->has_listener_for_deltas;
}

void fanout_emit(struct fanout *fanout, const struct event *event)
{
    const bool is_delta = event->kind == EVENT_TEXT_DELTA || event->kind == EVENT_REASONING_DELTA;
    for (size_t i = 0; i < fanout->n; i++) {
        if (!is_delta || fanout->sinks[i].hears_deltas) {
            fanout->sinks[i].sink(fanout->sinks[i].ctx, event);
        }
    }
}
