/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/retry_after.h>
#include <beacon-sdk/sink.h>
#include <beacon-sdk/sized.h>

#include "config.h"
#include "events.h"
#include "limits.h"

#define REQUEST_ID_MAX 256u

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
    x->http.idle_timeout_ms = (uint32_t)config->stream_idle_timeout_ms;
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
    x->retry_after_ms = BEACON_RETRY_AFTER_NONE;
    responses_failure_init(&x->failure);
    beacon_json_out_init(&x->request_id, REQUEST_ID_MAX);
    beacon_json_out_init(&x->error_body, FAILURE_BODY_MAX);
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
        return responses_failure_error(&x->failure, err);
    }
    if (x->is_sent) {
        BEACON_SET(ret, kind, BEACON_ACT_DONE);
        return BEACON_OK;
    }
    x->is_sent = true;
    x->status = 0;
    describe_request(x);
    BEACON_SET(ret, kind, BEACON_ACT_HTTP);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the slot is a pointer, its size is meant */
    BEACON_SET(ret, http, &x->http);
    return BEACON_OK;
}

/* The host's clock when it lends one; a date in Retry-After is only worth it with some clock. */
static int64_t now_unix_ms(const struct beacon_host *host)
{
    const struct beacon_host_clock *clock = NULL;
    if (host != NULL && BEACON_HAS(host, facet) && host->facet != NULL) {
        clock = host->facet(host, BEACON_HOST_CLOCK);
    }
    if (clock != NULL && BEACON_HAS(clock, unix_ms) && clock->unix_ms != NULL) {
        return (int64_t)clock->unix_ms(host);
    }
    return (int64_t)time(NULL) * 1000;
}

static void read_header(struct beacon_exchange *x, const struct beacon_kv *header)
{
    if (beacon_span_is_nocase(header->k, "retry-after")) {
        x->retry_after_ms = beacon_retry_after_header(header->v, now_unix_ms(x->instance->host));
    } else if (beacon_span_is_nocase(header->k, "x-request-id")) {
        beacon_json_out_reset(&x->request_id);
        const struct beacon_str cut = beacon_utf8_cut(header->v, REQUEST_ID_MAX);
        beacon_json_out_bytes(&x->request_id, cut.p, cut.n);
    }
}

beacon_rc responses_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                                const struct beacon_events *events, struct beacon_error *err)
{
    struct beacon_http_response local;
    (void)err;
    BEACON_COPY_IN(local, r);
    x->status = local.status;
    for (size_t i = 0; i < local.n_headers; i++) {
        read_header(x, &local.headers[i]);
    }
    beacon_json_out_reset(&x->stream.scratch);
    if (!responses_limits_put(&x->stream.scratch, local.headers, local.n_headers)) {
        return BEACON_OK;
    }
    return beacon_emit_text(events, BEACON_EV_LIMITS, beacon_json_out_text(&x->stream.scratch));
}

static bool is_success(const struct beacon_exchange *x)
{
    return x->status >= 200 && x->status < 300;
}

beacon_rc responses_on_frame(struct beacon_exchange *x, struct beacon_str event,
                             struct beacon_bytes data, const struct beacon_events *events,
                             struct beacon_error *err)
{
    (void)event; /* the JSON says it again, and is what servers get right */
    if (is_success(x)) {
        return responses_read_event(x, data, events, err);
    }
    const size_t room = FAILURE_BODY_MAX - x->error_body.n;
    beacon_json_out_bytes(&x->error_body, (const char *)data.p, data.n < room ? data.n : room);
    return BEACON_OK;
}

/* Ask once more without the summary when that is all the server minds. */
static bool may_repeat(struct beacon_exchange *x)
{
    if (x->is_repeated || x->status != 400 ||
        !responses_failure_is_about_summary(beacon_json_out_text(&x->error_body)) ||
        !responses_request_drop_summary(&x->request)) {
        return false;
    }
    x->is_repeated = true;
    x->is_sent = false;
    beacon_json_out_reset(&x->error_body);
    beacon_log(x->instance->host, BEACON_LOG_INFO,
               "the model gives no reasoning summary, asking again without");
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
        return responses_failure_error(&x->failure, err);
    }
    if (x->status == 0 || is_success(x)) {
        responses_failure_closed_early(&x->failure);
        return responses_failure_error(&x->failure, err);
    }
    if (may_repeat(x)) {
        return BEACON_OK;
    }
    const struct responses_refusal refusal = {
        .status = x->status,
        .body = beacon_json_out_text(&x->error_body),
        .url = x->http.url,
        .request_id = beacon_json_out_text(&x->request_id),
        .retry_after_ms = x->retry_after_ms,
    };
    responses_failure_of_status(&x->failure, &refusal);
    return responses_failure_error(&x->failure, err);
}

/* Asked without a failure of ours, something between host and server broke: worth another try. */
void responses_judge(struct beacon_exchange *x, struct beacon_verdict *ret)
{
    if (!x->failure.is_set) {
        responses_failure_closed_early(&x->failure);
    }
    const struct responses_failure *f = &x->failure;
    const int64_t after_ms = f->after_ms < 0 ? 0 : f->after_ms;
    BEACON_SET(ret, verdict, f->verdict);
    BEACON_SET(ret, after_ms, (uint32_t)(after_ms < UINT32_MAX ? after_ms : UINT32_MAX));
    BEACON_SET(ret, flags, 0);
    BEACON_SET(ret, code, f->code);
    BEACON_SET(ret, message, beacon_json_out_text(&f->message));
}

void responses_close(struct beacon_exchange *x)
{
    if (x == NULL) {
        return;
    }
    responses_request_finish(&x->request);
    responses_failure_finish(&x->failure);
    beacon_json_out_finish(&x->request_id);
    beacon_json_out_finish(&x->error_body);
    beacon_json_out_finish(&x->stream.repaired);
    beacon_json_out_finish(&x->stream.scratch);
    free(x);
}
