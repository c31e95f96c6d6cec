/* SPDX-License-Identifier: Apache-2.0 */
#include "config/loading.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/path.h"
#include "config/override.h"

/* Check `table` (NULL: nothing was said) as the layer's. */
static int take(struct loading *loading, struct layer *layer, const struct toml_value *table,
                struct beacon_error *err)
{
    if (table == NULL) {
        return BEACON_OK;
    }
    return layer_check(&layer->source, table, &loading->config->notes, &layer->table, err);
}

static int take_file(struct loading *loading, struct layer *layer, const char *description,
                     struct beacon_error *err)
{
    struct toml_value *table = NULL;
    struct layer_file file = {layer->source.file, description, loading->request->display};
    int rc = layer_read_file(&file, loading->config->arena, &table, err);
    return rc == BEACON_OK ? take(loading, layer, table, err) : rc;
}

static void name_user_file(struct loading *loading, const char *home)
{
    AUTO_FREE char *path = path_join(home, "config.toml");
    loading->user.source = (struct layer_source){
        CONFIG_LAYER_USER, true, arena_string_n(loading->config->arena, path, strlen(path))};
}

/* With the default home only, what is not there is read from where it used to be. */
static int read_user(struct loading *loading, struct beacon_error *err)
{
    const struct config_request *request = loading->request;
    name_user_file(loading, request->home);
    int rc = take_file(loading, &loading->user, NULL, err);
    bool may_be_legacy = request->is_default_home && request->legacy_home != NULL;
    if (rc != BEACON_OK || loading->user.table != NULL || !may_be_legacy) {
        return rc;
    }
    name_user_file(loading, request->legacy_home);
    return take_file(loading, &loading->user, NULL, err);
}

static int read_managed(struct loading *loading, struct beacon_error *err)
{
    const char *path = loading->request->managed_path;
    loading->managed.source = (struct layer_source){
        CONFIG_LAYER_MANAGED, true,
        path != NULL ? arena_string_n(loading->config->arena, path, strlen(path)) : ""};
    return path != NULL ? take_file(loading, &loading->managed, "managed config", err) : BEACON_OK;
}

struct variable {
    const char *name, *key, *source;
};

static const struct variable variables[] = {
    {"OPENAI_BASE_URL", "openai_base_url", "environment variable OPENAI_BASE_URL"},
    {"CODE_HOME_LOCK", "home_lock", "environment variable CODE_HOME_LOCK"},
};

/* The layer is named by its last variable that is set; each of them is rarely there. */
static int read_environment(struct loading *loading, struct beacon_error *err)
{
    struct arena *arena = loading->config->arena;
    struct toml_value *table = NULL;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i].name);
        if (value == NULL || value[strspn(value, " \t\r\n")] == '\0') {
            continue;
        }
        if (table == NULL) {
            table = toml_value_create(arena, TOML_TABLE, (struct toml_place){0});
        }
        override_set_string(arena, table, variables[i].key, value);
        loading->environment.source =
            (struct layer_source){CONFIG_LAYER_ENVIRONMENT, false, variables[i].source};
    }
    return take(loading, &loading->environment, table, err);
}

static int read_command_line(struct loading *loading, struct beacon_error *err)
{
    const struct config_request *request = loading->request;
    struct arena *arena = loading->config->arena;
    struct toml_value *overrides = NULL, *flags = NULL;
    loading->overrides.source = (struct layer_source){CONFIG_LAYER_OVERRIDE, false, "-c"};
    loading->flags.source = (struct layer_source){CONFIG_LAYER_FLAG, false, "command line"};
    int rc = override_read(request->overrides, request->n_overrides, arena, &overrides, err);
    if (rc == BEACON_OK) {
        rc = override_read_flags(request->flags, request->n_flags, arena, &flags, err);
    }
    if (rc == BEACON_OK) {
        rc = take(loading, &loading->overrides, overrides, err);
    }
    return rc == BEACON_OK ? take(loading, &loading->flags, flags, err) : rc;
}

int loading_read_layers(struct loading *loading, struct beacon_error *err)
{
    int rc = read_command_line(loading, err);
    if (rc == BEACON_OK) {
        rc = read_managed(loading, err);
    }
    if (rc == BEACON_OK) {
        rc = read_user(loading, err);
    }
    return rc == BEACON_OK ? read_environment(loading, err) : rc;
}
