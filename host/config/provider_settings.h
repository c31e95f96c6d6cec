/* provider_settings.h - one model provider: a built-in, or a profile (profile_file.h) and above it, key by
 * key, `[model_providers.<id>]`.
 *
 * Resolves defaults and environment variables, so that callers see plain values. The built-ins
 * openai and oss cannot be replaced by the configuration nor by a profile, only models can be added to
 * them; replay takes a recording and limits from it. Thread: [main].
 */
#ifndef HOST_CONFIG_PROVIDER_SETTINGS_H
#define HOST_CONFIG_PROVIDER_SETTINGS_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/model_profile.h"

struct config;

struct provider_pair {
    char *name, *value;
};

/* Strings are owned by the struct; NULL where a key is not set. */
struct provider_settings {
    char *id, *name;
    char *base_url;             /* NULL: the plugin needs none, or the person must set one */
    char *env_key;              /* environment variable that holds the API key */
    char *env_key_instructions; /* what to tell a person who lacks it */
    char *bearer;               /* experimental_bearer_token; wiped by provider_settings_finish() */
    char *auth;                 /* auth component; NULL: as the key auth says */
    char *wire_api;             /* "responses" unless configured */
    char *plugin;               /* provider component; by default the wire's name */
    char *recording;            /* file for the replay component */
    char *auth_header; /* the key goes alone into this header; NULL: Authorization: Bearer */
    char *local;       /* "ollama", "llama.cpp", "lmstudio", "vllm"; NULL: a service elsewhere */
    char *quirks;      /* JSON object, checked by profile_quirks.h; "{}" */
    char *extra;       /* JSON object, added to the body of each request; "{}" */
    struct model_profile *models; /* in no order that matters */
    size_t n_models;
    struct provider_pair *query;
    size_t n_query;
    struct provider_pair *headers; /* http_headers, then env_http_headers that have a value */
    size_t n_headers;
    char **headers_command; /* http_headers_command; NULL: none */
    size_t n_headers_command;
    uint32_t request_max_retries, stream_max_retries; /* at most 100 */
    uint32_t stream_idle_timeout_ms, connect_timeout_ms, first_byte_timeout_ms;
    uint32_t total_timeout_ms; /* 0: no limit */
    bool requires_openai_auth;
};

/* Fill *ret for `id`. BEACON_E_NOT_FOUND: neither built-in nor configured; _INVALID: a value no
 * provider can have. On failure *ret is left alone. */
int config_provider(const struct config *config, const char *id, struct provider_settings *ret,
                    struct beacon_error *err);
/* What is known about a model of it: its own entry, else the one with the longest beginning of its name
 * and a *. NULL: nothing is. Borrowed from the settings. */
const struct model_profile *provider_settings_model(const struct provider_settings *settings,
                                                    const char *model);

/* The window and the longest answer of the session's model in tokens, -1 unknown: what model_context_window
 * and model_max_output_tokens of the configuration say, else the profile (may be NULL). */
int64_t config_context_tokens(const struct config *config, const struct model_profile *profile);
int64_t config_max_output_tokens(const struct config *config, const struct model_profile *profile);

void provider_settings_finish(struct provider_settings *settings); /* frees and wipes; zeroes it */

/* Does `[model_providers.<id>]` of a configuration file not count? */
bool provider_is_fixed(const char *id);

#endif
