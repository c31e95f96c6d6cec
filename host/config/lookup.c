/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config/config_json.h"
#include "config/key_path.h"
#include "config/loading.h"
#include "config/schema.h"

static const struct toml_value *find(const struct config *config, const char *path,
                                     enum toml_type type)
{
    const struct toml_value *value = key_path_get(config->root, path);
    return value != NULL && value->type == type ? value : NULL;
}

static const char *fallback(const struct config *config, const char *path)
{
    const struct schema_row *row = schema_row(path);
    if (config->is_trusted && strcmp(path, "sandbox_mode") == 0) {
        return "workspace-write";
    }
    return row != NULL ? row->fallback : NULL;
}

const char *config_string(const struct config *config, const char *path)
{
    const struct toml_value *value = find(config, path, TOML_STRING);
    return value != NULL ? value->string.data : fallback(config, path);
}

int64_t config_int(const struct config *config, const char *path)
{
    const struct toml_value *value = find(config, path, TOML_INTEGER);
    if (value != NULL) {
        return value->integer;
    }
    const char *text = fallback(config, path);
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

bool config_number(const struct config *config, const char *path, double *ret)
{
    const struct toml_value *value = key_path_get(config->root, path);
    if (value == NULL || (value->type != TOML_FLOAT && value->type != TOML_INTEGER)) {
        return false;
    }
    *ret = value->type == TOML_FLOAT ? value->number : (double)value->integer;
    return true;
}

bool config_bool(const struct config *config, const char *path)
{
    const struct toml_value *value = find(config, path, TOML_BOOL);
    if (value != NULL) {
        return value->boolean;
    }
    const char *text = fallback(config, path);
    return text != NULL && strcmp(text, "true") == 0;
}

bool config_is_set(const struct config *config, const char *path)
{
    return key_path_get(config->root, path) != NULL;
}

struct json_object *config_node(const struct config *config, const char *path)
{
    struct json_object *node = NULL;
    if (json_object_object_get_ex(config->nodes, path, &node)) {
        return node;
    }
    const struct toml_value *value = key_path_get(config->root, path);
    if (value != NULL) {
        node = config_json(value);
        json_object_object_add(config->nodes, path, node);
    }
    return node;
}

const struct config_origin *config_origin(const struct config *config, const char *path)
{
    const struct toml_value *value = key_path_get(config->root, path);
    const struct layer_source *source = value != NULL ? value->owner : NULL;
    if (source == NULL) {
        return NULL;
    }
    struct config_origin *origin = arena_zeroed(config->arena, sizeof *origin);
    origin->layer = source->layer;
    origin->file = source->file;
    origin->line = source->is_file ? value->place.line : 0;
    origin->column = source->is_file ? value->place.column : 0;
    return origin;
}

bool config_is_project_trusted(const struct config *config)
{
    return config->is_trusted;
}

size_t config_warning_count(const struct config *config)
{
    return config->notes.count;
}

const char *config_warning(const struct config *config, size_t i)
{
    return i < config->notes.count ? config->notes.items[i] : NULL;
}

const char *config_layer_name(enum config_layer layer)
{
    static const char *const names[] = {
        [CONFIG_LAYER_DEFAULT] = "default",
        [CONFIG_LAYER_USER] = "user",
        [CONFIG_LAYER_PROJECT] = "project",
        [CONFIG_LAYER_PROFILE] = "profile",
        [CONFIG_LAYER_ENVIRONMENT] = "environment",
        [CONFIG_LAYER_OVERRIDE] = "-c",
        [CONFIG_LAYER_FLAG] = "flag",
        [CONFIG_LAYER_MANAGED] = "managed",
    };
    return names[layer];
}
