/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <beacon-sdk/error.h>

#include "config.h"
#include "exchange.h"
#include "provider_chat_manifest.h"

static beacon_rc create(void *plugin_state, const struct beacon_host *host,
                        struct beacon_str config_json, void **ret, struct beacon_error *err)
{
    (void)plugin_state;
    struct chat_instance *instance = calloc(1, sizeof *instance);
    struct chat_config *config = calloc(1, sizeof *config);
    beacon_rc rc = BEACON_E_NOMEM;
    if (instance != NULL && config != NULL) {
        rc = chat_config_parse(config_json, config, err);
    } else {
        (void)beacon_error_fill(err, rc, "close other programs", "out of memory");
    }
    if (rc != BEACON_OK) {
        free(config);
        free(instance);
        return rc;
    }
    instance->host = host;
    instance->config = config;
    *ret = instance;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    struct chat_instance *instance = inst;
    if (instance != NULL) {
        chat_config_finish(instance->config);
        free(instance->config);
        free(instance);
    }
}

static const struct beacon_provider provider = {
    .struct_size = sizeof provider,
    .opaque_ns = "openai-chat",
    .create = create,
    .destroy = destroy,
    .open = chat_open,
    .poll = chat_poll,
    .on_response = chat_on_response,
    .on_frame = chat_on_frame,
    .on_end = chat_on_end,
    .judge = chat_judge,
    .close = chat_close,
};

static const struct beacon_component component = {
    .struct_size = sizeof component,
    .kind = BEACON_KIND_PROVIDER,
    .name = "chat",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &provider,
    .config_schema = chat_config_schema,
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

BEACON_PLUGIN(provider_chat, &plugin)
