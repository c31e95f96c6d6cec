/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe_client.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "http/request.h"
#include "loop/loop.h"

#define HEADERS_MAX  4
#define CONNECT_MS   5000
#define REASON_BYTES 200

struct exchange {
    const struct probe_ask *ask;
    struct probe_answer *answer;
    struct loop *loop;
    size_t n_frames, n_bytes;
    bool is_over;
};

static struct beacon_str span(const char *text)
{
    return (struct beacon_str){text, strlen(text)};
}

static int on_response(void *ctx, const struct beacon_http_response *response)
{
    struct exchange *exchange = ctx;
    exchange->answer->status = response->status;
    return BEACON_OK;
}

static void take_event(struct exchange *exchange, struct beacon_bytes data)
{
    struct json_object *event = NULL;
    if (json_parse((const char *)data.p, data.n, "event", &event, NULL) == BEACON_OK) {
        exchange->ask->on_event(exchange->ask->ctx, event);
        (void)json_object_put(event);
    }
}

static int on_frame(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    struct exchange *exchange = ctx;
    (void)event;
    exchange->n_bytes += data.n;
    if (++exchange->n_frames > PROBE_FRAMES_MAX || exchange->n_bytes > PROBE_BODY_MAX) {
        return BEACON_E_LIMIT; /* enough was seen */
    }
    bool is_good = exchange->answer->status >= 200 && exchange->answer->status < 300;
    if (is_good && exchange->ask->on_event != NULL) {
        take_event(exchange, data);
    } else if (!text_add(&exchange->answer->body, data.p, data.n)) {
        return BEACON_E_LIMIT;
    }
    return BEACON_OK;
}

static void on_end(void *ctx, uint32_t how, const struct beacon_error *err)
{
    struct exchange *exchange = ctx;
    (void)how;
    if (err != NULL) {
        exchange->answer->err = *err;
    }
    exchange->is_over = true;
    loop_stop(exchange->loop);
}

const char *probe_style_header(enum probe_style style)
{
    static const char *const names[] = {[PROBE_BEARER] = "authorization",
                                        [PROBE_X_API_KEY] = "x-api-key",
                                        [PROBE_X_GOOG] = "x-goog-api-key"};
    return names[style];
}

static size_t headers_of(const struct probe_ask *ask, const char *key, struct beacon_kv *headers)
{
    size_t n = 0;
    headers[n++] = (struct beacon_kv){
        span("accept"), span(ask->on_event != NULL ? "text/event-stream" : "application/json")};
    if (ask->body != NULL) {
        headers[n++] = (struct beacon_kv){span("content-type"), span("application/json")};
    }
    if (ask->style == PROBE_X_API_KEY) {
        headers[n++] = (struct beacon_kv){span("anthropic-version"), span("2023-06-01")};
    }
    if (key != NULL) {
        headers[n++] = (struct beacon_kv){span(probe_style_header(ask->style)), span(key)};
    }
    return n;
}

int probe_ask(const struct probe_request *request, const struct probe_ask *ask,
              struct probe_answer *ret, struct beacon_error *err)
{
    *ret = (struct probe_answer){0};
    text_init(&ret->body, PROBE_BODY_MAX);
    AUTO_FREE char *key = NULL;
    if (request->key != NULL) {
        key = ask->style == PROBE_BEARER ? alloc_printf("Bearer %s", request->key)
                                         : alloc_string(request->key);
    }
    struct beacon_kv headers[HEADERS_MAX];
    struct exchange exchange = {.ask = ask, .answer = ret, .loop = request->loop};
    const struct beacon_http_request rq = {
        .struct_size = sizeof rq,
        .method = span(ask->body != NULL ? "POST" : "GET"),
        .url = span(ask->url),
        .headers = headers,
        .n_headers = headers_of(ask, key, headers),
        .body = {(const uint8_t *)ask->body, ask->body != NULL ? strlen(ask->body) : 0},
        .total_timeout_ms = request->timeout_ms,
        .framing = ask->on_event != NULL ? BEACON_FRAME_SSE : BEACON_FRAME_WHOLE,
        .auth = BEACON_AUTH_NONE,
    };
    const struct http_limits limits = {.connect_timeout_ms = CONNECT_MS,
                                       .first_byte_timeout_ms = request->timeout_ms,
                                       .idle_timeout_ms = request->timeout_ms,
                                       .total_timeout_ms = request->timeout_ms};
    const struct http_callbacks callbacks = {on_response, on_frame, on_end};
    struct http_exchange *started = NULL;
    int rc = http_start(request->http, &rq, &limits, &callbacks, &exchange, &started, err);
    while (rc == BEACON_OK && !exchange.is_over) {
        loop_run(request->loop);
    }
    if (key != NULL) {
        explicit_bzero(key, strlen(key));
    }
    return rc;
}

void probe_answer_finish(struct probe_answer *answer)
{
    text_finish(&answer->body);
}

struct json_object *probe_answer_json(const struct probe_answer *answer)
{
    struct json_object *json = NULL;
    bool is_good = answer->status >= 200 && answer->status < 300 && answer->body.len > 0;
    if (!is_good ||
        json_parse(answer->body.data, answer->body.len, "answer", &json, NULL) != BEACON_OK) {
        return NULL;
    }
    return json;
}

/* {"error":{"message":…}}, {"error":…} or {"message":…}; NULL: none of them. */
static const char *message_in(struct json_object *json)
{
    struct json_object *error = json_member(json, "error");
    const char *inner = error != NULL && json_object_is_type(error, json_type_object)
                            ? json_string_of(error, "message", NULL)
                            : NULL;
    inner = inner != NULL ? inner : json_string_of(json, "error", NULL);
    return inner != NULL ? inner : json_string_of(json, "message", NULL);
}

/* One line of printable characters, cut. */
static void copy_line(const char *from, char *out, size_t size)
{
    size_t n = strlen(from);
    n = n < size ? n : utf8_cut(from, size - 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)from[i];
        if (c < 0x20 || c == 0x7F) {
            out[i] = ' ';
        } else {
            out[i] = from[i];
        }
    }
    out[n] = '\0';
}

void probe_answer_reason(const struct probe_answer *answer, char *out, size_t size)
{
    struct json_object *json = NULL;
    out[0] = '\0';
    if (answer->status == 0) {
        copy_line(answer->err.message, out, size);
        return;
    }
    if (answer->body.len > 0) {
        (void)json_parse(answer->body.data, answer->body.len, "answer", &json, NULL);
    }
    const char *message =
        json != NULL && json_object_is_type(json, json_type_object) ? message_in(json) : NULL;
    if (message != NULL) {
        copy_line(message, out, size < REASON_BYTES ? size : REASON_BYTES);
    }
    (void)json_object_put(json);
}
