/* wire_fallback.h - the models of model_fallback: read at the start, opened when they are needed, each with
 * credentials and limits of its own provider. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_FALLBACK_H
#define HOST_CLI_WIRE_FALLBACK_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

struct agent_chain;
struct config;
struct provider_settings;
struct wire;
struct wire_fallback;

/* One entry of model_fallback: "model", or "model@provider" split at the last '@' that a provider's id stands
 * behind. Both are the caller's to free. */
struct fallback_name {
    char *model, *provider;
};
void wire_fallback_name(const struct config *config, const char *entry, struct fallback_name *ret);

/* Read the chain; nothing is loaded. After provider_settings are there. INVALID, NOT_FOUND: a provider of it
 * cannot be what the configuration says. */
int wire_fallback_read(struct wire *wire, struct beacon_error *err);

/* For the agent, whose model 0 is that of the wire itself. */
void wire_fallback_chain(struct wire *wire, struct agent_chain *ret);

/* The i-th model of it, and the provider that serves it; NULL: there are no more. Borrowed. */
const struct provider_settings *wire_fallback_at(const struct wire *wire, size_t i,
                                                 const char **ret_model);

/* The variables that may hold a key of any provider of the session, NULL-terminated: to free, the names are
 * borrowed. */
const char **wire_fallback_key_names(const struct wire *wire);

/* The bearer token of its i-th provider, NULL: none; *ret_n is how many there are. */
const char *wire_fallback_token(const struct wire *wire, size_t i, size_t *ret_n);

/* After http is gone. True: an auth plugin ignored its cancel and still runs. */
bool wire_fallback_close_credentials(struct wire *wire);
void wire_fallback_close(struct wire *wire); /* only when no thread runs in a plugin any more */

#endif
