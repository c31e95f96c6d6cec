/* SPDX-License-Identifier: Apache-2.0 */
/* Exporters of both forms. The wire puts the number of records into its URL, the paper refuses batches
 * that lost some. */
#include <beacon/telemetry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden_telemetry_manifest.h"

static struct beacon_str str(const char *s)
{
    struct beacon_str span = {s, strlen(s)};
    return span;
}

static beacon_rc golden_create(void *plugin_state, const struct beacon_host *h,
                               struct beacon_str config, void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    (void)config;
    (void)e;
    *inst = calloc(1, 1);
    return *inst != NULL ? BEACON_OK : BEACON_E_NOMEM;
}

static void golden_destroy(void *inst)
{
    free(inst);
}

static beacon_rc golden_encode(void *inst, const struct beacon_batch *b,
                               const struct beacon_http_out *out, struct beacon_error *e)
{
    struct beacon_http_request request = BEACON_INIT(struct beacon_http_request);
    char url[128];
    (void)inst;
    (void)e;
    if (b->n_records == 0 || b->records[0]->type != BEACON_REC_SPAN || b->n_resource != 1) {
        return BEACON_E_INVALID;
    }
    (void)snprintf(url, sizeof url, "https://golden.example.com/%zu/%.*s", b->n_records,
                   (int)b->records[0]->attrs[0].str.n, b->records[0]->attrs[0].str.p);
    request.method = str("POST");
    request.url = str(url);
    request.framing = BEACON_FRAME_WHOLE;
    return out->request(out, &request);
}

static beacon_rc golden_reply(void *inst, const struct beacon_http_response *r,
                              struct beacon_bytes body, struct beacon_export_result *out)
{
    (void)inst;
    (void)body;
    BEACON_SET(out, retry, r->status == 503 ? 1 : 0);
    BEACON_SET(out, retry_after_ms, 21);
    BEACON_SET(out, rejected, 2);
    return BEACON_OK;
}

static beacon_rc golden_write(void *inst, const struct beacon_batch *b,
                              const struct beacon_cancel *deadline, struct beacon_error *e)
{
    (void)inst;
    (void)deadline;
    (void)e;
    return b->dropped_before == 0 && b->seq == 1 ? BEACON_OK : BEACON_E_LIMIT;
}

static beacon_rc golden_flush(void *inst, const struct beacon_cancel *deadline,
                              struct beacon_error *e)
{
    (void)inst;
    (void)deadline;
    (void)e;
    return BEACON_OK;
}

static const struct beacon_telemetry wire = {
    .struct_size = (uint32_t)sizeof wire,
    .signals = 1u << BEACON_REC_SPAN,
    .create = golden_create,
    .destroy = golden_destroy,
    .encode = golden_encode,
    .reply = golden_reply,
    .flush = golden_flush,
    .shutdown = golden_flush,
};

static const struct beacon_telemetry paper = {
    .struct_size = (uint32_t)sizeof paper,
    .signals = (1u << BEACON_REC_LOG) | (1u << BEACON_REC_METRIC),
    .create = golden_create,
    .destroy = golden_destroy,
    .write = golden_write,
};

static const struct beacon_component wire_component = {
    .struct_size = (uint32_t)sizeof wire_component,
    .kind = BEACON_KIND_TELEMETRY,
    .name = "golden-wire",
    .iface = BEACON_TELEMETRY_IFACE,
    .vtable = &wire,
};
static const struct beacon_component paper_component = {
    .struct_size = (uint32_t)sizeof paper_component,
    .kind = BEACON_KIND_TELEMETRY,
    .name = "golden-paper",
    .iface = BEACON_TELEMETRY_IFACE,
    .vtable = &paper,
};
static const struct beacon_component *const components[] = {&wire_component, &paper_component,
                                                            NULL};

static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(golden_telemetry, &plugin)
