/* SPDX-License-Identifier: Apache-2.0 */
#include "config/profile_values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "config/config_json.h"
#include "config/profile_quirks.h"
#include "config/provider_settings.h"
#include "config/toml_value.h"

#define MODEL_SHOWN 60

struct feature_row {
    const char *name;
    enum model_feature feature;
};

static const struct feature_row features[] = {
    {"caching", MODEL_CAN_CACHE_PROMPTS},
    {"images", MODEL_CAN_SEE_IMAGES},
    {"parallel_tools", MODEL_CAN_CALL_PARALLEL_TOOLS},
    {"reasoning", MODEL_CAN_REASON},
    {"schemas", MODEL_CAN_FOLLOW_SCHEMAS},
    {"tools", MODEL_CAN_CALL_TOOLS},
};

struct price_row {
    const char *key;
    size_t offset;
};

static const struct price_row prices[] = {
    {"price_input", offsetof(struct model_prices, input)},
    {"price_output", offsetof(struct model_prices, output)},
    {"price_cache_read", offsetof(struct model_prices, cache_read)},
    {"price_cache_write", offsetof(struct model_prices, cache_write)},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *string_of(const struct toml_value *table, const char *key)
{
    const struct toml_value *value = toml_table_get(table, key);
    return value != NULL ? value->string.data : NULL;
}

/* 0: it is none. */
static unsigned feature_of(const char *name)
{
    for (size_t i = 0; i < COUNT(features); i++) {
        if (strcmp(features[i].name, name) == 0) {
            return features[i].feature;
        }
    }
    return 0;
}

static int refuse(const struct toml_value *value, const struct toml_member *model, const char *key,
                  const char *hint, const char *what, struct beacon_error *err)
{
    char where[PROFILE_WHERE_BYTES];
    profile_where(value, where);
    return error_set(err, BEACON_E_INVALID, hint, "%s: `%s` of the model `%.*s` %s", where, key,
                     MODEL_SHOWN, model->key, what);
}

static int check_features(const struct toml_member *model, struct beacon_error *err)
{
    const struct toml_value *list = toml_table_get(model->value, "features");
    for (size_t i = 0; list != NULL && i < list->array->count; i++) {
        if (feature_of(list->array->items[i]->string.data) == 0) {
            return refuse(list, model, "features",
                          "write tools, parallel_tools, images, reasoning, schemas or caching",
                          "names something that is no feature", err);
        }
    }
    return BEACON_OK;
}

static int check_prices(const struct toml_member *model, struct beacon_error *err)
{
    int64_t unused = 0;
    for (size_t i = 0; i < COUNT(prices); i++) {
        const struct toml_value *value = toml_table_get(model->value, prices[i].key);
        if (value != NULL && !profile_price_of(value, &unused)) {
            return refuse(value, model, prices[i].key,
                          "write US dollars for a million tokens, with at most six digits behind "
                          "the point, like 0.15",
                          "is not a price", err);
        }
    }
    return BEACON_OK;
}

static int check_limits(const struct toml_member *model, struct beacon_error *err)
{
    static const char *const keys[] = {"context_window", "max_output_tokens"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        const struct toml_value *value = toml_table_get(model->value, keys[i]);
        if (value != NULL && value->integer == 0) {
            return refuse(value, model, keys[i], "write the number of tokens, or remove the key",
                          "must not be 0", err);
        }
    }
    return BEACON_OK;
}

static int check_model(const char *wire, const struct toml_member *model, struct beacon_error *err)
{
    char path[MODEL_SHOWN + 20];
    const struct toml_value *quirks = toml_table_get(model->value, "quirks");
    int rc = check_features(model, err);
    rc = rc == BEACON_OK ? check_prices(model, err) : rc;
    rc = rc == BEACON_OK ? check_limits(model, err) : rc;
    if (rc == BEACON_OK && quirks != NULL) {
        (void)snprintf(path, sizeof path, "models.%.*s.quirks", MODEL_SHOWN, model->key);
        rc = profile_quirks_check(wire, path, quirks, err);
    }
    return rc;
}

int profile_values_check(const struct toml_value *table, const char *fallback_wire,
                         struct beacon_error *err)
{
    const char *wire = string_of(table, "wire_api"), *plugin = string_of(table, "plugin");
    wire = plugin != NULL ? plugin : wire != NULL ? wire : fallback_wire;
    const struct toml_value *quirks = toml_table_get(table, "quirks");
    const struct toml_value *models = toml_table_get(table, "models");
    static const char *const bodies[] = {"extra", "openrouter"};
    int rc = quirks != NULL ? profile_quirks_check(wire, "quirks", quirks, err) : BEACON_OK;
    for (size_t i = 0; i < COUNT(bodies) && rc == BEACON_OK; i++) {
        const struct toml_value *extra = toml_table_get(table, bodies[i]);
        rc = extra != NULL ? profile_extra_check(bodies[i], extra, err) : BEACON_OK;
    }
    for (size_t i = 0; models != NULL && i < models->table->count && rc == BEACON_OK; i++) {
        rc = check_model(wire, &models->table->items[i], err);
    }
    return rc;
}

/* The members of both, the second one's where both have one; NULL for a table that is not there. */
static char *joined(const struct toml_value *below, const struct toml_value *above)
{
    AUTO_JSON struct json_object *object =
        below != NULL ? config_json(below) : json_object_new_object();
    AUTO_JSON struct json_object *over = above != NULL ? config_json(above) : NULL;
    if (over != NULL) {
        json_object_object_foreach(over, key, value)
        {
            (void)json_object_object_add(object, key, json_object_get(value));
        }
    }
    return alloc_string(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int64_t number_of(const struct toml_value *table, const char *key)
{
    const struct toml_value *value = toml_table_get(table, key);
    return value != NULL ? value->integer : -1;
}

static void fill_prices(const struct toml_value *table, struct model_prices *ret)
{
    for (size_t i = 0; i < COUNT(prices); i++) {
        const struct toml_value *value = toml_table_get(table, prices[i].key);
        int64_t pico = MODEL_PRICE_UNKNOWN;
        if (value != NULL) {
            (void)profile_price_of(value, &pico);
        }
        *(int64_t *)((char *)ret + prices[i].offset) = pico;
    }
}

static void fill_model(const struct toml_member *member, const struct toml_value *quirks,
                       struct model_profile *ret)
{
    const struct toml_value *table = member->value;
    const char *display = string_of(table, "display");
    const struct toml_value *list = toml_table_get(table, "features");
    *ret = (struct model_profile){.id = alloc_string(member->key),
                                  .display = display != NULL ? alloc_string(display) : NULL,
                                  .context_tokens = number_of(table, "context_window"),
                                  .max_output_tokens = number_of(table, "max_output_tokens"),
                                  .quirks = joined(quirks, toml_table_get(table, "quirks"))};
    fill_prices(table, &ret->prices);
    for (size_t i = 0; list != NULL && i < list->array->count; i++) {
        ret->features |= feature_of(list->array->items[i]->string.data);
    }
}

void profile_values_fill(const struct toml_value *table, struct provider_settings *settings)
{
    const struct toml_value *quirks = table != NULL ? toml_table_get(table, "quirks") : NULL;
    const struct toml_value *extra = table != NULL ? toml_table_get(table, "extra") : NULL;
    const struct toml_value *router = table != NULL ? toml_table_get(table, "openrouter") : NULL;
    const struct toml_value *models = table != NULL ? toml_table_get(table, "models") : NULL;
    settings->quirks = joined(quirks, NULL);
    settings->extra = joined(router, extra);
    settings->n_models = models != NULL ? models->table->count : 0;
    settings->models = alloc_array(settings->n_models + 1, sizeof *settings->models);
    for (size_t i = 0; i < settings->n_models; i++) {
        fill_model(&models->table->items[i], quirks, &settings->models[i]);
    }
}
