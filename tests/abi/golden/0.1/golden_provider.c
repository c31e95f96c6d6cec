/* SPDX-License-Identifier: Apache-2.0 */
/* A provider of both forms that uses every slot, and writes every field a provider may write. */
#include <beacon/provider.h>
#include <stdlib.h>
#include <string.h>

#include "golden_provider_manifest.h"

struct beacon_exchange {
    int n_polls;
    struct beacon_kv header;
    struct beacon_http_request request;
};

static struct beacon_str str(const char *s)
{
    struct beacon_str span = {s, strlen(s)};
    return span;
}

static beacon_rc golden_create(void *plugin_state, const struct beacon_host *h,
                               struct beacon_str config, void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    if (config.n < 2 || h->on_main(h) > 1) {
        BEACON_SET(e, code, BEACON_E_INVALID);
        return BEACON_E_INVALID;
    }
    h->log(h, BEACON_LOG_DEBUG, str("golden is created"), NULL, 0);
    *inst = calloc(1, 1);
    return *inst != NULL ? BEACON_OK : BEACON_E_NOMEM;
}

static void golden_destroy(void *inst)
{
    free(inst);
}

static beacon_rc golden_models(void *inst, const struct beacon_models_sink *out)
{
    struct beacon_model model = BEACON_INIT(struct beacon_model);
    (void)inst;
    model.id = str("golden-1");
    model.display = str("Golden One");
    model.context_tokens = 1000;
    model.max_output_tokens = -1;
    model.features = BEACON_MF_TOOLS | BEACON_MF_CACHE_HINTS;
    return out->add(out, &model);
}

static beacon_rc golden_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **x,
                             struct beacon_error *e)
{
    (void)inst;
    if (turn == NULL || turn->n_messages != 1 || turn->messages[0]->role != BEACON_ROLE_USER ||
        turn->attempt != 1 || turn->tool_choice != BEACON_TOOL_CHOICE_REQUIRED) {
        BEACON_SET(e, code, BEACON_E_INVALID);
        return BEACON_E_INVALID;
    }
    *x = calloc(1, sizeof **x);
    return *x != NULL ? BEACON_OK : BEACON_E_NOMEM;
}

static beacon_rc golden_poll(struct beacon_exchange *x, struct beacon_action *out,
                             struct beacon_error *e)
{
    static const char body[] = "{}";
    (void)e;
    if (x->n_polls++ > 0) {
        BEACON_SET(out, kind, BEACON_ACT_DONE);
        return BEACON_OK;
    }
    x->header.k = str("content-type");
    x->header.v = str("application/json");
    x->request.struct_size = (uint32_t)sizeof x->request;
    x->request.method = str("POST");
    x->request.url = str("https://golden.example.com/v1");
    x->request.headers = &x->header;
    x->request.n_headers = 1;
    x->request.body.p = (const uint8_t *)body;
    x->request.body.n = sizeof body - 1;
    x->request.idle_timeout_ms = 1000;
    x->request.total_timeout_ms = 2000;
    x->request.framing = BEACON_FRAME_NDJSON;
    x->request.auth = BEACON_AUTH_INSTANCE;
    BEACON_SET(out, kind, BEACON_ACT_HTTP);
    BEACON_SET(out, http, &x->request);
    return BEACON_OK;
}

static beacon_rc golden_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                                    const struct beacon_events *ev, struct beacon_error *e)
{
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    (void)x;
    (void)e;
    event.type = BEACON_EV_START;
    event.id = str("r1");
    event.model = str("golden-1");
    return r->status == 200 ? ev->emit(ev, &event) : BEACON_E_PROTOCOL;
}

static beacon_rc emit_item(const struct beacon_events *ev, uint32_t type, struct beacon_str text)
{
    struct beacon_part part = BEACON_INIT(struct beacon_part);
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    part.type = BEACON_PART_TOOL_CALL;
    part.flags = BEACON_PART_FREEFORM;
    part.text = text;
    part.call_id = str("c1");
    part.name = str("tool");
    part.opaque = str("{\"sig\":1}");
    part.id = str("i1");
    event.type = type;
    event.index = 2;
    event.part = &part;
    return ev->emit(ev, &event);
}

static beacon_rc emit_end(const struct beacon_events *ev)
{
    struct beacon_usage usage = BEACON_INIT(struct beacon_usage);
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    usage.flags = BEACON_USAGE_INPUT_INCLUDES_CACHE;
    usage.input = 11;
    usage.cache_read = 5;
    usage.cache_write = -1;
    usage.output = 7;
    usage.reasoning = 3;
    usage.cost_nano_usd = 13;
    event.type = BEACON_EV_USAGE;
    event.usage = &usage;
    beacon_rc rc = ev->emit(ev, &event);
    event.type = BEACON_EV_FINISH;
    event.code = BEACON_FINISH_TOOLS;
    event.usage = NULL;
    return rc == BEACON_OK ? ev->emit(ev, &event) : rc;
}

static beacon_rc golden_on_frame(struct beacon_exchange *x, struct beacon_str name,
                                 struct beacon_bytes data, const struct beacon_events *ev,
                                 struct beacon_error *e)
{
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    struct beacon_str text = {(const char *)data.p, data.n};
    (void)x;
    (void)name;
    (void)e;
    event.type = BEACON_EV_DELTA;
    event.code = 1;
    event.text = text;
    beacon_rc rc = ev->emit(ev, &event);
    return rc == BEACON_OK ? emit_item(ev, BEACON_EV_ITEM_DONE, text) : rc;
}

static beacon_rc golden_on_end(struct beacon_exchange *x, uint32_t how,
                               const struct beacon_events *ev, struct beacon_error *e)
{
    (void)x;
    (void)e;
    return how == BEACON_END_OK ? emit_end(ev) : BEACON_E_PROTOCOL;
}

static void golden_judge(struct beacon_exchange *x, struct beacon_verdict *out)
{
    (void)x;
    BEACON_SET(out, verdict, BEACON_VERDICT_RETRY);
    BEACON_SET(out, after_ms, 17);
    BEACON_SET(out, code, BEACON_E_LIMIT);
    BEACON_SET(out, message, str("golden is busy"));
}

static void golden_close(struct beacon_exchange *x)
{
    free(x);
}

static int64_t golden_count(void *inst, const struct beacon_turn *turn)
{
    (void)inst;
    return (int64_t)turn->n_messages * 10;
}

static beacon_rc golden_stream(void *inst, const struct beacon_turn *turn,
                               const struct beacon_events *ev, const struct beacon_cancel *c,
                               struct beacon_verdict *why, struct beacon_error *e)
{
    (void)inst;
    (void)turn;
    (void)c;
    (void)why;
    (void)e;
    beacon_rc rc = emit_item(ev, BEACON_EV_ITEM_DONE, str("own"));
    return rc == BEACON_OK ? emit_end(ev) : rc;
}

static const struct beacon_provider table = {
    .struct_size = (uint32_t)sizeof table,
    .opaque_ns = "golden",
    .create = golden_create,
    .destroy = golden_destroy,
    .models = golden_models,
    .open = golden_open,
    .poll = golden_poll,
    .on_response = golden_on_response,
    .on_frame = golden_on_frame,
    .on_end = golden_on_end,
    .judge = golden_judge,
    .close = golden_close,
    .count_tokens = golden_count,
};

static const struct beacon_provider own_table = {
    .struct_size = (uint32_t)sizeof own_table,
    .create = golden_create,
    .destroy = golden_destroy,
    .stream = golden_stream,
};

static const struct beacon_component sans_io = {
    .struct_size = (uint32_t)sizeof sans_io,
    .kind = BEACON_KIND_PROVIDER,
    .name = "golden",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &table,
    .config_schema = "{}",
};
static const struct beacon_component own = {
    .struct_size = (uint32_t)sizeof own,
    .kind = BEACON_KIND_PROVIDER,
    .name = "golden-own",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &own_table,
};
static const struct beacon_component *const components[] = {&sans_io, &own, NULL};

static beacon_rc golden_load(const struct beacon_host *host, void **state, struct beacon_error *err)
{
    (void)err;
    *state = NULL;
    return host->abi_minor <= 1000 && host->name.n > 0 ? BEACON_OK : BEACON_E_UNSUPPORTED;
}

static void golden_unload(void *state)
{
    (void)state;
}

static const void *golden_facet(void *state, const char *id)
{
    (void)state;
    (void)id;
    return NULL;
}

static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
    .load = golden_load,
    .unload = golden_unload,
    .facet = golden_facet,
};

BEACON_PLUGIN(golden_provider, &plugin)
