/* SPDX-License-Identifier: Apache-2.0 */
#include "config/layers.h"

#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/enforce.h"
#include "config/loading.h"
#include "config/profile_file.h"

/* What an entry of [projects] says about the settings of a session. */
static const char *const entry_keys[] = {"approval_policy", "sandbox_mode"};

static void merge(struct loading *loading, const struct toml_value *table,
                  const struct layer_source *source)
{
    if (table != NULL) {
        config_note_merge(loading->config,
                          &(struct config_merge){.table = table, .source = source});
        layer_merge(loading->config->arena, loading->config->root, table, source);
    }
}

static void merge_layer(struct loading *loading, const struct layer *layer)
{
    merge(loading, layer->table, &layer->source);
}

/* NULL when the layer has no entry for cwd. */
static struct toml_value *settings_of_entry(struct loading *loading, const struct layer *layer)
{
    const struct toml_value *entry =
        loading->project.cwd != NULL ? project_entry(&loading->project, layer) : NULL;
    if (entry == NULL) {
        return NULL;
    }
    struct arena *arena = loading->config->arena;
    struct toml_value *settings = toml_value_create(arena, TOML_TABLE, entry->place);
    for (size_t i = 0; i < sizeof entry_keys / sizeof entry_keys[0]; i++) {
        const struct toml_member *member =
            toml_table_find(entry, entry_keys[i], strlen(entry_keys[i]));
        if (member != NULL) {
            (void)toml_table_add(arena, settings, member);
        }
    }
    return settings;
}

static void merge_entry(struct loading *loading, const struct layer *layer)
{
    merge(loading, settings_of_entry(loading, layer), &layer->source);
}

/* The name of the profile in use, by the highest layer that names one; NULL: none. */
static const char *profile_name(const struct loading *loading)
{
    const struct layer *const above[] = {&loading->managed, &loading->flags};
    const struct toml_value *name = NULL;
    for (size_t i = 0; i < sizeof above / sizeof above[0]; i++) {
        name = above[i]->table != NULL ? toml_table_get(above[i]->table, "profile") : NULL;
        if (name != NULL) {
            return name->string.data;
        }
    }
    if (loading->request->profile != NULL) {
        return loading->request->profile;
    }
    if (loading->overrides.table != NULL) {
        name = toml_table_get(loading->overrides.table, "profile");
    }
    if (name == NULL) {
        name = toml_table_get(loading->config->root, "profile");
    }
    return name != NULL ? name->string.data : NULL;
}

/* True: the layer has a profile of that name, which is now merged. */
static bool merge_profile(struct loading *loading, const struct layer *layer, const char *name)
{
    const struct toml_value *profiles =
        layer->table != NULL ? toml_table_get(layer->table, "profiles") : NULL;
    const struct toml_value *profile = profiles != NULL ? toml_table_get(profiles, name) : NULL;
    if (profile == NULL) {
        return false;
    }
    struct layer_source *source = arena_zeroed(loading->config->arena, sizeof *source);
    *source = layer->source;
    source->layer = CONFIG_LAYER_PROFILE;
    merge(loading, profile, source);
    loading->config->last_merge->profile = arena_printf(loading->config->arena, "%s", name);
    return true;
}

static int merge_profiles(struct loading *loading, struct beacon_error *err)
{
    const char *name = profile_name(loading);
    if (name == NULL) {
        return BEACON_OK;
    }
    bool is_found = merge_profile(loading, &loading->user, name);
    for (size_t i = 0; i < loading->n_projects; i++) {
        is_found |= merge_profile(loading, &loading->projects[i], name);
    }
    is_found |= merge_profile(loading, &loading->overrides, name);
    is_found |= merge_profile(loading, &loading->flags, name);
    is_found |= merge_profile(loading, &loading->managed, name);
    if (!is_found) {
        return error_set(err, BEACON_E_NOT_FOUND, "add it as [profiles.<name>] to config.toml",
                         "config profile `%s` not found", name);
    }
    return BEACON_OK;
}

static void enforce(struct loading *loading, const struct toml_value *table)
{
    if (table != NULL) {
        enforce_report(loading->config->root, table, loading->managed.source.file,
                       &loading->config->notes);
        merge(loading, table, &loading->managed.source);
    }
}

/* Lowest to highest. */
static int merge_all(struct loading *loading, struct beacon_error *err)
{
    merge_layer(loading, &loading->user);
    for (size_t i = 0; i < loading->n_projects; i++) {
        merge_layer(loading, &loading->projects[i]);
    }
    merge_entry(loading, &loading->user);
    merge_entry(loading, &loading->overrides);
    int rc = merge_profiles(loading, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    merge_layer(loading, &loading->environment);
    merge_layer(loading, &loading->overrides);
    merge_layer(loading, &loading->flags);
    enforce(loading, loading->managed.table);
    enforce(loading, settings_of_entry(loading, &loading->managed));
    return BEACON_OK;
}

static int read_project(struct loading *loading, struct beacon_error *err)
{
    const struct layer *const deciders[] = {&loading->managed, &loading->flags, &loading->overrides,
                                            &loading->user};
    if (loading->request->cwd == NULL) {
        return BEACON_OK;
    }
    project_find(loading->request->cwd, &loading->project);
    loading->config->is_trusted =
        project_is_trusted(&loading->project, deciders, sizeof deciders / sizeof deciders[0]);
    return loading_read_projects(loading, err);
}

int config_load(const struct config_request *request, struct config **ret, struct beacon_error *err)
{
    assert(request->home != NULL);
    struct arena *arena = arena_create();
    struct config *config = arena_zeroed(arena, sizeof *config);
    /* In the arena, as merged values point to the sources in it. */
    struct loading *loading = arena_zeroed(arena, sizeof *loading);
    config->arena = arena;
    config->notes.arena = arena;
    config->root = toml_value_create(arena, TOML_TABLE, (struct toml_place){0});
    config->nodes = json_object_new_object();
    config->profiles = profile_places_copy(arena, request->profiles);
    loading->request = request;
    loading->config = config;
    int rc = loading_read_layers(loading, err);
    if (rc == BEACON_OK) {
        rc = read_project(loading, err);
    }
    if (rc == BEACON_OK) {
        rc = merge_all(loading, err);
    }
    project_finish(&loading->project);
    notes_close(&config->notes);
    if (rc != BEACON_OK) {
        config_destroy(config);
        return rc;
    }
    *ret = config;
    return BEACON_OK;
}

void config_destroy(struct config *config)
{
    if (config != NULL) {
        json_object_put(config->nodes);
        arena_destroy(config->arena); /* the config itself is in it */
    }
}
