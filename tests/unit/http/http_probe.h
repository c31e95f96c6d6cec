/* http_probe.h - runs exchanges to their end and writes down what came. For the tests of http/. */
#ifndef TESTS_UNIT_HTTP_PROBE_H
#define TESTS_UNIT_HTTP_PROBE_H

#include <beacon/host.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include "base/text.h"
#include "http/request.h"

struct loop;

enum probe_point {
    PROBE_NEVER,
    PROBE_AT_RESPONSE,
    PROBE_AT_FRAME,
    PROBE_AT_END,
};

/* One exchange; zeroed, then filled with what should happen. */
struct probe {
    enum probe_point cancel_at, stop_at, start_at; /* do it in that callback, the first time */
    struct http_exchange *victim;                  /* cancel this one instead of its own */
    struct probe *follower;                        /* what start_at starts, with the same request */
    bool is_follower_cancelled;                    /* right after it was started */
    const struct beacon_http_request *request;

    struct http *http;
    struct loop *loop;
    struct http_exchange *exchange;
    size_t n_responses, n_frames, n_ends;
    uint64_t n_bytes;
    int status;
    char content_type[64], retry_after[64];
    struct text frames; /* "<event|data>" each, as long as they fit */
    uint32_t how;
    struct beacon_error err;
    size_t buffered_peak;
};

struct bench {
    struct loop *loop;
    struct http *http;
};

void bench_open(struct bench *bench);
void bench_close(struct bench *bench);

/* A GET, or a POST when `body` is not NULL, cut as SSE. */
struct beacon_http_request request_of(const char *url, const char *body);

/* Start without running the loop; the test fails when it cannot. */
void probe_start(struct probe *probe, struct bench *bench,
                 const struct beacon_http_request *request, const struct http_limits *limits);
void probe_finish(struct probe *probe);

/* Start and run the loop until its end. */
void probe_run(struct probe *probe, struct bench *bench, const struct beacon_http_request *request,
               const struct http_limits *limits);

extern const struct http_limits no_limits;

#endif
