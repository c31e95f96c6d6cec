/* SPDX-License-Identifier: Apache-2.0 */
/* Group P: providers with a transport of their own: one blocking call per turn. */
#include <beacon/provider.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "checks.h"
#include "host.h"
#include "instance.h"
#include "plugin/manifest.h"
#include "plugin/sized.h"
#include "slate.h"

#define NS_PER_MS      UINT64_C(1000000)
#define LATE_MS        1500 /* promised are 250; a busy machine is no reason to fail */
#define TURN_MS        10000
#define ITEMS_MAX      1024
#define EVENTS_WATCHED 40 /* cancelled and refused after each of the first so many */

struct streamer {
    struct check_case *c;
    struct instance_maker maker;
    struct beacon_provider table; /* complete */
    void *inst;
};

/* What happens to a turn, and what came of it. */
struct watch_of_events {
    struct beacon_cancel cancel;
    size_t cancel_after, refuse_after; /* events; SIZE_MAX: never */
    size_t n, n_after_refusal;
    uint64_t cancelled_ns;
    uint8_t items[ITEMS_MAX]; /* 1 begun, 2 done */
    bool has_started, is_finished;
    const char *wrong; /* what broke the grammar first */
};

/* ---- the grammar ---- */

static void wrong(struct watch_of_events *w, const char *what)
{
    w->wrong = w->wrong == NULL ? what : w->wrong;
}

static void look_at_item(struct watch_of_events *w, const struct beacon_event *event)
{
    uint8_t *item = event->index < ITEMS_MAX ? &w->items[event->index] : NULL;
    if (item == NULL) {
        wrong(w, "an item has an index over 1023");
    } else if (event->type == BEACON_EV_ITEM_BEGIN) {
        if (*item != 0 || event->part == NULL) {
            wrong(w, "ITEM_BEGIN without a part, or of an item that had begun");
        }
        *item = 1;
    } else if (*item != 1) {
        wrong(w, "DELTA or ITEM_DONE of an item that is not open");
    } else if (event->type == BEACON_EV_ITEM_DONE) {
        if (event->part == NULL) {
            wrong(w, "ITEM_DONE without a part");
        }
        *item = 2;
    }
}

static void look_at(struct watch_of_events *w, const struct beacon_event *event)
{
    const bool is_aside = event->type == BEACON_EV_LIMITS || event->type == BEACON_EV_WARNING;
    if (w->is_finished) {
        wrong(w, "an event after FINISH");
    } else if (event->type == BEACON_EV_START) {
        if (w->has_started) {
            wrong(w, "a second START");
        }
        w->has_started = true;
    } else if (!w->has_started && !is_aside) {
        wrong(w, "an event before START");
    } else if (event->type >= BEACON_EV_ITEM_BEGIN && event->type <= BEACON_EV_ITEM_DONE) {
        look_at_item(w, event);
    }
    w->is_finished = w->is_finished || event->type == BEACON_EV_FINISH;
}

static beacon_rc emit(const struct beacon_events *sink, const struct beacon_event *event)
{
    struct watch_of_events *w = sink->ctx;
    const bool was_in = slot_pause();
    w->n_after_refusal += w->n > w->refuse_after ? 1 : 0;
    look_at(w, event);
    w->n++;
    if (w->n == w->cancel_after) {
        w->cancel.is_cancelled = true;
        w->cancelled_ns = clock_mono_ns();
    }
    slot_resume(was_in);
    return w->n > w->refuse_after ? BEACON_E_CANCELLED : BEACON_OK;
}

/* ---- one turn ---- */

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static beacon_rc stream(const struct streamer *s, struct watch_of_events *w,
                        struct beacon_verdict *verdict, struct beacon_error *err)
{
    static const struct beacon_part part = {
        .struct_size = sizeof part, .type = BEACON_PART_TEXT, .text = TEXT("Hello.")};
    static const struct beacon_part *const parts[] = {&part};
    static const struct beacon_message message = {
        .struct_size = sizeof message, .role = BEACON_ROLE_USER, .parts = parts, .n_parts = 1};
    static const struct beacon_message *const messages[] = {&message};
    const struct beacon_turn turn = {
        .struct_size = sizeof turn,
        .model = TEXT("m"),
        .session_id = TEXT("s"),
        .attempt = 1,
        .messages = messages,
        .n_messages = 1,
        .max_output_tokens = -1,
        .temperature = NAN,
    };
    const struct beacon_events events = {.struct_size = sizeof events, .ctx = w, .emit = emit};
    w->cancel.deadline_ns = clock_mono_ns() + TURN_MS * NS_PER_MS;
    slot_enter("stream");
    beacon_rc rc = s->table.stream(s->inst, &turn, &events, &w->cancel, verdict, err);
    slot_leave();
    return rc;
}

static bool streamer_open(struct streamer *s, struct check_case *c)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    *s = (struct streamer){.c = c};
    if (c->component->form != MANIFEST_FORM_OWN_TRANSPORT) {
        check_skip(c, "the host does the provider's HTTP");
        return false;
    }
    if (!instance_maker_init(c, &s->maker)) {
        return false;
    }
    (void)sized_copy(&s->table, sizeof s->table, s->maker.component.vtable, "table", NULL);
    const char *config = maker_config(&s->maker);
    if (maker_create(&s->maker, config, strlen(config), &s->inst, &err) != BEACON_OK) {
        check_skip(c, "create() fails, see C.creates");
        return false;
    }
    return true;
}

void check_stream_events(struct check_case *c)
{
    struct streamer s;
    struct watch_of_events w = {.cancel_after = SIZE_MAX, .refuse_after = SIZE_MAX};
    struct beacon_verdict verdict = BEACON_INIT(struct beacon_verdict);
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    if (!streamer_open(&s, c)) {
        return;
    }
    const beacon_rc rc = stream(&s, &w, &verdict, &err);
    if (w.wrong != NULL) {
        check_fail(c, "events in the order of the grammar in provider.h", "see the grammar", "%s",
                   w.wrong);
    } else if (rc == BEACON_OK && !w.is_finished) {
        check_fail(c, "FINISH, or an error", "emit FINISH last",
                   "stream() says OK and had no FINISH");
    } else if (rc != BEACON_OK) {
        instance_check_error(c, rc, &err, "stream()");
        if (verdict.verdict > BEACON_VERDICT_FALLBACK) {
            check_fail(c, "one of BEACON_VERDICT_*", "set the verdict", "the verdict is %u",
                       verdict.verdict);
        }
    }
    maker_destroy(&s.maker, s.inst);
}

/* False: the turn ended before there were so many events. */
static bool cancel_after(struct streamer *s, size_t events)
{
    struct watch_of_events w = {.cancel_after = events, .refuse_after = SIZE_MAX};
    struct beacon_verdict verdict = BEACON_INIT(struct beacon_verdict);
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    w.cancel.is_cancelled = events == 0;
    w.cancelled_ns = clock_mono_ns();
    const beacon_rc rc = stream(s, &w, &verdict, &err);
    const uint64_t took_ms = (clock_mono_ns() - w.cancelled_ns) / NS_PER_MS;
    if (w.n < events) {
        return false;
    }
    if (took_ms > LATE_MS) {
        check_fail(s->c, "a return within 250 ms after the cancel",
                   "ask host->cancelled() in every loop, and poll host->cancel_fd() while waiting",
                   "cancelled after event %zu, stream() returns %llu ms later", events,
                   (unsigned long long)took_ms);
    } else if (rc != BEACON_E_CANCELLED && !w.is_finished) {
        check_fail(s->c, "BEACON_E_CANCELLED", "return it when the token says so",
                   "cancelled after event %zu, stream() returns %d", events, (int)rc);
    }
    return true;
}

void check_stream_cancel(struct check_case *c)
{
    struct streamer s;
    if (!streamer_open(&s, c)) {
        return;
    }
    for (size_t events = 0; events < EVENTS_WATCHED && cancel_after(&s, events); events++) {
    }
    maker_destroy(&s.maker, s.inst);
}

/* False: the turn has fewer events. */
static bool refuse_after(struct streamer *s, size_t events)
{
    struct watch_of_events w = {.cancel_after = SIZE_MAX, .refuse_after = events};
    struct beacon_verdict verdict = BEACON_INIT(struct beacon_verdict);
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    const beacon_rc rc = stream(s, &w, &verdict, &err);
    if (w.n <= events) {
        return false;
    }
    if (w.n_after_refusal > 0) {
        check_fail(s->c, "nothing more once emit() returned an error",
                   "look at the result of every emit()", "%zu events after event %zu was refused",
                   w.n_after_refusal, events + 1);
    } else if (rc != BEACON_E_CANCELLED) {
        check_fail(s->c, "what emit() returned", "return the result of emit() when it is below 0",
                   "event %zu was refused, and stream() returns %d", events + 1, (int)rc);
    }
    return true;
}

void check_stream_refused(struct check_case *c)
{
    struct streamer s;
    if (!streamer_open(&s, c)) {
        return;
    }
    for (size_t events = 0; events < EVENTS_WATCHED && refuse_after(&s, events); events++) {
    }
    maker_destroy(&s.maker, s.inst);
}
