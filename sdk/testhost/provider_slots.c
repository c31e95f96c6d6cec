/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include "http_text.h"
#include "turn.h"

/* The arguments of one call; what a slot does not use stays empty. */
struct slot_call {
    struct run *r;
    const struct beacon_turn *turn;
    struct beacon_action *action;
    const struct beacon_http_response *response;
    const struct beacon_events *events;
    struct beacon_str event, data;
    struct beacon_verdict *verdict;
    struct beacon_error *err;
    uint32_t how;
    beacon_rc rc;
};

/* Shall this call be made, or is it where the person cancels? */
static bool is_due(struct run *r)
{
    if (r->script->cancel_after > 0 && r->result.n_calls >= r->script->cancel_after) {
        r->is_cancelled = true;
        return false;
    }
    r->result.n_calls++;
    return true;
}

static void note_failure(struct slot_call *call)
{
    struct testhost *t = call->r->p->i.t;
    if (call->rc > 0) {
        testhost_find(t, "value", "returns %d, which is no result code", call->rc);
    }
    if (call->rc != BEACON_OK && call->err != NULL) {
        testhost_keep_error(t, call->err);
    }
}

static bool make(struct run *r, const char *slot, void (*fn)(void *), struct slot_call *call)
{
    call->r = r;
    call->rc = BEACON_E_INTERNAL;
    if (!testhost_call(r->p->i.t, slot, fn, call)) {
        r->p->i.is_broken = true;
        call->rc = BEACON_E_INTERNAL;
    }
    if (call->rc != BEACON_OK) {
        r->result.rc = call->rc;
        r->result.slot = slot;
    }
    return call->rc == BEACON_OK;
}

static void do_open(void *arg)
{
    struct slot_call *call = arg;
    struct run *r = call->r;
    call->rc = r->p->table.open(r->p->i.inst, call->turn, &r->x, call->err);
    note_failure(call);
    if (call->rc == BEACON_OK && r->x == NULL) {
        testhost_find(r->p->i.t, "value", "says OK and gives no exchange");
    }
}

bool slot_open(struct run *r, const char *turn)
{
    struct slot_call call = {.err = testhost_lend_error(r->p->i.t)};
    call.turn = turn != NULL ? turn_lend(r->p->i.t, turn) : NULL;
    if (turn != NULL && call.turn == NULL) {
        r->result.rc = BEACON_E_INVALID;
        return false;
    }
    const bool is_open = is_due(r) && make(r, "open", do_open, &call);
    if (!is_open) {
        r->x = NULL;
    }
    return is_open;
}

/* The description is the plugin's until the next call, so it is written down now. */
static void note_request(struct run *r, const struct beacon_http_request *rq)
{
    struct testhost *t = r->p->i.t;
    if (rq == NULL || rq->struct_size < sizeof *rq) {
        testhost_find(t, "value", "asks for HTTP without a request, or one without its size");
        r->kind = BEACON_ACT_DONE;
        return;
    }
    r->framing = rq->framing;
    r->result.n_requests++;
    buffer_reset(&r->request);
    http_request_text(t, &r->request, rq);
    r->result.url = testhost_keep(t, testhost_copy(rq->url));
    r->result.body =
        testhost_keep(t, testhost_copy(beacon_span((const char *)rq->body.p, rq->body.n)));
    r->result.n_body = rq->body.n;
    if (rq->framing > BEACON_FRAME_WHOLE) {
        testhost_find(t, "value", "asks for framing %u, which nobody knows", rq->framing);
    }
}

static void do_poll(void *arg)
{
    struct slot_call *call = arg;
    struct run *r = call->r;
    call->rc = r->p->table.poll(r->x, call->action, call->err);
    note_failure(call);
    if (call->rc != BEACON_OK) {
        return;
    }
    r->kind = BEACON_GET(call->action, kind, BEACON_ACT_DONE);
    r->wait_ms = BEACON_GET(call->action, wait_ms, 0);
    if (r->kind == BEACON_ACT_HTTP) {
        note_request(r, BEACON_GET(call->action, http, NULL));
    } else if (r->kind != BEACON_ACT_WAIT && r->kind != BEACON_ACT_DONE) {
        testhost_find(r->p->i.t, "value", "asks for action %u, which nobody knows", r->kind);
        r->kind = BEACON_ACT_DONE;
    }
}

bool slot_poll(struct run *r)
{
    static const struct beacon_action zeroed;
    struct slot_call call = {.err = testhost_lend_error(r->p->i.t)};
    call.action = testhost_lend_struct(r->p->i.t, "action", &zeroed, sizeof zeroed);
    return is_due(r) && make(r, "poll", do_poll, &call);
}

static void do_on_response(void *arg)
{
    struct slot_call *call = arg;
    call->rc = call->r->p->table.on_response(call->r->x, call->response, call->events, call->err);
    note_failure(call);
}

bool slot_on_response(struct run *r, const struct testhost_answer *answer)
{
    struct testhost *t = r->p->i.t;
    struct slot_call call = {.err = testhost_lend_error(t), .events = events_lend_sink(&r->events)};
    call.response = http_lend_response(t, answer->status, answer->headers);
    return is_due(r) && make(r, "on_response", do_on_response, &call);
}

static void do_on_frame(void *arg)
{
    struct slot_call *call = arg;
    const struct beacon_bytes data = {(const uint8_t *)call->data.p, call->data.n};
    call->rc = call->r->p->table.on_frame(call->r->x, call->event, data, call->events, call->err);
    note_failure(call);
}

/* A host may be too busy for an error per frame, as Beacon is, so every second frame has none. */
bool slot_on_frame(struct run *r, struct beacon_str event, struct beacon_str data)
{
    struct testhost *t = r->p->i.t;
    struct slot_call call = {.events = events_lend_sink(&r->events)};
    call.err = r->result.n_frames % 2 == 0 ? testhost_lend_error(t) : NULL;
    call.event = testhost_lend_str(t, event);
    call.data = testhost_lend_str(t, data);
    r->result.n_frames++;
    return is_due(r) && make(r, "on_frame", do_on_frame, &call);
}

static void do_on_end(void *arg)
{
    struct slot_call *call = arg;
    call->rc = call->r->p->table.on_end(call->r->x, call->how, call->events, call->err);
    note_failure(call);
}

bool slot_on_end(struct run *r, uint32_t how)
{
    struct testhost *t = r->p->i.t;
    struct slot_call call = {.err = testhost_lend_error(t), .events = events_lend_sink(&r->events)};
    call.how = how;
    return is_due(r) && make(r, "on_end", do_on_end, &call);
}

static void do_judge(void *arg)
{
    struct slot_call *call = arg;
    struct run *r = call->r;
    struct testhost *t = r->p->i.t;
    r->p->table.judge(r->x, call->verdict);
    const struct beacon_str empty = {NULL, 0}, message = BEACON_GET(call->verdict, message, empty);
    r->result.verdict = BEACON_GET(call->verdict, verdict, 0);
    r->result.after_ms = BEACON_GET(call->verdict, after_ms, 0);
    r->result.code = BEACON_GET(call->verdict, code, 0);
    r->result.message = testhost_keep(t, testhost_copy(message));
    testhost_look_at(t, "a verdict", message);
    if (r->result.verdict > BEACON_VERDICT_FALLBACK) {
        testhost_find(t, "value", "gives verdict %u, which nobody knows", r->result.verdict);
    }
    call->rc = BEACON_OK;
}

void slot_judge(struct run *r)
{
    static const struct beacon_verdict zeroed;
    struct slot_call call = {.r = r};
    call.verdict = testhost_lend_struct(r->p->i.t, "verdict", &zeroed, sizeof zeroed);
    r->result.has_verdict = testhost_call_pure(r->p->i.t, "judge", do_judge, &call);
    r->p->i.is_broken |= !r->result.has_verdict;
}

static void do_close(void *arg)
{
    struct slot_call *call = arg;
    call->r->p->table.close(call->r->x);
}

void slot_close(struct run *r)
{
    struct slot_call call = {.r = r};
    if (r->x != NULL && !r->p->i.is_broken) {
        r->p->i.is_broken = !testhost_call(r->p->i.t, "close", do_close, &call);
    }
    r->x = NULL;
}
