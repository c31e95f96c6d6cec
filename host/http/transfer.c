/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/curl_table.h"
#include "http/exchange.h"
#include "http/failure.h"

#define PROXY_WANTS_PASSWORD 407

static bool is_over(const struct http_exchange *exchange)
{
    return exchange->is_silent || exchange->stop_rc != BEACON_OK;
}

static int on_frame(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    struct http_exchange *exchange = ctx;
    if (is_over(exchange)) {
        return BEACON_E_CANCELLED;
    }
    tap_frame(exchange, event, data);
    int rc = exchange->callbacks.on_frame(exchange->ctx, event, data);
    if (exchange->is_silent) {
        return BEACON_E_CANCELLED;
    }
    return rc < 0 ? exchange_stop(exchange, rc) : BEACON_OK;
}

static void note_buffered(struct http_exchange *exchange)
{
    size_t held = framing_buffered(exchange->framing);
    if (held > exchange->buffered_peak) {
        exchange->buffered_peak = held;
    }
}

/* What a proxy says of itself is no answer of the server's: no plugin should have to know. */
static bool is_of_the_proxy(const struct http_exchange *exchange)
{
    return exchange->via[0] != '\0' && exchange->response.status == PROXY_WANTS_PASSWORD;
}

static void refuse_proxy(struct http_exchange *exchange)
{
    const struct failure failure = {.proxy_status = exchange->response.status,
                                    .detail = "",
                                    .peer = exchange->peer,
                                    .via = exchange->via,
                                    .via_source = exchange->via_source};
    exchange->stop_rc = failure_describe(&failure, &exchange->err);
}

/* The headers of the final answer are complete. */
static void on_head(struct http_exchange *exchange)
{
    if (is_of_the_proxy(exchange)) {
        refuse_proxy(exchange);
        return;
    }
    bool is_success = exchange->response.status >= 200 && exchange->response.status < 300;
    exchange->framing =
        is_success ? framing_create(exchange->framing_kind, FRAMING_FRAME_MAX, on_frame, exchange)
                   : framing_create(BEACON_FRAME_WHOLE, HTTP_ERROR_BODY_MAX, on_frame, exchange);
    clocks_enter(&exchange->clocks, CLOCKS_IDLE);
    struct beacon_http_response view = response_view(&exchange->response);
    tap_response(exchange, &view);
    int rc = exchange->callbacks.on_response(exchange->ctx, &view);
    if (rc < 0 && !exchange->is_silent) {
        (void)exchange_stop(exchange, rc);
    }
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct http_exchange *exchange = ctx;
    size_t bytes = size * n;
    if (is_over(exchange)) {
        return CURL_WRITEFUNC_ERROR;
    }
    bool was_final = exchange->response.is_final;
    int rc = response_add_line(&exchange->response, line, bytes, &exchange->err);
    if (rc != BEACON_OK) {
        exchange->stop_rc = rc;
    } else if (exchange->response.is_final && !was_final) {
        on_head(exchange);
    }
    return is_over(exchange) ? CURL_WRITEFUNC_ERROR : bytes;
}

/* False: enough of it. */
static bool take_error_body(struct http_exchange *exchange, const char *chunk, size_t n)
{
    size_t fits = n < exchange->error_body_room ? n : exchange->error_body_room;
    exchange->error_body_room -= fits;
    (void)framing_feed(exchange->framing, chunk, fits, &exchange->err);
    return fits == n;
}

static bool take_body(struct http_exchange *exchange, const char *chunk, size_t n)
{
    int rc = framing_feed(exchange->framing, chunk, n, &exchange->err);
    if (rc != BEACON_OK && !is_over(exchange)) {
        exchange->stop_rc = rc;
    }
    return rc == BEACON_OK;
}

static size_t on_body(char *chunk, size_t size, size_t n, void *ctx)
{
    struct http_exchange *exchange = ctx;
    size_t bytes = size * n;
    if (is_over(exchange) || exchange->framing == NULL) {
        return CURL_WRITEFUNC_ERROR;
    }
    uint64_t before = framing_progress(exchange->framing);
    bool is_success = exchange->response.status >= 200 && exchange->response.status < 300;
    bool goes_on =
        is_success ? take_body(exchange, chunk, bytes) : take_error_body(exchange, chunk, bytes);
    if (framing_progress(exchange->framing) != before) {
        clocks_progress(&exchange->clocks);
    }
    note_buffered(exchange);
    return goes_on ? bytes : CURL_WRITEFUNC_ERROR;
}

/* The connection stands and the request is about to be sent. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's signature */
static int on_connected(void *ctx, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct http_exchange *exchange = ctx;
    (void)peer_ip;
    (void)own_ip;
    (void)peer_port;
    (void)own_port;
    clocks_enter(&exchange->clocks, CLOCKS_FIRST_BYTE);
    return CURL_PREREQFUNC_OK;
}

static void set_long(struct http_exchange *exchange, CURLoption option, long value)
{
    (void)exchange->curl->easy_setopt(exchange->easy, option, value);
}

static void set_pointer(struct http_exchange *exchange, CURLoption option, const void *p)
{
    CURLcode code = exchange->curl->easy_setopt(exchange->easy, option, p);
    assert(code != CURLE_OUT_OF_MEMORY);
    (void)code;
}

static void set_callbacks(struct http_exchange *exchange)
{
    const struct curl_table *curl = exchange->curl;
    CURL *easy = exchange->easy;
    (void)curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    set_pointer(exchange, CURLOPT_HEADERDATA, exchange);
    (void)curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    set_pointer(exchange, CURLOPT_WRITEDATA, exchange);
    (void)curl->easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    set_pointer(exchange, CURLOPT_PREREQDATA, exchange);
    set_pointer(exchange, CURLOPT_PRIVATE, exchange);
    set_pointer(exchange, CURLOPT_ERRORBUFFER, exchange->detail);
}

static void set_method(struct http_exchange *exchange)
{
    bool has_body = exchange->body_len > 0 || strcmp(exchange->method, "POST") == 0;
    if (strcmp(exchange->method, "HEAD") == 0) {
        set_long(exchange, CURLOPT_NOBODY, 1);
        has_body = false;
    }
    if (has_body) {
        (void)exchange->curl->easy_setopt(exchange->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                          (curl_off_t)exchange->body_len);
        set_pointer(exchange, CURLOPT_POSTFIELDS, exchange->body);
        header_list_suppress(&exchange->headers, "Content-Type");
        header_list_suppress(&exchange->headers, "Expect"); /* saves a round trip or a second */
    }
    set_pointer(exchange, CURLOPT_CUSTOMREQUEST, exchange->method);
    set_pointer(exchange, CURLOPT_HTTPHEADER, exchange->headers.first);
}

void exchange_prepare(struct http_exchange *exchange, const struct curl_table *curl)
{
    exchange->curl = curl;
    exchange->easy = curl->easy_init();
    assert(exchange->easy != NULL); /* out of memory */
    set_pointer(exchange, CURLOPT_URL, exchange->url);
    set_callbacks(exchange);
    set_method(exchange);
}
