/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/curl_table.h"
#include "http/exchange.h"
#include "http/multi.h"
#include "http/network.h"
#include "loop/loop.h"

struct http {
    struct loop *loop;
    const struct curl_table *curl; /* NULL before the first request */
    struct multi *multi;
    struct http_credentials credentials;
    struct http_egress egress;
    struct http_tap tap;       /* begin NULL: nobody watches */
    struct http_player player; /* answer NULL: the network answers */
    struct network *network;
    struct http_exchange *first;
    bool needs_sweep; /* an exchange waits to be added or freed */
    uint32_t attach_round;
};

static void unlink_exchange(struct http *http, struct http_exchange *exchange)
{
    struct http_exchange **link = exchange->prev != NULL ? &exchange->prev->next : &http->first;
    *link = exchange->next;
    if (exchange->next != NULL) {
        exchange->next->prev = exchange->prev;
    }
}

static void link_exchange(struct http *http, struct http_exchange *exchange)
{
    exchange->http = http;
    exchange->next = http->first;
    if (exchange->next != NULL) {
        exchange->next->prev = exchange;
    }
    http->first = exchange;
}

static void forget(struct http_exchange *exchange)
{
    unlink_exchange(exchange->http, exchange);
    exchange_destroy(exchange);
}

static void on_done(void *ctx, CURL *easy, CURLcode code)
{
    const struct http *http = ctx;
    char *found = NULL;
    (void)http->curl->easy_getinfo(easy, CURLINFO_PRIVATE, &found);
    struct http_exchange *exchange = (struct http_exchange *)(void *)found;
    assert(exchange != NULL && exchange->easy == easy);
    exchange_end(exchange, code);
    forget(exchange);
}

static void run(struct http_exchange *exchange)
{
    exchange->state = EXCHANGE_RUNNING;
    multi_add(exchange->http->multi, exchange->easy);
}

static void remove_and_forget(struct http_exchange *exchange)
{
    multi_remove(exchange->http->multi, exchange->easy);
    forget(exchange);
}

/* libcurl has returned: do what its callbacks left to be done. */
static void sweep(void *ctx)
{
    struct http *http = ctx;
    if (!http->needs_sweep) {
        return;
    }
    http->needs_sweep = false;
    struct http_exchange *next = NULL;
    for (struct http_exchange *exchange = http->first; exchange != NULL; exchange = next) {
        next = exchange->next;
        if (exchange->state == EXCHANGE_CANCELLED) {
            remove_and_forget(exchange);
        } else if (exchange->state == EXCHANGE_WAITING) {
            run(exchange);
        }
    }
}

static void on_clock(void *ctx)
{
    struct http_exchange *exchange = ctx;
    if (exchange->state == EXCHANGE_RUNNING) {
        multi_remove(exchange->http->multi, exchange->easy);
    }
    exchange_end_late(exchange);
    forget(exchange);
}

struct http *http_create(struct loop *loop)
{
    struct http *http = alloc_zeroed(sizeof *http);
    http->loop = loop;
    http->network = network_create(&(struct http_network){0});
    return http;
}

void http_destroy(struct http *http)
{
    if (http == NULL) {
        return;
    }
    while (http->first != NULL) {
        assert(http->first->state != EXCHANGE_ENDING);
        http_cancel(http->first);
    }
    multi_destroy(http->multi);
    network_destroy(http->network);
    free(http);
}

void http_set_credentials(struct http *http, const struct http_credentials *credentials)
{
    http->credentials = *credentials;
}

void http_set_egress(struct http *http, const struct http_egress *egress)
{
    http->egress = *egress;
}

void http_set_tap(struct http *http, const struct http_tap *tap)
{
    http->tap = *tap;
}

void http_set_player(struct http *http, const struct http_player *player)
{
    assert(http->first == NULL);
    http->player = *player;
}

void http_set_network(struct http *http, const struct http_network *network)
{
    assert(http->first == NULL);
    network_destroy(http->network);
    http->network = network_create(network);
}

static int judge_egress(const struct http *http, const struct http_exchange *exchange,
                        struct beacon_error *err)
{
    if (http->egress.judge == NULL) {
        return BEACON_OK;
    }
    int rc = http->egress.judge(http->egress.ctx, exchange->url, err);
    if (rc != BEACON_OK && err != NULL) {
        err->flags |= HTTP_ERROR_PERMANENT;
    }
    return rc;
}

/* Which way it goes, and whether it may. */
static int choose_route(const struct http *http, struct http_exchange *exchange,
                        struct beacon_error *err)
{
    int rc = judge_egress(http, exchange, err);
    rc = rc == BEACON_OK ? network_choose_proxy(http->network, exchange, err) : rc;
    if (rc != BEACON_OK || exchange->proxy == NULL || http->egress.judge_proxy == NULL) {
        return rc;
    }
    rc = http->egress.judge_proxy(http->egress.ctx, exchange->via, err);
    if (rc != BEACON_OK && err != NULL) {
        err->flags |= HTTP_ERROR_PERMANENT;
    }
    return rc;
}

static int add_credential(void *ctx, struct beacon_str name, struct beacon_str value,
                          struct beacon_error *err)
{
    struct http_exchange *exchange = ctx;
    tap_secret(exchange, value);
    return header_list_replace(&exchange->headers, name, value, err);
}

/* BEACON_OK, HTTP_ATTACH_LATER, or a failure. */
static int attach_credentials(const struct http *http, struct http_exchange *exchange,
                              struct beacon_error *err)
{
    if (exchange->auth != BEACON_AUTH_INSTANCE || http->credentials.attach == NULL) {
        return BEACON_OK;
    }
    const struct beacon_http_request rq = {
        .struct_size = (uint32_t)sizeof rq,
        .method = {exchange->method, strlen(exchange->method)},
        .url = {exchange->url, strlen(exchange->url)},
        .body = {(const uint8_t *)exchange->body, exchange->body_len},
        .auth = exchange->auth,
    };
    struct http_header_sink sink = {exchange, add_credential};
    return http->credentials.attach(http->credentials.ctx, &rq, &sink, err);
}

static int need_curl(struct http *http, struct beacon_error *err)
{
    int rc = http->multi == NULL ? curl_table_get(&http->curl, err) : BEACON_OK;
    if (rc == BEACON_OK && http->multi == NULL) {
        struct multi_callbacks callbacks = {on_done, sweep, http};
        http->multi = multi_create(http->loop, http->curl, &callbacks);
    }
    return rc;
}

/* A plugin may be older than this host: what it does not know is zero. */
static struct beacon_http_request full_request(const struct beacon_http_request *rq)
{
    struct beacon_http_request full = {0};
    memcpy(&full, rq, rq->struct_size < sizeof full ? rq->struct_size : sizeof full);
    full.struct_size = (uint32_t)sizeof full;
    return full;
}

/* The headers are complete: let it go. */
static void launch(struct http_exchange *exchange)
{
    struct http *http = exchange->http;
    exchange_prepare(exchange, http->curl);
    exchange_set_route(exchange, network_trust(http->network));
    clocks_start(&exchange->clocks, http->loop, on_clock, exchange);
    if (multi_is_inside(http->multi)) {
        exchange->state = EXCHANGE_WAITING;
        http->needs_sweep = true;
    } else {
        run(exchange);
    }
}

static void begin_tap(const struct http *http, const struct beacon_http_request *rq,
                      struct http_exchange *exchange)
{
    if (http->tap.begin != NULL && rq->auth == BEACON_AUTH_INSTANCE) {
        exchange->tap = http->tap;
        exchange->tap_id = http->tap.begin(http->tap.ctx, rq);
    }
}

/* What libcurl needs before it can go; BEACON_OK, HTTP_ATTACH_LATER, or a failure. */
static int make_ready(struct http *http, struct http_exchange *exchange, struct beacon_error *err)
{
    int rc = choose_route(http, exchange, err);
    rc = rc == BEACON_OK ? attach_credentials(http, exchange, err) : rc;
    bool is_later = rc == HTTP_ATTACH_LATER;
    rc = rc >= BEACON_OK ? need_curl(http, err) : rc; /* loaded while the credentials come */
    rc = rc >= BEACON_OK ? network_refresh(http->network, http->curl, exchange, err) : rc;
    return rc == BEACON_OK && is_later ? HTTP_ATTACH_LATER : rc;
}

static int play(struct http *http, const struct beacon_http_request *rq,
                struct http_exchange *exchange, struct beacon_error *err)
{
    struct http_answer answer = {0};
    if (rq->auth != BEACON_AUTH_INSTANCE) {
        return error_set(err, BEACON_E_REFUSED, "leave out what needs the network",
                         "%s is not asked: a recording is played", exchange->peer);
    }
    int rc = http->player.answer(http->player.ctx, rq, &answer, err);
    if (rc == BEACON_OK && answer.how == HTTP_TAP_UNSENT) {
        if (err != NULL) {
            *err = answer.error;
        }
        rc = answer.error.code < 0 ? answer.error.code : BEACON_E_IO;
    }
    if (rc == BEACON_OK) {
        exchange->state = EXCHANGE_PLAYING;
        exchange->play = play_create(http->loop, exchange, &answer, http->player.speed, forget);
    }
    return rc;
}

/* NOLINTNEXTLINE(readability-function-size): seven names; a struct would only move them */
int http_start(struct http *http, const struct beacon_http_request *rq,
               const struct http_limits *limits, const struct http_callbacks *callbacks, void *ctx,
               struct http_exchange **ret, struct beacon_error *err)
{
    struct beacon_http_request full = full_request(rq);
    struct http_exchange *exchange = NULL;
    int rc = exchange_create(&full, limits, &exchange, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    begin_tap(http, &full, exchange);
    const bool is_played = http->player.answer != NULL;
    rc = is_played ? play(http, &full, exchange, err) : make_ready(http, exchange, err);
    if (rc < BEACON_OK) {
        tap_end(exchange, HTTP_TAP_UNSENT, err);
        exchange_destroy(exchange);
        return rc;
    }
    exchange->callbacks = *callbacks;
    exchange->ctx = ctx;
    link_exchange(http, exchange);
    if (rc == HTTP_ATTACH_LATER) {
        exchange->state = EXCHANGE_ATTACHING;
        exchange->attach_round = http->attach_round;
    } else if (!is_played) {
        launch(exchange);
    }
    *ret = exchange;
    return BEACON_OK;
}

/* What another try could not mend is for the person to mend. */
static bool may_pass(beacon_rc code)
{
    return code == BEACON_E_IO || code == BEACON_E_DEADLINE || code == BEACON_E_BUSY;
}

static void attach_again(struct http_exchange *exchange)
{
    int rc = attach_credentials(exchange->http, exchange, &exchange->err);
    if (rc == BEACON_OK) {
        launch(exchange);
    } else if (rc != HTTP_ATTACH_LATER) {
        exchange->err.flags |= may_pass(rc) ? 0 : HTTP_ERROR_PERMANENT;
        exchange_end_unsent(exchange);
        forget(exchange);
    }
}

void http_credentials_ready(struct http *http)
{
    http->attach_round++;
    /* Looked for anew each time: a callback may start and cancel others. */
    for (struct http_exchange *exchange = http->first; exchange != NULL;) {
        if (exchange->state == EXCHANGE_ATTACHING && exchange->attach_round != http->attach_round) {
            exchange->attach_round = http->attach_round;
            attach_again(exchange);
            exchange = http->first;
        } else {
            exchange = exchange->next;
        }
    }
}

void http_cancel(struct http_exchange *exchange)
{
    struct http *http = exchange->http;
    bool was_running = exchange->state == EXCHANGE_RUNNING;
    exchange->is_silent = true;
    tap_end(exchange, HTTP_TAP_CANCELLED, NULL);
    if (exchange->is_in_play || exchange->state == EXCHANGE_ENDING ||
        exchange->state == EXCHANGE_CANCELLED) {
        return;
    }
    if (was_running && multi_is_inside(http->multi)) {
        exchange->state = EXCHANGE_CANCELLED;
        clocks_stop(&exchange->clocks);
        http->needs_sweep = true;
    } else if (was_running) {
        remove_and_forget(exchange);
    } else {
        forget(exchange);
    }
}

size_t http_buffered_peak(const struct http_exchange *exchange)
{
    return exchange->buffered_peak;
}
