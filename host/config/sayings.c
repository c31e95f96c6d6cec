/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sayings.h"

#include <json-c/json.h>
#include <string.h>

#include "base/arena.h"
#include "config/config_json.h"
#include "config/key_path.h"
#include "config/loading.h"
#include "config/schema.h"
#include "config/suggest.h"

void config_note_merge(struct config *config, const struct config_merge *merge)
{
    struct config_merge *copy = arena_zeroed(config->arena, sizeof *copy);
    *copy = *merge;
    if (config->last_merge != NULL) {
        config->last_merge->next = copy;
    } else {
        config->first_merge = copy;
    }
    config->last_merge = copy;
}

/* Made once for each question and kept, as config_node() does. */
static struct json_object *json_of(const struct config *config, const char *path, size_t i,
                                   const struct toml_value *value)
{
    struct json_object *json = NULL;
    const char *name = arena_printf(config->arena, "\n%zu %s", i, path); /* no path begins so */
    if (!json_object_object_get_ex(config->nodes, name, &json)) {
        json = config_json(value);
        json_object_object_add(config->nodes, name, json);
    }
    return json;
}

/* What tightens counts of an untrusted file too: then the layer has been merged with it. */
static bool is_merged_after_all(const struct config_merge *left_out, const char *path)
{
    const struct config_merge *merge = left_out->next;
    while (merge != NULL &&
           (merge->source != left_out->source || key_path_get(merge->table, path) == NULL)) {
        merge = merge->next;
    }
    return merge != NULL;
}

bool config_saying(const struct config *config, const char *path, size_t i,
                   struct config_saying *ret)
{
    size_t n = 0;
    for (const struct config_merge *merge = config->first_merge; merge != NULL;
         merge = merge->next) {
        const struct toml_value *value = key_path_get(merge->table, path);
        bool is_twice = merge->left_out != NULL && is_merged_after_all(merge, path);
        if (value == NULL || is_twice || n++ != i) {
            continue;
        }
        const struct layer_source *source = merge->source;
        *ret =
            (struct config_saying){.origin = {.layer = source->layer,
                                              .file = source->file,
                                              .line = source->is_file ? value->place.line : 0,
                                              .column = source->is_file ? value->place.column : 0},
                                   .value = json_of(config, path, i, value),
                                   .profile = merge->profile,
                                   .left_out = merge->left_out};
        return true;
    }
    return false;
}

const struct schema_row *config_row_of(const char *path, const char **ret_nearest)
{
    const char *pattern = "";
    const struct schema_row *row = NULL;
    struct toml_span part;
    while (key_path_next(&path, &part)) {
        const struct schema_row *above = row;
        bool is_open = above != NULL && (above->accepts & (SCHEMA_MAP | SCHEMA_OPEN)) != 0;
        row = schema_find(pattern, part.data, part.len);
        if (row == NULL && is_open) {
            return above; /* its keys are anybody's */
        }
        if (row == NULL) {
            if (ret_nearest != NULL) {
                *ret_nearest = suggest_key(pattern, part.data, part.len);
            }
            return NULL;
        }
        pattern = row->children != NULL ? row->children : row->path;
    }
    return row != NULL && row->alias_of != NULL ? schema_row(row->alias_of) : row;
}
