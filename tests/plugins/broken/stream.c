/* SPDX-License-Identifier: Apache-2.0 */
/* A provider that brings its own transport, unless it is compiled with one of the FAULT_S names: then it
 * is wrong in exactly one way. */
#include <beacon-sdk/error.h>
#include <beacon-sdk/sink.h>
#include <stdlib.h>
#include <time.h>

#include "broken_manifest.h"

#define FAULT_NONE      0
#define FAULT_S_EVENTS  1
#define FAULT_S_CANCEL  2
#define FAULT_S_REFUSED 3
#define FAULT_IS(which) (FAULT == (which))

static const struct beacon_host *host_in_use;

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    (void)state;
    (void)config;
    host_in_use = host;
    *inst = calloc(1, 1);
    return *inst != NULL
               ? BEACON_OK
               : beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
}

static void destroy(void *inst)
{
    free(inst);
}

/* Event `i` of the answer. */
static beacon_rc emit(const struct beacon_events *ev, int i)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_TEXT);
    part.text = BEACON_STR("Hello.");
    switch (i) {
    case 0:
        return beacon_emit_start(ev, BEACON_STR("r1"), BEACON_STR("m"));
    case 1:
        return FAULT_IS(FAULT_S_EVENTS) ? BEACON_OK
                                        : beacon_emit_item(ev, BEACON_EV_ITEM_BEGIN, 0, &part);
    case 2:
        return beacon_emit_delta(ev, 0, BEACON_DELTA_TEXT, part.text);
    case 3:
        return beacon_emit_item(ev, BEACON_EV_ITEM_DONE, 0, &part);
    default:
        return beacon_emit_finish(ev, BEACON_FINISH_STOP);
    }
}

static beacon_rc stream(void *inst, const struct beacon_turn *turn, const struct beacon_events *ev,
                        const struct beacon_cancel *cancel, struct beacon_verdict *why,
                        struct beacon_error *err)
{
    const struct timespec two_seconds = {.tv_sec = 2};
    (void)inst;
    (void)turn;
    BEACON_SET(why, verdict, BEACON_VERDICT_FATAL);
    for (int i = 0; i < 5; i++) {
        if (host_in_use->cancelled(host_in_use, cancel) != 0) {
            if (FAULT_IS(FAULT_S_CANCEL)) {
                (void)nanosleep(&two_seconds, NULL);
            }
            return beacon_error_fill(err, BEACON_E_CANCELLED, "ask again", "stopped as asked");
        }
        beacon_rc rc = emit(ev, i);
        if (rc < 0 && !FAULT_IS(FAULT_S_REFUSED)) {
            return beacon_error_fill(err, rc, "ask again", "the host stopped the turn");
        }
    }
    return BEACON_OK;
}

static const struct beacon_provider provider = {
    .struct_size = sizeof provider,
    .create = create,
    .destroy = destroy,
    .stream = stream,
};

static const struct beacon_component component = {
    .struct_size = sizeof component,
    .kind = BEACON_KIND_PROVIDER,
    .name = "broken",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &provider,
};

static const struct beacon_component *const components[] = {&component, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(broken, &plugin)
