/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/cmd_provider.h"
#include "cli/printable.h"
#include "cli/provider_secret.h"
#include "cli/wire.h"
#include "config/config_json.h"
#include "config/provider_entry.h"
#include "config/provider_expand.h"
#include "config/provider_settings.h"
#include "config/toml_value.h"

static const struct provider_usage usage = {
    .usage = "beacon provider show [OPTIONS] ID",
    .about = "Show everything that is known about one provider, and where each value comes from.",
    .takes_id = true,
};

/* What is told of a provider that has no value in its table: the built-in's, or the default. */
struct plain_row {
    const char *key;
    size_t offset;
};

static const struct plain_row plain[] = {
    {"name", offsetof(struct provider_settings, name)},
    {"wire_api", offsetof(struct provider_settings, wire_api)},
    {"plugin", offsetof(struct provider_settings, plugin)},
    {"base_url", offsetof(struct provider_settings, base_url)},
    {"env_key", offsetof(struct provider_settings, env_key)},
};

static const struct plain_row numbers[] = {
    {"connect_timeout_ms", offsetof(struct provider_settings, connect_timeout_ms)},
    {"first_byte_timeout_ms", offsetof(struct provider_settings, first_byte_timeout_ms)},
    {"stream_idle_timeout_ms", offsetof(struct provider_settings, stream_idle_timeout_ms)},
    {"request_max_retries", offsetof(struct provider_settings, request_max_retries)},
    {"stream_max_retries", offsetof(struct provider_settings, stream_max_retries)},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void put(struct json_object *object, const char *key, struct json_object *value,
                const char *origin)
{
    struct json_object *item = json_object_new_object();
    (void)json_object_object_add(item, "value", value);
    (void)json_object_object_add(item, "origin", json_object_new_string(origin));
    (void)json_object_object_add(object, key, item);
}

/* As it is written, with what must not be shown left out. */
static struct json_object *shown(const char *key, const struct toml_value *value)
{
    struct json_object *json = config_json(value);
    struct json_object *copy = NULL;
    if (strcmp(key, "base_url") == 0) {
        AUTO_FREE char *url = provider_secret_url(value->string.data);
        copy = json_object_new_string(url);
    } else if (strcmp(key, "experimental_bearer_token") == 0 ||
               (strcmp(key, "env_key") == 0 && !provider_is_variable(value->string.data))) {
        copy = json_object_new_string(PROVIDER_NOT_SHOWN);
    } else if (strcmp(key, "http_headers_command") == 0) {
        copy = provider_secret_json(json, true);
    } else {
        copy = provider_secret_json(json, strcmp(key, "http_headers") == 0);
    }
    (void)json_object_put(json);
    return copy;
}

static bool is_names(const char *key)
{
    return strcmp(key, "env_http_headers") == 0; /* of variables, not their values */
}

/* Each key of a table with its place; those of a table within it are told one by one. */
static void add_values(struct json_object *values, const char *prefix,
                       const struct toml_value *table)
{
    for (size_t i = 0; i < table->table->count; i++) {
        const struct toml_member *member = &table->table->items[i];
        const struct provider_origin origin = provider_origin_of(member->value);
        AUTO_FREE char *where = origin.line > 0 ? alloc_printf("%s:%u", origin.file, origin.line)
                                                : alloc_string(origin.file);
        AUTO_FREE char *name = alloc_printf("%s%s", prefix, member->key);
        put(values, name,
            is_names(member->key) ? config_json(member->value) : shown(member->key, member->value),
            where);
    }
}

static void add_table(struct json_object *values, const struct toml_value *table)
{
    for (size_t i = 0; i < table->table->count; i++) {
        const struct toml_member *member = &table->table->items[i];
        if (strcmp(member->key, "quirks") == 0) {
            add_values(values, "quirks.", member->value);
        }
    }
}

static void add_defaults(struct json_object *values, const struct provider_settings *settings,
                         const char *origin)
{
    for (size_t i = 0; i < COUNT(plain); i++) {
        const char *text = *(char *const *)((const char *)settings + plain[i].offset);
        if (text != NULL && !json_object_object_get_ex(values, plain[i].key, NULL)) {
            AUTO_FREE char *safe = provider_secret_url(text);
            put(values, plain[i].key, json_object_new_string(safe), origin);
        }
    }
    for (size_t i = 0; i < COUNT(numbers); i++) {
        uint32_t number = *(const uint32_t *)((const char *)settings + numbers[i].offset);
        if (!json_object_object_get_ex(values, numbers[i].key, NULL)) {
            put(values, numbers[i].key, json_object_new_int64(number), "default");
        }
    }
}

static int build(const struct config *config, const char *id, struct json_object **ret,
                 struct beacon_error *err)
{
    struct provider_entry entry;
    struct provider_settings settings;
    struct beacon_error problem = {0};
    int rc = provider_entry_find(config, id, &entry, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct json_object *object = json_object_new_object(), *values = json_object_new_object();
    struct json_object *models = json_object_new_object();
    (void)json_object_object_add(object, "id", json_object_new_string(id));
    (void)json_object_object_add(object, "values", values);
    (void)json_object_object_add(object, "models", models);
    add_values(values, "", entry.table);
    json_object_object_del(values, "models");
    json_object_object_del(values, "quirks");
    add_table(values, entry.table);
    const struct toml_value *list = provider_entry_value(&entry, "models", NULL);
    for (size_t i = 0; list != NULL && i < list->table->count; i++) {
        struct json_object *model = json_object_new_object();
        add_values(model, "", list->table->items[i].value);
        (void)json_object_object_add(models, list->table->items[i].key, model);
    }
    if (config_provider(config, id, &settings, &problem) == BEACON_OK) {
        add_defaults(values, &settings, entry.builtin != NULL ? "built-in" : "default");
        provider_settings_finish(&settings);
    } else {
        (void)json_object_object_add(object, "problem", json_object_new_string(problem.message));
        (void)json_object_object_add(object, "hint", json_object_new_string(problem.hint));
    }
    *ret = object;
    return BEACON_OK;
}

static void print_values(struct json_object *values, const char *indent)
{
    json_object_object_foreach(values, key, item)
    {
        const char *text = json_object_to_json_string_ext(
            json_member(item, "value"), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        printable_print(stdout, "%s%s = %s    # %s\n", indent, key, text,
                        json_string_of(item, "origin", ""));
    }
}

static void print_text(struct json_object *object)
{
    printable_print(stdout, "provider %s\n", json_string_of(object, "id", ""));
    print_values(json_member(object, "values"), "  ");
    json_object_object_foreach(json_member(object, "models"), model, values)
    {
        printable_print(stdout, "model %s\n", model);
        print_values(values, "  ");
    }
    const char *problem = json_string_of(object, "problem", NULL);
    if (problem != NULL) {
        printable_print(stdout, "cannot be used: %s; %s\n", problem,
                        json_string_of(object, "hint", ""));
    }
}

int cmd_provider_show(int argc, char **argv)
{
    int status = EXIT_STATUS_OK;
    struct provider_request request = {0};
    struct wire_start start = {.home_lock_fd = -1};
    struct beacon_error err = {0};
    AUTO_JSON struct json_object *json = NULL;
    if (!cmd_provider_parse(&usage, argc, argv, &request, &status)) {
        free((void *)request.overrides);
        return status;
    }
    const struct wire_start_request wanted = {.overrides = request.overrides,
                                              .n_overrides = request.n_overrides};
    int rc = wire_start(&wanted, &start, &err);
    rc = rc == BEACON_OK ? build(start.config, request.id, &json, &err) : rc;
    free((void *)request.overrides);
    wire_start_finish(&start);
    if (rc != BEACON_OK) {
        return cmd_provider_report(&err);
    }
    if (request.wants_json) {
        return cmd_provider_print_json(json);
    }
    print_text(json);
    return EXIT_STATUS_OK;
}
