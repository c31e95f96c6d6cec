/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "http_probe.h"
#include "loop/loop.h"

#define FRAMES_MAX (2u << 20)

const struct http_limits no_limits = {0};

void bench_open(struct bench *bench)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY",
                                          "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        (void)unsetenv(proxies[i]);
    }
    bench->loop = loop_create();
    bench->http = http_create(bench->loop);
}

void bench_close(struct bench *bench)
{
    http_destroy(bench->http);
    loop_destroy(bench->loop);
}

struct beacon_http_request request_of(const char *url, const char *body)
{
    struct beacon_http_request request = BEACON_INIT(struct beacon_http_request);
    const char *method = body != NULL ? "POST" : "GET";
    request.method = (struct beacon_str){method, strlen(method)};
    request.url = (struct beacon_str){url, strlen(url)};
    request.body = (struct beacon_bytes){(const uint8_t *)body, body != NULL ? strlen(body) : 0};
    request.framing = BEACON_FRAME_SSE;
    return request;
}

/* What the test asked to happen in this callback. */
static int act(struct probe *probe, enum probe_point point)
{
    if (probe->start_at == point) {
        struct bench bench = {probe->loop, probe->http};
        probe->start_at = PROBE_NEVER;
        probe_start(probe->follower, &bench, probe->request, &no_limits);
        if (probe->is_follower_cancelled) {
            http_cancel(probe->follower->exchange);
        }
    }
    if (probe->cancel_at == point) {
        probe->cancel_at = PROBE_NEVER;
        http_cancel(probe->victim != NULL ? probe->victim : probe->exchange);
        if (probe->victim == NULL && probe->follower == NULL) {
            loop_stop(probe->loop);
        }
    }
    return probe->stop_at == point ? BEACON_E_REFUSED : BEACON_OK;
}

static void copy_header(const struct beacon_http_response *response, const char *name, char *to,
                        size_t size)
{
    for (size_t i = 0; i < response->n_headers; i++) {
        const struct beacon_kv *header = &response->headers[i];
        if (header->k.n == strlen(name) && memcmp(header->k.p, name, header->k.n) == 0) {
            assert_true(header->v.n < size);
            memcpy(to, header->v.p, header->v.n);
        }
    }
}

static int on_response(void *ctx, const struct beacon_http_response *response)
{
    struct probe *probe = ctx;
    probe->n_responses++;
    probe->status = response->status;
    copy_header(response, "content-type", probe->content_type, sizeof probe->content_type);
    copy_header(response, "retry-after", probe->retry_after, sizeof probe->retry_after);
    return act(probe, PROBE_AT_RESPONSE);
}

static int on_frame(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    struct probe *probe = ctx;
    probe->n_frames++;
    probe->n_bytes += data.n;
    if (probe->frames.len + event.n + data.n + 3 < FRAMES_MAX) {
        (void)text_add_char(&probe->frames, '<');
        (void)text_add(&probe->frames, event.p, event.n);
        (void)text_add_char(&probe->frames, '|');
        (void)text_add(&probe->frames, data.p, data.n);
        (void)text_add_char(&probe->frames, '>');
    }
    return act(probe, PROBE_AT_FRAME);
}

static void on_end(void *ctx, uint32_t how, const struct beacon_error *err)
{
    struct probe *probe = ctx;
    probe->n_ends++;
    probe->how = how;
    assert_true((how == BEACON_END_OK) == (err == NULL));
    if (err != NULL) {
        probe->err = *err;
        assert_string_not_equal(err->message, "");
        assert_string_not_equal(err->hint, "");
    }
    probe->buffered_peak = http_buffered_peak(probe->exchange);
    (void)act(probe, PROBE_AT_END);
    loop_stop(probe->loop);
}

void probe_start(struct probe *probe, struct bench *bench,
                 const struct beacon_http_request *request, const struct http_limits *limits)
{
    static const struct http_callbacks callbacks = {on_response, on_frame, on_end};
    struct beacon_error err = {0};
    probe->http = bench->http;
    probe->loop = bench->loop;
    probe->request = request;
    text_init(&probe->frames, FRAMES_MAX);
    assert_ok(http_start(bench->http, request, limits, &callbacks, probe, &probe->exchange, &err),
              &err);
    assert_int_equal(probe->n_responses + probe->n_frames + probe->n_ends, 0);
}

void probe_finish(struct probe *probe)
{
    text_finish(&probe->frames);
}

void probe_run(struct probe *probe, struct bench *bench, const struct beacon_http_request *request,
               const struct http_limits *limits)
{
    probe_start(probe, bench, request, limits);
    loop_run(bench->loop);
}
