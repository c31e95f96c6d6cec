/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_credentials.h"

#include "base/auto.h"
#include "cli/provider_config.h"
#include "cli/wire.h"
#include "credentials/attach.h"
#include "credentials/store.h"
#include "plugin/host_api.h"

#define FORCED_HINT "log in the way that is asked for, or have the key removed by who set it"

void wire_credentials_open(struct wire *wire)
{
    const struct provider_settings *settings = &wire->provider_settings;
    const struct config *config = wire->start->config;
    const struct home *home = &wire->start->home;
    const char *component = provider_config_auth(config, settings);
    AUTO_FREE char *json = provider_config_auth_json(settings);
    AUTO_FREE char *forced = component != NULL && settings->requires_openai_auth
                                 ? provider_config_forced(config, component)
                                 : NULL;
    struct host_services services = {0};
    wire->store = store_open(home->path, home->legacy_path);
    store_serve(wire->store, &services);
    host_api_set_services(&services);
    provider_config_key_names(settings, wire->key_names);
    wire->credentials = credentials_create(
        &(struct credentials_parts){wire->loop, wire->http, wire->plugins.set, wire->store},
        &(struct credentials_settings){.base_url = settings->base_url,
                                       .token = settings->bearer,
                                       .component = component,
                                       .config_json = json,
                                       .env_names = wire->key_names,
                                       .refusal = forced,
                                       .refusal_hint = FORCED_HINT});
    http_set_credentials(wire->http,
                         &(struct http_credentials){credentials_attach, wire->credentials});
}

bool wire_credentials_close(struct wire *wire)
{
    bool is_hung = credentials_destroy(wire->credentials);
    if (!is_hung) { /* else its thread may still ask for a secret */
        host_api_set_services(NULL);
        store_close(wire->store);
    }
    return is_hung;
}
