/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include <stdlib.h>

#include "http_text.h"

#define POLLS_MAX 100 /* a plugin that always wants one more request never ends */

struct testhost_provider *testhost_provider_create(struct testhost *t, const char *name,
                                                   const char *config)
{
    struct testhost_provider *p = testhost_alloc(sizeof *p);
    if (!instance_table(t, BEACON_KIND_PROVIDER, name, &p->table, sizeof p->table) ||
        instance_create(t, p->table.create, config, &p->i) != BEACON_OK) {
        free(p);
        return NULL;
    }
    return p;
}

void testhost_provider_destroy(struct testhost_provider *p)
{
    if (p != NULL) {
        instance_destroy(&p->i, p->table.destroy);
        free(p);
    }
}

/* ---- one turn ---- */

static bool is_success(const struct testhost_answer *answer)
{
    return answer->status >= 200 && answer->status < 300;
}

static bool give_frames(struct run *r, const struct testhost_answer *answer)
{
    struct frames frames;
    const char *body = answer->body != NULL ? answer->body : "";
    const size_t n = answer->n_body > 0 ? answer->n_body : strlen(body);
    const size_t most = r->script->is_cut ? r->script->frames : SIZE_MAX;
    bool goes_on = true;
    frames_start(&frames, is_success(answer) ? r->framing : BEACON_FRAME_WHOLE, r->script->chunk,
                 body, n);
    for (size_t i = 0; goes_on && i < most && frames_next(&frames); i++) {
        goes_on = slot_on_frame(r, beacon_span(frames.event.p, frames.event.n),
                                beacon_span(frames.data.p, frames.data.n));
    }
    frames_finish(&frames);
    return goes_on;
}

static bool answer_request(struct run *r)
{
    const size_t i = r->result.n_requests - 1;
    const struct testhost_answer *answer = i < r->script->n_answers ? &r->script->answers[i] : NULL;
    if (answer == NULL || (answer->flags & TESTHOST_ANSWER_NONE) != 0) {
        r->result.rc = BEACON_E_IO;
        return false;
    }
    if (!slot_on_response(r, answer) || !give_frames(r, answer)) {
        return false;
    }
    uint32_t how = is_success(answer) ? answer->how : BEACON_END_HTTP_ERROR;
    if (r->script->is_cut && how == BEACON_END_OK) {
        how = BEACON_END_TRUNCATED;
    }
    return slot_on_end(r, how);
}

static bool follow(struct run *r)
{
    for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
        if (!slot_poll(r)) {
            return false;
        }
        if (r->kind == BEACON_ACT_DONE) {
            return true;
        }
        if (r->kind == BEACON_ACT_WAIT) {
            testhost_advance_ms(r->p->i.t, r->wait_ms);
        } else if (!answer_request(r)) {
            return false;
        }
    }
    testhost_find(r->p->i.t, "value", "poll() was called %d times and wants more", POLLS_MAX);
    return false;
}

static void keep_result(struct run *r)
{
    struct testhost *t = r->p->i.t;
    r->result.n_events = r->events.n;
    r->result.is_finished = r->events.is_finished;
    r->result.events = testhost_keep_buffer(t, &r->events.lines);
    r->result.request = testhost_keep_buffer(t, &r->request);
    r->result.error =
        testhost_keep(t, testhost_copy(r->result.rc != BEACON_OK ? beacon_text(testhost_error(t))
                                                                 : beacon_span(NULL, 0)));
}

struct testhost_result testhost_provider_run(struct testhost_provider *p, const char *turn,
                                             const struct testhost_script *script)
{
    /* Large, because of the items of the grammar. */
    struct run *r = testhost_alloc(sizeof *r);
    r->p = p;
    r->script = script;
    r->events.t = p->i.t;
    r->events.refuse_after = script->is_refusing ? script->events : SIZE_MAX;
    r->result.slot = r->result.url = r->result.body = r->result.message = "";
    buffer_reset(&p->i.t->error);
    if (p->i.is_broken) {
        r->result.rc = BEACON_E_INTERNAL;
    } else if (slot_open(r, turn)) {
        const bool is_ok = follow(r);
        events_end(&r->events, is_ok && turn != NULL);
        if (!is_ok && !r->is_cancelled && !p->i.is_broken) {
            slot_judge(r);
        }
    }
    slot_close(r);
    if (r->is_cancelled) {
        r->result.rc = BEACON_E_CANCELLED;
    }
    keep_result(r);
    const struct testhost_result result = r->result;
    free(r);
    return result;
}

struct testhost_result testhost_provider_say(struct testhost_provider *p, const char *turn,
                                             const char *body)
{
    const struct testhost_answer answer = {.status = 200, .body = body};
    const struct testhost_script script = {.answers = &answer, .n_answers = 1};
    return testhost_provider_run(p, turn, &script);
}

/* ---- the catalogue ---- */

struct models_call {
    struct testhost_provider *p;
    const struct beacon_models_sink *sink;
    struct buffer lines;
};

static beacon_rc add_model(const struct beacon_models_sink *sink, const struct beacon_model *m)
{
    struct models_call *call = *(struct models_call **)sink->ctx;
    if (!testhost_sink_enter(call->p->i.t, "models.add")) {
        return BEACON_E_INVALID;
    }
    if (m->struct_size < sizeof *m || m->id.n == 0) {
        testhost_find(call->p->i.t, "value", "a model without its size, or without an id");
    } else {
        buffer_shown(&call->lines, m->id);
        buffer_add(&call->lines, " context=%lld output=%lld features=%u\n",
                   (long long)m->context_tokens, (long long)m->max_output_tokens, m->features);
    }
    testhost_sink_leave(call->p->i.t);
    return BEACON_OK;
}

static void do_models(void *arg)
{
    struct models_call *call = arg;
    const beacon_rc rc = call->p->table.models(call->p->i.inst, call->sink);
    if (rc != BEACON_OK) {
        testhost_find(call->p->i.t, "value", "returns %d, but the sink had said OK", rc);
    }
}

const char *testhost_provider_models(struct testhost_provider *p)
{
    struct models_call call = {.p = p};
    if (p->table.models == NULL || p->i.is_broken) {
        return "";
    }
    struct beacon_models_sink sink = {
        .struct_size = sizeof sink, .ctx = testhost_lend_pointer(p->i.t, &call), .add = add_model};
    sink.flags = testhost_noise(p->i.t);
    call.sink = testhost_lend_struct(p->i.t, "models", &sink, sizeof sink);
    p->i.is_broken = !testhost_call_pure(p->i.t, "models", do_models, &call);
    return testhost_keep_buffer(p->i.t, &call.lines);
}
