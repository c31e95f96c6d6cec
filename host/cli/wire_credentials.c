/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_credentials.h"

#include "base/alloc.h"
#include "base/auto.h"
#include "cli/provider_config.h"
#include "cli/wire.h"
#include "cli/wire_fallback.h"
#include "credentials/attach.h"
#include "credentials/store.h"
#include "plugin/host_api.h"

#define FORCED_HINT "log in the way that is asked for, or have the key removed by who set it"

/* NULL-terminated, to free; NULL: the provider has none. */
static const char **headers_command(const struct provider_settings *settings)
{
    size_t n = settings->n_headers_command;
    const char **argv = n > 0 ? alloc_array(n + 1, sizeof *argv) : NULL;
    for (size_t i = 0; i < n; i++) {
        argv[i] = settings->headers_command[i];
    }
    if (n > 0) {
        argv[n] = NULL;
    }
    return argv;
}

struct credentials *wire_credentials_create(struct wire *wire,
                                            const struct provider_settings *settings,
                                            const char *const *key_names)
{
    const struct config *config = wire->start->config;
    const char *component = provider_config_auth(config, settings);
    AUTO_FREE char *json = provider_config_auth_json(settings);
    AUTO_FREE char *forced = component != NULL && settings->requires_openai_auth
                                 ? provider_config_forced(config, component)
                                 : NULL;
    AUTO_FREE const char **command = headers_command(settings);
    return credentials_create(
        &(struct credentials_parts){wire->loop, wire->http, wire->plugins.set, wire->store},
        &(struct credentials_settings){.base_url = settings->base_url,
                                       .token = settings->bearer,
                                       .component = component,
                                       .config_json = json,
                                       .env_names = key_names,
                                       .headers_command = command,
                                       .headers_cwd = wire->start->home.path,
                                       .refusal = forced,
                                       .refusal_hint = FORCED_HINT});
}

void wire_credentials_open(struct wire *wire)
{
    const struct home *home = &wire->start->home;
    struct host_services services = {0};
    wire->store = store_open(home->path, home->legacy_path);
    store_serve(wire->store, &services);
    host_api_set_services(&services);
    provider_config_key_names(&wire->provider_settings, wire->key_names);
    wire->credentials = wire_credentials_create(wire, &wire->provider_settings, wire->key_names);
    http_set_credentials(wire->http,
                         &(struct http_credentials){credentials_attach, wire->credentials});
}

bool wire_credentials_close(struct wire *wire)
{
    bool is_hung = credentials_destroy(wire->credentials);
    is_hung |= wire_fallback_close_credentials(wire);
    if (!is_hung) { /* else its thread may still ask for a secret */
        host_api_set_services(NULL);
        store_close(wire->store);
    }
    return is_hung;
}
