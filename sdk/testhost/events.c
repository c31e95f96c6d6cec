/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include "event_text.h"
#include "json_read.h"

/* ---- the grammar: START, (ITEM_BEGIN, DELTA*, ITEM_DONE)*, USAGE*, FINISH ---- */

static void wrong(struct events *e, const char *what)
{
    testhost_find(e->t, "grammar", "event %zu: %s", e->n, what);
}

static void check_begin(struct events *e, const struct beacon_event *ev)
{
    if (e->items[ev->index] != 0) {
        wrong(e, "ITEM_BEGIN of an item that has begun before");
    } else {
        e->n_open++;
    }
    e->items[ev->index] = 1;
    e->types[ev->index] = ev->part != NULL ? ev->part->type : 0;
    if (ev->part == NULL) {
        wrong(e, "ITEM_BEGIN without a part");
    }
    if (e->has_usage) {
        wrong(e, "ITEM_BEGIN after USAGE");
    }
}

static void check_call(struct events *e, const struct beacon_part *part)
{
    e->has_call = true;
    if (part->call_id.n == 0 || part->name.n == 0) {
        wrong(e, "a tool call without call_id or name");
    }
    if ((part->flags & BEACON_PART_FREEFORM) == 0 && !beacon_json_is_whole(part->text, '{')) {
        wrong(e, "a tool call whose arguments are not a JSON object");
    }
}

static void check_done(struct events *e, const struct beacon_event *ev)
{
    if (e->items[ev->index] != 1) {
        wrong(e, "ITEM_DONE of an item that is not open");
    } else {
        e->n_open--;
    }
    e->items[ev->index] = 2;
    if (ev->part == NULL) {
        wrong(e, "ITEM_DONE without a part");
        return;
    }
    if (e->types[ev->index] != ev->part->type) {
        wrong(e, "ITEM_DONE of another type than its ITEM_BEGIN");
    }
    if (ev->part->type == BEACON_PART_TOOL_CALL) {
        check_call(e, ev->part);
    }
    if (ev->part->opaque.n > 0 && !beacon_json_is_whole(ev->part->opaque, ev->part->opaque.p[0])) {
        wrong(e, "opaque is not JSON");
    }
}

static void check_item(struct events *e, const struct beacon_event *ev)
{
    if (ev->index >= EVENTS_ITEMS_MAX) {
        wrong(e, "an item with an index over 4095");
    } else if (ev->type == BEACON_EV_ITEM_BEGIN) {
        check_begin(e, ev);
    } else if (ev->type == BEACON_EV_ITEM_DONE) {
        check_done(e, ev);
    } else if (e->items[ev->index] != 1) {
        wrong(e, "DELTA of an item that is not open");
    } else if (ev->code > 3) {
        wrong(e, "DELTA with a code nobody knows");
    }
}

static bool is_count(int64_t n)
{
    return n >= -1;
}

static void check_usage(struct events *e, const struct beacon_usage *u)
{
    e->has_usage = true;
    if (u == NULL) {
        wrong(e, "USAGE without usage");
        return;
    }
    if (!is_count(u->input) || !is_count(u->cache_read) || !is_count(u->cache_write) ||
        !is_count(u->output) || !is_count(u->reasoning) || !is_count(u->cost_nano_usd)) {
        wrong(e, "USAGE with a count below -1");
    }
    if ((u->flags & BEACON_USAGE_INPUT_INCLUDES_CACHE) != 0 && u->input >= 0 &&
        u->cache_read > u->input) {
        wrong(e, "USAGE with more cached tokens than the input that includes them");
    }
    if ((u->flags & BEACON_USAGE_OUTPUT_INCLUDES_REASONING) != 0 && u->output >= 0 &&
        u->reasoning > u->output) {
        wrong(e, "USAGE with more reasoning than the output that includes it");
    }
}

static void check_finish(struct events *e, const struct beacon_event *ev)
{
    e->is_finished = true;
    if (e->n_open > 0) {
        wrong(e, "FINISH while an item is open");
    }
    if (ev->code < BEACON_FINISH_STOP || ev->code > BEACON_FINISH_PAUSE) {
        wrong(e, "FINISH with a code nobody knows");
    } else if (ev->code == BEACON_FINISH_TOOLS && !e->has_call) {
        wrong(e, "FINISH waits for tool results, but no tool was called");
    }
}

static void check(struct events *e, const struct beacon_event *ev)
{
    const bool is_aside = ev->type == BEACON_EV_LIMITS || ev->type == BEACON_EV_WARNING;
    if (e->is_finished) {
        wrong(e, "an event after FINISH");
    }
    if (ev->type == BEACON_EV_START) {
        if (e->has_started) {
            wrong(e, "a second START");
        }
        e->has_started = true;
    } else if (!e->has_started && !is_aside) {
        wrong(e, "an event before START");
    }
    if (ev->type >= BEACON_EV_ITEM_BEGIN && ev->type <= BEACON_EV_ITEM_DONE) {
        check_item(e, ev);
    } else if (ev->type == BEACON_EV_USAGE) {
        check_usage(e, ev->usage);
    } else if (ev->type == BEACON_EV_FINISH) {
        check_finish(e, ev);
    } else if (ev->type == 0 || ev->type > BEACON_EV_FINISH) {
        wrong(e, "an event of a type nobody knows");
    }
}

void events_end(struct events *e, bool is_ok)
{
    if (is_ok && !e->is_finished) {
        testhost_find(e->t, "grammar", "the turn ends well and had no FINISH");
    }
}

/* ---- the sink ---- */

static void look_at_part(struct testhost *t, const struct beacon_part *part)
{
    testhost_look_at(t, "an event", part->text);
    testhost_look_at(t, "an event", part->call_id);
    testhost_look_at(t, "an event", part->name);
    testhost_look_at(t, "an event", part->opaque);
    testhost_look_at(t, "an event", part->id);
}

/* Whole structs only: a short one would be read behind its end. */
static bool has_sizes(struct events *e, const struct beacon_event *ev)
{
    if (ev->struct_size < sizeof *ev ||
        (ev->part != NULL && ev->part->struct_size < sizeof *ev->part) ||
        (ev->usage != NULL && ev->usage->struct_size < sizeof *ev->usage)) {
        wrong(e, "a struct whose struct_size is not set");
        return false;
    }
    return true;
}

static beacon_rc emit(const struct beacon_events *sink, const struct beacon_event *ev)
{
    struct events *e = *(struct events **)sink->ctx;
    if (!testhost_sink_enter(e->t, "events.emit")) {
        return BEACON_E_INVALID;
    }
    e->n++;
    if (e->was_refused) {
        wrong(e, "an event after the host said stop");
    }
    if (e->n > e->refuse_after) {
        e->was_refused = e->t->call.was_refused = true;
    } else if (has_sizes(e, ev)) {
        check(e, ev);
        testhost_look_at(e->t, "an event", ev->text);
        if (ev->part != NULL) {
            look_at_part(e->t, ev->part);
        }
        event_text(&e->lines, ev);
    }
    testhost_sink_leave(e->t);
    return e->was_refused ? BEACON_E_CANCELLED : BEACON_OK;
}

const struct beacon_events *events_lend_sink(struct events *e)
{
    struct beacon_events sink = {
        .struct_size = sizeof sink, .ctx = testhost_lend_pointer(e->t, e), .emit = emit};
    sink.flags = testhost_noise(e->t);
    return testhost_lend_struct(e->t, "events", &sink, sizeof sink);
}
