/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/sink.h - emitting provider events, one line each.
 *
 * The host copies during the call, so everything may live on the stack. Every function returns
 * what the host returned: below zero means "stop producing". Thread: that of the caller.
 */
#ifndef BEACON_SDK_SINK_H
#define BEACON_SDK_SINK_H

#include <beacon-sdk/text.h>
#include <beacon/provider.h>

/* The delta codes of BEACON_EV_DELTA. */
enum beacon_delta {
    BEACON_DELTA_TEXT = 0,
    BEACON_DELTA_SUMMARY = 1,
    BEACON_DELTA_REASONING = 2,
    BEACON_DELTA_SECTION = 3, /* empty text: a new part of the summary begins */
};

/* One zeroed struct with its size set, as every struct that crosses the ABI needs it. Member by member:
 * there is one event per delta, and compilers clear a struct of this size, or copy the empty span of
 * one member to the next, by instructions that wait for each other. */
static inline void beacon_event_init(struct beacon_event *event, uint32_t type, uint32_t index)
{
    event->struct_size = (uint32_t)sizeof *event;
    event->type = type;
    event->index = index;
    event->code = 0;
    event->text = beacon_span(NULL, 0);
    event->id = beacon_span(NULL, 0);
    event->model = beacon_span(NULL, 0);
    event->part = NULL;
    event->usage = NULL;
}

static inline struct beacon_part beacon_part_of(uint32_t type)
{
    struct beacon_part part;
    memset(&part, 0, sizeof part);
    part.struct_size = (uint32_t)sizeof part;
    part.type = type;
    return part;
}

static inline beacon_rc beacon_emit_start(const struct beacon_events *sink, struct beacon_str id,
                                          struct beacon_str model)
{
    struct beacon_event event;
    beacon_event_init(&event, BEACON_EV_START, 0);
    event.id = id;
    event.model = model;
    return sink->emit(sink, &event);
}

static inline beacon_rc beacon_emit_delta(const struct beacon_events *sink, uint32_t index,
                                          uint32_t code, struct beacon_str text)
{
    struct beacon_event event;
    beacon_event_init(&event, BEACON_EV_DELTA, index);
    event.code = code;
    event.text = text;
    return sink->emit(sink, &event);
}

/* `type`: BEACON_EV_ITEM_BEGIN or BEACON_EV_ITEM_DONE. */
static inline beacon_rc beacon_emit_item(const struct beacon_events *sink, uint32_t type,
                                         uint32_t index, const struct beacon_part *part)
{
    struct beacon_event event;
    beacon_event_init(&event, type, index);
    event.part = part;
    event.id = part->id;
    return sink->emit(sink, &event);
}

/* Usage with every count unknown, to be filled in. */
static inline struct beacon_usage beacon_usage_unknown(uint32_t flags)
{
    struct beacon_usage usage;
    memset(&usage, 0, sizeof usage);
    usage.struct_size = (uint32_t)sizeof usage;
    usage.flags = flags;
    usage.input = usage.cache_read = usage.cache_write = -1;
    usage.output = usage.reasoning = usage.cost_nano_usd = -1;
    return usage;
}

static inline beacon_rc beacon_emit_usage(const struct beacon_events *sink,
                                          const struct beacon_usage *usage)
{
    struct beacon_event event;
    beacon_event_init(&event, BEACON_EV_USAGE, 0);
    event.usage = usage;
    return sink->emit(sink, &event);
}

/* `reason`: BEACON_FINISH_*. Exactly once, and last. */
static inline beacon_rc beacon_emit_finish(const struct beacon_events *sink, uint32_t reason)
{
    struct beacon_event event;
    beacon_event_init(&event, BEACON_EV_FINISH, 0);
    event.code = reason;
    return sink->emit(sink, &event);
}

/* `type`: BEACON_EV_WARNING or BEACON_EV_LIMITS. */
static inline beacon_rc beacon_emit_text(const struct beacon_events *sink, uint32_t type,
                                         struct beacon_str text)
{
    struct beacon_event event;
    beacon_event_init(&event, type, 0);
    event.text = text;
    return sink->emit(sink, &event);
}

#endif
