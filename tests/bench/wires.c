/* SPDX-License-Identifier: Apache-2.0
 *
 * wires - how fast one core reads a stream and writes a request, as one line of JSON.
 *
 *     wires WIRE FOLDER [RUNS]     {"decode_mb_s":…,"encode_mb_s":…,"body_bytes":…}, medians of RUNS;
 *                                  {"missing":true} when no plugin in FOLDER speaks WIRE
 *     wires WIRE FOLDER decode|encode RUNS     one half only, for a profiler
 *
 * As the host does it: the bytes of the answer, in pieces of 16 KB, go through the framing and the
 * adapter into the plugin, and what comes out is counted. The clock counts bytes of the stream, not of
 * the text in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/framing.h"
#include "plugin/discover.h"
#include "plugin/provider.h"
#include "wire_text.h"

#define STREAM_BYTES ((size_t)8 << 20)
#define CHUNK_BYTES  ((size_t)16 << 10)
#define TURNS        50u
#define ENCODES      20 /* in one run */

struct counted {
    size_t text_bytes, deltas, finishes;
};

struct reading {
    struct provider_exchange *exchange;
    struct beacon_events events;
    struct beacon_error err;
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* of a core, whoever else has it too */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(int rc, const struct beacon_error *err)
{
    if (rc < 0) {
        (void)fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

static beacon_rc count(const struct beacon_events *events, const struct beacon_event *event)
{
    struct counted *counted = events->ctx;
    if (event->type == BEACON_EV_DELTA) {
        counted->text_bytes += event->text.n;
        counted->deltas++;
    }
    counted->finishes += event->type == BEACON_EV_FINISH;
    return BEACON_OK;
}

static int on_frame(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    struct reading *reading = ctx;
    return provider_exchange_on_frame(reading->exchange, event, data, &reading->events,
                                      &reading->err);
}

/* One exchange from open() to close(); the time of the reading alone. */
static int64_t decode_ns(struct provider *provider, const struct beacon_turn *turn,
                         const char *stream, size_t n, struct counted *ret)
{
    static const struct beacon_kv header = {{"content-type", 12}, {"text/event-stream", 17}};
    const struct beacon_http_response response = {.struct_size = (uint32_t)sizeof response,
                                                  .status = 200,
                                                  .headers = &header,
                                                  .n_headers = 1};
    struct reading r = {
        .events = {.struct_size = (uint32_t)sizeof r.events, .ctx = ret, .emit = count}};
    struct beacon_action action = {.struct_size = (uint32_t)sizeof action};
    memset(ret, 0, sizeof *ret);
    must(provider_exchange_open(provider, turn, &r.exchange, &r.err), &r.err);
    must(provider_exchange_poll(r.exchange, &action, &r.err), &r.err);
    must(provider_exchange_on_response(r.exchange, &response, &r.events, &r.err), &r.err);
    struct framing *framing = framing_create(BEACON_FRAME_SSE, FRAMING_FRAME_MAX, on_frame, &r);
    const int64_t begin = now_ns();
    for (size_t at = 0; at < n; at += CHUNK_BYTES) {
        must(
            framing_feed(framing, stream + at, n - at < CHUNK_BYTES ? n - at : CHUNK_BYTES, &r.err),
            &r.err);
    }
    must(framing_end(framing, &r.err), &r.err);
    const int64_t took = now_ns() - begin;
    must(provider_exchange_on_end(r.exchange, BEACON_END_OK, &r.events, &r.err), &r.err);
    framing_destroy(framing);
    provider_exchange_close(r.exchange);
    return took;
}

/* Whole requests of a long conversation; *ret_n is the body's length. */
static int64_t encode_ns(struct provider *provider, const struct beacon_turn *turn, size_t *ret_n)
{
    struct beacon_error err = {0};
    const int64_t begin = now_ns();
    for (int i = 0; i < ENCODES; i++) {
        struct provider_exchange *exchange = NULL;
        struct beacon_action action = {.struct_size = (uint32_t)sizeof action};
        must(provider_exchange_open(provider, turn, &exchange, &err), &err);
        must(provider_exchange_poll(exchange, &action, &err), &err);
        *ret_n = action.http->body.n;
        provider_exchange_close(exchange);
    }
    return (now_ns() - begin) / ENCODES;
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double rate(int64_t *took, int n, size_t bytes)
{
    qsort(took, (size_t)n, sizeof *took, by_value);
    const int64_t median = took[n / 2];
    return median > 0 ? (double)bytes * 1e3 / (double)median : 0;
}

static double decode_rate(struct provider *provider, const struct wire *wire, int64_t *took,
                          int runs)
{
    size_t n = 0, deltas = 0;
    struct counted counted;
    char *stream = wire_stream(wire, STREAM_BYTES, &n, &deltas);
    const struct beacon_turn *turn = wire_conversation(0);
    for (int i = 0; i < runs; i++) {
        took[i] = decode_ns(provider, turn, stream, n, &counted);
        if (counted.deltas < deltas || counted.text_bytes != deltas * WIRE_DELTA_BYTES ||
            counted.finishes != 1) {
            (void)fprintf(stderr, "%s: %zu of %zu deltas, %zu bytes, %zu ends\n", wire->name,
                          counted.deltas, deltas, counted.text_bytes, counted.finishes);
            exit(1);
        }
    }
    free(stream);
    return rate(took, runs, n);
}

static double encode_rate(struct provider *provider, int64_t *took, int runs, size_t *ret_n)
{
    const struct beacon_turn *turn = wire_conversation(TURNS);
    for (int i = 0; i < runs; i++) {
        took[i] = encode_ns(provider, turn, ret_n);
    }
    return rate(took, runs, *ret_n);
}

static int run(struct provider *provider, const struct wire *wire, const char *half, int runs)
{
    size_t body = 0;
    int64_t *took = calloc((size_t)runs, sizeof *took);
    if (took == NULL) {
        return 1;
    }
    const double decode = strcmp(half, "encode") != 0 ? decode_rate(provider, wire, took, runs) : 0;
    const double encode =
        strcmp(half, "decode") != 0 ? encode_rate(provider, took, runs, &body) : 0;
    free(took);
    (void)printf("{\"decode_mb_s\":%.1f,\"encode_mb_s\":%.1f,\"body_bytes\":%zu}\n", decode, encode,
                 body);
    return 0;
}

int main(int argc, char **argv)
{
    const struct wire *wire = argc >= 3 ? wire_find(argv[1]) : NULL;
    const char *half = argc >= 5 ? argv[3] : "both";
    const long runs = argc >= 4 ? strtol(argv[argc - 1], NULL, 10) : 15;
    if (wire == NULL || runs < 1 || runs > 100000) {
        (void)fprintf(stderr, "usage: wires responses|chat|messages|gemini FOLDER "
                              "[[decode|encode] RUNS]\n");
        return 2;
    }
    struct beacon_error err = {0};
    struct plugin_set *set = NULL;
    struct provider *provider = NULL;
    const struct plugin_places places = {.env_path = argv[2]};
    must(plugin_set_open(&places, &set, &err), &err);
    int rc =
        provider_open(set, wire->name, "{\"base_url\":\"http://127.0.0.1:1/v1\"}", &provider, &err);
    if (rc == BEACON_E_NOT_FOUND) {
        (void)fprintf(stderr, "%s\n", err.message);
        (void)printf("{\"missing\":true}\n");
    } else {
        must(rc, &err);
        rc = run(provider, wire, half, (int)runs);
    }
    provider_close(provider);
    plugin_set_close(set);
    return rc == BEACON_E_NOT_FOUND ? 0 : rc;
}
