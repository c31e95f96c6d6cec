/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/cmd_provider.h"
#include "cli/printable.h"
#include "cli/provider_config.h"
#include "cli/wire.h"
#include "config/provider_list.h"
#include "config/provider_settings.h"

static const struct provider_usage usage = {
    .usage = "beacon provider list [OPTIONS]",
    .about = "Show every provider, its wire, whether its key is there, and where it is defined.",
};

static void put(struct json_object *object, const char *key, const char *value)
{
    (void)json_object_object_add(object, key, value != NULL ? json_object_new_string(value) : NULL);
}

/* The variable that has the key, or the first that could; NULL: the provider needs none. */
static const char *key_name(const struct provider_settings *settings, bool *ret_is_set)
{
    const char *names[PROVIDER_KEY_NAMES_MAX + 1];
    provider_config_key_names(settings, names);
    *ret_is_set = settings->bearer != NULL;
    for (size_t i = 0; names[i] != NULL; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[strspn(value, " \t\r\n")] != '\0') {
            *ret_is_set = true;
            return names[i];
        }
    }
    return settings->env_key != NULL ? settings->env_key : names[0];
}

static void add_settings(const struct provider_settings *settings, struct json_object *object)
{
    bool is_set = false;
    const char *name = key_name(settings, &is_set);
    put(object, "wire", settings->wire_api);
    put(object, "plugin", settings->plugin);
    put(object, "key", name);
    (void)json_object_object_add(object, "key_is_set", json_object_new_boolean(is_set));
    (void)json_object_object_add(object, "models", json_object_new_uint64(settings->n_models));
}

static struct json_object *definitions_json(const struct provider_listing *listing)
{
    static const char *const uses[] = {[PROVIDER_USED] = "used",
                                       [PROVIDER_SHADOWED] = "shadowed",
                                       [PROVIDER_MODELS] = "models only"};
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < listing->n; i++) {
        struct json_object *item = json_object_new_object();
        put(item, "kind", listing->definitions[i].kind);
        put(item, "where", listing->definitions[i].where);
        put(item, "use", uses[listing->definitions[i].use]);
        (void)json_object_array_add(list, item);
    }
    return list;
}

static struct json_object *listing_json(const struct config *config,
                                        const struct provider_listing *listing)
{
    struct json_object *object = json_object_new_object();
    struct provider_settings settings;
    struct beacon_error err = {0};
    put(object, "id", listing->id);
    if (config_provider(config, listing->id, &settings, &err) == BEACON_OK) {
        add_settings(&settings, object);
        provider_settings_finish(&settings);
    } else {
        put(object, "problem", err.message);
        put(object, "hint", err.hint);
    }
    (void)json_object_object_add(object, "definitions", definitions_json(listing));
    return object;
}

static const char *key_words(struct json_object *item, char *out, size_t size)
{
    const char *name = json_string_of(item, "key", NULL);
    bool is_set = json_bool_of(item, "key_is_set", false);
    if (name == NULL) {
        return is_set ? "in the configuration" : "needs none";
    }
    (void)snprintf(out, size, "%.60s is %s", name, is_set ? "set" : "not set");
    return out;
}

static void print_item(struct json_object *item)
{
    char words[100];
    struct json_object *list = json_member(item, "definitions");
    const char *problem = json_string_of(item, "problem", NULL);
    struct json_object *first = json_object_array_get_idx(list, 0);
    printable_print(stdout, "%-16s %-10s %-32s %s\n", json_string_of(item, "id", ""),
                    json_string_of(item, "wire", "-"),
                    problem != NULL ? "-" : key_words(item, words, sizeof words),
                    json_string_of(first, "kind", ""));
    if (problem != NULL) {
        printable_print(stdout, "    cannot be used: %s; %s\n", problem,
                        json_string_of(item, "hint", ""));
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        const char *use = json_string_of(one, "use", ""), *where = json_string_of(one, "where", "");
        bool is_bundled = strcmp(json_string_of(one, "kind", ""), "bundled") == 0;
        if (strcmp(use, "used") != 0 ? !is_bundled || i > 0 : where[0] != '\0' && !is_bundled) {
            printable_print(stdout, "    %s: %s\n", use, where);
        }
    }
}

static void print_table(struct json_object *list)
{
    (void)printf("%-16s %-10s %-32s %s\n", "ID", "WIRE", "KEY", "DEFINED");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        print_item(json_object_array_get_idx(list, i));
    }
}

int cmd_provider_list(int argc, char **argv)
{
    int status = EXIT_STATUS_OK;
    struct provider_request request = {0};
    struct wire_start start = {.home_lock_fd = -1};
    struct beacon_error err = {0};
    if (!cmd_provider_parse(&usage, argc, argv, &request, &status)) {
        free((void *)request.overrides);
        return status;
    }
    const struct wire_start_request wanted = {.overrides = request.overrides,
                                              .n_overrides = request.n_overrides};
    int rc = wire_start(&wanted, &start, &err);
    free((void *)request.overrides);
    if (rc != BEACON_OK) {
        return cmd_provider_report(&err);
    }
    size_t n = 0;
    struct provider_listing *list = provider_list(start.config, &n);
    AUTO_JSON struct json_object *json = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_object_array_add(json, listing_json(start.config, &list[i]));
    }
    provider_list_free(list, n);
    wire_start_finish(&start);
    if (request.wants_json) {
        return cmd_provider_print_json(json);
    }
    print_table(json);
    return EXIT_STATUS_OK;
}
