/* SPDX-License-Identifier: Apache-2.0 */
/* A provider that does nothing, of a megabyte. */
#include <beacon/provider.h>
#include <stddef.h>

#include "bench_idle_manifest.h"

#define BALLAST_BYTES 1000000

static const volatile unsigned char ballast[BALLAST_BYTES] = {1}; /* must stay in the file */

struct beacon_exchange {
    uint64_t n_frames;
};

static beacon_rc idle_create(void *plugin_state, const struct beacon_host *h,
                             struct beacon_str config, void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    (void)e;
    *inst = NULL;
    return ballast[config.n % BALLAST_BYTES] <= 1 ? BEACON_OK : BEACON_E_INTERNAL;
}

static void idle_destroy(void *inst)
{
    (void)inst;
}

static beacon_rc idle_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **x,
                           struct beacon_error *e)
{
    static struct beacon_exchange only;
    (void)inst;
    (void)turn;
    (void)e;
    *x = &only;
    return BEACON_OK;
}

static beacon_rc idle_poll(struct beacon_exchange *x, struct beacon_action *out,
                           struct beacon_error *e)
{
    (void)x;
    (void)e;
    BEACON_SET(out, kind, BEACON_ACT_DONE);
    return BEACON_OK;
}

static beacon_rc idle_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                                  const struct beacon_events *ev, struct beacon_error *e)
{
    (void)x;
    (void)r;
    (void)ev;
    (void)e;
    return BEACON_OK;
}

static beacon_rc idle_on_frame(struct beacon_exchange *x, struct beacon_str event,
                               struct beacon_bytes data, const struct beacon_events *ev,
                               struct beacon_error *e)
{
    (void)event;
    (void)data;
    (void)ev;
    (void)e;
    x->n_frames++;
    return BEACON_OK;
}

static beacon_rc idle_on_end(struct beacon_exchange *x, uint32_t how,
                             const struct beacon_events *ev, struct beacon_error *e)
{
    (void)x;
    (void)how;
    (void)ev;
    (void)e;
    return BEACON_OK;
}

static void idle_judge(struct beacon_exchange *x, struct beacon_verdict *out)
{
    (void)x;
    BEACON_SET(out, verdict, BEACON_VERDICT_FATAL);
}

static void idle_close(struct beacon_exchange *x)
{
    (void)x;
}

static const struct beacon_provider idle = {
    .struct_size = (uint32_t)sizeof idle,
    .create = idle_create,
    .destroy = idle_destroy,
    .open = idle_open,
    .poll = idle_poll,
    .on_response = idle_on_response,
    .on_frame = idle_on_frame,
    .on_end = idle_on_end,
    .judge = idle_judge,
    .close = idle_close,
};
static const struct beacon_component component = {
    .struct_size = (uint32_t)sizeof component,
    .kind = BEACON_KIND_PROVIDER,
    .name = "bench",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &idle,
};
static const struct beacon_component *const components[] = {&component, NULL};
static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(bench_idle, &plugin)
