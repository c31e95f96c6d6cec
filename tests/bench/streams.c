/* SPDX-License-Identifier: Apache-2.0
 *
 * streams - what many answers at once cost one process on one core, as one line of JSON.
 *
 *     streams WIRE FOLDER N KB TURNS     {"each_kb":…,"mb_s":…,"text_kb":…,"body_kb":…}: memory that each of
 *                                  N streams of KB kilobytes adds at its peak, bytes of stream per
 *                                  second of processor time, the text in each, the body of each
 *                                  request after TURNS turns
 *
 * As in a session: stream.h asks, the plugin writes the request, libcurl carries it, and the events of
 * the plugin are counted. One stream goes before, so that what is loaded once is there; the others
 * add to the peak of that one. The server is in wire_server.h.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/stream.h"
#include "base/arena.h"
#include "http/request.h"
#include "loop/loop.h"
#include "plugin/discover.h"
#include "plugin/provider.h"
#include "wire_server.h"
#include "wire_text.h"

static struct crowd {
    struct stream_parts parts;
    struct plugin_set *set;
    unsigned open;
    size_t text_bytes; /* in deltas */
    size_t item_bytes; /* in what is durable */
} crowd;

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* of a core, whoever else has it too */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    exit(1);
}

static void must(int rc, const struct beacon_error *err)
{
    if (rc < 0) {
        fail(err->message);
    }
}

static void on_delta(void *ctx, uint32_t code, const char *p, size_t n)
{
    (void)ctx;
    (void)code;
    (void)p;
    crowd.text_bytes += n;
}

static int on_item(void *ctx, const struct beacon_part *part)
{
    (void)ctx;
    crowd.item_bytes += part->text.n;
    return BEACON_OK;
}

static void on_usage(void *ctx, const struct beacon_usage *usage)
{
    (void)ctx;
    (void)usage;
}

static void on_warning(void *ctx, const char *p, size_t n)
{
    (void)ctx;
    (void)fprintf(stderr, "%.*s\n", (int)n, p);
}

static void on_end(void *ctx, const struct stream_outcome *outcome)
{
    (void)ctx;
    if (!outcome->is_ok) {
        fail(outcome->message);
    }
    if (--crowd.open == 0) {
        loop_stop(crowd.parts.loop);
    }
}

/* `n` streams, from the first request to the last end. */
static void stream_all(unsigned n, const struct beacon_turn *turn)
{
    static const struct stream_callbacks callbacks = {.on_delta = on_delta,
                                                      .on_item = on_item,
                                                      .on_usage = on_usage,
                                                      .on_warning = on_warning,
                                                      .on_end = on_end};
    crowd.open = n;
    crowd.text_bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        struct beacon_error err = {0};
        struct stream *stream = NULL; /* it ends by itself */
        must(stream_start(&crowd.parts, turn, arena_create(), &callbacks, &stream, &err), &err);
    }
    loop_run(crowd.parts.loop);
}

/* Since this program began; what getrusage() says also counts who started it. */
static double peak_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && kb == 0 && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    if (status == NULL || kb == 0) {
        fail("the kernel does not tell how much memory was used");
    }
    (void)fclose(status);
    return (double)kb;
}

/* What was needed to prepare does not count. */
static void forget_peak(void)
{
    FILE *refs = fopen("/proc/self/clear_refs", "we");
    if (refs == NULL || fputs("5", refs) < 0 || fclose(refs) != 0) {
        fail("the kernel does not forget how much memory was used");
    }
}

static size_t body_bytes(const struct beacon_turn *turn)
{
    struct beacon_error err = {0};
    struct provider_exchange *exchange = NULL;
    struct beacon_action action = {.struct_size = (uint32_t)sizeof action};
    must(provider_exchange_open(crowd.parts.provider, turn, &exchange, &err), &err);
    must(provider_exchange_poll(exchange, &action, &err), &err);
    const size_t n = action.http->body.n;
    provider_exchange_close(exchange);
    return n;
}

static void measure(unsigned n, size_t stream_bytes, size_t text_bytes,
                    const struct beacon_turn *turn)
{
    const size_t body = body_bytes(turn);
    forget_peak();
    stream_all(1, turn);
    const double one = peak_kb();
    const int64_t begin = now_ns();
    stream_all(n, turn);
    const int64_t took = now_ns() - begin;
    if (crowd.text_bytes != n * text_bytes) {
        fail("text was lost");
    }
    (void)printf("{\"each_kb\":%.1f,\"mb_s\":%.1f,\"text_kb\":%.1f,\"body_kb\":%.1f}\n",
                 n > 1 ? (peak_kb() - one) / (n - 1) : 0,
                 (double)(n * stream_bytes) * 1e3 / (double)took, (double)text_bytes / 1024,
                 (double)body / 1024);
}

static int open_parts(const char *wire, const char *folder, int port)
{
    static const struct http_limits limits = {.connect_timeout_ms = 60000};
    struct beacon_error err = {0};
    char config[128];
    const struct plugin_places places = {.env_path = folder};
    (void)snprintf(config, sizeof config, "{\"base_url\":\"http://127.0.0.1:%d/v1\"}", port);
    must(plugin_set_open(&places, &crowd.set, &err), &err);
    int rc = provider_open(crowd.set, wire, config, &crowd.parts.provider, &err);
    if (rc != BEACON_E_NOT_FOUND) {
        must(rc, &err);
        crowd.parts.loop = loop_create();
        crowd.parts.http = http_create(crowd.parts.loop);
        crowd.parts.limits = &limits;
    }
    return rc;
}

static void close_parts(void)
{
    http_destroy(crowd.parts.http);
    provider_close(crowd.parts.provider);
    plugin_set_close(crowd.set);
    loop_destroy(crowd.parts.loop);
}

static void stay_on_first_processor(void)
{
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    (void)sched_setaffinity(0, sizeof first, &first); /* where it is not allowed, wherever it is */
}

int main(int argc, char **argv)
{
    const struct wire *wire = argc == 6 ? wire_find(argv[1]) : NULL;
    const unsigned long n = wire != NULL ? strtoul(argv[3], NULL, 10) : 0;
    const unsigned long kb = wire != NULL ? strtoul(argv[4], NULL, 10) : 0;
    const unsigned long turns = wire != NULL ? strtoul(argv[5], NULL, 10) : 0;
    if (n < 1 || n > WIRE_SERVER_MAX || kb < 1 || kb > 1u << 20 || turns > 10000) {
        (void)fprintf(stderr, "usage: streams responses|chat|messages|gemini FOLDER N KB TURNS\n");
        return 2;
    }
    size_t stream_bytes = 0, deltas = 0;
    char *stream = wire_stream(wire, kb << 10, &stream_bytes, &deltas);
    const unsigned rounds[] = {1, (unsigned)n};
    const int port = wire_server_start(stream, stream_bytes, rounds, 2);
    free(stream); /* the server has its own */
    stay_on_first_processor();
    if (port < 0) {
        fail("there is no process for the server");
    }
    if (open_parts(wire->name, argv[2], port) == BEACON_E_NOT_FOUND) {
        (void)printf("{\"missing\":true}\n");
    } else {
        measure((unsigned)n, stream_bytes, deltas * WIRE_DELTA_BYTES, wire_conversation(turns));
    }
    close_parts();
    return 0;
}
