/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_fallback.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/provider_config.h"
#include "cli/wire.h"
#include "cli/wire_credentials.h"
#include "cli/wire_http.h"
#include "config/layers.h"
#include "config/provider_settings.h"
#include "credentials/attach.h"
#include "http/request.h"
#include "plugin/provider.h"

#define CHAIN_MAX 16

/* One model of the chain. */
struct link {
    struct fallback_name name;
    struct provider_settings settings;
    const char *key_names[PROVIDER_KEY_NAMES_MAX + 1];
    struct http_limits limits;
    struct provider *provider; /* NULL: not opened yet */
    struct credentials *credentials;
};

struct wire_fallback {
    struct link links[CHAIN_MAX];
    size_t n;
};

static bool is_provider(const struct config *config, const char *id)
{
    struct provider_settings settings;
    struct beacon_error err = {0};
    int rc = id[0] != '\0' ? config_provider(config, id, &settings, &err) : BEACON_E_NOT_FOUND;
    if (rc == BEACON_OK) {
        provider_settings_finish(&settings);
    }
    return rc != BEACON_E_NOT_FOUND; /* one that is configured wrongly is one, too */
}

void wire_fallback_name(const struct config *config, const char *entry, struct fallback_name *ret)
{
    const char *at = strrchr(entry, '@');
    bool has_provider = at != NULL && at != entry && is_provider(config, at + 1);
    ret->model = has_provider ? alloc_string_n(entry, (size_t)(at - entry)) : alloc_string(entry);
    ret->provider = alloc_string(has_provider ? at + 1 : config_string(config, "model_provider"));
}

static int read_link(const struct config *config, const char *entry, struct link *link,
                     struct beacon_error *err)
{
    if (entry[0] == '\0') {
        return error_set(err, BEACON_E_INVALID, "name a model, or a model@provider",
                         "`model_fallback` has an entry that names no model");
    }
    wire_fallback_name(config, entry, &link->name);
    int rc = config_provider(config, link->name.provider, &link->settings, err);
    if (rc != BEACON_OK) {
        return error_wrap(err, "model_fallback");
    }
    provider_config_key_names(&link->settings, link->key_names);
    return BEACON_OK;
}

int wire_fallback_read(struct wire *wire, struct beacon_error *err)
{
    const struct config *config = wire->start->config;
    struct json_object *list = config_node(config, "model_fallback");
    size_t n = list != NULL ? json_object_array_length(list) : 0;
    int rc = BEACON_OK;
    if (n == 0) {
        return BEACON_OK;
    }
    if (n > CHAIN_MAX) {
        return error_set(err, BEACON_E_LIMIT, "name fewer",
                         "`model_fallback` has more than %d models", CHAIN_MAX);
    }
    wire->fallback = alloc_zeroed(sizeof *wire->fallback);
    for (size_t i = 0; i < n && rc == BEACON_OK; i++) {
        const char *entry = json_object_get_string(json_object_array_get_idx(list, i));
        rc = read_link(config, entry, &wire->fallback->links[i], err);
        wire->fallback->n++;
    }
    return rc;
}

static struct http_limits limits_of(const struct provider_settings *settings)
{
    return (struct http_limits){.connect_timeout_ms = settings->connect_timeout_ms,
                                .first_byte_timeout_ms = settings->first_byte_timeout_ms,
                                .idle_timeout_ms = settings->stream_idle_timeout_ms,
                                .total_timeout_ms = settings->total_timeout_ms};
}

static int open_link(struct wire *wire, struct link *link, struct beacon_error *err)
{
    const struct provider_settings *settings = &link->settings;
    int rc = link->provider == NULL ? wire_http_check_provider(wire, settings, err) : BEACON_OK;
    if (rc != BEACON_OK || link->provider != NULL) {
        return rc;
    }
    AUTO_FREE char *json = provider_config_json(settings, link->name.model, wire->thread_id);
    struct provider *provider = NULL;
    rc = provider_open(wire->plugins.set, settings->plugin, json, &provider, err);
    rc = rc == BEACON_OK ? wire_http_check_transport(wire, settings, provider, err) : rc;
    if (rc != BEACON_OK) {
        provider_close(provider);
        return rc;
    }
    link->limits = limits_of(settings);
    link->credentials = wire_credentials_create(wire, settings, link->key_names);
    link->provider = provider;
    return BEACON_OK;
}

static struct agent_model model_of(const struct wire *wire,
                                   const struct provider_settings *settings, const char *model)
{
    const struct model_profile *profile = provider_settings_model(settings, model);
    return (struct agent_model){
        .model = model,
        .provider_id = settings->id,
        .profile = profile,
        .max_output_tokens = config_max_output_tokens(wire->start->config, profile),
        .request_max_retries = settings->request_max_retries,
        .stream_max_retries = settings->stream_max_retries,
    };
}

static void describe_first(struct wire *wire, struct agent_model *ret)
{
    const char *model = config_string(wire->start->config, "model");
    *ret = model_of(wire, &wire->provider_settings, model != NULL ? model : "");
    ret->provider = wire->provider;
    ret->limits = &wire->limits;
    ret->credentials = wire->credentials;
}

static void describe_link(const struct wire *wire, const struct link *link, struct agent_model *ret)
{
    *ret = model_of(wire, &link->settings, link->name.model);
    ret->provider = link->provider;
    ret->limits = &link->limits;
    ret->credentials = link->credentials;
}

static int choose(void *ctx, size_t i, struct agent_model *ret, struct beacon_error *err)
{
    struct wire *wire = ctx;
    if (i == 0) {
        describe_first(wire, ret);
    } else {
        struct link *link = &wire->fallback->links[i - 1];
        int rc = open_link(wire, link, err);
        if (rc != BEACON_OK) {
            return err != NULL ? error_wrap(err, "%s@%s cannot be used", link->name.model,
                                            link->name.provider)
                               : rc;
        }
        describe_link(wire, link, ret);
    }
    http_set_credentials(wire->http,
                         &(struct http_credentials){credentials_attach, ret->credentials});
    return BEACON_OK;
}

void wire_fallback_chain(struct wire *wire, struct agent_chain *ret)
{
    *ret = (struct agent_chain){
        .n = wire->fallback != NULL ? wire->fallback->n : 0, .choose = choose, .ctx = wire};
}

static size_t append(const char **names, size_t n, const char *const *more)
{
    for (; *more != NULL; more++) {
        names[n++] = *more;
    }
    return n;
}

const struct provider_settings *wire_fallback_at(const struct wire *wire, size_t i,
                                                 const char **ret_model)
{
    if (wire->fallback == NULL || i >= wire->fallback->n) {
        return NULL;
    }
    *ret_model = wire->fallback->links[i].name.model;
    return &wire->fallback->links[i].settings;
}

const char **wire_fallback_key_names(const struct wire *wire)
{
    size_t n_links = wire->fallback != NULL ? wire->fallback->n : 0;
    const char **names = alloc_array((n_links + 1) * PROVIDER_KEY_NAMES_MAX + 1, sizeof *names);
    size_t n = append(names, 0, wire->key_names);
    for (size_t i = 0; i < n_links; i++) {
        n = append(names, n, wire->fallback->links[i].key_names);
    }
    names[n] = NULL;
    return names;
}

const char *wire_fallback_token(const struct wire *wire, size_t i, size_t *ret_n)
{
    *ret_n = wire->fallback != NULL ? wire->fallback->n : 0;
    return i < *ret_n ? wire->fallback->links[i].settings.bearer : NULL;
}

bool wire_fallback_close_credentials(struct wire *wire)
{
    bool is_hung = false;
    for (size_t i = 0; wire->fallback != NULL && i < wire->fallback->n; i++) {
        is_hung |= credentials_destroy(take_pointer(wire->fallback->links[i].credentials));
    }
    return is_hung;
}

void wire_fallback_close(struct wire *wire)
{
    struct wire_fallback *fallback = take_pointer(wire->fallback);
    if (fallback == NULL) {
        return;
    }
    for (size_t i = 0; i < fallback->n; i++) {
        struct link *link = &fallback->links[i];
        provider_close(link->provider);
        provider_settings_finish(&link->settings);
        free(link->name.model);
        free(link->name.provider);
    }
    free(fallback);
}
