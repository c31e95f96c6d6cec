/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's plugin that goes wrong on demand. FAULTY=SLOT:HOW, where SLOT is create, open, poll,
 * on_frame, judge or stream, and HOW is
 *   segv      a store to nowhere             abort     abort()
 *   overflow  recursion without an end       thread    a store to nowhere on a thread of its own
 *   spin      the call does not return       ignore    stream: talks, and is deaf to a cancel
 * Otherwise it answers each frame "text" of its peer with one message and FINISH. The body of a request
 * is the number of messages of the conversation. */
#include <beacon/provider.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faulty_manifest.h"

struct instance {
    char url[256];
};

struct beacon_exchange {
    struct instance *instance;
    char body[64];
    int n_polls;
    int has_finished;
    struct beacon_http_request request;
};

static struct beacon_str str(const char *s)
{
    struct beacon_str span = {s, strlen(s)};
    return span;
}

/* ---- going wrong ---- */

static int *volatile nowhere;

/* NOLINTNEXTLINE(misc-no-recursion): it is there to overflow */
static int dig(const volatile char *above, int depth)
{
    volatile char room[4096];
    room[0] = above[0];
    return depth > 0 ? dig(room, depth - 1) + room[0] : room[0];
}

static void *store_nowhere(void *unused)
{
    (void)unused;
    nowhere[16] = 1;
    return NULL;
}

static void store_on_a_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, store_nowhere, NULL) == 0) {
        (void)pthread_join(thread, NULL);
    }
}

static void spin(void)
{
    static const char mark[] = "the plugin spins\n";
    ssize_t written = write(STDERR_FILENO, mark, sizeof mark - 1);
    (void)written;
    for (;;) {
        (void)pause();
    }
}

static int has_fault(const char *slot, const char *how)
{
    char wanted[64];
    const char *fault = getenv("FAULTY");
    (void)snprintf(wanted, sizeof wanted, "%s:%s", slot, how);
    return fault != NULL && strcmp(fault, wanted) == 0;
}

static void fail_in(const char *slot)
{
    volatile char top = 0;
    if (has_fault(slot, "segv")) {
        nowhere[16] = 1;
    } else if (has_fault(slot, "abort")) {
        abort();
    } else if (has_fault(slot, "overflow")) {
        (void)dig(&top, 1000000000);
    } else if (has_fault(slot, "thread")) {
        store_on_a_thread();
    } else if (has_fault(slot, "spin")) {
        spin();
    }
}

/* ---- the slots ---- */

/* Up to the quote, without the backslashes that JSON may put before a slash. */
static void copy_url(struct instance *instance, const char *from)
{
    size_t n = 0;
    for (; *from != '\0' && *from != '"' && n < sizeof instance->url - sizeof "/responses";
         from++) {
        if (*from != '\\') {
            instance->url[n++] = *from;
        }
    }
    memcpy(instance->url + n, "/responses", sizeof "/responses");
}

static beacon_rc faulty_create(void *plugin_state, const struct beacon_host *h,
                               struct beacon_str config, void **inst, struct beacon_error *e)
{
    static const char key[] = "\"base_url\"";
    char text[4096];
    (void)plugin_state;
    (void)h;
    (void)e;
    fail_in("create");
    struct instance *instance = calloc(1, sizeof *instance);
    if (instance == NULL) {
        return BEACON_E_NOMEM;
    }
    (void)snprintf(text, sizeof text, "%.*s", (int)config.n, config.p);
    const char *url = strstr(text, key);
    url = url != NULL ? strchr(url + sizeof key - 1, '"') : NULL;
    if (url != NULL) {
        copy_url(instance, url + 1);
    }
    *inst = instance;
    return BEACON_OK;
}

static void faulty_destroy(void *inst)
{
    free(inst);
}

static beacon_rc faulty_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **x,
                             struct beacon_error *e)
{
    (void)e;
    fail_in("open");
    struct beacon_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL || turn == NULL) {
        free(exchange);
        return BEACON_E_UNSUPPORTED;
    }
    exchange->instance = inst;
    (void)snprintf(exchange->body, sizeof exchange->body, "{\"messages\":%zu}", turn->n_messages);
    *x = exchange;
    return BEACON_OK;
}

static beacon_rc faulty_poll(struct beacon_exchange *x, struct beacon_action *out,
                             struct beacon_error *e)
{
    (void)e;
    fail_in("poll");
    if (x->n_polls++ > 0) {
        BEACON_SET(out, kind, BEACON_ACT_DONE);
        return BEACON_OK;
    }
    x->request.struct_size = (uint32_t)sizeof x->request;
    x->request.method = str("POST");
    x->request.url = str(x->instance->url);
    x->request.body.p = (const uint8_t *)x->body;
    x->request.body.n = strlen(x->body);
    x->request.framing = BEACON_FRAME_SSE;
    BEACON_SET(out, kind, BEACON_ACT_HTTP);
    BEACON_SET(out, http, &x->request);
    return BEACON_OK;
}

static beacon_rc faulty_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                                    const struct beacon_events *ev, struct beacon_error *e)
{
    (void)x;
    (void)r;
    (void)ev;
    (void)e;
    return BEACON_OK;
}

static beacon_rc say(const struct beacon_events *ev, const char *text)
{
    struct beacon_part part = BEACON_INIT(struct beacon_part);
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    part.type = BEACON_PART_TEXT;
    part.text = str(text);
    event.type = BEACON_EV_ITEM_DONE;
    event.part = &part;
    return ev->emit(ev, &event);
}

static beacon_rc finish(const struct beacon_events *ev)
{
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    event.type = BEACON_EV_FINISH;
    event.code = BEACON_FINISH_STOP;
    return ev->emit(ev, &event);
}

static beacon_rc faulty_on_frame(struct beacon_exchange *x, struct beacon_str event,
                                 struct beacon_bytes data, const struct beacon_events *ev,
                                 struct beacon_error *e)
{
    (void)event;
    (void)data;
    (void)e;
    if (x->has_finished) {
        return BEACON_OK;
    }
    x->has_finished = 1;
    beacon_rc rc = say(ev, "It works.");
    fail_in("on_frame");
    return rc == BEACON_OK ? finish(ev) : rc;
}

static beacon_rc faulty_on_end(struct beacon_exchange *x, uint32_t how,
                               const struct beacon_events *ev, struct beacon_error *e)
{
    (void)ev;
    (void)e;
    return how == BEACON_END_OK && x->has_finished ? BEACON_OK : BEACON_E_PROTOCOL;
}

static void faulty_judge(struct beacon_exchange *x, struct beacon_verdict *out)
{
    (void)x;
    fail_in("judge");
    BEACON_SET(out, verdict, BEACON_VERDICT_FATAL);
    BEACON_SET(out, code, BEACON_E_PROTOCOL);
    BEACON_SET(out, message, str("the peer of faulty failed"));
}

static void faulty_close(struct beacon_exchange *x)
{
    free(x);
}

static beacon_rc faulty_stream(void *inst, const struct beacon_turn *turn,
                               const struct beacon_events *ev, const struct beacon_cancel *c,
                               struct beacon_verdict *why, struct beacon_error *e)
{
    (void)inst;
    (void)turn;
    (void)c;
    (void)why;
    (void)e;
    beacon_rc rc = say(ev, "It works.");
    fail_in("stream");
    if (has_fault("stream", "ignore")) {
        spin();
    }
    return rc == BEACON_OK ? finish(ev) : rc;
}

static const struct beacon_provider table = {
    .struct_size = (uint32_t)sizeof table,
    .create = faulty_create,
    .destroy = faulty_destroy,
    .open = faulty_open,
    .poll = faulty_poll,
    .on_response = faulty_on_response,
    .on_frame = faulty_on_frame,
    .on_end = faulty_on_end,
    .judge = faulty_judge,
    .close = faulty_close,
};

static const struct beacon_provider worker_table = {
    .struct_size = (uint32_t)sizeof worker_table,
    .create = faulty_create,
    .destroy = faulty_destroy,
    .stream = faulty_stream,
};

static const struct beacon_component sans_io = {
    .struct_size = (uint32_t)sizeof sans_io,
    .kind = BEACON_KIND_PROVIDER,
    .name = "faulty",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &table,
};

static const struct beacon_component worker = {
    .struct_size = (uint32_t)sizeof worker,
    .kind = BEACON_KIND_PROVIDER,
    .name = "faulty-worker",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &worker_table,
};

static const struct beacon_component *const components[] = {&sans_io, &worker, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(faulty, &plugin)
