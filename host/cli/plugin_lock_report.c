/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plugin_lock_report.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/lock.h"
#include "plugin/lock_diff.h"
#include "plugin/report.h"

/* One report while it is made. */
struct report {
    const struct lock_comparison *comparison;
    struct text *out;
    struct json_object *list; /* NULL: text */
    size_t n;
};

/* Why the plugin of a locked file is not usable here; NULL: there is none of that id at all. */
static const struct plugin_entry *unusable(const struct report *report, const char *id)
{
    const struct plugin_set *set = report->comparison->set;
    for (size_t i = 0; set != NULL && i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        if (strcmp(entry->id, id) == 0 && entry->state != PLUGIN_USABLE) {
            return entry;
        }
    }
    return NULL;
}

/* "3f9a…" is enough to compare by eye. */
static void add_hash(struct text *out, const char *hash)
{
    (void)text_addf(out, "%.16s…", hash);
}

static void add_removed(struct report *report, const struct lock_difference *difference)
{
    const struct plugin_entry *entry = unusable(report, difference->id);
    (void)text_addf(report->out, "%s %s is locked, but %s", difference->id, difference->before,
                    entry != NULL ? "cannot be used: " : "is not installed");
    if (entry != NULL) {
        (void)report_add_shown(report->out, entry->refusal.message);
    }
}

static void add_words(struct report *report, const struct lock_difference *difference)
{
    struct text *out = report->out;
    switch (difference->kind) {
    case LOCK_CAPABILITY_ADDED:
        (void)text_addf(out, "%s now asks for ", difference->id);
        (void)report_add_shown(out, difference->after);
        (void)text_add_string(out, ": ");
        (void)report_add_capability(out, difference->after);
        break;
    case LOCK_CAPABILITY_REMOVED:
        (void)text_addf(out, "%s no longer asks for ", difference->id);
        (void)report_add_shown(out, difference->before);
        break;
    case LOCK_PLUGIN_ADDED:
        (void)text_addf(out, "%s %s is not in the lock", difference->id, difference->after);
        break;
    case LOCK_PLUGIN_REMOVED:
        add_removed(report, difference);
        break;
    case LOCK_SHA256:
        (void)text_addf(out, "%s for %s has other bytes: SHA-256 ", difference->id,
                        difference->platform);
        add_hash(out, difference->before);
        (void)text_add_string(out, " is locked, found is ");
        add_hash(out, difference->after);
        break;
    case LOCK_PLATFORM_ADDED:
    case LOCK_PLATFORM_REMOVED:
        (void)text_addf(out, "%s %s the platform %s", difference->id,
                        difference->after != NULL ? "gains" : "loses", difference->platform);
        break;
    case LOCK_NEEDED_ADDED:
    case LOCK_NEEDED_REMOVED:
        (void)text_addf(out, "%s for %s %s the library %s", difference->id, difference->platform,
                        difference->after != NULL ? "needs" : "no longer needs",
                        difference->after != NULL ? difference->after : difference->before);
        break;
    default: /* version and size */
        (void)text_addf(out, "%s has the %s %s, locked is %s", difference->id,
                        lock_difference_name(difference->kind), difference->after,
                        difference->before);
        break;
    }
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
    if (value != NULL) {
        report_put_string(object, key, value);
    }
}

static void add_object(struct report *report, const struct lock_difference *difference)
{
    struct json_object *object = json_object_new_object();
    add_string(object, "kind", lock_difference_name(difference->kind));
    add_string(object, "id", difference->id);
    add_string(object, "platform", difference->platform);
    add_string(object, "locked", difference->before);
    add_string(object, "found", difference->after);
    const struct plugin_entry *entry =
        difference->kind == LOCK_PLUGIN_REMOVED ? unusable(report, difference->id) : NULL;
    add_string(object, "reason", entry != NULL ? entry->refusal.message : NULL);
    (void)json_object_array_add(report->list, object);
}

/* A plugin nobody locked is refused anyway; its capabilities are those of the whole plugin. */
static bool is_of_new_plugin(const struct lock_comparison *comparison,
                             const struct lock_difference *difference)
{
    const struct lock_entry *before = plugin_lock_find(comparison->before, difference->id);
    return before == NULL ||
           (comparison->platform != NULL && lock_entry_pin(before, comparison->platform) == NULL);
}

static void on_difference(void *ctx, const struct lock_difference *difference)
{
    struct report *report = ctx;
    const struct lock_comparison *comparison = report->comparison;
    bool is_new = is_of_new_plugin(comparison, difference);
    if (comparison->is_verify && is_new) {
        if (report->list == NULL && difference->kind == LOCK_PLUGIN_ADDED) {
            (void)text_addf(report->out, "note: %s %s is not in the lock, so it is refused\n",
                            difference->id, difference->after);
        }
        return;
    }
    report->n++;
    if (report->list != NULL) {
        add_object(report, difference);
        return;
    }
    add_words(report, difference);
    (void)text_add_char(report->out, '\n');
}

static size_t run(struct report *report)
{
    const struct lock_comparison *comparison = report->comparison;
    lock_compare(comparison->before, comparison->after, comparison->platform, on_difference,
                 report);
    return report->n;
}

/* A file that was not even read has no id; it may be one of those that are missing. */
static void add_unread_files(const struct plugin_set *set, struct text *out)
{
    for (size_t i = 0; set != NULL && i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        if (entry->state == PLUGIN_REFUSED && entry->id[0] == '\0' && entry->path[0] != '\0') {
            (void)text_add_string(out, "note: ");
            (void)report_add_shown(out, entry->path);
            (void)text_add_string(out, " cannot be used: ");
            (void)report_add_shown(out, entry->refusal.message);
            (void)text_add_char(out, '\n');
        }
    }
}

size_t plugin_lock_report_text(const struct lock_comparison *comparison, struct text *out)
{
    size_t n = run(&(struct report){.comparison = comparison, .out = out});
    if (n > 0) {
        add_unread_files(comparison->set, out);
    }
    return n;
}

size_t plugin_lock_report_json(const struct lock_comparison *comparison, struct text *out)
{
    AUTO_JSON struct json_object *document = json_object_new_object();
    struct json_object *list = json_object_new_array();
    add_string(document, "lock", plugin_lock_path(comparison->before));
    add_string(document, "platform", comparison->platform);
    json_object_object_add(document, "differences", list);
    size_t n = run(&(struct report){.comparison = comparison, .out = out, .list = list});
    (void)report_add_json(out, document);
    return n;
}
