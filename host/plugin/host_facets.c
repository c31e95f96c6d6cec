/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/host_facets.h"

#include <beacon-sdk/error.h>
#include <string.h>

#include "base/error.h"
#include "plugin/host_api.h"
#include "plugin/outcome.h"

#define KEY_MAX_BYTES    128
#define SECRET_MAX_BYTES (1u << 20)
#define TEXT_MAX_BYTES   4096

/* The plugin's struct may be older and shorter than ours. */
static beacon_rc give(int rc, const struct beacon_error *ours, struct beacon_error *theirs)
{
    return rc >= BEACON_OK ? rc : beacon_error_fill(theirs, rc, ours->hint, "%s", ours->message);
}

static bool is_clean(struct beacon_str text, size_t max)
{
    if (text.n > max || !outcome_is_span(text.p, text.n)) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static int check_key(struct beacon_str key, struct beacon_error *err)
{
    if (key.n == 0 || !is_clean(key, KEY_MAX_BYTES)) {
        return error_set(err, BEACON_E_INVALID, "report this to the author of the plugin",
                         "the name of a secret must be 1 to %d characters, none of them a control "
                         "character",
                         KEY_MAX_BYTES);
    }
    return BEACON_OK;
}

static int no_store(struct beacon_error *err)
{
    return error_set(err, BEACON_E_UNSUPPORTED, "use a command that has a code home",
                     "there is no place for secrets here");
}

static beacon_rc secrets_get(const struct beacon_host *h, struct beacon_str key,
                             const struct beacon_sink *out, uint64_t *gen, struct beacon_error *e)
{
    const struct host_services *services = host_api_services();
    struct beacon_error err = {0};
    uint64_t found = 0;
    int rc = check_key(key, &err);
    if (rc == BEACON_OK) {
        rc = services->secret_get == NULL
                 ? no_store(&err)
                 : services->secret_get(services->secrets_ctx, host_api_plugin_id(h), key, out,
                                        &found, &err);
    }
    if (rc >= BEACON_OK && gen != NULL) {
        *gen = found;
    }
    return give(rc, &err, e);
}

static beacon_rc secrets_set(const struct beacon_host *h, struct beacon_str key,
                             struct beacon_bytes val, uint64_t expect_gen, struct beacon_error *e)
{
    const struct host_services *services = host_api_services();
    struct beacon_error err = {0};
    int rc = check_key(key, &err);
    if (rc == BEACON_OK && (val.n > SECRET_MAX_BYTES || !outcome_is_span(val.p, val.n))) {
        rc = error_set(&err, BEACON_E_LIMIT, "report this to the author of the plugin",
                       "a secret may have %u bytes", SECRET_MAX_BYTES);
    }
    if (rc == BEACON_OK) {
        rc = services->secret_set == NULL
                 ? no_store(&err)
                 : services->secret_set(services->secrets_ctx, host_api_plugin_id(h), key, val,
                                        expect_gen, &err);
    }
    return give(rc, &err, e);
}

static beacon_rc secrets_erase(const struct beacon_host *h, struct beacon_str key,
                               struct beacon_error *e)
{
    const struct host_services *services = host_api_services();
    struct beacon_error err = {0};
    int rc = check_key(key, &err);
    if (rc == BEACON_OK) {
        rc = services->secret_erase == NULL
                 ? no_store(&err)
                 : services->secret_erase(services->secrets_ctx, host_api_plugin_id(h), key, &err);
    }
    return give(rc, &err, e);
}

const struct beacon_host_secrets host_secrets_facet = {
    .struct_size = (uint32_t)sizeof host_secrets_facet,
    .get = secrets_get,
    .set = secrets_set,
    .erase = secrets_erase,
};

static beacon_rc ui_open_url(const struct beacon_host *h, struct beacon_str url,
                             struct beacon_str why)
{
    const struct host_services *services = host_api_services();
    if (services->open_url == NULL) {
        return BEACON_E_UNSUPPORTED;
    }
    bool is_web = beacon_span_starts(url, "https://") || beacon_span_starts(url, "http://");
    if (!is_web || !is_clean(url, TEXT_MAX_BYTES) || !is_clean(why, TEXT_MAX_BYTES)) {
        return BEACON_E_INVALID;
    }
    return services->open_url(services->ui_ctx, host_api_plugin_id(h), url, why);
}

static beacon_rc ui_show_code(const struct beacon_host *h, struct beacon_str url,
                              struct beacon_str user_code, uint32_t expires_s)
{
    const struct host_services *services = host_api_services();
    if (services->show_code == NULL) {
        return BEACON_E_UNSUPPORTED;
    }
    if (!is_clean(url, TEXT_MAX_BYTES) || !is_clean(user_code, TEXT_MAX_BYTES)) {
        return BEACON_E_INVALID;
    }
    return services->show_code(services->ui_ctx, host_api_plugin_id(h), url, user_code, expires_s);
}

static beacon_rc ui_prompt(const struct beacon_host *h, struct beacon_str label, uint32_t secret,
                           const struct beacon_sink *out, const struct beacon_cancel *c)
{
    const struct host_services *services = host_api_services();
    if (services->prompt == NULL) {
        return BEACON_E_UNSUPPORTED;
    }
    if (!is_clean(label, TEXT_MAX_BYTES)) {
        return BEACON_E_INVALID;
    }
    return services->prompt(services->ui_ctx, host_api_plugin_id(h), label, secret != 0, out, c);
}

/* No front door of this version can receive a browser. */
static beacon_rc ui_redirect_begin(const struct beacon_host *h, uint32_t port,
                                   struct beacon_str path, const struct beacon_sink *uri,
                                   void **token, struct beacon_error *e)
{
    (void)h;
    (void)port;
    (void)path;
    (void)uri;
    (void)token;
    return beacon_error_fill(e, BEACON_E_UNSUPPORTED, "log in by another method",
                             "this host cannot wait for a browser to come back");
}

static beacon_rc ui_redirect_wait(const struct beacon_host *h, void *token,
                                  const struct beacon_sink *query, const struct beacon_cancel *c)
{
    (void)h;
    (void)token;
    (void)query;
    (void)c;
    return BEACON_E_UNSUPPORTED;
}

static void ui_redirect_end(const struct beacon_host *h, void *token)
{
    (void)h;
    (void)token;
}

const struct beacon_host_ui host_ui_facet = {
    .struct_size = (uint32_t)sizeof host_ui_facet,
    .open_url = ui_open_url,
    .show_code = ui_show_code,
    .prompt = ui_prompt,
    .redirect_begin = ui_redirect_begin,
    .redirect_wait = ui_redirect_wait,
    .redirect_end = ui_redirect_end,
};
