/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/config_explain.h"
#include "plugin/report.h"

#define PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static void add_value(struct json_object *value, struct text *out)
{
    if (value == NULL) {
        (void)text_add_string(out, "not set");
    } else {
        (void)report_add_shown(out, json_object_to_json_string_ext(value, PLAIN));
    }
}

/* "user ~/.code/config.toml:2, profile fast" */
static void add_place(struct json_object *object, struct text *out)
{
    const char *file = json_string_of(object, "file", NULL);
    const char *profile = json_string_of(object, "profile", NULL);
    int64_t line = json_int_of(object, "line", 0);
    const char *layer = json_string_of(object, "layer", "no layer");
    bool says_layer = file != NULL && strncmp(file, layer, strlen(layer)) == 0;
    (void)text_add_string(out, says_layer ? "" : layer);
    if (file != NULL) {
        (void)text_add_string(out, says_layer ? "" : " ");
        (void)report_add_shown(out, file);
    }
    if (line > 0) {
        (void)text_addf(out, ":%d", (int)line);
    }
    if (profile != NULL) {
        (void)text_add_string(out, ", profile ");
        (void)report_add_shown(out, profile);
    }
}

static void add_head(struct json_object *document, struct text *out)
{
    struct json_object *fallback = json_member(document, "default");
    const char *note = json_string_of(document, "note", NULL);
    struct json_object *values = json_member(document, "values");
    (void)report_add_shown(out, json_string_of(document, "key", ""));
    (void)text_add_string(out, " = ");
    add_value(json_member(document, "value"), out);
    (void)text_addf(out, "\n  %s\n", json_string_of(document, "help", ""));
    (void)text_add_string(out, "  from:     ");
    add_place(document, out);
    (void)text_addf(out, "\n  default:  %s\n  takes:    %s\n",
                    fallback != NULL ? json_object_get_string(fallback) : "none",
                    json_string_of(document, "accepts", ""));
    if (values != NULL) {
        (void)text_add_string(out, "  values:   ");
        add_value(values, out);
        (void)text_add_char(out, '\n');
    }
    if (note != NULL) {
        (void)text_addf(out, "  note:     %s\n", note);
    }
}

static void add_setters(struct json_object *list, struct text *out)
{
    (void)text_add_string(out, "\nMay be set by:\n");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        (void)text_addf(out, "  %s\n", json_object_get_string(json_object_array_get_idx(list, i)));
    }
}

static void add_layers(struct json_object *list, struct text *out)
{
    (void)text_add_string(out, "\nSet by, the highest first (* counts):\n");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *layer = json_object_array_get_idx(list, i);
        const char *lost = json_string_of(layer, "lost", NULL);
        (void)text_addf(out, "%s ", json_bool_of(layer, "is_effective", false) ? "*" : " ");
        add_place(layer, out);
        (void)text_add_string(out, ": ");
        add_value(json_member(layer, "value"), out);
        if (lost != NULL) {
            (void)text_addf(out, "\n    does not count: %s", lost);
        }
        (void)text_add_char(out, '\n');
    }
    if (json_object_array_length(list) == 0) {
        (void)text_add_string(out, "  nobody\n");
    }
}

static void add_plugin(struct json_object *plugin, struct text *out)
{
    const char *id = json_string_of(plugin, "id", NULL);
    const char *reason = json_string_of(plugin, "reason", NULL);
    const char *path = json_string_of(plugin, "path", "");
    const char *where = json_string_of(plugin, "where", "");
    (void)text_add_string(out, "  ");
    (void)report_add_shown(out, json_string_of(plugin, "component", ""));
    if (id != NULL) {
        (void)text_addf(out, ": %s %s, %s %s", id, json_string_of(plugin, "version", ""),
                        json_string_of(plugin, "place", ""), "");
        (void)report_add_shown(out, path);
        if (where[0] != '\0') {
            (void)text_add_string(out, ", because of ");
            (void)report_add_shown(out, where);
        }
        (void)text_addf(out, "\n    the whole trail: beacon plugin why %s", id);
    }
    if (reason != NULL) {
        (void)text_add_string(out, "\n    refused: ");
        (void)report_add_shown(out, reason);
        (void)text_addf(out, "\n    what to do: %s", json_string_of(plugin, "hint", ""));
    }
    (void)text_add_char(out, '\n');
}

static void add_plugins(struct json_object *list, struct text *out)
{
    (void)text_add_string(out, "\nPlugins it selects:\n");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        add_plugin(json_object_array_get_idx(list, i), out);
    }
    if (json_object_array_length(list) == 0) {
        (void)text_add_string(out, "  none\n");
    }
}

static void add_policy(struct json_object *list, struct text *out)
{
    (void)text_add_string(out, "\nLines of the policy that bound it:\n");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *line = json_object_array_get_idx(list, i);
        (void)text_addf(out, "  %s: [%s] %s = %s\n", json_string_of(line, "where", ""),
                        json_string_of(line, "section", ""), json_string_of(line, "key", ""),
                        json_string_of(line, "value", ""));
    }
    if (json_object_array_length(list) == 0) {
        (void)text_add_string(out, "  none\n");
    }
}

bool config_explain_text(struct json_object *document, struct text *out)
{
    struct json_object *plugins = json_member(document, "plugins");
    struct json_object *policy = json_member(document, "policy");
    add_head(document, out);
    add_setters(json_member(document, "set_by"), out);
    add_layers(json_member(document, "layers"), out);
    if (plugins != NULL) {
        add_plugins(plugins, out);
    }
    if (policy != NULL) {
        add_policy(policy, out);
    }
    return out->len < out->max_bytes;
}
