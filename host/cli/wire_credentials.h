/* wire_credentials.h - connects the store, the auth plugin and the HTTP room for the configured
 * provider. Part of the composition root. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_CREDENTIALS_H
#define HOST_CLI_WIRE_CREDENTIALS_H

#include <stdbool.h>

struct credentials;
struct provider_settings;
struct wire;

/* Those of one provider, to credentials_destroy() after http is gone; `key_names` as of
 * provider_config_key_names(), copied. Once wire_credentials_open() was called. */
struct credentials *wire_credentials_create(struct wire *wire,
                                            const struct provider_settings *settings,
                                            const char *const *key_names);

/* After provider_settings, plugins and http are there. No plugin is loaded before a request needs it. */
void wire_credentials_open(struct wire *wire);

/* After http is gone. True: an auth plugin ignored its cancel and still runs. */
bool wire_credentials_close(struct wire *wire);

#endif
