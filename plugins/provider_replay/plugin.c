/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>

#include "play.h"
#include "provider_replay_manifest.h"

#define CONFIG_BYTES_MAX  (256u << 10)
#define MESSAGE_BYTES_MAX (64u << 10)

/* The path in the configuration; empty when there is none. */
static beacon_rc read_config(struct beacon_str json, struct beacon_json_out *path,
                             struct beacon_error *err)
{
    struct beacon_str value;
    if (json.n > CONFIG_BYTES_MAX) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "shorten the provider's tables",
                                 "the provider's configuration is over %u bytes", CONFIG_BYTES_MAX);
    }
    if (json.n > 0 && !beacon_json_is_whole(json, '{')) {
        return beacon_error_fill(err, BEACON_E_INVALID, "pass one JSON object",
                                 "the provider's configuration is not a JSON object");
    }
    if (!beacon_json_member(json, "recording", &value) || value.p[0] == 'n') {
        return BEACON_OK;
    }
    if (value.p[0] != '"' || value.n == 2) {
        return beacon_error_fill(err, BEACON_E_INVALID, "give the path of a recording",
                                 "the provider's recording must be a path");
    }
    beacon_json_out_unescaped(path, beacon_span(value.p + 1, value.n - 2));
    return BEACON_OK;
}

static void destroy(void *inst)
{
    struct replay_instance *instance = inst;
    if (instance != NULL) {
        replay_recording_finish(&instance->recording);
        beacon_json_out_finish(&instance->scratch);
        beacon_json_out_finish(&instance->item);
        beacon_json_out_finish(&instance->message);
        free(instance);
    }
}

static beacon_rc create(void *plugin_state, const struct beacon_host *host,
                        struct beacon_str config, void **ret, struct beacon_error *err)
{
    (void)plugin_state;
    struct beacon_json_out path;
    struct replay_instance *instance = calloc(1, sizeof *instance);
    if (instance == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    instance->host = host;
    beacon_json_out_init(&instance->scratch, 2 * RECORDING_BYTES_MAX);
    beacon_json_out_init(&instance->item, 8 * RECORDING_BYTES_MAX);
    beacon_json_out_init(&instance->message, MESSAGE_BYTES_MAX);
    beacon_json_out_init(&path, CONFIG_BYTES_MAX);
    beacon_rc rc = read_config(config, &path, err);
    rc = rc == BEACON_OK
             ? replay_recording_load(beacon_json_out_text(&path), &instance->recording, err)
             : rc;
    beacon_json_out_finish(&path);
    if (rc != BEACON_OK) {
        destroy(instance);
        return rc;
    }
    *ret = instance;
    return BEACON_OK;
}

static const struct beacon_provider provider = {
    .struct_size = sizeof provider,
    .opaque_ns = "openai", /* items have the form of the Responses API, as journals keep it */
    .create = create,
    .destroy = destroy,
    .stream = replay_stream,
};

static const struct beacon_component component = {
    .struct_size = sizeof component,
    .kind = BEACON_KIND_PROVIDER,
    .name = "replay",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &provider,
    .config_schema = "{\"type\":\"object\",\"properties\":{\"recording\":{\"type\":\"string\"}}}",
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

BEACON_PLUGIN(provider_replay, &plugin)
