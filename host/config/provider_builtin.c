/* SPDX-License-Identifier: Apache-2.0 */
#include "config/provider_builtin.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "config/layers.h"
#include "config/provider_settings.h"

/* The value of an environment variable; NULL when it is not set or blank. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    bool is_blank = value == NULL || value[strspn(value, " \t\r\n")] == '\0';
    return is_blank ? NULL : value;
}

static int begin_openai(const struct config *config, struct provider_settings *settings,
                        struct beacon_error *err)
{
    const char *base_url = config_string(config, "openai_base_url");
    const char *wire = variable("OPENAI_WIRE_API");
    if (wire != NULL && strcmp(wire, "responses") != 0 && strcmp(wire, "chat") != 0) {
        return error_set(err, BEACON_E_INVALID, "set it to responses or chat",
                         "OPENAI_WIRE_API names no wire: %.80s", wire);
    }
    settings->name = alloc_string("OpenAI");
    settings->base_url = alloc_string(base_url != NULL ? base_url : "https://api.openai.com/v1");
    settings->env_key = alloc_string("OPENAI_API_KEY");
    settings->env_key_instructions =
        alloc_string("Create an API key at https://platform.openai.com and set OPENAI_API_KEY.");
    settings->wire_api = wire != NULL ? alloc_string(wire) : NULL;
    return BEACON_OK;
}

static int begin_oss(const struct config *config, struct provider_settings *settings,
                     struct beacon_error *err)
{
    (void)config;
    const char *base_url = variable("CODEX_OSS_BASE_URL");
    const char *port = variable("CODEX_OSS_PORT");
    char *end = NULL;
    long number = port != NULL ? strtol(port, &end, 10) : 11434;
    if (number < 1 || number > 65535 || (end != NULL && *end != '\0')) {
        return error_set(err, BEACON_E_INVALID, "set it to a number up to 65535",
                         "CODEX_OSS_PORT is not a port: %.80s", port);
    }
    settings->name = alloc_string("Open source models");
    settings->base_url =
        base_url != NULL ? alloc_string(base_url) : alloc_printf("http://localhost:%ld/v1", number);
    settings->wire_api = alloc_string("chat"); /* which every version of Ollama speaks */
    return BEACON_OK;
}

static int begin_replay(const struct config *config, struct provider_settings *settings,
                        struct beacon_error *err)
{
    (void)config;
    (void)err;
    settings->name = alloc_string("Recorded session");
    settings->plugin = alloc_string("replay");
    return BEACON_OK;
}

static const struct provider_builtin builtins[] = {
    {
        .id = "openai",
        .is_fixed = true,
        .requires_openai_auth = true,
        .profile = "openai",
        .profile_keys = {"models"},
        .headers = {{"OpenAI-Organization", "OPENAI_ORGANIZATION"},
                    {"OpenAI-Project", "OPENAI_PROJECT"}},
        .begin = begin_openai,
    },
    {
        .id = "oss",
        .is_fixed = true,
        .profile = "ollama",
        .profile_keys = {"models", "quirks", "local", "wire_api"},
        .begin = begin_oss,
    },
    {.id = "replay", .begin = begin_replay},
};

const struct provider_builtin *provider_builtin_find(const char *id)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(builtins[i].id, id) == 0) {
            return &builtins[i];
        }
    }
    return NULL;
}

const struct provider_builtin *provider_builtin_at(size_t i)
{
    return i < sizeof builtins / sizeof builtins[0] ? &builtins[i] : NULL;
}

bool provider_is_fixed(const char *id)
{
    const struct provider_builtin *builtin = provider_builtin_find(id);
    return builtin != NULL && builtin->is_fixed;
}
