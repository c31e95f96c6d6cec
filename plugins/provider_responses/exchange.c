/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/sink.h>
#include <beacon-sdk/sized.h>

#include "config.h"
#include "events.h"
#include "limits.h"

static void describe_request(struct beacon_exchange *x)
{
    const struct responses_config *config = x->instance->config;
    const struct beacon_str body = beacon_json_out_text(&x->request.body);
    memset(&x->http, 0, sizeof x->http);
    x->http.struct_size = (uint32_t)sizeof x->http;
    x->http.method = BEACON_STR("POST");
    x->http.url = beacon_json_out_text(&config->url);
    x->http.headers = x->request.headers;
    x->http.n_headers = x->request.n_headers;
    x->http.body.p = (const uint8_t *)body.p;
    x->http.body.n = body.n;
    x->http.idle_timeout_ms = (uint32_t)config->endpoint.stream_idle_timeout_ms;
    x->http.framing = BEACON_FRAME_SSE;
    x->http.auth = BEACON_AUTH_INSTANCE;
}

static void copy_turn(const struct beacon_turn *turn, struct beacon_turn *ret)
{
    BEACON_COPY_IN(*ret, turn);
    if (!BEACON_HAS(turn, max_output_tokens)) {
        ret->max_output_tokens = -1;
    }
    if (!BEACON_HAS(turn, temperature)) {
        ret->temperature = -1; /* as unset as NaN */
    }
}

beacon_rc responses_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **ret,
                         struct beacon_error *err)
{
    struct beacon_turn local;
    if (turn == NULL) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "name the model in the configuration",
                                 "a Responses server does not list its models");
    }
    struct beacon_exchange *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    x->instance = inst;
    beacon_failure_init(&x->failure);
    beacon_answer_init(&x->answer);
    beacon_json_out_init(&x->stream.repaired, REQUEST_BYTES_MAX);
    beacon_json_out_init(&x->stream.scratch, REQUEST_BYTES_MAX);
    copy_turn(turn, &local);
    beacon_rc rc = responses_request_build(x->instance->config, &local, &x->request, err);
    if (rc != BEACON_OK) {
        responses_close(x);
        return rc;
    }
    *ret = x;
    return BEACON_OK;
}

beacon_rc responses_poll(struct beacon_exchange *x, struct beacon_action *ret,
                         struct beacon_error *err)
{
    if (x->failure.is_set) {
        return beacon_failure_error(&x->failure, err);
    }
    if (x->is_sent) {
        BEACON_SET(ret, kind, BEACON_ACT_DONE);
        return BEACON_OK;
    }
    x->is_sent = true;
    beacon_answer_reset(&x->answer);
    describe_request(x);
    BEACON_SET(ret, kind, BEACON_ACT_HTTP);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the slot is a pointer, its size is meant */
    BEACON_SET(ret, http, &x->http);
    return BEACON_OK;
}

beacon_rc responses_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                                const struct beacon_events *events, struct beacon_error *err)
{
    struct beacon_http_response local;
    (void)err;
    BEACON_COPY_IN(local, r);
    beacon_answer_begin(&x->answer, r, x->instance->host);
    beacon_json_out_reset(&x->stream.scratch);
    if (!responses_limits_put(&x->stream.scratch, local.headers, local.n_headers)) {
        return BEACON_OK;
    }
    return beacon_emit_text(events, BEACON_EV_LIMITS, beacon_json_out_text(&x->stream.scratch));
}

beacon_rc responses_on_frame(struct beacon_exchange *x, struct beacon_str event,
                             struct beacon_bytes data, const struct beacon_events *events,
                             struct beacon_error *err)
{
    (void)event; /* the JSON says it again, and is what servers get right */
    if (beacon_answer_is_success(&x->answer)) {
        return responses_read_event(x, data, events, err);
    }
    beacon_answer_add(&x->answer, data);
    return BEACON_OK;
}

/* What the request was sent without, NULL when it is as good as it can be. */
static const char *lighten(struct beacon_exchange *x)
{
    const struct beacon_str body = beacon_json_out_text(&x->answer.body);
    if (responses_failure_is_about_summary(body) && responses_request_drop_summary(&x->request)) {
        return "the model gives no reasoning summary, asking again without";
    }
    if (responses_failure_is_about_reasoning(body) &&
        responses_request_drop_reasoning(&x->request)) {
        return "the server cannot read earlier reasoning, asking again without";
    }
    return NULL;
}

/* Ask once more without what is all that the server minds: each can be dropped once. */
static bool may_repeat(struct beacon_exchange *x)
{
    const char *what = x->answer.status == 400 ? lighten(x) : NULL;
    if (what == NULL) {
        return false;
    }
    x->is_sent = false;
    beacon_log(x->instance->host, BEACON_LOG_INFO, "%s", what);
    return true;
}

beacon_rc responses_on_end(struct beacon_exchange *x, uint32_t how,
                           const struct beacon_events *events, struct beacon_error *err)
{
    (void)how; /* what was seen says more: a stream may end well and lack its last event */
    (void)events;
    if (x->stream.is_finished) {
        return BEACON_OK;
    }
    if (x->failure.is_set) {
        return beacon_failure_error(&x->failure, err);
    }
    if (x->answer.status == 0 || beacon_answer_is_success(&x->answer)) {
        beacon_failure_closed_early(&x->failure, "response.completed");
        return beacon_failure_error(&x->failure, err);
    }
    if (may_repeat(x)) {
        return BEACON_OK;
    }
    beacon_failure_of_answer(&x->failure, &responses_failures, &x->answer, x->http.url);
    return beacon_failure_error(&x->failure, err);
}

/* Asked without a failure of ours, something between host and server broke: worth another try. */
void responses_judge(struct beacon_exchange *x, struct beacon_verdict *ret)
{
    if (!x->failure.is_set) {
        beacon_failure_closed_early(&x->failure, "response.completed");
    }
    beacon_failure_judge(&x->failure, ret);
}

void responses_close(struct beacon_exchange *x)
{
    if (x == NULL) {
        return;
    }
    responses_request_finish(&x->request);
    beacon_failure_finish(&x->failure);
    beacon_answer_finish(&x->answer);
    beacon_json_out_finish(&x->stream.repaired);
    beacon_json_out_finish(&x->stream.scratch);
    free(x);
}
