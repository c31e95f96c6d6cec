/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/error.h>

#include "auth_api_key_manifest.h"
#include "key.h"
#include "login.h"

#define MASK_SHOWN_MIN 14 /* a shorter key would be given away by its ends */
#define MASK_HEAD      8
#define MASK_TAIL      5

static beacon_rc create(void *plugin_state, const struct beacon_host *host,
                        struct beacon_str config_json, void **ret, struct beacon_error *err)
{
    (void)plugin_state;
    struct api_key_instance *instance = calloc(1, sizeof *instance);
    if (instance == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    beacon_rc rc = api_key_config_parse(config_json, &instance->config, err);
    if (rc != BEACON_OK) {
        free(instance);
        return rc;
    }
    instance->host = host;
    instance->env = host->facet(host, BEACON_HOST_ENV);
    instance->secrets = host->facet(host, BEACON_HOST_SECRETS);
    instance->ui = host->facet(host, BEACON_HOST_UI);
    *ret = instance;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    struct api_key_instance *instance = inst;
    if (instance != NULL) {
        api_key_config_finish(&instance->config);
        free(instance);
    }
}

static void write_mask(const struct api_key *key, char out[32])
{
    if (key->n < MASK_SHOWN_MIN) {
        (void)snprintf(out, 32, "***");
    } else {
        (void)snprintf(out, 32, "%.*s***%.*s", MASK_HEAD, key->text, MASK_TAIL,
                       key->text + key->n - MASK_TAIL);
    }
}

static void set_text(char *to, size_t capacity, const char *from)
{
    beacon_error_copy(to, capacity, from);
}

static beacon_rc status(void *inst, struct beacon_str account, struct beacon_auth_status *out,
                        struct beacon_error *err)
{
    const struct api_key_instance *instance = inst;
    struct api_key key;
    char mask[32], detail[128];
    (void)account;
    beacon_rc rc = api_key_find(instance, &key, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    write_mask(&key, mask);
    (void)snprintf(detail, sizeof detail, "Logged in using an API key - %s", mask);
    BEACON_SET(out, state, key.n > 0 || key.has_tokens ? BEACON_AUTH_IN : BEACON_AUTH_OUT);
    BEACON_SET(out, methods, BEACON_LOGIN_NONE | BEACON_LOGIN_SECRET);
    if (BEACON_HAS(out, account) && key.n > 0) {
        set_text(out->account, sizeof out->account, mask);
    }
    if (BEACON_HAS(out, detail)) {
        set_text(out->detail, sizeof out->detail,
                 key.n > 0        ? detail
                 : key.has_tokens ? "Logged in using ChatGPT"
                                  : "Not logged in");
    }
    api_key_wipe(&key);
    return BEACON_OK;
}

static beacon_rc missing(const struct api_key_config *config, const struct api_key *key,
                         struct beacon_error *err)
{
    if (key->has_tokens) {
        return beacon_error_fill(err, BEACON_E_AUTH,
                                 "log in with `beacon login --with-api-key`, or set OPENAI_API_KEY",
                                 "auth.json has a ChatGPT login, which the auth plugin api_key "
                                 "cannot use");
    }
    const struct beacon_str more = config->instructions;
    return beacon_error_fill(err, BEACON_E_AUTH,
                             config->uses_login
                                 ? "log in with `beacon login --with-api-key`, or set the variable"
                                 : "set it to your API key and start again",
                             "Missing environment variable: `%.*s`.%s%.*s", (int)config->ask_for.n,
                             config->ask_for.p, more.n > 0 ? " " : "", (int)more.n, more.p);
}

static beacon_rc refused(const struct api_key *key, struct beacon_error *err)
{
    char hint[256];
    (void)snprintf(hint, sizeof hint, "check the API key in %s%s", key->source,
                   key->is_stored ? ", or log in again with `beacon login --with-api-key`" : "");
    return beacon_error_fill(err, BEACON_E_AUTH, hint,
                             "the server refused the API key in %s, and there is no other",
                             key->source);
}

static beacon_rc give(const struct api_key_config *config, const struct api_key *key,
                      const struct beacon_cred_sink *out)
{
    const size_t size = config->scheme.n + 1 + key->n;
    char *value = malloc(size);
    if (value == NULL) {
        return BEACON_E_NOMEM;
    }
    size_t n = config->scheme.n;
    memcpy(value, config->scheme.p, n);
    if (n > 0) {
        value[n++] = ' ';
    }
    memcpy(value + n, key->text, key->n);
    beacon_rc rc = out->header(out, config->header, beacon_span(value, n + key->n));
    explicit_bzero(value, size);
    free(value);
    return rc < BEACON_OK ? rc : out->expires(out, 0, key->generation);
}

static beacon_rc acquire(void *inst, const struct beacon_need *need,
                         const struct beacon_cred_sink *out, const struct beacon_cancel *cancel,
                         struct beacon_error *err)
{
    const struct api_key_instance *instance = inst;
    struct api_key key;
    (void)cancel; /* nothing here waits */
    beacon_rc rc = api_key_find(instance, &key, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (key.n == 0) {
        rc = missing(&instance->config, &key, err);
    } else if (need->why == BEACON_WANT_REJECTED && need->rejected_gen == key.generation) {
        rc = refused(&key, err);
    } else {
        rc = give(&instance->config, &key, out);
    }
    api_key_wipe(&key);
    return rc;
}

static const struct beacon_auth auth = {
    .struct_size = sizeof auth,
    .create = create,
    .destroy = destroy,
    .status = status,
    .acquire = acquire,
    .login = api_key_login,
    .logout = api_key_logout,
};

static const struct beacon_component component = {
    .struct_size = sizeof component,
    .kind = BEACON_KIND_AUTH,
    .name = "api_key",
    .iface = BEACON_AUTH_IFACE,
    .vtable = &auth,
    .config_schema = api_key_config_schema,
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

BEACON_PLUGIN(auth_api_key, &plugin)
