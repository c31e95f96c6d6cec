/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe_profile.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "config/profile_file.h"
#include "config/provider_settings.h"
#include "probe/probe_server.h"
#include "probe/probe_wire.h"

#define MODELS_SHOWN 20

/* key: "value", quoted as JSON is, which YAML reads the same way. */
static void put(struct text *out, const char *indent, const char *key, const char *value)
{
    AUTO_JSON struct json_object *string = json_object_new_string(value);
    (void)text_addf(out, "%s%s: %s\n", indent, key,
                    json_object_to_json_string_ext(string, JSON_C_TO_STRING_PLAIN |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void put_chat_quirks(const struct probe_wire *wire, struct text *out)
{
    const char *names = wire->reasons_as[0]   ? "[reasoning]"
                        : wire->reasons_as[1] ? "[reasoning_content]"
                                              : "[reasoning, reasoning_content]";
    (void)text_addf(out, "quirks:\n  max_tokens_name: max_tokens\n  effort_name: \"\"\n");
    (void)text_addf(out, "  usage: %s\n  reasoning_out: %s\n",
                    !wire->has_usage       ? "none"
                    : wire->usage_is_asked ? "stream_options"
                                           : "always",
                    names);
}

static void put_model(const struct probe_findings *findings, const struct probe_model *model,
                      struct text *out)
{
    bool was_asked = strcmp(model->id, findings->model) == 0;
    put(out, "  - ", "id", model->id);
    if (model->context > 0) {
        (void)text_addf(out, "    context: %" PRId64 "\n", model->context);
    }
    if (model->max_output > 0) {
        (void)text_addf(out, "    max_output: %" PRId64 "\n", model->max_output);
    }
    if (was_asked && findings->wire->has_call) {
        (void)text_add_string(out, "    features: [tools]\n");
    }
}

/* The one that was asked, and the first of those the server knows something about. */
static void put_models(const struct probe_findings *findings, struct text *out)
{
    const struct probe_server *server = findings->server;
    size_t n_shown = 0;
    (void)text_add_string(out, "models:\n");
    for (size_t i = 0; i < server->n_models; i++) {
        const struct probe_model *model = &server->models[i];
        bool was_asked = strcmp(model->id, findings->model) == 0;
        if (was_asked || (model->context > 0 && n_shown < MODELS_SHOWN)) {
            put_model(findings, model, out);
            n_shown++;
        }
    }
}

static int check(const struct probe_findings *findings, const struct text *out,
                 struct beacon_error *err)
{
    struct arena *arena = arena_create();
    struct beacon_error inner = {0};
    const struct toml_value *table = NULL;
    const struct profile_text text = {"the profile", findings->id, text_string(out), out->len};
    int rc = profile_file_parse(&text, arena, &table, &inner);
    arena_destroy(arena);
    return rc == BEACON_OK ? rc
                           : error_set(err, BEACON_E_INTERNAL,
                                       "write a profile by hand; docs/providers.md shows one",
                                       "no profile can be made of it: %s", inner.message);
}

int probe_profile_write(const struct probe_findings *findings, struct text *out,
                        struct beacon_error *err)
{
    const struct probe_wire *wire = findings->wire;
    put(out, "", "id", findings->id);
    put(out, "", "name", findings->id);
    (void)text_addf(out, "wire: %s\n", wire->name);
    put(out, "", "base_url", findings->base_url);
    if (findings->server->local != NULL) {
        (void)text_addf(out, "local: %s\n", findings->server->local);
    }
    if (findings->request->key_env != NULL) {
        put(out, "", "env_key", findings->request->key_env);
        if (wire->style != PROBE_BEARER) {
            put(out, "", "auth_header", probe_style_header(wire->style));
        }
    }
    if (strcmp(wire->name, "chat") == 0) {
        put_chat_quirks(wire, out);
    }
    put_models(findings, out);
    return check(findings, out, err);
}

/* The part of a host's name that people call it by: `groq` of api.groq.com. */
static char *name_of_host(const char *url)
{
    const char *host = strstr(url, "//") + 2;
    size_t n = strcspn(host, ":/");
    AUTO_FREE char *name = alloc_string_n(host, n);
    char *dot = strrchr(name, '.');
    bool is_number = n == 0 || isdigit((unsigned char)name[n - 1]) || host[0] == '[';
    if (dot == NULL || is_number) {
        return alloc_string(dot == NULL && !is_number ? name : "server");
    }
    *dot = '\0';
    dot = strrchr(name, '.');
    return alloc_string(dot != NULL ? dot + 1 : name);
}

char *probe_profile_id(const struct probe_server *server, const char *url)
{
    AUTO_FREE char *name = name_of_host(url);
    const char *id = server->local != NULL ? server->local : name;
    id = strcmp(id, "llama.cpp") == 0 ? "llama-cpp" : id;
    bool is_good = profile_id_is_valid(id) && !provider_is_fixed(id) && strcmp(id, "replay") != 0;
    return alloc_string(is_good ? id : "server");
}
