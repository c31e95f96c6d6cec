/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "harness/provider_harness.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_UNIX_MS UINT64_C(1700000000000)

/* Strings given to a test and freed with the harness. */
static char *kept[256];
static size_t n_kept;

static const char *keep(char *s)
{
    assert_non_null(s);
    assert_true(n_kept < sizeof kept / sizeof kept[0]);
    kept[n_kept++] = s;
    return s;
}

static void append(char **text, const char *line)
{
    const size_t old = *text != NULL ? strlen(*text) : 0, more = strlen(line);
    char *grown = realloc(*text, old + more + 1);
    assert_non_null(grown);
    memcpy(grown + old, line, more + 1);
    *text = grown;
}

/* NUL is written as the two characters \0, so that a C string can show it. */
static void append_span(char **text, struct beacon_str s)
{
    const size_t old = *text != NULL ? strlen(*text) : 0;
    char *grown = realloc(*text, old + 2 * s.n + 1), *out;
    assert_non_null(grown);
    out = grown + old;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\0') {
            *out++ = '\\';
        }
        *out++ = (char)(s.p[i] != '\0' ? s.p[i] : '0');
    }
    *out = '\0';
    *text = grown;
}

static void append_named(char **text, const char *name, struct beacon_str s)
{
    if (s.n > 0) {
        append(text, " ");
        append(text, name);
        append(text, "=");
        append_span(text, s);
    }
}

static void append_part(char **text, const struct beacon_part *part)
{
    static const char *const types[] = {"?",      "text", "reasoning", "call",
                                        "result", "blob", "server"};
    append(text, " ");
    append(text, types[part->type < 7 ? part->type : 0]);
    append(text, (part->flags & BEACON_PART_FREEFORM) != 0 ? " freeform" : "");
    append_named(text, "id", part->id);
    append_named(text, "call", part->call_id);
    append_named(text, "name", part->name);
    append_named(text, "ns", part->ns);
    append_named(text, "text", part->text);
    append_named(text, "opaque", part->opaque);
}

static void append_usage(char **text, const struct beacon_usage *usage)
{
    char line[160];
    (void)snprintf(line, sizeof line, " in=%lld cached=%lld out=%lld reasoning=%lld flags=%u",
                   (long long)usage->input, (long long)usage->cache_read, (long long)usage->output,
                   (long long)usage->reasoning, usage->flags);
    append(text, line);
}

static void append_event(char **text, const struct beacon_event *event)
{
    static const char *const names[] = {"?",     "START",  "BEGIN",   "DELTA", "DONE",
                                        "USAGE", "LIMITS", "WARNING", "FINISH"};
    char line[64];
    append(text, names[event->type < 9 ? event->type : 0]);
    if (event->type >= BEACON_EV_ITEM_BEGIN && event->type <= BEACON_EV_ITEM_DONE) {
        (void)snprintf(line, sizeof line, " %u", event->index);
        append(text, line);
    }
    if (event->type == BEACON_EV_DELTA || event->type == BEACON_EV_FINISH) {
        (void)snprintf(line, sizeof line, " code=%u", event->code);
        append(text, line);
    }
    if (event->part != NULL) {
        append_part(text, event->part);
    } else {
        append_named(text, "id", event->id);
    }
    append_named(text, "model", event->model);
    append_named(text, "text", event->text);
    if (event->usage != NULL) {
        append_usage(text, event->usage);
    }
    append(text, "\n");
}

static beacon_rc record(const struct beacon_events *sink, const struct beacon_event *event)
{
    struct harness *h = sink->ctx;
    if (h->refuse_after == 0) {
        return BEACON_E_CANCELLED;
    }
    h->refuse_after -= h->refuse_after > 0 ? 1 : 0;
    append_event(&h->events, event);
    if (h->cancel_after > 0 && --h->cancel_after == 0) {
        h->is_cancelled = 1;
    }
    return BEACON_OK;
}

static void write_log(const struct beacon_host *host, uint32_t level, struct beacon_str msg,
                      const struct beacon_kv *attrs, size_t n)
{
    struct harness *h = host->ctx;
    (void)level;
    (void)attrs;
    (void)n;
    append_span(&h->log, msg);
    append(&h->log, "\n");
}

static uint32_t is_cancelled(const struct beacon_host *host, const struct beacon_cancel *cancel)
{
    const struct harness *h = host->ctx;
    (void)cancel;
    return h->is_cancelled;
}

static int32_t cancel_fd(const struct beacon_host *host, const struct beacon_cancel *cancel)
{
    const struct harness *h = host->ctx;
    (void)cancel;
    return h->cancel_fd;
}

static uint64_t unix_ms(const struct beacon_host *host)
{
    (void)host;
    return NOW_UNIX_MS;
}

static const void *facet(const struct beacon_host *host, const char *id)
{
    static const struct beacon_host_clock clock = {.struct_size = sizeof clock, .unix_ms = unix_ms};
    (void)host;
    return strcmp(id, BEACON_HOST_CLOCK) == 0 ? &clock : NULL;
}

static const struct beacon_plugin *enter(const char *name)
{
    char path[512];
    beacon_plugin_entry_fn entry;
    (void)snprintf(path, sizeof path, "%s/lib/beacon/plugins/%s.so", TEST_BUILD_DIR, name);
    void *file = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (file == NULL) {
        fail_msg("%s", dlerror());
        return NULL; /* fail_msg() does not come back, which not every reader knows */
    }
    void *symbol = dlsym(file, BEACON_ENTRY_SYMBOL);
    assert_non_null(symbol);
    memcpy(&entry, &symbol, sizeof entry);
    (void)dlclose(file); /* RTLD_NODELETE keeps it */
    return entry(BEACON_ABI_MINOR);
}

void harness_init(struct harness *h, const char *name)
{
    memset(h, 0, sizeof *h);
    h->plugin = enter(name);
    assert_non_null(h->plugin);
    h->provider = h->plugin->components[0]->vtable;
    h->refuse_after = h->cancel_fd = h->cancel_after = -1;
    h->sink = (struct beacon_events){.struct_size = sizeof h->sink, .ctx = h, .emit = record};
    h->host = (struct beacon_host){.struct_size = sizeof h->host,
                                   .ctx = h,
                                   .log = write_log,
                                   .cancelled = is_cancelled,
                                   .cancel_fd = cancel_fd,
                                   .facet = facet};
    harness_forget_events(h);
    append(&h->log, "");
}

static void close_exchange(struct harness *h)
{
    if (h->x != NULL) {
        h->provider->close(h->x);
        h->x = NULL;
    }
}

static void destroy_instance(struct harness *h)
{
    close_exchange(h);
    if (h->instance != NULL) {
        h->provider->destroy(h->instance);
        h->instance = NULL;
    }
}

void harness_close(struct harness *h)
{
    destroy_instance(h);
    free(h->log);
    free(h->events);
    while (n_kept > 0) {
        free(kept[--n_kept]);
    }
}

static void reset_error(struct harness *h)
{
    memset(&h->err, 0, sizeof h->err);
    h->err.struct_size = sizeof h->err;
}

beacon_rc harness_create(struct harness *h, const char *config)
{
    destroy_instance(h);
    reset_error(h);
    return h->provider->create(NULL, &h->host, beacon_text(config), &h->instance, &h->err);
}

beacon_rc harness_open(struct harness *h, const struct beacon_turn *turn)
{
    close_exchange(h);
    reset_error(h);
    return h->provider->open(h->instance, turn, &h->x, &h->err);
}

const struct beacon_http_request *harness_request(struct harness *h)
{
    struct beacon_action action = {.struct_size = sizeof action};
    assert_ok(h->provider->poll(h->x, &action, &h->err), &h->err);
    assert_int_equal(action.kind, BEACON_ACT_HTTP);
    assert_non_null(action.http);
    return action.http;
}

static const char *copy(const void *p, size_t n)
{
    char *s = malloc(n + 1);
    assert_non_null(s);
    memcpy(s, n > 0 ? p : "", n);
    s[n] = '\0';
    return keep(s);
}

const char *harness_body(struct harness *h, const struct beacon_turn *turn)
{
    assert_ok(harness_open(h, turn), &h->err);
    const struct beacon_http_request *rq = harness_request(h);
    return copy(rq->body.p, rq->body.n);
}

const char *harness_header(const struct beacon_http_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->n_headers; i++) {
        if (beacon_span_is_nocase(rq->headers[i].k, name)) {
            return copy(rq->headers[i].v.p, rq->headers[i].v.n);
        }
    }
    return NULL;
}

beacon_rc harness_status(struct harness *h, int status, const struct beacon_kv *headers, size_t n)
{
    const struct beacon_http_response response = {
        .struct_size = sizeof response, .status = status, .headers = headers, .n_headers = n};
    reset_error(h);
    return h->provider->on_response(h->x, &response, &h->sink, &h->err);
}

/* A copy of exactly n bytes, so that AddressSanitizer sees a read behind the end. */
beacon_rc harness_frame_n(struct harness *h, const char *data, size_t n)
{
    uint8_t *exact = malloc(n > 0 ? n : 1);
    assert_non_null(exact);
    memcpy(exact, data, n);
    reset_error(h);
    beacon_rc rc = h->provider->on_frame(h->x, beacon_text(""), (struct beacon_bytes){exact, n},
                                         &h->sink, &h->err);
    free(exact);
    return rc;
}

beacon_rc harness_frame(struct harness *h, const char *data)
{
    return harness_frame_n(h, data, strlen(data));
}

beacon_rc harness_end(struct harness *h, uint32_t how)
{
    reset_error(h);
    return h->provider->on_end(h->x, how, &h->sink, &h->err);
}

beacon_rc harness_refuse(struct harness *h, int status, const char *header, const char *value,
                         const char *body)
{
    const struct beacon_kv headers[] = {{beacon_text(header), beacon_text(value)}};
    assert_ok(harness_status(h, status, headers, header != NULL ? 1 : 0), &h->err);
    assert_ok(harness_frame(h, body), &h->err);
    return harness_end(h, BEACON_END_HTTP_ERROR);
}

struct beacon_verdict harness_judge(struct harness *h)
{
    struct beacon_verdict verdict = {.struct_size = sizeof verdict};
    h->provider->judge(h->x, &verdict);
    return verdict;
}

const char *harness_message(const struct beacon_verdict *verdict)
{
    return copy(verdict->message.p, verdict->message.n);
}

void harness_forget_events(struct harness *h)
{
    free(h->events);
    h->events = NULL;
    append(&h->events, "");
}
