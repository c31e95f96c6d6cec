/* SPDX-License-Identifier: Apache-2.0 */
#include "toy.h"

#include <beacon-sdk/error.h>
#include <beacon-sdk/facet.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/log.h>
#include <beacon-sdk/sink.h>
#include <pthread.h>
#include <stdlib.h>

struct beacon_exchange {
    struct toy *toy;
    struct beacon_http_request request;
    struct beacon_bytes kept;
    struct beacon_events kept_sink;
    const struct beacon_turn *kept_turn;
    bool is_sent, is_started;
    volatile unsigned sum; /* so that reading is not optimised away */
};

bool toy_does(const struct toy *toy, const char *what)
{
    return strcmp(toy->what, what) == 0;
}

beacon_rc toy_create(void *plugin_state, const struct beacon_host *host, struct beacon_str config,
                     void **ret, struct beacon_error *err)
{
    struct beacon_str raw = {NULL, 0};
    struct toy *toy = calloc(1, sizeof *toy);
    (void)plugin_state;
    if (toy == NULL || !beacon_json_member_string(config, "do", &raw) ||
        raw.n >= sizeof toy->what) {
        free(toy);
        return beacon_error_fill(err, BEACON_E_INVALID, "say what to do", "do is missing");
    }
    toy->host = host;
    memcpy(toy->what, raw.p, raw.n);
    if (toy_does(toy, "read-config-as-c-string")) {
        toy->what[0] = (char)strlen(config.p);
    }
    *ret = toy;
    return BEACON_OK;
}

void toy_destroy(void *inst)
{
    free(inst);
}

static unsigned sum_of(const volatile uint8_t *p, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += p[i];
    }
    return sum;
}

static beacon_rc open_exchange(void *inst, const struct beacon_turn *turn,
                               struct beacon_exchange **ret, struct beacon_error *err)
{
    struct toy *toy = inst;
    if (toy_does(toy, "fail-without-hint")) {
        return beacon_error_fill(err, BEACON_E_INVALID, "", "no hint");
    }
    if (toy_does(toy, "leak-into-error")) {
        return beacon_error_fill(err, BEACON_E_AUTH, "look", "the key is %s", "planted");
    }
    struct beacon_exchange *x = calloc(1, sizeof *x);
    x->toy = toy;
    x->kept_turn = turn;
    *ret = x;
    return toy_does(toy, "return-a-positive-code") ? 7 : BEACON_OK;
}

static beacon_rc poll_exchange(struct beacon_exchange *x, struct beacon_action *out,
                               struct beacon_error *err)
{
    (void)err;
    if (toy_does(x->toy, "write-whole-action")) {
        const struct beacon_action whole = {.struct_size = sizeof whole, .kind = BEACON_ACT_DONE};
        memcpy(out, &whole, sizeof whole);
        return BEACON_OK;
    }
    if (toy_does(x->toy, "keep-turn")) {
        x->sum = sum_of((const uint8_t *)x->kept_turn, 4);
    }
    if (x->is_sent && !toy_does(x->toy, "ask-for-ever")) {
        BEACON_SET(out, kind, BEACON_ACT_DONE);
        return BEACON_OK;
    }
    static const struct beacon_kv bad_header = {{"x", 1}, {"a\r\nb: c", 7}};
    x->is_sent = true;
    x->request.struct_size = (uint32_t)sizeof x->request;
    x->request.method = BEACON_STR("POST");
    x->request.url = BEACON_STR("https://toy.example/");
    x->request.headers = &bad_header;
    x->request.n_headers = toy_does(x->toy, "inject-header") ? 1 : 0;
    x->request.framing = toy_does(x->toy, "ndjson")  ? BEACON_FRAME_NDJSON
                         : toy_does(x->toy, "raw")   ? BEACON_FRAME_RAW
                         : toy_does(x->toy, "whole") ? BEACON_FRAME_WHOLE
                                                     : BEACON_FRAME_SSE;
    BEACON_SET(out, kind, BEACON_ACT_HTTP);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the slot is a pointer, its size is meant */
    BEACON_SET(out, http, &x->request);
    return BEACON_OK;
}

static beacon_rc on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                             const struct beacon_events *ev, struct beacon_error *err)
{
    (void)x;
    (void)r;
    (void)ev;
    (void)err;
    return BEACON_OK;
}

/* ---- what the model says: one event per frame, named by the frame ---- */

static struct beacon_part call_with(const char *arguments)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_TOOL_CALL);
    part.call_id = BEACON_STR("c1");
    part.name = BEACON_STR("run");
    part.text = beacon_text(arguments);
    return part;
}

static beacon_rc emit_named(struct beacon_str name, const struct beacon_events *ev)
{
    struct beacon_usage usage = beacon_usage_unknown(BEACON_USAGE_INPUT_INCLUDES_CACHE);
    struct beacon_part text = beacon_part_of(BEACON_PART_TEXT), call = call_with("{\"a\":1}");
    struct beacon_part broken = call_with("{\"a\":"), freeform = call_with("not JSON");
    struct beacon_event sizeless;
    memset(&sizeless, 0, sizeof sizeless);
    text.text = BEACON_STR("x");
    freeform.flags = BEACON_PART_FREEFORM;
    const struct {
        const char *name;
        uint32_t type, code;
        const struct beacon_part *part;
    } rows[] = {
        {"begin", BEACON_EV_ITEM_BEGIN, 0, &text},
        {"done", BEACON_EV_ITEM_DONE, 0, &text},
        {"begin-call", BEACON_EV_ITEM_BEGIN, 0, &call},
        {"done-call", BEACON_EV_ITEM_DONE, 0, &call},
        {"done-broken", BEACON_EV_ITEM_DONE, 0, &broken},
        {"done-freeform", BEACON_EV_ITEM_DONE, 0, &freeform},
        {"delta", BEACON_EV_DELTA, 0, NULL},
        {"finish", BEACON_EV_FINISH, BEACON_FINISH_STOP, NULL},
        {"finish-tools", BEACON_EV_FINISH, BEACON_FINISH_TOOLS, NULL},
        {"start", BEACON_EV_START, 0, NULL},
        {"warning", BEACON_EV_WARNING, 0, NULL},
        {"unknown", 99, 0, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (beacon_span_is(name, rows[i].name)) {
            struct beacon_event event;
            beacon_event_init(&event, rows[i].type, 0);
            event.code = rows[i].code;
            event.part = rows[i].part;
            return ev->emit(ev, &event);
        }
    }
    if (beacon_span_is(name, "sizeless")) {
        return ev->emit(ev, &sizeless);
    }
    usage.input = 1;
    usage.cache_read = beacon_span_is(name, "usage-too-large") ? 2 : 1;
    return beacon_emit_usage(ev, &usage);
}

static void *emit_elsewhere(void *arg)
{
    const struct beacon_events *ev = arg;
    (void)beacon_emit_start(ev, beacon_text("t"), beacon_text("m"));
    return NULL;
}

static void use_thread(const struct beacon_events *ev)
{
    pthread_t thread;
    struct beacon_events copy = *ev;
    if (pthread_create(&thread, NULL, emit_elsewhere, &copy) == 0) {
        (void)pthread_join(thread, NULL);
    }
}

/* Deep enough for any stack. */
static unsigned overflow(struct beacon_exchange *x, unsigned depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return depth == UINT32_MAX ? (unsigned)room[0] : overflow(x, depth + 1) + (unsigned)room[0];
}

/* Reads and writes that a plugin must not do. */
static void misuse(struct beacon_exchange *x, struct beacon_bytes data)
{
    volatile int *volatile nowhere = (volatile int *)(uintptr_t)16; /* the compiler must not look */
    if (toy_does(x->toy, "over-read")) {
        x->sum = sum_of(data.p, data.n + 1);
    } else if (toy_does(x->toy, "crash")) {
        x->sum = (unsigned)*nowhere;
    } else if (toy_does(x->toy, "abort")) {
        abort();
    } else if (toy_does(x->toy, "overflow-stack")) {
        x->sum = overflow(x, 0);
    }
}

static beacon_rc on_frame(struct beacon_exchange *x, struct beacon_str event,
                          struct beacon_bytes data, const struct beacon_events *ev,
                          struct beacon_error *err)
{
    const struct beacon_str text = beacon_span((const char *)data.p, data.n);
    (void)err;
    misuse(x, data);
    x->kept = data;
    x->kept_sink = *ev;
    if (toy_does(x->toy, "leak-into-log")) {
        beacon_log(x->toy->host, BEACON_LOG_INFO, "got %s", "planted");
    } else if (toy_does(x->toy, "emit-elsewhere")) {
        use_thread(ev);
    } else if (toy_does(x->toy, "grammar")) {
        return emit_named(text, ev);
    }
    if (!x->is_started) {
        x->is_started = true;
        (void)beacon_emit_start(ev, event, beacon_text("m"));
    }
    beacon_rc rc = beacon_emit_text(ev, BEACON_EV_WARNING, text);
    return rc != BEACON_OK && toy_does(x->toy, "go-on-after-stop")
               ? beacon_emit_text(ev, BEACON_EV_WARNING, text)
               : rc;
}

static beacon_rc on_end(struct beacon_exchange *x, uint32_t how, const struct beacon_events *ev,
                        struct beacon_error *err)
{
    if (toy_does(x->toy, "keep-data")) {
        x->sum = sum_of(x->kept.p, x->kept.n);
    } else if (toy_does(x->toy, "keep-sink")) {
        return beacon_emit_finish(&x->kept_sink, BEACON_FINISH_STOP);
    } else if (toy_does(x->toy, "grammar")) {
        return BEACON_OK;
    } else if (how != BEACON_END_OK) {
        return beacon_error_fill(err, BEACON_E_PROTOCOL, "try again", "ended with %u", how);
    }
    return beacon_emit_finish(ev, BEACON_FINISH_STOP);
}

static void judge(struct beacon_exchange *x, struct beacon_verdict *out)
{
    if (toy_does(x->toy, "judge-by-the-clock")) {
        const struct beacon_host_clock *clock = beacon_facet(x->toy->host, BEACON_HOST_CLOCK);
        BEACON_SET(out, after_ms, (uint32_t)clock->unix_ms(x->toy->host));
    }
    BEACON_SET(out, verdict, BEACON_VERDICT_RETRY);
    BEACON_SET(out, message, BEACON_STR("again"));
}

static void close_exchange(struct beacon_exchange *x)
{
    free(x);
}

static beacon_rc models(void *inst, const struct beacon_models_sink *out)
{
    (void)inst;
    const struct beacon_model model = {.struct_size = sizeof model,
                                       .id = BEACON_STR("m1"),
                                       .context_tokens = 1000,
                                       .max_output_tokens = -1};
    return out->add(out, &model);
}

const struct beacon_provider toy_provider = {
    .struct_size = sizeof toy_provider,
    .create = toy_create,
    .destroy = toy_destroy,
    .models = models,
    .open = open_exchange,
    .poll = poll_exchange,
    .on_response = on_response,
    .on_frame = on_frame,
    .on_end = on_end,
    .judge = judge,
    .close = close_exchange,
};
