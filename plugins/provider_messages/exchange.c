/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/sink.h>
#include <beacon-sdk/sized.h>

#include "config.h"
#include "events.h"
#include "failure.h"
#include "finish.h"
#include "items.h"
#include "limits.h"

#define REPEATS_MAX 2u /* without thinking, or with the other form and then without */

static void describe_request(struct beacon_exchange *x)
{
    const struct messages_config *config = x->instance->config;
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
    if (!BEACON_HAS(turn, parallel_tools)) {
        ret->parallel_tools = 1; /* what the API does when nothing is said */
    }
}

beacon_rc messages_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **ret,
                        struct beacon_error *err)
{
    struct beacon_turn local;
    if (turn == NULL) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "name the model in the configuration",
                                 "the models of a Messages server are not asked for");
    }
    struct beacon_exchange *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    x->instance = inst;
    beacon_answer_init(&x->answer);
    beacon_failure_init(&x->failure);
    beacon_json_out_init(&x->stream.repaired, REQUEST_BYTES_MAX);
    beacon_json_out_init(&x->stream.scratch, REQUEST_BYTES_MAX);
    x->stream.usage = beacon_usage_unknown(BEACON_USAGE_OUTPUT_INCLUDES_REASONING);
    copy_turn(turn, &local);
    beacon_rc rc = messages_request_build(x->instance->config, &local, &x->request, err);
    if (rc != BEACON_OK) {
        messages_close(x);
        return rc;
    }
    *ret = x;
    return BEACON_OK;
}

beacon_rc messages_poll(struct beacon_exchange *x, struct beacon_action *ret,
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

beacon_rc messages_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                               const struct beacon_events *events, struct beacon_error *err)
{
    struct beacon_http_response local;
    (void)err;
    BEACON_COPY_IN(local, r);
    beacon_answer_begin(&x->answer, r, x->instance->host);
    beacon_json_out_reset(&x->stream.scratch);
    if (!messages_limits_put(&x->stream.scratch, local.headers, local.n_headers)) {
        return BEACON_OK;
    }
    return beacon_emit_text(events, BEACON_EV_LIMITS, beacon_json_out_text(&x->stream.scratch));
}

beacon_rc messages_on_frame(struct beacon_exchange *x, struct beacon_str event,
                            struct beacon_bytes data, const struct beacon_events *events,
                            struct beacon_error *err)
{
    (void)event; /* the JSON says it again, and is what servers get right */
    if (beacon_answer_is_success(&x->answer)) {
        return messages_read_event(x, data, events, err);
    }
    beacon_answer_add(&x->answer, data);
    return BEACON_OK;
}

/* Ask once more with another wish for thinking when that is all the server minds. */
static bool may_repeat(struct beacon_exchange *x)
{
    const enum messages_complaint complaint = messages_failure_complaint(&x->answer);
    if (complaint == COMPLAINT_NONE || x->n_repeats == REPEATS_MAX ||
        !messages_request_change_thinking(&x->request, complaint == COMPLAINT_WANTS_ADAPTIVE)) {
        return false;
    }
    x->n_repeats++;
    x->is_sent = false;
    beacon_log(x->instance->host, BEACON_LOG_INFO,
               "the model does not take this wish for thinking, asking again with another");
    return true;
}

beacon_rc messages_on_end(struct beacon_exchange *x, uint32_t how,
                          const struct beacon_events *events, struct beacon_error *err)
{
    const struct messages_context c = {x, events, err};
    (void)how; /* what was seen says more: a stream may end well and lack its last event */
    if (x->stream.is_finished) {
        return BEACON_OK;
    }
    if (x->failure.is_set) {
        return beacon_failure_error(&x->failure, err);
    }
    if (x->answer.status == 0 || beacon_answer_is_success(&x->answer)) {
        beacon_failure_closed_early(&x->failure, "message_stop");
        beacon_rc rc = x->stream.is_started ? messages_tell_usage(&c) : BEACON_OK;
        return rc < 0 ? rc : beacon_failure_error(&x->failure, err);
    }
    if (may_repeat(x)) {
        return BEACON_OK;
    }
    messages_failure_of_answer(&x->failure, &x->answer, x->http.url);
    return beacon_failure_error(&x->failure, err);
}

/* Asked without a failure of ours, something between host and server broke: worth another try. */
void messages_judge(struct beacon_exchange *x, struct beacon_verdict *ret)
{
    if (!x->failure.is_set) {
        beacon_failure_closed_early(&x->failure, "message_stop");
    }
    beacon_failure_judge(&x->failure, ret);
}

void messages_close(struct beacon_exchange *x)
{
    if (x == NULL) {
        return;
    }
    messages_items_finish(&x->stream);
    messages_request_finish(&x->request);
    beacon_failure_finish(&x->failure);
    beacon_answer_finish(&x->answer);
    beacon_json_out_finish(&x->stream.repaired);
    beacon_json_out_finish(&x->stream.scratch);
    free(x);
}
