/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/list.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"
#include "plugin/report.h"

#define COLUMNS 6

struct row {
    const char *cells[COLUMNS];
};

static const struct row heading = {
    {"COMPONENT", "KIND", "PLUGIN", "VERSION", "FROM", "FORM"},
};

static struct row row_of(const struct plugin_entry *entry,
                         const struct manifest_component *component)
{
    return (struct row){{component->name, component->kind_name, entry->manifest->id,
                         entry->manifest->version, plugin_place_name(entry->place),
                         report_form_name(component)}};
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

static bool add_reason(const struct plugin_entry *entry, struct text *out)
{
    return text_addf(out, "\n    %s: ", plugin_state_name(entry->state)) &&
           report_add_shown(out, entry->refusal.message) &&
           text_add_string(out, "\n    what to do: ") &&
           report_add_shown(out, entry->refusal.hint) && text_add_char(out, '\n');
}

static bool add_unused(const struct plugin_entry *entry, struct text *out)
{
    const char *name = entry->path[0] != '\0' ? entry->path : entry->id;
    bool is_added =
        text_add_string(out, "\n  ") && report_add_shown(out, name) && add_reason(entry, out);
    if (is_added && entry->is_required) {
        is_added = text_add_string(out, "    it is required: beacon does not run without it\n");
    }
    return is_added;
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

/* Places that were not looked at. */
static bool add_left_out(const struct plugin_set *set, struct text *out)
{
    bool is_first = true;
    for (size_t i = 0; i < plugin_set_visit_count(set); i++) {
        const struct plugin_visit *visit = plugin_set_visit(set, i);
        if (visit->state != PLUGIN_VISIT_LEFT_OUT) {
            continue;
        }
        if (!text_add_string(out, is_first ? "\nNot searched:\n\n  " : "  ") ||
            !report_add_shown(out, visit->path) || !text_add_string(out, "\n    ") ||
            !report_add_shown(out, visit->reason.message) || !text_add_char(out, '\n')) {
            return false;
        }
        is_first = false;
    }
    return true;
}

static bool add_none(const struct plugin_set *set, struct text *out)
{
    /* Where plugins belong helps when there are none, and misleads when all are refused. */
    return text_add_string(out, plugin_set_count(set) > 0
                                    ? "No usable plugin was found.\n"
                                    : "No usable plugin was found. Bundled plugins belong in "
                                      "../lib/beacon/plugins beside the program.\n");
}

bool plugin_list_table(const struct plugin_set *set, struct text *out)
{
    AUTO_FREE struct row *rows = NULL;
    size_t n = collect_rows(set, &rows);
    bool is_added = n > 1 ? add_rows(rows, n, out) : add_none(set, out);
    return is_added && add_all_unused(set, out) && add_left_out(set, out);
}

bool plugin_list_json(const struct plugin_set *set, struct text *out)
{
    AUTO_JSON struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        json_object_array_add(list, report_entry_json(plugin_set_entry(set, i)));
    }
    return report_add_json(out, list);
}
