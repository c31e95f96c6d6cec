/* SPDX-License-Identifier: Apache-2.0 */
/* A provider that echoes: each frame is a word, and the answer is the words. Compiled several times:
 * TOY_OLD      as if the headers had ended before the newest fields of each struct
 * TOY_NEW      as if they had more
 * TOY_NO_FRAME without the mandatory slot on_frame
 * TOY_BLOCKING form B
 * TOY_WRONG_ID with an id that its note does not have
 * TOY_DECLINES with an entry that serves no host
 * TOY_ENTRY_V2 with the entry of another major only, TOY_NO_ENTRY with none
 * TOY_LOAD_FAILS
 * Its constructor appends to the file that TOY_MARKER names, its load() too. */
#include <beacon/provider.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "toy_names.h"

static void mark(const char *word)
{
    const char *path = getenv("TOY_MARKER");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        ssize_t written = write(fd, word, strlen(word));
        (void)written;
        (void)close(fd);
    }
}

__attribute__((constructor)) static void constructed(void)
{
    mark("constructed ");
}

struct beacon_exchange {
    char url[64];
    uint32_t n_frames;
    uint32_t polls;
    struct beacon_http_request request;
};

/* The size an older plugin would write: everything up to and with `field`. */
#ifdef TOY_OLD
#define SIZE_UP_TO(type, field, now)                                                               \
    ((uint32_t)(offsetof(struct type, field) + sizeof(((struct type *)0)->field)))
#else
#define SIZE_UP_TO(type, field, now) ((uint32_t)(now))
#endif

static struct beacon_str str(const char *s)
{
    struct beacon_str span = {s, strlen(s)};
    return span;
}

static beacon_rc fail(struct beacon_error *e, beacon_rc code, const char *message)
{
    BEACON_SET(e, code, code);
    if (BEACON_HAS(e, message)) {
        strncpy(e->message, message, sizeof e->message - 1);
    }
    return code;
}

static beacon_rc toy_create(void *plugin_state, const struct beacon_host *h,
                            struct beacon_str config, void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    if (config.n < 2 || config.p[0] != '{') {
        return fail(e, BEACON_E_INVALID, "the configuration of toy is not an object");
    }
    if (memmem(config.p, config.n, "\"silent\"", 8) != NULL) {
        return -1234; /* no code anybody knows, and no words */
    }
    *inst = strdup("toy");
    return *inst != NULL ? BEACON_OK : BEACON_E_NOMEM;
}

static void toy_destroy(void *inst)
{
    free(inst);
}

static beacon_rc toy_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **x,
                          struct beacon_error *e)
{
    struct beacon_exchange *exchange = NULL;
    (void)inst;
    if (turn == NULL) {
        return fail(e, BEACON_E_UNSUPPORTED, "toy has no live list of models");
    }
    exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return BEACON_E_NOMEM;
    }
    strncpy(exchange->url, "https://toy.example.com/", sizeof exchange->url - 1);
    *x = exchange;
    return BEACON_OK;
}

static beacon_rc toy_poll(struct beacon_exchange *x, struct beacon_action *out,
                          struct beacon_error *e)
{
    (void)e;
    if (x->polls++ > 0) {
        BEACON_SET(out, kind, BEACON_ACT_DONE);
        return BEACON_OK;
    }
    memset(&x->request, 0xa5, sizeof x->request); /* what lies behind an older struct is noise */
    x->request.struct_size = SIZE_UP_TO(beacon_http_request, framing, sizeof x->request);
    x->request.flags = 0;
    x->request.method = str("POST");
    x->request.url = str(x->url);
    x->request.headers = NULL;
    x->request.n_headers = 0;
    x->request.body.p = NULL;
    x->request.body.n = 0;
    x->request.idle_timeout_ms = 0;
    x->request.total_timeout_ms = 0;
    x->request.framing = BEACON_FRAME_SSE;
#ifndef TOY_OLD
    x->request.auth = BEACON_AUTH_INSTANCE;
    x->request.tls_profile = str("");
#else
    /* The size ends inside the last eight bytes, as no compiler would make it. */
    x->request.struct_size += 4;
    x->request.auth = BEACON_AUTH_NONE;
#endif
    BEACON_SET(out, kind, BEACON_ACT_HTTP);
    BEACON_SET(out, http, &x->request);
    return BEACON_OK;
}

static beacon_rc toy_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                                 const struct beacon_events *ev, struct beacon_error *e)
{
    (void)x;
    (void)ev;
    return r->status == 200 ? BEACON_OK : fail(e, BEACON_E_PROTOCOL, "toy wants status 200");
}

/* A part or usage whose bytes behind the older size are noise that the host must not see. */
static void init_part(struct beacon_part *part)
{
    memset(part, 0xa5, sizeof *part);
    memset(part, 0, SIZE_UP_TO(beacon_part, blob, sizeof *part));
    part->struct_size = SIZE_UP_TO(beacon_part, blob, sizeof *part);
    part->type = BEACON_PART_TEXT;
    part->text = str("word");
}

static beacon_rc emit_item(const struct beacon_events *ev, uint32_t type)
{
    struct beacon_part part;
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    init_part(&part);
    event.type = type;
    event.part = &part;
    return ev->emit(ev, &event);
}

static beacon_rc emit_usage(const struct beacon_events *ev)
{
    struct beacon_usage usage;
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    memset(&usage, 0xa5, sizeof usage);
    usage.struct_size = SIZE_UP_TO(beacon_usage, output, sizeof usage);
    usage.flags = 0;
    usage.input = 7;
    usage.cache_read = usage.cache_write = -1;
    usage.output = 3;
#ifndef TOY_OLD
    usage.reasoning = 1;
    usage.cost_nano_usd = 5;
#endif
    event.type = BEACON_EV_USAGE;
    event.usage = &usage;
    return ev->emit(ev, &event);
}

static beacon_rc emit_plain(const struct beacon_events *ev, uint32_t type, uint32_t code,
                            struct beacon_str text)
{
    struct beacon_event event;
    memset(&event, 0xa5, sizeof event);
    memset(&event, 0, SIZE_UP_TO(beacon_event, model, sizeof event));
    event.struct_size = SIZE_UP_TO(beacon_event, model, sizeof event);
    event.type = type;
    event.code = code;
    event.text = text;
    return ev->emit(ev, &event);
}

static int is(struct beacon_bytes data, const char *word)
{
    return data.n == strlen(word) && memcmp(data.p, word, data.n) == 0;
}

/* Frames that name a misdeed commit it; any other is a delta with that text. */
static beacon_rc say(struct beacon_bytes data, const struct beacon_events *ev)
{
    const struct beacon_str nothing = {NULL, 0};
    const struct beacon_str void_span = {NULL, 9};
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    if (is(data, "!item")) {
        beacon_rc rc = emit_item(ev, BEACON_EV_ITEM_BEGIN);
        return rc < 0 ? rc : emit_item(ev, BEACON_EV_ITEM_DONE);
    }
    if (is(data, "!usage")) {
        return emit_usage(ev);
    }
    if (is(data, "!finish")) {
        return emit_plain(ev, BEACON_EV_FINISH, BEACON_FINISH_STOP, nothing);
    }
    if (is(data, "!unknown")) {
        return emit_plain(ev, 77, 0, nothing);
    }
    if (is(data, "!critical")) {
        return emit_plain(ev, 0x80000001u, 0, nothing);
    }
    if (is(data, "!void")) {
        return emit_plain(ev, BEACON_EV_DELTA, 0, void_span);
    }
    if (is(data, "!partless")) {
        event.type = BEACON_EV_ITEM_DONE;
        return ev->emit(ev, &event);
    }
    if (is(data, "!tiny")) {
        event.struct_size = 3;
        return ev->emit(ev, &event);
    }
    struct beacon_str text = {(const char *)data.p, data.n};
    return emit_plain(ev, BEACON_EV_DELTA, 0, text);
}

__attribute__((unused)) static beacon_rc
toy_on_frame(struct beacon_exchange *x, struct beacon_str event, struct beacon_bytes data,
             const struct beacon_events *ev, struct beacon_error *e)
{
    (void)event;
    if (is(data, "!fail")) {
        return fail(e, BEACON_E_PROTOCOL, "toy was told to fail");
    }
    if (is(data, "!mute")) {
        return BEACON_E_PROTOCOL;
    }
    x->n_frames++;
    (void)say(data, ev); /* a careless plugin does not look at what the host answers */
    return BEACON_OK;
}

static beacon_rc toy_on_end(struct beacon_exchange *x, uint32_t how, const struct beacon_events *ev,
                            struct beacon_error *e)
{
    (void)x;
    if (how != BEACON_END_OK) {
        return fail(e, BEACON_E_PROTOCOL, "the stream ended early");
    }
    return emit_plain(ev, BEACON_EV_FINISH, BEACON_FINISH_STOP, str(""));
}

static void toy_judge(struct beacon_exchange *x, struct beacon_verdict *out)
{
    BEACON_SET(out, verdict, x->n_frames > 0 ? 4711 : BEACON_VERDICT_RETRY);
    BEACON_SET(out, after_ms, 250);
    BEACON_SET(out, code, BEACON_E_PROTOCOL);
    BEACON_SET(out, message, str("toy says no"));
}

static void toy_close(struct beacon_exchange *x)
{
    free(x);
}

static beacon_rc toy_models(void *inst, const struct beacon_models_sink *out)
{
    struct beacon_model model = BEACON_INIT(struct beacon_model);
    (void)inst;
    model.id = str("toy-1");
    model.display = str("Toy 1");
    return out->add(out, &model);
}

#ifdef TOY_BLOCKING
static const struct beacon_host *host_in_use;

static beacon_rc toy_stream(void *inst, const struct beacon_turn *turn,
                            const struct beacon_events *ev, const struct beacon_cancel *c,
                            struct beacon_verdict *why, struct beacon_error *e)
{
    (void)inst;
    (void)turn;
    if (host_in_use->cancelled(host_in_use, c)) {
        BEACON_SET(why, verdict, BEACON_VERDICT_FATAL);
        return fail(e, BEACON_E_CANCELLED, "stopped as asked");
    }
    beacon_rc rc = emit_plain(ev, BEACON_EV_DELTA, 0, str("hello"));
    return rc < 0 ? rc : emit_plain(ev, BEACON_EV_FINISH, BEACON_FINISH_STOP, str(""));
}
#endif

#ifdef TOY_OLD
static int64_t not_in_the_table(void *inst, const struct beacon_turn *turn)
{
    (void)inst;
    (void)turn;
    abort(); /* the test dies when the host looks behind the table */
}
#endif

#ifdef TOY_NEW
/* The table of a later minor: ours, and more behind it. */
static const struct {
    struct beacon_provider now;
    void (*later[4])(void);
} table = {.now = {
               .struct_size = (uint32_t)sizeof table,
#elif defined(TOY_OLD)
static const struct {
    struct beacon_provider now;
} table = {.now = {
               .struct_size = (uint32_t)(offsetof(struct beacon_provider, stream)),
#else
static const struct {
    struct beacon_provider now;
} table = {.now = {
               .struct_size = (uint32_t)sizeof table,
#endif
#ifdef TOY_NEW
               .opaque_ns = "toys",
#endif
               .create = toy_create,
               .destroy = toy_destroy,
               .models = toy_models,
               .open = toy_open,
               .poll = toy_poll,
               .on_response = toy_on_response,
#ifndef TOY_NO_FRAME
               .on_frame = toy_on_frame,
#endif
               .on_end = toy_on_end,
               .judge = toy_judge,
               .close = toy_close,
#ifdef TOY_BLOCKING
               .stream = toy_stream,
#endif
#ifdef TOY_OLD
               /* What lies behind an older table belongs to somebody else. */
               .count_tokens = not_in_the_table,
#endif
           }};

static const struct beacon_component component = {
    .struct_size = (uint32_t)sizeof component,
    .kind = BEACON_KIND_PROVIDER,
    .name = TOY_NAME,
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &table,
};
static const struct beacon_component *const components[] = {&component, NULL};

static beacon_rc toy_load(const struct beacon_host *host, void **state, struct beacon_error *err)
{
    mark("loaded ");
#ifdef TOY_BLOCKING
    host_in_use = host;
#endif
#ifdef TOY_LOAD_FAILS
    return fail(err, BEACON_E_IO, "toy cannot find its marbles");
#endif
    (void)host;
    (void)err;
    *state = NULL;
    return BEACON_OK;
}

static void toy_unload(void *state)
{
    (void)state;
    mark("unloaded ");
}

static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
#ifdef TOY_WRONG_ID
    .id = "com.example.somebody-else",
#else
    .id = BEACON_MANIFEST_ID,
#endif
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
    .load = toy_load,
    .unload = toy_unload,
};

#if defined(TOY_DECLINES)
BEACON_EXPORT const struct beacon_plugin *beacon_plugin_entry_v1(uint32_t host_minor);
const struct beacon_plugin *beacon_plugin_entry_v1(uint32_t host_minor)
{
    return host_minor == UINT32_MAX ? &plugin : NULL;
}
#elif defined(TOY_ENTRY_V2)
BEACON_EXPORT const struct beacon_plugin *beacon_plugin_entry_v2(uint32_t host_minor);
const struct beacon_plugin *beacon_plugin_entry_v2(uint32_t host_minor)
{
    (void)host_minor;
    return &plugin;
}
#elif defined(TOY_NO_ENTRY)
const struct beacon_plugin *toy_hidden_entry(void);
const struct beacon_plugin *toy_hidden_entry(void)
{
    return &plugin;
}
#else
BEACON_PLUGIN(toy, &plugin)
#endif
