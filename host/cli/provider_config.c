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
#include "config/provider_settings.h"
#include "credentials/bearer.h"

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

char *provider_config_json(const struct provider_settings *settings, const char *thread_id)
{
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
    return alloc_string(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
}

void provider_config_bearer(const struct provider_settings *settings, struct bearer *ret)
{
    static const char *const openai_names[] = {"CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY",
                                               "OPENAI_API_KEY"};
    *ret = (struct bearer){.instructions = settings->env_key_instructions,
                           .token = settings->bearer,
                           .base_url = settings->base_url,
                           .asked_name = settings->env_key};
    bool is_openai = settings->requires_openai_auth;
    size_t n = 0;
    if (settings->env_key != NULL &&
        (!is_openai || strcmp(settings->env_key, "OPENAI_API_KEY") != 0)) {
        ret->names[n++] = settings->env_key;
    }
    for (size_t i = 0; is_openai && i < sizeof openai_names / sizeof openai_names[0]; i++) {
        ret->names[n++] = openai_names[i];
    }
    if (is_openai && ret->asked_name == NULL) {
        ret->asked_name = "OPENAI_API_KEY";
    }
}
