/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <beacon-sdk/sink.h>

#include "config.h"
#include "failure.h"

static void describe_request(struct beacon_exchange *x)
{
    const struct beacon_str body = beacon_json_out_text(&x->request.body);
    memset(&x->http, 0, sizeof x->http);
    x->http.struct_size = (uint32_t)sizeof x->http;
    x->http.method = BEACON_STR("POST");
    x->http.url = beacon_json_out_text(&x->request.url);
    x->http.headers = x->request.headers;
    x->http.n_headers = x->request.n_headers;
    x->http.body.p = (const uint8_t *)body.p;
    x->http.body.n = body.n;
    x->http.idle_timeout_ms = (uint32_t)x->instance->config->endpoint.stream_idle_timeout_ms;
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

/* The same for the same question, another for the next: ids of calls are made from it. */
static uint64_t mark_of(const struct beacon_turn *turn)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%zu", turn->n_messages);
    uint64_t hash = beacon_hash_add(BEACON_HASH_BASIS, turn->session_id);
    hash = beacon_hash_add(hash, turn->idempotency_key);
    return beacon_hash_add(hash, beacon_span(digits, (size_t)n));
}

static void init(struct beacon_exchange *x, const struct gemini_instance *instance,
                 const struct beacon_turn *turn)
{
    x->instance = instance;
    beacon_failure_init(&x->failure);
    beacon_answer_init(&x->answer);
    gemini_stream_init(&x->stream, instance->host, &x->failure);
    gemini_items_init(&x->stream.items, &x->names, mark_of(turn));
}

beacon_rc gemini_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **ret,
                      struct beacon_error *err)
{
    struct beacon_turn local;
    if (turn == NULL) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "name the model in the configuration",
                                 "the models of this server are not listed");
    }
    struct beacon_exchange *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    copy_turn(turn, &local);
    init(x, inst, &local);
    beacon_rc rc = beacon_tool_names_init(&x->names, &local, err);
    rc = rc == BEACON_OK
             ? gemini_request_build(x->instance->config, &local, &x->names, &x->request, err)
             : rc;
    if (rc != BEACON_OK) {
        gemini_close(x);
        return rc;
    }
    *ret = x;
    return BEACON_OK;
}

beacon_rc gemini_poll(struct beacon_exchange *x, struct beacon_action *ret,
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

beacon_rc gemini_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                             const struct beacon_events *events, struct beacon_error *err)
{
    (void)events;
    (void)err;
    beacon_answer_begin(&x->answer, r, x->instance->host);
    return BEACON_OK;
}

beacon_rc gemini_on_frame(struct beacon_exchange *x, struct beacon_str event,
                          struct beacon_bytes data, const struct beacon_events *events,
                          struct beacon_error *err)
{
    (void)event; /* this API names none */
    if (beacon_answer_is_success(&x->answer)) {
        return gemini_stream_frame(&x->stream, data, events, err);
    }
    beacon_answer_add(&x->answer, data);
    return BEACON_OK;
}

/* Ask once more without telling how to think, when that is all the server minds. */
static bool may_repeat(struct beacon_exchange *x)
{
    if (x->is_repeated || x->answer.status != 400 ||
        !gemini_failure_is_about_thinking(beacon_json_out_text(&x->answer.body)) ||
        !gemini_request_drop_thinking(&x->request)) {
        return false;
    }
    x->is_repeated = true;
    x->is_sent = false;
    return true;
}

beacon_rc gemini_on_end(struct beacon_exchange *x, uint32_t how, const struct beacon_events *events,
                        struct beacon_error *err)
{
    (void)how; /* what was seen says more: a stream may end well and lack its end */
    if (x->failure.is_set) {
        return beacon_failure_error(&x->failure, err);
    }
    if (x->answer.status == 0 || beacon_answer_is_success(&x->answer)) {
        beacon_rc rc = gemini_stream_end(&x->stream, events, err);
        if (rc < 0 || x->stream.is_finished) {
            return rc;
        }
        beacon_failure_closed_early(&x->failure, "a finishReason");
        return beacon_failure_error(&x->failure, err);
    }
    if (may_repeat(x)) {
        return beacon_emit_text(
            events, BEACON_EV_WARNING,
            BEACON_STR("the model cannot be told how hard to think and is asked again without; set "
                       "quirks.thinking of the provider to \"none\" or to the other way"));
    }
    gemini_failure_of_answer(&x->failure, &x->answer, x->http.url);
    return beacon_failure_error(&x->failure, err);
}

/* Asked without a failure of ours, something between host and server broke: worth another try. */
void gemini_judge(struct beacon_exchange *x, struct beacon_verdict *ret)
{
    if (!x->failure.is_set) {
        beacon_failure_closed_early(&x->failure, "a finishReason");
    }
    beacon_failure_judge(&x->failure, ret);
}

void gemini_close(struct beacon_exchange *x)
{
    if (x == NULL) {
        return;
    }
    gemini_request_finish(&x->request);
    gemini_stream_finish(&x->stream);
    beacon_tool_names_finish(&x->names);
    beacon_failure_finish(&x->failure);
    beacon_answer_finish(&x->answer);
    free(x);
}
