/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/event_relay.h"

#include <stddef.h>

#include "base/error.h"
#include "plugin/breadcrumb.h"
#include "plugin/outcome.h"
#include "plugin/sized.h"

#define CRITICAL_BIT   UINT32_C(0x80000000)
#define DELTA_CODE_MAX 3u
#define AUTHOR_HINT    "update the plugin, or report this to its author"

/* What a plugin's event points to, at the host's sizes. */
struct whole_event {
    struct beacon_event event;
    struct beacon_part part;
    struct beacon_usage usage;
};

static beacon_rc fail(struct event_relay *relay, const char *what)
{
    relay->failed = error_set(&relay->why, BEACON_E_PROTOCOL, AUTHOR_HINT, "%s", what);
    return relay->failed;
}

static bool is_span(struct beacon_str span)
{
    return outcome_is_span(span.p, span.n);
}

static bool are_spans(const struct beacon_part *part)
{
    return is_span(part->text) && is_span(part->call_id) && is_span(part->name) &&
           is_span(part->media_type) && is_span(part->url) && is_span(part->opaque) &&
           is_span(part->id) && is_span(part->ns) && outcome_is_span(part->blob.p, part->blob.n);
}

/* Is it a delta that the agent can take as it stands? */
static bool is_plain_delta(const struct beacon_event *ev)
{
    return ev->struct_size >= sizeof *ev && ev->type == BEACON_EV_DELTA &&
           ev->code <= DELTA_CODE_MAX && is_span(ev->text);
}

static bool is_known(const struct beacon_event *ev)
{
    if (ev->type < BEACON_EV_START || ev->type > BEACON_EV_FINISH) {
        return false;
    }
    return ev->type != BEACON_EV_DELTA || ev->code <= DELTA_CODE_MAX;
}

static beacon_rc complete_part(struct event_relay *relay, struct whole_event *whole)
{
    const struct beacon_part *theirs = whole->event.part;
    if (theirs == NULL) {
        return fail(relay, "an item came without its part");
    }
    relay->failed = sized_copy(&whole->part, sizeof whole->part, theirs, "a part", &relay->why);
    if (relay->failed != BEACON_OK) {
        return relay->failed;
    }
    if (!are_spans(&whole->part)) {
        return fail(relay, "a part has a length but no bytes");
    }
    whole->event.part = &whole->part;
    return BEACON_OK;
}

static beacon_rc complete_usage(struct event_relay *relay, struct whole_event *whole)
{
    if (whole->event.usage == NULL) {
        return fail(relay, "a usage event came without its numbers");
    }
    const struct beacon_usage *theirs = whole->event.usage;
    if (theirs->struct_size < SIZED_MIN_BYTES) {
        return fail(relay, "a usage event has no size");
    }
    /* What an older plugin does not know is unknown, which is -1 and not 0. */
    whole->usage = (struct beacon_usage){
        .struct_size = (uint32_t)sizeof whole->usage,
        .flags = theirs->flags,
        .input = BEACON_GET(theirs, input, -1),
        .cache_read = BEACON_GET(theirs, cache_read, -1),
        .cache_write = BEACON_GET(theirs, cache_write, -1),
        .output = BEACON_GET(theirs, output, -1),
        .reasoning = BEACON_GET(theirs, reasoning, -1),
        .cost_nano_usd = BEACON_GET(theirs, cost_nano_usd, -1),
    };
    whole->event.usage = &whole->usage;
    return BEACON_OK;
}

/* What the event's type promises beside it; pointers the type does not use become NULL. */
static beacon_rc complete(struct event_relay *relay, struct whole_event *whole)
{
    struct beacon_event *ev = &whole->event;
    if (!is_span(ev->text) || !is_span(ev->id) || !is_span(ev->model)) {
        return fail(relay, "an event has a length but no bytes");
    }
    bool has_part = ev->type == BEACON_EV_ITEM_BEGIN || ev->type == BEACON_EV_ITEM_DONE;
    if (has_part && complete_part(relay, whole) != BEACON_OK) {
        return relay->failed;
    }
    if (ev->type == BEACON_EV_USAGE && complete_usage(relay, whole) != BEACON_OK) {
        return relay->failed;
    }
    ev->part = has_part ? ev->part : NULL;
    ev->usage = ev->type == BEACON_EV_USAGE ? ev->usage : NULL;
    return BEACON_OK;
}

static beacon_rc hand_over(struct event_relay *relay, const struct beacon_event *ev)
{
    const struct breadcrumb before = breadcrumb_enter_host();
    beacon_rc rc = relay->to->emit(relay->to, ev);
    breadcrumb_leave(before);
    if (rc < BEACON_OK) {
        relay->failed = error_set(&relay->why, outcome_code(rc),
                                  "look for the reason in the message before this one",
                                  "the host stopped taking events");
    }
    return relay->failed;
}

static beacon_rc relay_any(struct event_relay *relay, const struct beacon_event *theirs)
{
    struct whole_event whole;
    relay->failed = sized_copy(&whole.event, sizeof whole.event, theirs, "an event", &relay->why);
    if (relay->failed != BEACON_OK) {
        return relay->failed;
    }
    if (!is_known(&whole.event)) {
        if ((whole.event.type & CRITICAL_BIT) != 0) {
            relay->failed =
                error_set(&relay->why, BEACON_E_UNSUPPORTED,
                          "use a newer beacon, or an older build of the plugin",
                          "it sent event %#x, which this host must not ignore", whole.event.type);
        }
        return relay->failed;
    }
    if (complete(relay, &whole) != BEACON_OK) {
        return relay->failed;
    }
    relay->is_finished = whole.event.type == BEACON_EV_FINISH;
    return hand_over(relay, &whole.event);
}

static beacon_rc relay_emit(const struct beacon_events *events, const struct beacon_event *ev)
{
    struct event_relay *relay = events->ctx;
    if (relay->failed != BEACON_OK) {
        return relay->failed;
    }
    if (relay->is_finished) {
        return fail(relay, "an event came after FINISH");
    }
    return is_plain_delta(ev) ? hand_over(relay, ev) : relay_any(relay, ev);
}

void event_relay_init(struct event_relay *relay)
{
    *relay = (struct event_relay){
        .table = {.struct_size = (uint32_t)sizeof relay->table, .ctx = relay, .emit = relay_emit}};
}

const struct beacon_events *event_relay_begin(struct event_relay *relay,
                                              const struct beacon_events *to)
{
    relay->to = to;
    relay->failed = BEACON_OK;
    return &relay->table;
}

int event_relay_end(struct event_relay *relay, const char *plugin_id, struct beacon_error *err)
{
    relay->to = NULL;
    if (relay->failed == BEACON_OK) {
        return BEACON_OK;
    }
    return error_set(err, relay->failed, relay->why.hint, "plugin %s: %s", plugin_id,
                     relay->why.message);
}
