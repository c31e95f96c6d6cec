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
    } sinks[SINKS_MAX];
    size_t n;
};

struct fanout *fanout_create(void)
{
    return alloc_zeroed(sizeof(struct fanout));
}

void fanout_destroy(struct fanout *fanout)
{
    free(fanout);
}

void fanout_add(struct fanout *fanout, fanout_sink_fn sink, void *ctx)
{
    assert(fanout->n < SINKS_MAX);
    fanout->sinks[fanout->n].sink = sink;
    fanout->sinks[fanout->n].ctx = ctx;
    fanout->n++;
}

void fanout_emit(struct fanout *fanout, const struct event *event)
{
    for (size_t i = 0; i < fanout->n; i++) {
        fanout->sinks[i].sink(fanout->sinks[i].ctx, event);
    }
}
