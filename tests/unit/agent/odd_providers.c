/* SPDX-License-Identifier: Apache-2.0 */
/* Providers that a host must live with, for its tests:
 * deaf      says a word and never returns, whatever it is told
 * stubborn  gives a whole item first and does not care that it is refused
 * silent    returns at once without having finished, and without a word
 * late      waits a moment, asks, and gives its message only when the body has ended */
#include <beacon-sdk/json_scan.h>
#include <beacon-sdk/text.h>
#include <beacon/provider.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "odd_providers_manifest.h"

struct instance {
    char url[256];
};

struct beacon_exchange {
    const struct instance *instance;
    uint32_t polls;
    struct beacon_http_request request;
};

static beacon_rc create(void *plugin_state, const struct beacon_host *h, struct beacon_str config,
                        void **inst, struct beacon_error *e)
{
    struct instance *instance = calloc(1, sizeof *instance);
    struct beacon_str url;
    (void)plugin_state;
    (void)h;
    (void)e;
    if (instance == NULL) {
        return BEACON_E_NOMEM;
    }
    if (beacon_json_member(config, "base_url", &url) && url.n > 2 && url.n < sizeof instance->url) {
        memcpy(instance->url, url.p + 1, url.n - 2);
    }
    *inst = instance;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    free(inst);
}

static beacon_rc emit(const struct beacon_events *ev, uint32_t type, uint32_t code,
                      const struct beacon_part *part)
{
    struct beacon_event event = BEACON_INIT(struct beacon_event);
    event.type = type;
    event.code = code;
    event.part = part;
    event.text = part != NULL ? part->text : BEACON_STR("");
    return ev->emit(ev, &event);
}

static struct beacon_part words(const char *text)
{
    struct beacon_part part = BEACON_INIT(struct beacon_part);
    part.type = BEACON_PART_TEXT;
    part.text = beacon_text(text);
    return part;
}

static void hang(void)
{
    for (;;) {
        (void)poll(NULL, 0, -1);
    }
}

static beacon_rc deaf(void *inst, const struct beacon_turn *turn, const struct beacon_events *ev,
                      const struct beacon_cancel *c, struct beacon_verdict *why,
                      struct beacon_error *e)
{
    const struct beacon_part word = words("well");
    (void)inst;
    (void)turn;
    (void)c;
    (void)why;
    (void)e;
    (void)emit(ev, BEACON_EV_DELTA, 0, &word);
    hang();
    return BEACON_OK;
}

static beacon_rc stubborn(void *inst, const struct beacon_turn *turn,
                          const struct beacon_events *ev, const struct beacon_cancel *c,
                          struct beacon_verdict *why, struct beacon_error *e)
{
    const struct beacon_part item = words("take this");
    (void)emit(ev, BEACON_EV_ITEM_BEGIN, 0, &item);
    (void)emit(ev, BEACON_EV_ITEM_DONE, 0, &item);
    return deaf(inst, turn, ev, c, why, e);
}

static beacon_rc silent(void *inst, const struct beacon_turn *turn, const struct beacon_events *ev,
                        const struct beacon_cancel *c, struct beacon_verdict *why,
                        struct beacon_error *e)
{
    (void)inst;
    (void)turn;
    (void)ev;
    (void)c;
    (void)why;
    (void)e;
    return BEACON_OK;
}

static beacon_rc late_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **x,
                           struct beacon_error *e)
{
    struct beacon_exchange *exchange = calloc(1, sizeof *exchange);
    (void)turn;
    (void)e;
    if (exchange == NULL) {
        return BEACON_E_NOMEM;
    }
    exchange->instance = inst;
    *x = exchange;
    return BEACON_OK;
}

static beacon_rc late_poll(struct beacon_exchange *x, struct beacon_action *out,
                           struct beacon_error *e)
{
    static const uint32_t kinds[] = {BEACON_ACT_WAIT, BEACON_ACT_HTTP, BEACON_ACT_DONE};
    (void)e;
    x->request.struct_size = (uint32_t)sizeof x->request;
    x->request.method = BEACON_STR("POST");
    x->request.url = beacon_text(x->instance->url);
    x->request.framing = BEACON_FRAME_SSE;
    BEACON_SET(out, kind, kinds[x->polls < 2 ? x->polls : 2]);
    BEACON_SET(out, http, &x->request);
    BEACON_SET(out, wait_ms, 1);
    x->polls++;
    return BEACON_OK;
}

static beacon_rc late_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                                  const struct beacon_events *ev, struct beacon_error *e)
{
    (void)x;
    (void)r;
    (void)ev;
    (void)e;
    return BEACON_OK;
}

static beacon_rc late_on_frame(struct beacon_exchange *x, struct beacon_str event,
                               struct beacon_bytes data, const struct beacon_events *ev,
                               struct beacon_error *e)
{
    (void)x;
    (void)event;
    (void)data;
    (void)ev;
    (void)e;
    return BEACON_OK;
}

static beacon_rc late_on_end(struct beacon_exchange *x, uint32_t how,
                             const struct beacon_events *ev, struct beacon_error *e)
{
    const struct beacon_part message = words("at last");
    (void)x;
    (void)e;
    if (how != BEACON_END_OK) {
        return BEACON_E_PROTOCOL;
    }
    (void)emit(ev, BEACON_EV_ITEM_BEGIN, 0, &message);
    (void)emit(ev, BEACON_EV_ITEM_DONE, 0, &message);
    (void)emit(ev, BEACON_EV_ITEM_BEGIN, 0, &message);
    (void)emit(ev, BEACON_EV_ITEM_DONE, 0, &message);
    return emit(ev, BEACON_EV_FINISH, BEACON_FINISH_STOP, NULL);
}

static void late_judge(struct beacon_exchange *x, struct beacon_verdict *out)
{
    (void)x;
    BEACON_SET(out, verdict, BEACON_VERDICT_FATAL);
    BEACON_SET(out, message, BEACON_STR("late was too late"));
}

static void late_close(struct beacon_exchange *x)
{
    free(x);
}

static const struct beacon_provider deaf_table = {
    .struct_size = sizeof deaf_table, .create = create, .destroy = destroy, .stream = deaf};
static const struct beacon_provider stubborn_table = {
    .struct_size = sizeof stubborn_table, .create = create, .destroy = destroy, .stream = stubborn};
static const struct beacon_provider silent_table = {
    .struct_size = sizeof silent_table, .create = create, .destroy = destroy, .stream = silent};
static const struct beacon_provider late_table = {.struct_size = sizeof late_table,
                                                  .create = create,
                                                  .destroy = destroy,
                                                  .open = late_open,
                                                  .poll = late_poll,
                                                  .on_response = late_on_response,
                                                  .on_frame = late_on_frame,
                                                  .on_end = late_on_end,
                                                  .judge = late_judge,
                                                  .close = late_close};

/* NOLINTBEGIN(bugprone-macro-parentheses): names of variables */
#define COMPONENT(variable)                                                                        \
    static const struct beacon_component variable##_component = {.struct_size =                    \
                                                                     sizeof variable##_component,  \
                                                                 .kind = BEACON_KIND_PROVIDER,     \
                                                                 .name = #variable,                \
                                                                 .iface = BEACON_PROVIDER_IFACE,   \
                                                                 .vtable = &variable##_table}
/* NOLINTEND(bugprone-macro-parentheses) */

COMPONENT(deaf);
COMPONENT(stubborn);
COMPONENT(silent);
COMPONENT(late);

static const struct beacon_component *const components[] = {
    &deaf_component, &stubborn_component, &silent_component, &late_component, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(odd_providers, &plugin)
