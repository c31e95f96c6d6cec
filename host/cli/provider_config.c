/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/provider_config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "cli/version.h"
#include "config/layers.h"
#include "config/provider_settings.h"

const char *provider_config_originator(void)
{
    const char *given = getenv("CODEX_INTERNAL_ORIGINATOR_OVERRIDE");
    return given != NULL && given[0] != '\0' ? given : "code_exec";
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
    if (value != NULL) {
        json_object_object_add(object, key, json_object_new_string(value));
    }
}

static struct json_object *pairs(const struct provider_pair *list, size_t n)
{
    struct json_object *object = json_object_new_object();
    for (size_t i = 0; i < n; i++) {
        add_string(object, list[i].name, list[i].value);
    }
    return object;
}

static bool is_azure(const struct provider_settings *settings)
{
    return strcasestr(settings->id, "azure") != NULL ||
           (settings->name != NULL && strcasestr(settings->name, "azure") != NULL) ||
           (settings->base_url != NULL && strcasestr(settings->base_url, "azure") != NULL);
}

/* JSON that the configuration has made. */
static void add_object(struct json_object *object, const char *key, const char *json)
{
    struct json_object *value = json != NULL ? json_tokener_parse(json) : NULL;
    (void)json_object_object_add(object, key, value != NULL ? value : json_object_new_object());
}

char *provider_config_json(const struct provider_settings *settings, const char *model,
                           const char *thread_id)
{
    const struct model_profile *profile =
        model != NULL ? provider_settings_model(settings, model) : NULL;
    struct utsname system = {0};
    (void)uname(&system);
    const char *terminal = getenv("TERM");
    AUTO_FREE char *agent =
        alloc_printf("%s/%s (%s %s; %s) %s", provider_config_originator(), BEACON_VERSION,
                     system.sysname, system.release, system.machine,
                     terminal != NULL && terminal[0] != '\0' ? terminal : "unknown");
    AUTO_JSON struct json_object *object = json_object_new_object();
    add_string(object, "name", settings->name);
    add_string(object, "base_url", settings->base_url);
    add_string(object, "recording", settings->recording);
    add_string(object, "originator", provider_config_originator());
    add_string(object, "user_agent", agent);
    add_string(object, "session_id", thread_id);
    json_object_object_add(object, "query_params", pairs(settings->query, settings->n_query));
    json_object_object_add(object, "http_headers", pairs(settings->headers, settings->n_headers));
    json_object_object_add(object, "stream_idle_timeout_ms",
                           json_object_new_int64(settings->stream_idle_timeout_ms));
    json_object_object_add(object, "is_azure", json_object_new_boolean(is_azure(settings)));
    add_object(object, "quirks", profile != NULL ? profile->quirks : settings->quirks);
    add_object(object, "extra", settings->extra);
    return alloc_string(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
}

#define OPENAI_NAME "OPENAI_API_KEY"

static const char *const first_names[] = {"CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY"};

/* OPENAI_API_KEY stands behind the login, where there is one. */
static bool is_own_name(const struct provider_settings *settings)
{
    return settings->env_key != NULL &&
           (!settings->requires_openai_auth || strcmp(settings->env_key, OPENAI_NAME) != 0);
}

static size_t names_before_login(const struct provider_settings *settings, const char **ret)
{
    size_t n = 0;
    if (is_own_name(settings)) {
        ret[n++] = settings->env_key;
    }
    for (size_t i = 0;
         settings->requires_openai_auth && i < sizeof first_names / sizeof first_names[0]; i++) {
        ret[n++] = first_names[i];
    }
    return n;
}

void provider_config_key_names(const struct provider_settings *settings,
                               const char *ret[PROVIDER_KEY_NAMES_MAX + 1])
{
    size_t n = names_before_login(settings, ret);
    if (settings->requires_openai_auth) {
        ret[n++] = OPENAI_NAME;
    }
    ret[n] = NULL;
}

const char *provider_config_auth(const struct config *config,
                                 const struct provider_settings *settings)
{
    const char *component = settings->auth;
    if (component == NULL && (settings->requires_openai_auth || settings->env_key != NULL)) {
        component = config_string(config, "auth");
    }
    return component != NULL && strcmp(component, "none") != 0 ? component : NULL;
}

char *provider_config_auth_json(const struct provider_settings *settings)
{
    const char *names[PROVIDER_KEY_NAMES_MAX];
    size_t n = names_before_login(settings, names);
    struct json_object *before = json_object_new_array(), *after = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object_array_add(before, json_object_new_string(names[i]));
    }
    if (settings->requires_openai_auth) {
        json_object_array_add(after, json_object_new_string(OPENAI_NAME));
    }
    AUTO_JSON struct json_object *object = json_object_new_object();
    add_string(object, "provider", settings->id);
    add_string(object, "base_url", settings->base_url);
    json_object_object_add(object, "env_keys", before);
    json_object_object_add(object, "env_keys_after", after);
    json_object_object_add(object, "login",
                           json_object_new_boolean(settings->requires_openai_auth));
    add_string(object, "ask_for", settings->env_key != NULL ? settings->env_key : OPENAI_NAME);
    add_string(object, "instructions", settings->env_key_instructions);
    if (settings->auth_header != NULL && strcasecmp(settings->auth_header, "authorization") != 0) {
        add_string(object, "header", settings->auth_header);
        add_string(object, "scheme", ""); /* the key stands there alone */
    }
    return alloc_string(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
}

char *provider_config_forced(const struct config *config, const char *component)
{
    const char *forced = config_string(config, "forced_login_method");
    if (forced == NULL) {
        return NULL;
    }
    bool is_chatgpt = strcmp(component, "chatgpt") == 0;
    if (is_chatgpt == (strcmp(forced, "chatgpt") == 0)) {
        return NULL;
    }
    const struct config_origin *origin = config_origin(config, "forced_login_method");
    AUTO_FREE char *where = origin == NULL || origin->line == 0
                                ? alloc_string(origin != NULL ? origin->file : "the configuration")
                                : alloc_printf("%s:%u", origin->file, origin->line);
    return alloc_printf("%s login is disabled: forced_login_method is \"%s\" (%s)",
                        is_chatgpt ? "ChatGPT" : "API key", forced, where);
}
