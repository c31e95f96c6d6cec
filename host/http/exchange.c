/* SPDX-License-Identifier: Apache-2.0 */
#include "http/exchange.h"

#include <beacon/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/curl_table.h"
#include "http/failure.h"

static int check(const struct beacon_http_request *rq, struct beacon_error *err)
{
    int rc = origin_check(rq->url, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    bool is_word = rq->method.n > 0 && rq->method.n <= 16;
    for (size_t i = 0; is_word && i < rq->method.n; i++) {
        is_word = rq->method.p[i] >= 'A' && rq->method.p[i] <= 'Z';
    }
    if (!is_word) {
        return error_set(err, BEACON_E_INVALID, "report this to the author of the plugin",
                         "the method of a request is not a word of capitals");
    }
    if (rq->tls_profile.n > 0) {
        return error_set(err, BEACON_E_UNSUPPORTED, "remove the tls table of the provider",
                         "TLS profiles are not supported by this version");
    }
    return BEACON_OK;
}

static int add_headers(struct header_list *list, const struct beacon_http_request *rq,
                       struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < rq->n_headers; i++) {
        rc = header_list_add(list, rq->headers[i].k, rq->headers[i].v, err);
    }
    return rc;
}

int exchange_create(const struct beacon_http_request *rq, const struct http_limits *limits,
                    struct http_exchange **ret, struct beacon_error *err)
{
    struct header_list headers = {0};
    int rc = check(rq, err);
    rc = rc == BEACON_OK ? add_headers(&headers, rq, err) : rc;
    if (rc != BEACON_OK) {
        header_list_finish(&headers);
        return rc;
    }
    struct http_exchange *exchange = alloc_zeroed(sizeof *exchange);
    exchange->headers = headers;
    exchange->url = alloc_string_n(rq->url.p, rq->url.n);
    exchange->method = alloc_string_n(rq->method.p, rq->method.n);
    exchange->body = alloc_string_n((const char *)rq->body.p, rq->body.n);
    exchange->body_len = rq->body.n;
    exchange->framing_kind = rq->framing;
    exchange->flags = rq->flags;
    exchange->auth = rq->auth;
    exchange->clocks.limits = *limits;
    exchange->clocks.total_ms =
        rq->total_timeout_ms != 0 ? rq->total_timeout_ms : limits->total_timeout_ms;
    if (rq->idle_timeout_ms != 0) {
        exchange->clocks.limits.idle_timeout_ms = rq->idle_timeout_ms;
    }
    exchange->error_body_room = HTTP_ERROR_BODY_MAX;
    origin_name(rq->url, exchange->peer);
    response_init(&exchange->response);
    *ret = exchange;
    return BEACON_OK;
}

void exchange_destroy(struct http_exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    clocks_stop(&exchange->clocks);
    play_destroy(exchange->play);
    if (exchange->easy != NULL) {
        exchange->curl->easy_cleanup(exchange->easy);
    }
    header_list_finish(&exchange->headers);
    response_finish(&exchange->response);
    framing_destroy(exchange->framing);
    explicit_bzero(exchange->url, strlen(exchange->url)); /* keys travel in query strings too */
    free(exchange->url);
    if (exchange->proxy != NULL) {
        explicit_bzero(exchange->proxy, strlen(exchange->proxy));
    }
    free(exchange->proxy);
    free(exchange->method);
    free(exchange->body);
    free(exchange);
}

static bool is_success(const struct http_exchange *exchange)
{
    return exchange->response.is_final && exchange->response.status >= 200 &&
           exchange->response.status < 300;
}

static void describe_transport(struct http_exchange *exchange, CURLcode code)
{
    struct failure failure = {.code = code,
                              .detail = exchange->detail,
                              .peer = exchange->peer,
                              .via = exchange->via,
                              .via_source = exchange->via_source,
                              .is_answered = exchange->response.is_final};
    long os_errno = 0;
    (void)exchange->curl->easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &os_errno);
    (void)exchange->curl->easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE,
                                       &failure.proxy_status);
    failure.os_errno = (int)os_errno;
    (void)failure_describe(&failure, &exchange->err);
}

int exchange_stop(struct http_exchange *exchange, int rc)
{
    exchange->stop_rc = rc;
    return error_set(&exchange->err, rc, "this is how it was asked for; nothing is to be done",
                     "the answer of %s was not wanted any further", exchange->peer);
}

/* The body is complete, or as complete as it gets for an error status. */
static uint32_t end_of_body(struct http_exchange *exchange)
{
    int rc = framing_end(exchange->framing, &exchange->err);
    if (rc != BEACON_OK) {
        return BEACON_END_TRUNCATED;
    }
    if (is_success(exchange)) {
        return BEACON_END_OK;
    }
    (void)failure_of_status(exchange->response.status, exchange->response.reason, exchange->peer,
                            &exchange->err);
    return BEACON_END_HTTP_ERROR;
}

static uint32_t outcome(struct http_exchange *exchange, CURLcode code)
{
    if (exchange->stop_rc != BEACON_OK) {
        return BEACON_END_TRUNCATED;
    }
    /* Of an error the status is what counts, even when its body breaks off. */
    bool is_error_status = exchange->response.is_final && !is_success(exchange);
    if (is_error_status || (code == CURLE_OK && exchange->response.is_final)) {
        return end_of_body(exchange);
    }
    describe_transport(exchange, code != CURLE_OK ? code : CURLE_GOT_NOTHING);
    return BEACON_END_TRUNCATED;
}

static void tell_end(struct http_exchange *exchange, uint32_t how)
{
    if (!exchange->is_silent) {
        exchange->is_silent = true;
        tap_end(exchange, how, how == BEACON_END_OK ? NULL : &exchange->err);
        exchange->callbacks.on_end(exchange->ctx, how,
                                   how == BEACON_END_OK ? NULL : &exchange->err);
    }
}

void exchange_end(struct http_exchange *exchange, CURLcode code)
{
    exchange->state = EXCHANGE_ENDING;
    clocks_stop(&exchange->clocks);
    if (!exchange->is_silent) {
        tell_end(exchange, outcome(exchange, code));
    }
}

void exchange_end_unsent(struct http_exchange *exchange)
{
    exchange->state = EXCHANGE_ENDING;
    tell_end(exchange, BEACON_END_TRUNCATED);
}

void exchange_end_late(struct http_exchange *exchange)
{
    bool is_sse = exchange->framing_kind == BEACON_FRAME_SSE;
    exchange->state = EXCHANGE_ENDING;
    char route[2 * ORIGIN_NAME_BYTES + 32];
    (void)snprintf(route, sizeof route, "%s%s%s", exchange->peer,
                   exchange->via[0] != '\0' ? " through the proxy " : "", exchange->via);
    (void)clocks_describe(&exchange->clocks, route, is_sse, &exchange->err);
    clocks_stop(&exchange->clocks);
    tell_end(exchange, BEACON_END_TRUNCATED);
}
