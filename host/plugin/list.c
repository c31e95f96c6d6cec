/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/list.h"

#include <beacon/plugin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"

#define COLUMNS 6

struct row {
    const char *cells[COLUMNS];
};

static const struct row heading = {
    {"COMPONENT", "KIND", "PLUGIN", "VERSION", "FROM", "FORM"},
};

static const char *form_name(const struct manifest_component *component)
{
    if (component->kind != BEACON_KIND_PROVIDER && component->kind != BEACON_KIND_TELEMETRY) {
        return "-";
    }
    return component->form == MANIFEST_FORM_OWN_TRANSPORT ? "own-transport" : "sans-io";
}

static struct row row_of(const struct plugin_entry *entry,
                         const struct manifest_component *component)
{
    return (struct row){{component->name, component->kind_name, entry->manifest->id,
                         entry->manifest->version, plugin_place_name(entry->place),
                         form_name(component)}};
}

/* The heading and one row per usable component; the array is the caller's to free. */
static size_t collect_rows(const struct plugin_set *set, struct row **ret)
{
    struct row *rows = alloc_array(1, sizeof *rows);
    size_t n = 0;
    rows[n++] = heading;
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        for (size_t j = 0; entry->state == PLUGIN_USABLE && j < entry->manifest->n_components;
             j++) {
            if (entry->manifest->components[j].is_known) {
                rows = alloc_grow(rows, n + 1, sizeof *rows);
                rows[n++] = row_of(entry, &entry->manifest->components[j]);
            }
        }
    }
    *ret = rows;
    return n;
}

static bool add_rows(const struct row *rows, size_t n, struct text *out)
{
    int widths[COLUMNS] = {0};
    for (size_t i = 0; i < n * COLUMNS; i++) {
        int width = (int)strlen(rows[i / COLUMNS].cells[i % COLUMNS]);
        int *widest = &widths[i % COLUMNS];
        *widest = width > *widest ? width : *widest;
    }
    widths[COLUMNS - 1] = 0; /* nothing follows it */
    for (size_t i = 0; i < n * COLUMNS; i++) {
        const char *cell = rows[i / COLUMNS].cells[i % COLUMNS];
        const char *gap = i % COLUMNS == COLUMNS - 1 ? "\n" : "  ";
        if (!text_addf(out, "%-*s%s", widths[i % COLUMNS], cell, gap)) {
            return false;
        }
    }
    return true;
}

/* A path comes from the file system and may hold anything; a terminal must not obey it. */
static bool add_path(struct text *out, const char *path)
{
    for (const char *p = path; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool is_control = c < 0x20 || c == 0x7f;
        if (!(is_control ? text_addf(out, "\\x%02x", c) : text_add_char(out, *p))) {
            return false;
        }
    }
    return true;
}

static bool add_unused(const struct plugin_entry *entry, struct text *out)
{
    return text_add_string(out, "\n  ") && add_path(out, entry->path) &&
           text_addf(out, "\n    %s: ", plugin_state_name(entry->state)) &&
           add_path(out, entry->refusal.message) && text_add_string(out, "\n    what to do: ") &&
           add_path(out, entry->refusal.hint) && text_add_char(out, '\n');
}

/* Components that a usable file carries but this host cannot speak to. */
static bool add_foreign(const struct plugin_entry *entry, struct text *out)
{
    for (size_t i = 0; entry->state == PLUGIN_USABLE && i < entry->manifest->n_components; i++) {
        const struct manifest_component *component = &entry->manifest->components[i];
        if (!component->is_known &&
            !text_addf(out, "\n  %s:%s\n    skipped: it speaks %s, which this host does not\n",
                       entry->manifest->id, component->name, component->iface)) {
            return false;
        }
    }
    return true;
}

static bool add_all_unused(const struct plugin_set *set, struct text *out)
{
    AUTO_TEXT struct text unused;
    text_init(&unused, SIZE_MAX);
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        if (!add_foreign(entry, &unused) ||
            (entry->state != PLUGIN_USABLE && !add_unused(entry, &unused))) {
            return false;
        }
    }
    return unused.len == 0 ||
           (text_add_string(out, "\nNot in use:\n") && text_add(out, unused.data, unused.len));
}

bool plugin_list_table(const struct plugin_set *set, struct text *out)
{
    AUTO_FREE struct row *rows = NULL;
    size_t n = collect_rows(set, &rows);
    bool is_added = n > 1
                        ? add_rows(rows, n, out)
                        : text_add_string(out, "No usable plugin was found. Bundled plugins belong "
                                               "in ../lib/beacon/plugins beside the program.\n");
    return is_added && add_all_unused(set, out);
}

static void put_string(struct json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, json_object_new_string(value));
}

static struct json_object *components_json(const struct plugin_manifest *manifest)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct manifest_component *component = &manifest->components[i];
        struct json_object *object = json_object_new_object();
        put_string(object, "kind", component->kind_name);
        put_string(object, "name", component->name);
        put_string(object, "iface", component->iface);
        put_string(object, "form", form_name(component));
        json_object_object_add(object, "known", json_object_new_boolean(component->is_known));
        json_object_array_add(list, object);
    }
    return list;
}

static struct json_object *capabilities_json(const struct plugin_manifest *manifest)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        json_object_array_add(list, json_object_new_string(manifest->capabilities[i]));
    }
    return list;
}

static struct json_object *abi_json(const struct plugin_manifest *manifest)
{
    struct json_object *abi = json_object_new_object();
    json_object_object_add(abi, "major", json_object_new_int64(manifest->abi_major));
    json_object_object_add(abi, "minor", json_object_new_int64(manifest->abi_minor));
    json_object_object_add(abi, "min_host_minor", json_object_new_int64(manifest->min_host_minor));
    return abi;
}

static struct json_object *entry_json(const struct plugin_entry *entry)
{
    struct json_object *object = json_object_new_object();
    put_string(object, "path", entry->path);
    put_string(object, "from", plugin_place_name(entry->place));
    put_string(object, "state", plugin_state_name(entry->state));
    if (entry->state != PLUGIN_USABLE) {
        put_string(object, "reason", entry->refusal.message);
        put_string(object, "hint", entry->refusal.hint);
    }
    if (entry->manifest != NULL) {
        put_string(object, "id", entry->manifest->id);
        put_string(object, "version", entry->manifest->version);
        put_string(object, "license", entry->manifest->license);
        put_string(object, "homepage", entry->manifest->homepage);
        put_string(object, "description", entry->manifest->description);
        json_object_object_add(object, "abi", abi_json(entry->manifest));
        json_object_object_add(object, "components", components_json(entry->manifest));
        json_object_object_add(object, "capabilities", capabilities_json(entry->manifest));
    }
    return object;
}

bool plugin_list_json(const struct plugin_set *set, struct text *out)
{
    AUTO_JSON struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        json_object_array_add(list, entry_json(plugin_set_entry(set, i)));
    }
    const int flags =
        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_SPACED;
    return text_addf(out, "%s\n", json_object_to_json_string_ext(list, flags));
}
