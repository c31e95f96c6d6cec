/* SPDX-License-Identifier: Apache-2.0 */
#include "config/profile_check.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/distance.h"
#include "base/error.h"
#include "config/schema.h"
#include "config/toml_value.h"

#define PATH_BYTES  160
#define ENTRY       "model_providers.*"
#define MODEL_ENTRY ENTRY ".models.*"

/* A key of a profile and what the configuration calls it. */
struct profile_row {
    const char *name, *as;
};

static const struct profile_row provider_rows[] = {
    {"auth", "auth"},
    {"auth_header", "auth_header"},
    {"base_url", "base_url"},
    {"connect_timeout_ms", "connect_timeout_ms"},
    {"env_http_headers", "env_http_headers"},
    {"env_key", "env_key"},
    {"env_key_instructions", "env_key_instructions"},
    {"extra", "extra"},
    {"first_byte_timeout_ms", "first_byte_timeout_ms"},
    {"http_headers", "http_headers"},
    {"id", NULL},
    {"local", "local"},
    {"models", NULL},
    {"name", "name"},
    {"plugin", "plugin"},
    {"query_params", "query_params"},
    {"quirks", "quirks"},
    {"request_max_retries", "request_max_retries"},
    {"stream_idle_timeout_ms", "stream_idle_timeout_ms"},
    {"stream_max_retries", "stream_max_retries"},
    {"total_timeout_ms", "total_timeout_ms"},
    {"wire", "wire_api"},
};

static const struct profile_row model_rows[] = {
    {"context", "context_window"},
    {"display", "display"},
    {"features", "features"},
    {"id", NULL},
    {"max_output", "max_output_tokens"},
    {"price", NULL},
    {"quirks", "quirks"},
};

static const struct profile_row price_rows[] = {
    {"cache_read", "price_cache_read"},
    {"cache_write", "price_cache_write"},
    {"input", "price_input"},
    {"output", "price_output"},
};

/* One of the three kinds of mapping: its rows, and how to go on. */
struct level {
    const struct profile_row *rows;
    size_t n_rows;
    const char *pattern; /* of the schema's rows */
    /* For a row without a name in the configuration. */
    int (*take)(const struct profile_checking *checking, const char *path,
                const struct toml_member *member, struct toml_value *into);
};

static int take_of_provider(const struct profile_checking *checking, const char *path,
                            const struct toml_member *member, struct toml_value *into);
static int take_of_model(const struct profile_checking *checking, const char *path,
                         const struct toml_member *member, struct toml_value *into);

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct level provider_level = {provider_rows, COUNT(provider_rows), ENTRY,
                                            take_of_provider};
static const struct level model_level = {model_rows, COUNT(model_rows), MODEL_ENTRY, take_of_model};
static const struct level price_level = {price_rows, COUNT(price_rows), MODEL_ENTRY, NULL};

static int refuse(const struct profile_checking *checking, struct toml_place place,
                  const char *hint, const char *what)
{
    return error_set(checking->err, BEACON_E_INVALID, hint, "%s:%u: %s", checking->file, place.line,
                     what);
}

static const struct profile_row *find(const struct level *level, const char *key)
{
    for (size_t i = 0; i < level->n_rows; i++) {
        if (strcmp(level->rows[i].name, key) == 0) {
            return &level->rows[i];
        }
    }
    return NULL;
}

static const char *nearest(const struct level *level, const struct toml_member *member)
{
    size_t best = member->key_len / 2 + 1;
    const char *found = NULL;
    for (size_t i = 0; i < level->n_rows && member->key_len <= DISTANCE_WORD_MAX; i++) {
        const struct profile_row *row = &level->rows[i];
        if (row->as != NULL && strcmp(row->as, member->key) == 0) {
            return row->name; /* as the configuration calls it */
        }
        size_t d = distance_between(member->key, member->key_len, row->name, strlen(row->name));
        if (d < best) {
            best = d;
            found = row->name;
        }
    }
    return found;
}

static int refuse_key(const struct profile_checking *checking, const struct level *level,
                      const char *path, const struct toml_member *member)
{
    char what[PATH_BYTES + 80], hint[120];
    const char *near = nearest(level, member);
    (void)snprintf(what, sizeof what, "there is no key `%s%.60s`", path, member->key);
    (void)snprintf(hint, sizeof hint, "%s%s%s",
                   near != NULL ? "did you mean `" : "see docs/providers.md for the keys",
                   near != NULL ? near : "", near != NULL ? "`?" : "");
    return refuse(checking, member->place, hint, what);
}

/* The right kind of container, but not of what should be in it. */
static bool is_mixed(const struct toml_value *value, const char *expected)
{
    return (value->type == TOML_TABLE && strstr(expected, "table of") != NULL) ||
           (value->type == TOML_ARRAY && strstr(expected, "array of") != NULL);
}

static int refuse_type(const struct profile_checking *checking, const char *path,
                       const struct toml_member *member, const char *expected)
{
    char what[PATH_BYTES + 160];
    const struct toml_value *value = member->value;
    bool is_negative = value->type == TOML_INTEGER && value->integer < 0;
    const char *found = is_negative                 ? "a negative integer"
                        : is_mixed(value, expected) ? "one with something else in it"
                                                    : toml_type_name(value->type);
    bool wants_string = strstr(expected, "string") != NULL;
    (void)snprintf(what, sizeof what, "`%s%.60s` must be %s, found %s", path, member->key, expected,
                   found);
    return refuse(checking, member->value->place,
                  wants_string ? "correct the value; a string may have to go into quotes"
                               : "correct the value",
                  what);
}

static int check_variant(const struct profile_checking *checking, const struct schema_row *row,
                         const char *path, const struct toml_member *member)
{
    char what[PATH_BYTES + 160], list[128] = "";
    size_t len = 0;
    const char *word = member->value->string.data;
    if (row->variants == NULL || member->value->type != TOML_STRING ||
        schema_variant_index(row, word) >= 0) {
        return BEACON_OK;
    }
    for (const struct schema_variant *v = row->variants; v->name != NULL && len < sizeof list;
         v++) {
        int added = snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ", " : "", v->name);
        len += added > 0 ? (size_t)added : 0;
    }
    (void)snprintf(what, sizeof what, "`%s%s` is \"%.40s\", not one of %s", path, member->key, word,
                   list);
    return refuse(checking, member->value->place, "write one of them", what);
}

static int take_leaf(const struct profile_checking *checking, const struct level *level,
                     const struct profile_row *row, const char *path,
                     const struct toml_member *member, struct toml_value *into)
{
    char expected[96];
    const struct schema_row *schema = schema_find(level->pattern, row->as, strlen(row->as));
    if (!schema_accepts(schema, member->value)) {
        schema_describe(schema, expected, sizeof expected);
        return refuse_type(checking, path, member, expected);
    }
    int rc = check_variant(checking, schema, path, member);
    if (rc == BEACON_OK) {
        struct toml_member added = *member;
        added.key = row->as;
        added.key_len = strlen(row->as);
        (void)toml_table_add(checking->arena, into, &added);
    }
    return rc;
}

/* NOLINTBEGIN(misc-no-recursion): a provider has models, a model has prices, and there it ends */

static int check_level(const struct profile_checking *checking, const struct level *level,
                       const char *path, const struct toml_value *from, struct toml_value *into)
{
    int rc = BEACON_OK;
    for (size_t i = 0; i < from->table->count && rc == BEACON_OK; i++) {
        const struct toml_member *member = &from->table->items[i];
        const struct profile_row *row = find(level, member->key);
        if (row == NULL) {
            rc = refuse_key(checking, level, path, member);
        } else if (row->as == NULL &&
                   level->take != NULL) { /* where there are such rows it is there */
            rc = level->take(checking, path, member, into);
        } else if (row->as != NULL) {
            rc = take_leaf(checking, level, row, path, member, into);
        }
    }
    return rc;
}

static int take_of_model(const struct profile_checking *checking, const char *path,
                         const struct toml_member *member, struct toml_value *into)
{
    char inner[PATH_BYTES];
    if (strcmp(member->key, "id") == 0) {
        return BEACON_OK; /* its owner has read it */
    }
    if (member->value->type != TOML_TABLE) {
        return refuse_type(checking, path, member, "a table");
    }
    (void)snprintf(inner, sizeof inner, "%s%s.", path, member->key);
    return check_level(checking, &price_level, inner, member->value, into);
}

static int take_model(const struct profile_checking *checking, const char *path,
                      const struct toml_value *item, struct toml_value *models)
{
    char inner[PATH_BYTES];
    if (item->type != TOML_TABLE) {
        return refuse(checking, item->place, "write `- id: …` with its keys below it",
                      "each of `models` must be a table");
    }
    const struct toml_member *id = toml_table_find(item, "id", 2);
    if (id == NULL || id->value->type != TOML_STRING || id->value->string.len == 0) {
        return refuse(checking, id != NULL ? id->value->place : item->place,
                      "write `id: ` and the name the service knows the model by, in quotes",
                      "a model has no `id` that is a string");
    }
    (void)snprintf(inner, sizeof inner, "%s%.60s.", path, id->value->string.data);
    if (toml_table_find(models, id->value->string.data, id->value->string.len) != NULL) {
        char what[PATH_BYTES + 40];
        (void)snprintf(what, sizeof what, "the model `%.80s` stands there twice",
                       id->value->string.data);
        return refuse(checking, id->place, "remove one of the two", what);
    }
    struct toml_value *into = toml_value_create(checking->arena, TOML_TABLE, item->place);
    int rc = check_level(checking, &model_level, inner, item, into);
    const struct toml_member added = {.key = id->value->string.data,
                                      .key_len = id->value->string.len,
                                      .place = id->place,
                                      .value = into};
    (void)toml_table_add(checking->arena, models, &added);
    return rc;
}

static int take_of_provider(const struct profile_checking *checking, const char *path,
                            const struct toml_member *member, struct toml_value *into)
{
    if (strcmp(member->key, "id") == 0) {
        return BEACON_OK; /* profile_check() reads it */
    }
    if (member->value->type != TOML_ARRAY) {
        return refuse_type(checking, path, member, "a list of models");
    }
    struct toml_value *models =
        toml_value_create(checking->arena, TOML_TABLE, member->value->place);
    int rc = BEACON_OK;
    for (size_t i = 0; i < member->value->array->count && rc == BEACON_OK; i++) {
        rc = take_model(checking, "models.", member->value->array->items[i], models);
    }
    const struct toml_member added = {
        .key = "models", .key_len = strlen("models"), .place = member->place, .value = models};
    (void)toml_table_add(checking->arena, into, &added);
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

static int check_id(const struct profile_checking *checking, const struct toml_value *from)
{
    char what[PATH_BYTES + 80];
    const struct toml_value *id = toml_table_get(from, "id");
    if (id == NULL || id->type != TOML_STRING) {
        (void)snprintf(what, sizeof what, "the profile has no `id` that is a string");
        return refuse(checking, id != NULL ? id->place : from->place,
                      "begin it with `id: ` and the name of the file without .yaml", what);
    }
    if (strcmp(id->string.data, checking->id) != 0) {
        (void)snprintf(what, sizeof what, "`id` is \"%.64s\", but the file is called %.64s.yaml",
                       id->string.data, checking->id);
        return refuse(checking, id->place, "rename the file, or correct the id", what);
    }
    return BEACON_OK;
}

static int check_needed(const struct profile_checking *checking, const struct toml_value *from)
{
    bool has_plugin = toml_table_get(from, "plugin") != NULL;
    if (!has_plugin && toml_table_get(from, "wire") == NULL) {
        return refuse(checking, from->place, "add `wire: responses`, chat, messages or gemini",
                      "the profile says no `wire`");
    }
    if (!has_plugin && toml_table_get(from, "base_url") == NULL) {
        return refuse(checking, from->place, "add `base_url: https://…`",
                      "the profile says no `base_url`");
    }
    return BEACON_OK;
}

int profile_check(const struct profile_checking *checking, const struct toml_value *from,
                  struct toml_value **ret)
{
    struct toml_value *into = toml_value_create(checking->arena, TOML_TABLE, from->place);
    int rc = check_id(checking, from);
    rc = rc == BEACON_OK ? check_level(checking, &provider_level, "", from, into) : rc;
    rc = rc == BEACON_OK ? check_needed(checking, from) : rc;
    if (rc == BEACON_OK) {
        *ret = into;
    }
    return rc;
}
