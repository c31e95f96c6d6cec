/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "config/layers.h"
#include "config/provider_expand.h"
#include "config/provider_settings.h"
#include "config/sayings.h"
#include "config/schema.h"

#define HIDDEN        "(not shown)"
#define DESCRIBED_MAX 160

static struct json_object *text_of(const char *text)
{
    return text != NULL ? json_object_new_string(text) : NULL;
}

/* ---- secrets ---- */

/* Keys whose value, or whose members' values, may be a credential. */
static bool is_secret(const char *name)
{
    static const char *const words[] = {"token", "secret", "password", "http_headers",
                                        "query_params"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]), len = strlen(name);
        /* "env_http_headers" and "tool_output_token_limit" name no secret */
        bool is_at_end = len >= n && strcmp(name + len - n, words[i]) == 0;
        if (is_at_end && strncmp(name, "env_", 4) != 0) {
            return true;
        }
    }
    return false;
}

/* "http://(not shown)@proxy:3128" for an address with a user in it, also without a scheme; NULL: it is none. */
static struct json_object *without_user(const char *text)
{
    const char *scheme = strstr(text, "://");
    const char *authority = scheme != NULL ? scheme + 3 : text;
    const char *at = memrchr(authority, '@', strcspn(authority, "/?#"));
    bool has_user =
        at != NULL && (scheme != NULL || memchr(text, ':', (size_t)(at - text)) != NULL);
    if (!has_user) {
        return NULL;
    }
    AUTO_FREE char *shown = alloc_printf("%.*s" HIDDEN "%s", (int)(authority - text), text, at);
    return json_object_new_string(shown);
}

/* A key where the name of its variable belongs. */
static bool is_slip(const char *name, struct json_object *value)
{
    return strcmp(name, "env_key") == 0 && json_object_is_type(value, json_type_string) &&
           !provider_is_variable(json_object_get_string(value));
}

static struct json_object *shown(struct json_object *value, bool is_hidden);

/* NOLINTNEXTLINE(misc-no-recursion): the reader bounds the depth of a configuration */
static struct json_object *shown_object(struct json_object *value, bool is_hidden)
{
    struct json_object *copy = json_object_new_object();
    json_object_object_foreach(value, name, member)
    {
        bool hides = is_hidden || is_secret(name) || is_slip(name, member);
        json_object_object_add(copy, name, shown(member, hides));
    }
    return copy;
}

/* A copy without secrets. */
/* NOLINTNEXTLINE(misc-no-recursion): as above */
static struct json_object *shown(struct json_object *value, bool is_hidden)
{
    if (json_object_is_type(value, json_type_object)) {
        return shown_object(value, is_hidden);
    }
    if (is_hidden) {
        return json_object_new_string(HIDDEN);
    }
    struct json_object *address = json_object_is_type(value, json_type_string)
                                      ? without_user(json_object_get_string(value))
                                      : NULL;
    return address != NULL ? address : json_object_get(value); /* never changed: may be shared */
}

/* Is any part of the path one that holds secrets? */
static bool is_secret_path(const char *key)
{
    char part[64];
    for (const char *at = key; at != NULL;
         at = strchr(at, '.') != NULL ? strchr(at, '.') + 1 : NULL) {
        (void)snprintf(part, sizeof part, "%.*s", (int)strcspn(at, "."), at);
        if (is_secret(part)) {
            return true;
        }
    }
    return false;
}

static struct json_object *shown_at(const char *key, struct json_object *value)
{
    const char *dot = strrchr(key, '.');
    return shown(value, is_secret_path(key) || is_slip(dot != NULL ? dot + 1 : key, value));
}

/* ---- the layers ---- */

static void add_origin(struct json_object *object, const struct config_origin *origin)
{
    json_object_object_add(object, "layer", text_of(config_layer_name(origin->layer)));
    json_object_object_add(object, "file", text_of(origin->file));
    if (origin->line > 0) {
        json_object_object_add(object, "line", json_object_new_int64(origin->line));
    }
}

static bool is_same_place(const struct config_origin *a, const struct config_origin *b)
{
    return a != NULL && a->layer == b->layer && a->line == b->line && a->column == b->column &&
           strcmp(a->file, b->file) == 0;
}

static struct json_object *layer_of(const struct config *config, const char *key,
                                    const struct config_saying *saying)
{
    struct json_object *object = json_object_new_object();
    const struct config_origin *winner = config_origin(config, key);
    bool is_table = json_object_is_type(saying->value, json_type_object);
    bool is_effective =
        saying->left_out == NULL && (is_table || is_same_place(winner, &saying->origin));
    char why[80] = "";
    add_origin(object, &saying->origin);
    json_object_object_add(object, "profile", text_of(saying->profile));
    json_object_object_add(object, "value", shown_at(key, saying->value));
    json_object_object_add(object, "is_effective", json_object_new_boolean(is_effective));
    if (saying->left_out != NULL) {
        json_object_object_add(object, "lost", text_of(saying->left_out));
    } else if (!is_effective && winner != NULL) {
        (void)snprintf(why, sizeof why, "%s goes above it",
                       winner->layer == saying->origin.layer ? "a later place of the same layer"
                                                             : config_layer_name(winner->layer));
        json_object_object_add(object, "lost", text_of(why));
    }
    return object;
}

/* The highest first, as one reads what won. */
static struct json_object *layers_of(const struct config *config, const char *key)
{
    struct json_object *list = json_object_new_array();
    struct config_saying saying;
    size_t n = 0;
    while (config_saying(config, key, n, &saying)) {
        n++;
    }
    while (n-- > 0 && config_saying(config, key, n, &saying)) {
        (void)json_object_array_add(list, layer_of(config, key, &saying));
    }
    return list;
}

/* ---- the key itself ---- */

static struct json_object *setters_of(const struct schema_row *row)
{
    struct json_object *list = json_object_new_array();
    static const struct setter {
        unsigned bit;
        const char *words;
    } setters[] = {
        {SCHEMA_BY_PERSON, "you: config.toml, environment, -c, options"},
        {SCHEMA_BY_PERSON, "the administrator: managed_config.toml, above all others"},
        {SCHEMA_BY_PROJECT, "a trusted project: .code/config.toml"},
        {SCHEMA_BY_PROFILE, "a profile: [profiles.<name>]"},
    };
    for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++) {
        if ((row->setters & setters[i].bit) != 0) {
            (void)json_object_array_add(list, text_of(setters[i].words));
        }
    }
    return list;
}

/* A default is kept as text; a program wants it as the type it has in config.toml. */
static struct json_object *default_of(const struct schema_row *row, const char *text)
{
    bool is_true = text != NULL && strcmp(text, "true") == 0;
    if (text != NULL && (row->accepts & SCHEMA_BOOL) != 0 &&
        (is_true || strcmp(text, "false") == 0)) {
        return json_object_new_boolean(is_true);
    }
    if (text != NULL && (row->accepts & SCHEMA_INT) != 0) {
        return json_object_new_int64(strtoll(text, NULL, 10));
    }
    return text_of(text);
}

static void add_schema(struct json_object *document, const struct schema_row *row)
{
    char accepts[DESCRIBED_MAX];
    schema_describe(row, accepts, sizeof accepts);
    json_object_object_add(document, "help", text_of(row->help));
    json_object_object_add(document, "accepts", text_of(accepts[0] != '\0' ? accepts : "anything"));
    if (row->variants != NULL) {
        struct json_object *list = json_object_new_array();
        for (size_t i = 0; row->variants[i].name != NULL; i++) {
            if (row->variants[i].means == NULL) {
                (void)json_object_array_add(list, text_of(row->variants[i].name));
            }
        }
        json_object_object_add(document, "values", list);
    }
    json_object_object_add(document, "default", default_of(row, row->fallback));
    json_object_object_add(document, "set_by", setters_of(row));
}

static void add_value(struct json_object *document, const struct config *config,
                      const struct schema_row *row, const char *key)
{
    struct json_object *node = config_node(config, key);
    const struct config_origin *origin = config_origin(config, key);
    const char *fallback = node == NULL ? config_string(config, key) : NULL;
    json_object_object_add(document, "value",
                           node != NULL ? shown_at(key, node) : default_of(row, fallback));
    if (origin != NULL) {
        add_origin(document, origin);
    } else {
        json_object_object_add(document, "layer",
                               fallback != NULL ? text_of(config_layer_name(CONFIG_LAYER_DEFAULT))
                                                : NULL);
    }
}

/* What a person should know besides. */
static void add_note(struct json_object *document, const char *key, const struct schema_row *row)
{
    static const char prefix[] = "model_providers.";
    const size_t n = sizeof prefix - 1;
    char id[64] = "";
    if (strncmp(key, prefix, n) == 0) {
        (void)snprintf(id, sizeof id, "%.*s", (int)strcspn(key + n, "."), key + n);
    }
    const char *note = (row->accepts & SCHEMA_UNUSED) != 0 ? "this version does not use it"
                       : id[0] != '\0' && provider_is_fixed(id)
                           ? "this provider is built in, so the configuration of it does not count"
                           : NULL;
    json_object_object_add(document, "note", text_of(note));
}

int config_explain(const struct config *config, const char *key, struct json_object **ret,
                   struct beacon_error *err)
{
    const char *nearest = NULL;
    const struct schema_row *row = config_row_of(key, &nearest);
    if (row == NULL) {
        char hint[200];
        (void)snprintf(hint, sizeof hint, "did you mean `%s`?", nearest != NULL ? nearest : "");
        return error_set(err, BEACON_E_NOT_FOUND,
                         nearest != NULL ? hint : "write it as in config.toml, with dots",
                         "there is no configuration key `%s`", key);
    }
    /* The proper spelling is the one that layers are stored under. */
    const struct schema_row *exact = schema_row(key);
    const char *proper = exact != NULL && exact->alias_of != NULL ? exact->alias_of : key;
    struct json_object *document = json_object_new_object();
    json_object_object_add(document, "key", text_of(proper));
    add_value(document, config, row, proper);
    add_schema(document, row);
    add_note(document, proper, row);
    json_object_object_add(document, "layers", layers_of(config, proper));
    *ret = document;
    return BEACON_OK;
}
