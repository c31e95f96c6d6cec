/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdlib.h>

#include "config.h"
#include "stream.h"

#define CONTENT_TYPE_MAX ((size_t)64)

static void describe_request(struct beacon_exchange *x)
{
    const struct chat_config *config = x->instance->config;
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

static void init(struct beacon_exchange *x, const struct chat_instance *instance)
{
    x->instance = instance;
    beacon_failure_init(&x->failure);
    beacon_answer_init(&x->response);
    beacon_json_out_init(&x->content_type, CONTENT_TYPE_MAX);
    beacon_json_out_init(&x->repaired, CHAT_FRAME_MAX);
    chat_shape_init(&x->shape);
    chat_answer_init(&x->answer);
}

beacon_rc chat_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **ret,
                    struct beacon_error *err)
{
    const struct chat_instance *instance = inst;
    struct beacon_turn local;
    if (turn == NULL) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "name the model in the configuration",
                                 "this provider does not list its models");
    }
    struct beacon_exchange *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    init(x, instance);
    copy_turn(turn, &local);
    beacon_rc rc = chat_tools_init(&x->tools, &local, err);
    rc = rc == BEACON_OK ? chat_request_build(instance->config, &local, &x->request, err) : rc;
    if (rc != BEACON_OK) {
        chat_close(x);
        return rc;
    }
    *ret = x;
    return BEACON_OK;
}

beacon_rc chat_poll(struct beacon_exchange *x, struct beacon_action *ret, struct beacon_error *err)
{
    if (x->failure.is_set) {
        return beacon_failure_error(&x->failure, err);
    }
    if (x->is_sent) {
        BEACON_SET(ret, kind, BEACON_ACT_DONE);
        return BEACON_OK;
    }
    x->is_sent = true;
    describe_request(x);
    BEACON_SET(ret, kind, BEACON_ACT_HTTP);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the slot is a pointer, its size is meant */
    BEACON_SET(ret, http, &x->http);
    return BEACON_OK;
}

/* A web page, where a stream was expected, says that the address is wrong. Other types are not held
 * against a server: many send their events as plain text. */
static void note_content_type(struct beacon_exchange *x, const struct beacon_http_response *r)
{
    struct beacon_http_response local;
    BEACON_COPY_IN(local, r);
    for (size_t i = 0; i < local.n_headers; i++) {
        const struct beacon_kv *header = &local.headers[i];
        if (beacon_span_is_nocase(header->k, "content-type") &&
            beacon_span_starts(header->v, "text/html")) {
            beacon_json_out_reset(&x->content_type);
            beacon_json_out_bytes(&x->content_type, "text/html", 9);
        }
    }
}

beacon_rc chat_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                           const struct beacon_events *events, struct beacon_error *err)
{
    (void)events;
    (void)err;
    beacon_answer_begin(&x->response, r, x->instance->host);
    note_content_type(x, r);
    return BEACON_OK;
}

beacon_rc chat_on_frame(struct beacon_exchange *x, struct beacon_str event,
                        struct beacon_bytes data, const struct beacon_events *events,
                        struct beacon_error *err)
{
    if (!beacon_answer_is_success(&x->response)) {
        beacon_answer_add(&x->response, data);
        return BEACON_OK;
    }
    const struct chat_context c = {x, events, err};
    return chat_read_frame(&c, event, beacon_span((const char *)data.p, data.n));
}

/* The mark of the end is only a courtesy: an answer whose finish_reason was seen is whole. */
static beacon_rc end_stream(struct beacon_exchange *x, const struct beacon_events *events,
                            struct beacon_error *err)
{
    const struct chat_context c = {x, events, err};
    if (x->answer.is_over) {
        return chat_answer_end(&c);
    }
    chat_failure_closed_early(&x->failure, x->answer.is_started
                                               ? BEACON_STR("")
                                               : beacon_json_out_text(&x->content_type));
    return beacon_failure_error(&x->failure, err);
}

beacon_rc chat_on_end(struct beacon_exchange *x, uint32_t how, const struct beacon_events *events,
                      struct beacon_error *err)
{
    (void)how; /* what was seen says more: a stream may end well and lack its last chunk */
    if (x->answer.is_finished) {
        return BEACON_OK;
    }
    if (x->failure.is_set) {
        return beacon_failure_error(&x->failure, err);
    }
    if (x->response.status == 0 || beacon_answer_is_success(&x->response)) {
        return end_stream(x, events, err);
    }
    chat_failure_of_answer(&x->failure, &x->response, x->http.url);
    return beacon_failure_error(&x->failure, err);
}

/* Asked without a failure of ours, something between host and server broke: worth another try. */
void chat_judge(struct beacon_exchange *x, struct beacon_verdict *ret)
{
    if (!x->failure.is_set) {
        chat_failure_closed_early(&x->failure, BEACON_STR(""));
    }
    beacon_failure_judge(&x->failure, ret);
}

void chat_close(struct beacon_exchange *x)
{
    if (x == NULL) {
        return;
    }
    chat_request_finish(&x->request);
    chat_tools_finish(&x->tools);
    chat_answer_finish(&x->answer);
    chat_shape_finish(&x->shape);
    beacon_failure_finish(&x->failure);
    beacon_answer_finish(&x->response);
    beacon_json_out_finish(&x->content_type);
    beacon_json_out_finish(&x->repaired);
    free(x);
}
