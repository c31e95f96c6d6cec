/* exchange.h - one request and its answer, from the copied description to on_end. Private to the
 * room: request.c decides when it begins and ends, this file moves the bytes. Thread: [main].
 */
#ifndef HOST_HTTP_EXCHANGE_H
#define HOST_HTTP_EXCHANGE_H

#include <curl/curl.h>

#include "http/clocks.h"
#include "http/framing.h"
#include "http/header_list.h"
#include "http/origin.h"
#include "http/player.h"
#include "http/request.h"
#include "http/response.h"
#include "http/tap.h"

struct curl_table;

enum exchange_state {
    EXCHANGE_ATTACHING, /* its credentials are being fetched: nothing of libcurl is there yet */
    EXCHANGE_WAITING,   /* begun inside a callback of libcurl: added when that has returned */
    EXCHANGE_RUNNING,
    EXCHANGE_PLAYING,   /* a player answers; no libcurl at all */
    EXCHANGE_ENDING,    /* its last callbacks run, then it is freed */
    EXCHANGE_CANCELLED, /* inside a callback of libcurl: freed when that has returned */
};

struct http_exchange {
    struct http *http;
    struct http_exchange *prev, *next; /* in http's list */
    enum exchange_state state;
    uint32_t attach_round; /* of http_credentials_ready(), in which it was asked about last */
    bool is_silent;        /* cancelled: no callback any more */
    struct http_callbacks callbacks;
    void *ctx;
    const struct curl_table *curl;
    CURL *easy;
    char *url, *method;
    char *body;
    size_t body_len;
    uint32_t framing_kind, flags, auth;
    struct header_list headers;
    char peer[ORIGIN_NAME_BYTES];
    char *proxy;                  /* address, perhaps with a password; NULL: none */
    char via[ORIGIN_NAME_BYTES];  /* "host:port" of it; "" */
    const char *via_source;       /* what named it; static */
    char detail[CURL_ERROR_SIZE]; /* libcurl's words about a failure */
    struct clocks clocks;
    struct response response;
    struct framing *framing; /* NULL before the headers are complete */
    size_t error_body_room;  /* how much more of a non-2xx body is kept */
    bool is_body_cut;        /* it was more */
    size_t buffered_peak;
    struct http_tap tap;
    uint64_t tap_id;   /* 0: nobody watches, or it was told of the end */
    struct play *play; /* PLAYING */
    bool is_in_play;   /* called from there: freed when that has returned */
    int stop_rc;       /* not BEACON_OK: a callback or a limit ended it, `err` says why */
    struct beacon_error err;
};

/* Copies the description. `headers` of the request are checked; credentials come after. */
int exchange_create(const struct beacon_http_request *rq, const struct http_limits *limits,
                    struct http_exchange **ret, struct beacon_error *err);

/* Frees and zeroes; the easy handle must be out of the multi handle. NULL is fine. */
void exchange_destroy(struct http_exchange *exchange);

/* Make the easy handle; all of the description is in place. In transfer.c. */
void exchange_prepare(struct http_exchange *exchange, const struct curl_table *curl);

/* Protocol, TLS, TCP and proxy of the handle. In route.c. */
struct trust;
void exchange_set_route(struct http_exchange *exchange, const struct trust *trust);

/* The transfer is out of the multi handle: the last frame, if any, and on_end. */
void exchange_end(struct http_exchange *exchange, CURLcode code);

/* As exchange_end, before there was a transfer: exchange->err says why. */
void exchange_end_unsent(struct http_exchange *exchange);

/* As exchange_end, when a clock has expired. */
void exchange_end_late(struct http_exchange *exchange);

/* A callback returned `rc`: the exchange ends with it. Returns rc. */
int exchange_stop(struct http_exchange *exchange, int rc);

#endif
