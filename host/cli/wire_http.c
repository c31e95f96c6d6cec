/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_http.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "cli/wire.h"
#include "cli/wire_policy.h"
#include "config/layers.h"
#include "http/egress.h"
#include "http/proxy.h"
#include "http/request.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"
#include "plugin/policy.h"
#include "plugin/provider.h"

#define ALLOW "network.allow"

/* "FILE:line", or the name of a layer without a file. To free. */
static char *place_of(const struct config *config, const char *key)
{
    const struct config_origin *origin = config_origin(config, key);
    if (origin == NULL) {
        return alloc_string("the configuration");
    }
    return origin->line > 0 ? alloc_printf("%s:%u", origin->file, origin->line)
                            : alloc_string(origin->file);
}

/* The strings of a list; the array is to free, the strings are the configuration's. NULL: not set. */
static const char **strings_of(const struct config *config, const char *key, size_t *ret_n)
{
    struct json_object *list = config_node(config, key);
    *ret_n = list != NULL ? json_object_array_length(list) : 0;
    const char **strings = list != NULL ? alloc_array(*ret_n + 1, sizeof *strings) : NULL;
    for (size_t i = 0; i < *ret_n; i++) {
        strings[i] = json_object_get_string(json_object_array_get_idx(list, i));
    }
    return strings;
}

int wire_http_allow_list(const struct config *config, struct egress **ret, struct beacon_error *err)
{
    size_t n = 0;
    AUTO_FREE const char **list = strings_of(config, ALLOW, &n);
    AUTO_FREE char *place = place_of(config, ALLOW);
    if (list == NULL) {
        *ret = NULL;
        return BEACON_OK;
    }
    return egress_create(list, n, place, ret, err);
}

/* A file of a person is not looked for in the folder that happens to be the current one. */
static char *file_of(const struct config *config, const char *key, const char *home_path)
{
    const char *value = config_string(config, key), *user_home = getenv("HOME");
    if (value == NULL || value[0] == '\0') {
        return NULL;
    }
    if (strncmp(value, "~/", 2) == 0 && user_home != NULL) {
        return path_join(user_home, value + 2);
    }
    return path_normal(home_path, value);
}

void wire_http_configure(struct http *http, const struct config *config, const char *home_path)
{
    struct http_network network = {.proxy = config_string(config, "http.proxy")};
    AUTO_FREE char *bundle = file_of(config, "http.ca_bundle", home_path);
    AUTO_FREE char *certificate = file_of(config, "http.client_certificate", home_path);
    AUTO_FREE char *key = file_of(config, "http.client_key", home_path);
    AUTO_FREE const char **no_proxy = strings_of(config, "http.no_proxy", &network.n_no_proxy);
    network.ca_bundle = bundle;
    network.client_certificate = certificate;
    network.client_key = key;
    network.no_proxy = no_proxy;
    http_set_network(http, &network);
}

int wire_http_choose_proxy(const struct config *config, const char *url, struct proxy_choice *ret,
                           struct beacon_error *err)
{
    struct http_network network = {.proxy = config_string(config, "http.proxy")};
    AUTO_FREE const char **no_proxy = strings_of(config, "http.no_proxy", &network.n_no_proxy);
    network.no_proxy = no_proxy;
    return proxy_choose(&network, url, ret, err);
}

static int judge(void *ctx, const char *url, struct beacon_error *err)
{
    const struct wire *wire = ctx;
    int rc = plugin_policy_judge_origin(wire->plugins.policy, url, err);
    return rc == BEACON_OK ? egress_judge(wire->egress, url, "", err) : rc;
}

static int judge_proxy(void *ctx, const char *host_and_port, struct beacon_error *err)
{
    const struct wire *wire = ctx;
    return egress_judge(wire->egress, host_and_port, "the proxy ", err);
}

int wire_http_open(struct wire *wire, struct beacon_error *err)
{
    const struct config *config = wire->start->config;
    int rc = wire_http_allow_list(config, &wire->egress, err);
    if (rc == BEACON_OK) {
        wire_http_configure(wire->http, config, wire->start->home.path);
        http_set_egress(wire->http, &(struct http_egress){judge, judge_proxy, wire});
    }
    return rc;
}

void wire_http_close(struct wire *wire)
{
    egress_destroy(take_pointer(wire->egress));
}

int wire_http_check_provider(const struct wire *wire, const struct provider_settings *settings,
                             struct beacon_error *err)
{
    int rc = wire_policy_check_provider(wire->plugins.policy, settings, err);
    if (rc != BEACON_OK || settings->base_url == NULL) {
        return rc;
    }
    rc = egress_judge(wire->egress, settings->base_url, "", err);
    return rc == BEACON_OK ? rc : error_wrap(err, "provider %s", settings->id);
}

static int refuse_transport(const struct wire *wire, const char *id, struct beacon_error *err)
{
    return error_set(err, BEACON_E_REFUSED,
                     "use a plugin whose requests the host makes, or remove network.allow",
                     "plugin %s makes its own connections, which network.allow (%s) cannot hold",
                     id, egress_where(wire->egress));
}

int wire_http_check_transport(const struct wire *wire, const struct provider_settings *settings,
                              const struct provider *provider, struct beacon_error *err)
{
    bool reads_a_file = strcmp(settings->plugin, "replay") == 0;
    if (wire->egress == NULL || reads_a_file || !provider_is_blocking(provider)) {
        return BEACON_OK;
    }
    return refuse_transport(wire, provider_plugin_id(provider), err);
}

int wire_http_check_exporter(const struct wire *wire, const char *id, struct beacon_error *err)
{
    const struct plugin_set *set = wire->plugins.set;
    for (size_t i = 0; wire->egress != NULL && i < plugin_set_count(set); i++) {
        const struct plugin_manifest *manifest = plugin_set_entry(set, i)->manifest;
        if (manifest != NULL && strcmp(manifest->id, id) == 0 &&
            manifest_has_capability(manifest, "own-transport", "")) {
            return refuse_transport(wire, id, err);
        }
    }
    return BEACON_OK;
}
