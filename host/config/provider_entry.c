/* SPDX-License-Identifier: Apache-2.0 */
#include "config/provider_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/layer.h"
#include "config/loading.h"
#include "config/profile_file.h"
#include "config/provider_builtin.h"

#define NUM_CTX     "CODEX_OLLAMA_NUM_CTX"
#define NUM_CTX_MAX 100000000

/* NOLINTBEGIN(misc-no-recursion): the readers bound the depth of values */

/* layer_merge() for tables whose values have owners already. */
static void overlay(struct arena *arena, struct toml_value *into, const struct toml_value *from);

static struct toml_value *copy_of(struct arena *arena, const struct toml_value *from)
{
    struct toml_value *copy = toml_value_create(arena, from->type, from->place);
    if (from->type == TOML_TABLE) {
        copy->owner = from->owner;
        overlay(arena, copy, from);
    } else {
        *copy = *from;
    }
    return copy;
}

static void overlay(struct arena *arena, struct toml_value *into, const struct toml_value *from)
{
    for (size_t i = 0; i < from->table->count; i++) {
        const struct toml_member *member = &from->table->items[i];
        struct toml_member *found = toml_table_find(into, member->key, member->key_len);
        if (found == NULL) {
            struct toml_member added = *member;
            added.value = copy_of(arena, member->value);
            (void)toml_table_add(arena, into, &added);
        } else if (found->value->type == TOML_TABLE && member->value->type == TOML_TABLE) {
            overlay(arena, found->value, member->value);
        } else {
            found->value = copy_of(arena, member->value);
        }
    }
}

/* NOLINTEND(misc-no-recursion) */

static struct toml_value *empty_table(struct arena *arena)
{
    return toml_value_create(arena, TOML_TABLE, (struct toml_place){0});
}

/* Of a profile only what a built-in takes from it: the rest cannot be replaced. */
static struct toml_value *picked(struct arena *arena, const struct toml_value *from,
                                 const char *const *keys)
{
    struct toml_value *into = empty_table(arena);
    for (; *keys != NULL; keys++) {
        const struct toml_member *member = toml_table_find(from, *keys, strlen(*keys));
        if (member != NULL) {
            (void)toml_table_add(arena, into, member);
        }
    }
    return into;
}

static int add_profile(const struct config *config, const char *id, struct provider_entry *entry,
                       struct toml_value *table, struct beacon_error *err)
{
    struct profile_file file = {0};
    const struct provider_builtin *builtin = entry->builtin;
    const char *name = builtin != NULL ? builtin->profile : id;
    if (config->profiles == NULL || name == NULL) {
        return BEACON_OK;
    }
    struct beacon_error none = {0};
    int rc = profile_file_find(config->profiles, name, config->arena, &file, &none);
    if (rc != BEACON_OK) {
        if (rc != BEACON_E_NOT_FOUND && err != NULL) {
            *err = none;
        }
        return rc == BEACON_E_NOT_FOUND ? BEACON_OK : rc;
    }
    entry->profile = file.path;
    overlay(config->arena, table,
            builtin != NULL ? picked(config->arena, file.table, builtin->profile_keys)
                            : file.table);
    return BEACON_OK;
}

static const struct toml_value *configured(const struct config *config, const char *id)
{
    const struct toml_value *providers = toml_table_get(config->root, "model_providers");
    return providers != NULL ? toml_table_get(providers, id) : NULL;
}

static void add_value(struct arena *arena, struct toml_value *table, const char *key,
                      struct toml_value *value)
{
    const struct toml_member member = {.key = key, .key_len = strlen(key), .value = value};
    (void)toml_table_add(arena, table, &member);
}

/* The variable that sets the window of Ollama for a person who uses it. */
static int add_environment(const struct config *config, struct toml_value *table,
                           struct beacon_error *err)
{
    const struct toml_value *local = toml_table_get(table, "local");
    const char *text = getenv(NUM_CTX);
    if (text == NULL || text[0] == '\0' || local == NULL ||
        strcmp(local->string.data, "ollama") != 0) {
        return BEACON_OK;
    }
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (*end != '\0' || number < 1 || number > NUM_CTX_MAX) {
        return error_set(err, BEACON_E_INVALID, "set it to a number of tokens, or unset it",
                         NUM_CTX " is not a number of tokens: %.80s", text);
    }
    struct layer_source *source = arena_zeroed(config->arena, sizeof *source);
    *source = (struct layer_source){.layer = CONFIG_LAYER_ENVIRONMENT,
                                    .file = "environment variable " NUM_CTX};
    struct toml_value *value =
        toml_value_create(config->arena, TOML_INTEGER, (struct toml_place){0});
    value->integer = number;
    value->owner = source;
    struct toml_value *quirks = empty_table(config->arena), *above = empty_table(config->arena);
    quirks->owner = source;
    add_value(config->arena, quirks, "num_ctx", value);
    add_value(config->arena, above, "quirks", quirks);
    overlay(config->arena, table, above);
    return BEACON_OK;
}

int provider_entry_find(const struct config *config, const char *id, struct provider_entry *ret,
                        struct beacon_error *err)
{
    struct provider_entry entry = {.builtin = provider_builtin_find(id)};
    const struct toml_value *own = configured(config, id);
    struct toml_value *table = empty_table(config->arena);
    int rc = add_profile(config, id, &entry, table, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (entry.builtin == NULL && entry.profile == NULL && own == NULL) {
        return error_set(err, BEACON_E_NOT_FOUND,
                         "add it as [model_providers.<id>] to config.toml, or take one of `beacon "
                         "provider list`",
                         "Model provider `%s` not found", id);
    }
    if (own != NULL) {
        overlay(config->arena, table, own);
    }
    rc = add_environment(config, table, err);
    if (rc == BEACON_OK) {
        entry.table = table;
        *ret = entry;
    }
    return rc;
}

struct provider_origin provider_origin_of(const struct toml_value *value)
{
    const struct layer_source *source = value->owner;
    if (source == NULL) {
        return (struct provider_origin){"the configuration", 0};
    }
    return (struct provider_origin){source->file, source->is_file ? value->place.line : 0};
}

const struct toml_value *provider_entry_value(const struct provider_entry *entry, const char *key,
                                              struct provider_origin *ret)
{
    const struct toml_value *value =
        entry->table != NULL ? toml_table_get(entry->table, key) : NULL;
    if (value != NULL && ret != NULL) {
        *ret = provider_origin_of(value);
    }
    return value;
}
