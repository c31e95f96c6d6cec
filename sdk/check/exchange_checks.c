/* SPDX-License-Identifier: Apache-2.0 */
/* Group P: the memory of exchanges. The slots are called directly here, because the test host allocates too,
 * and what is counted must be the plugin's. */
#include <beacon/provider.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "instance.h"
#include "memory.h"
#include "plugin/manifest.h"
#include "plugin/sized.h"
#include "recorded_frames.h"
#include "slate.h"

#define EXCHANGES    300
#define FAILURES_MAX 5000

struct driver {
    struct check_case *c;
    struct instance_maker maker;
    struct beacon_provider table;
    void *inst;
    struct recorded_frames frames; /* of the server; may be none */
};

/* ---- one turn ---- */

static beacon_rc swallow(const struct beacon_events *sink, const struct beacon_event *event)
{
    (void)sink;
    (void)event;
    return BEACON_OK;
}

static const struct beacon_events events = {.struct_size = sizeof events, .emit = swallow};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct beacon_part part = {
    .struct_size = sizeof part, .type = BEACON_PART_TEXT, .text = TEXT("Hello.")};
static const struct beacon_part *const parts[] = {&part};
static const struct beacon_message message = {
    .struct_size = sizeof message, .role = BEACON_ROLE_USER, .parts = parts, .n_parts = 1};
static const struct beacon_message *const messages[] = {&message};
static const struct beacon_tool tool = {
    .struct_size = sizeof tool, .name = TEXT("exec_command"), .parameters = TEXT("{}")};
static const struct beacon_tool *const tools[] = {&tool};

static beacon_rc call_open(const struct driver *d, struct beacon_exchange **x,
                           struct beacon_error *err)
{
    const struct beacon_turn turn = {
        .struct_size = sizeof turn,
        .model = TEXT("m"),
        .session_id = TEXT("s"),
        .attempt = 1,
        .messages = messages,
        .n_messages = 1,
        .tools = tools,
        .n_tools = 1,
        .max_output_tokens = -1,
        .temperature = NAN,
    };
    slot_enter("open");
    beacon_rc rc = d->table.open(d->inst, &turn, x, err);
    slot_leave();
    return rc;
}

static beacon_rc call_poll(const struct driver *d, struct beacon_exchange *x,
                           struct beacon_error *err)
{
    struct beacon_action action = BEACON_INIT(struct beacon_action);
    slot_enter("poll");
    beacon_rc rc = d->table.poll(x, &action, err);
    slot_leave();
    return rc;
}

static beacon_rc call_response(const struct driver *d, struct beacon_exchange *x,
                               struct beacon_error *err)
{
    static const struct beacon_kv header = {TEXT("content-type"), TEXT("text/event-stream")};
    const struct beacon_http_response response = {
        .struct_size = sizeof response, .status = 200, .headers = &header, .n_headers = 1};
    slot_enter("on_response");
    beacon_rc rc = d->table.on_response(x, &response, &events, err);
    slot_leave();
    return rc;
}

static beacon_rc call_frames(const struct driver *d, struct beacon_exchange *x,
                             struct beacon_error *err)
{
    beacon_rc rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < d->frames.n; i++) {
        const struct recorded_frame *frame = &d->frames.frames[i];
        slot_enter("on_frame");
        rc = d->table.on_frame(x, frame->event, frame->data, &events, err);
        slot_leave();
    }
    return rc;
}

static beacon_rc call_end(const struct driver *d, struct beacon_exchange *x,
                          struct beacon_error *err)
{
    slot_enter("on_end");
    beacon_rc rc = d->table.on_end(x, BEACON_END_TRUNCATED, &events, err);
    slot_leave();
    return rc;
}

/* The steps of a turn after open(), of which the first `steps` are done before it is closed. */
static beacon_rc run_steps(const struct driver *d, struct beacon_exchange *x, unsigned steps,
                           struct beacon_error *err)
{
    beacon_rc rc = steps > 0 ? call_poll(d, x, err) : BEACON_OK;
    rc = rc == BEACON_OK && steps > 1 ? call_response(d, x, err) : rc;
    rc = rc == BEACON_OK && steps > 2 ? call_frames(d, x, err) : rc;
    return rc == BEACON_OK && steps > 3 ? call_end(d, x, err) : rc;
}

#define STEPS_MAX 5

static void judge_and_close(const struct driver *d, struct beacon_exchange *x, beacon_rc rc)
{
    struct beacon_verdict verdict = BEACON_INIT(struct beacon_verdict);
    if (rc != BEACON_OK) {
        slot_enter("judge");
        d->table.judge(x, &verdict);
        slot_leave();
    }
    slot_enter("close");
    d->table.close(x);
    slot_leave();
}

/* OK, or the first error; *err is what that call filled. */
static beacon_rc run_turn(const struct driver *d, unsigned steps, struct beacon_error *err)
{
    struct beacon_exchange *x = NULL;
    beacon_rc rc = call_open(d, &x, err);
    if (rc == BEACON_OK) {
        rc = run_steps(d, x, steps, err);
        judge_and_close(d, x, rc);
    }
    return rc;
}

/* ---- the driver ---- */

static bool driver_init(struct driver *d, struct check_case *c)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    *d = (struct driver){.c = c};
    if (c->component->form != MANIFEST_FORM_SANS_IO) {
        check_skip(c, "the provider brings its own transport");
        return false;
    }
    if (!instance_maker_init(c, &d->maker)) {
        return false;
    }
    (void)sized_copy(&d->table, sizeof d->table, d->maker.component.vtable, "table", NULL);
    recorded_frames_read(c, &d->frames);
    const char *config = d->frames.config != NULL ? d->frames.config : maker_config(&d->maker);
    if (maker_create(&d->maker, config, strlen(config), &d->inst, &err) != BEACON_OK) {
        check_skip(c, "create() fails, see C.creates");
        recorded_frames_finish(&d->frames);
        return false;
    }
    return true;
}

static void driver_finish(struct driver *d)
{
    maker_destroy(&d->maker, d->inst);
    recorded_frames_finish(&d->frames);
}

void check_exchange_leaks(struct check_case *c)
{
    struct driver d;
    if (!driver_init(&d, c)) {
        return;
    }
    for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
        struct beacon_error err = BEACON_INIT(struct beacon_error);
        for (int i = 0; i < 3; i++) {
            (void)run_turn(&d, steps, &err);
        }
        const int64_t blocks = memory_live_blocks(), bytes = memory_live_bytes();
        for (int i = 0; i < EXCHANGES; i++) {
            (void)run_turn(&d, steps, &err);
        }
        const int64_t more_blocks = memory_live_blocks() - blocks;
        const int64_t more_bytes = memory_live_bytes() - bytes;
        if (memory_is_ours() ? more_blocks >= EXCHANGES / 2 : more_bytes >= EXCHANGES) {
            check_fail(c, "as much memory after close() as before open()",
                       "free in close() what the exchange has by then",
                       "%d turns closed after step %u of 4 leave %lld bytes behind", EXCHANGES,
                       steps, (long long)more_bytes);
        }
    }
    driver_finish(&d);
}

/* ---- allocations that fail ---- */

struct shortage {
    const struct driver *driver;
    int64_t n_blocks, n_bytes; /* left behind by open() that failed */
};

/* One turn whose n-th allocation fails; false: it has fewer than n. */
static bool turn_without(struct shortage *s, uint64_t n, bool is_for_good)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    struct beacon_exchange *x = NULL;
    const int64_t blocks = memory_live_blocks(), bytes = memory_live_bytes();
    memory_fail_at(n, is_for_good);
    beacon_rc rc = call_open(s->driver, &x, &err);
    if (rc == BEACON_OK) {
        rc = run_steps(s->driver, x, STEPS_MAX - 1, &err);
        judge_and_close(s->driver, x, rc);
    } else {
        s->n_blocks += memory_live_blocks() - blocks;
        s->n_bytes += memory_live_bytes() - bytes;
    }
    const bool was_reached = memory_has_failed();
    memory_fail_at(0, false);
    return was_reached;
}

static void fail_all(struct shortage *s)
{
    for (int is_for_good = 0; is_for_good <= 1; is_for_good++) {
        for (uint64_t n = 1; n < FAILURES_MAX && turn_without(s, n, is_for_good != 0); n++) {
        }
    }
}

void check_exchange_no_memory(struct check_case *c)
{
    struct driver d;
    if (!memory_is_ours()) {
        check_skip(c, "a sanitizer owns the allocator of this build");
        return;
    }
    if (!driver_init(&d, c)) {
        return;
    }
    struct shortage s = {.driver = &d};
    fail_all(&s); /* also fills what is kept for ever */
    s.n_blocks = s.n_bytes = 0;
    fail_all(&s);
    if (s.n_blocks > 0) {
        check_fail(c, "an open() that fails leaves nothing behind",
                   "free on every way out of open() what there is by then",
                   "%lld bytes are left by open() failing for want of memory",
                   (long long)s.n_bytes);
    }
    driver_finish(&d);
}
