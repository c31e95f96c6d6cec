/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/why.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/lock.h"
#include "plugin/manifest.h"
#include "plugin/policy.h"
#include "plugin/report.h"

/* The question, and which entries are about it. */
struct question {
    const struct plugin_set *set;
    const char *name;
    bool *is_about; /* one per entry */
    size_t n_about, n_used;
    const struct plugin_entry *used; /* the first */
    const struct plugin_entry *best; /* the one whose refusal tells most, when none is used */
};

static bool carries_component(const struct plugin_entry *entry, const char *name)
{
    const struct plugin_manifest *manifest = entry->manifest;
    const char *colon = strrchr(name, ':');
    const char *component = colon == NULL ? name : colon + 1;
    const size_t id_len = colon == NULL ? 0 : (size_t)(colon - name);
    if (manifest == NULL || (colon != NULL && (strncmp(manifest->id, name, id_len) != 0 ||
                                               manifest->id[id_len] != '\0'))) {
        return false;
    }
    for (size_t i = 0; i < manifest->n_components; i++) {
        if (strcmp(manifest->components[i].name, component) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_called(const struct plugin_entry *entry, const char *name)
{
    const char *file = path_base(entry->path);
    const size_t n = strlen(name);
    const bool is_file =
        n > 0 && strncmp(file, name, n) == 0 && (file[n] == '\0' || strcmp(file + n, ".so") == 0);
    return is_file || strcmp(entry->path, name) == 0 ||
           (entry->id[0] != '\0' && strcmp(entry->id, name) == 0) || carries_component(entry, name);
}

/* Another entry of the same id belongs to the story: the mask, the file that shadows. */
bool plugin_why_matches(const struct plugin_set *set, size_t i, const char *name)
{
    const struct plugin_entry *entry = plugin_set_entry(set, i);
    if (is_called(entry, name)) {
        return true;
    }
    for (size_t j = 0; entry->id[0] != '\0' && j < plugin_set_count(set); j++) {
        const struct plugin_entry *other = plugin_set_entry(set, j);
        if (strcmp(other->id, entry->id) == 0 && is_called(other, name)) {
            return true;
        }
    }
    return false;
}

static void weigh(struct question *question, const struct plugin_entry *entry)
{
    if (entry->state == PLUGIN_USABLE) {
        question->used = question->n_used++ == 0 ? entry : question->used;
    } else if (question->best == NULL ||
               (question->best->state == PLUGIN_SHADOWED && entry->state != PLUGIN_SHADOWED)) {
        question->best = entry;
    }
}

static struct question ask(const struct plugin_set *set, const char *name)
{
    const size_t n = plugin_set_count(set);
    struct question question = {.set = set, .name = name};
    question.is_about = alloc_array(n + 1, sizeof *question.is_about);
    for (size_t i = 0; i < n; i++) {
        question.is_about[i] = plugin_why_matches(set, i, name);
        if (question.is_about[i]) {
            question.n_about++;
            weigh(&question, plugin_set_entry(set, i));
        }
    }
    return question;
}

/* ---- the answer in one sentence ---- */

static void add_used(const struct question *question, struct text *out)
{
    const struct plugin_entry *used = question->used;
    const char *path = used->path[0] != '\0' ? used->path : "part of the program";
    (void)text_addf(out, "%s %s is used: ", used->manifest->id, used->manifest->version);
    (void)report_add_shown(out, path);
    if (used->is_required) {
        (void)text_add_string(out, "; beacon does not run without it");
    }
}

static void add_several(const struct question *question, struct text *out)
{
    (void)text_addf(out, "%zu plugins are called so: ", question->n_used);
    const char *gap = "";
    for (size_t i = 0; i < plugin_set_count(question->set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(question->set, i);
        if (question->is_about[i] && entry->state == PLUGIN_USABLE) {
            (void)text_addf(out, "%s%s", gap, entry->id);
            gap = ", ";
        }
    }
}

static void add_verdict(const struct question *question, struct text *out)
{
    if (question->n_about == 0) {
        (void)text_add_string(out, "Nothing called ");
        (void)report_add_shown(out, question->name);
        (void)text_add_string(out, " was found");
    } else if (question->n_used > 1) {
        add_several(question, out);
    } else if (question->n_used == 1) {
        add_used(question, out);
    } else {
        (void)report_add_shown(out, question->name);
        (void)text_addf(out, " is not used, it is %s: ", plugin_state_name(question->best->state));
        (void)report_add_shown(out, question->best->refusal.message);
    }
}

/* What a person can do about it; "" when all is well. */
static const char *remedy(const struct question *question)
{
    if (question->n_about == 0) {
        return "put the file into one of the folders below, or name it in a drop-in file";
    }
    if (question->n_used > 1) {
        return "in the configuration write the one you mean as id:component";
    }
    return question->n_used == 1 ? "" : question->best->refusal.hint;
}

/* ---- the trail ---- */

static bool add_entry(const struct plugin_entry *entry, struct text *out)
{
    const bool has_path = entry->path[0] != '\0';
    (void)text_add_string(out, "      ");
    if (entry->where[0] != '\0') {
        (void)report_add_shown(out, entry->where);
        (void)text_add_string(out, has_path ? " names " : " speaks of it");
    }
    (void)report_add_shown(out, entry->path);
    if (entry->manifest != NULL) {
        (void)text_addf(out, "%s%s %s", has_path || entry->where[0] != '\0' ? ": " : "",
                        entry->manifest->id, entry->manifest->version);
    }
    if (entry->state == PLUGIN_USABLE) {
        return text_add_string(out, "\n        used\n");
    }
    return text_addf(out, "\n        %s: ", plugin_state_name(entry->state)) &&
           report_add_shown(out, entry->refusal.message) &&
           text_add_string(out, "\n        what to do: ") &&
           report_add_shown(out, entry->refusal.hint) && text_add_char(out, '\n');
}

static bool is_told(const struct question *question, size_t i)
{
    const struct plugin_entry *entry = plugin_set_entry(question->set, i);
    /* A file that could not be read may be the one that is asked for. */
    return question->is_about[i] || (question->n_used == 0 && entry->id[0] == '\0');
}

static bool add_state(const struct plugin_visit *visit, struct text *out)
{
    switch (visit->state) {
    case PLUGIN_VISIT_MISSING:
        return text_add_string(out, visit->path[0] == '\0' ? "      not set\n"
                                                           : "      there is no such folder\n");
    case PLUGIN_VISIT_REPEATED:
        return text_add_string(out, "      searched above under another name\n");
    case PLUGIN_VISIT_LEFT_OUT:
        return text_add_string(out, "      not searched: ") &&
               report_add_shown(out, visit->reason.message) &&
               text_add_string(out, "\n        what to do: ") &&
               report_add_shown(out, visit->reason.hint) && text_add_char(out, '\n');
    default:
        return text_add_string(out, "      nothing about it\n");
    }
}

static bool add_visit(const struct question *question, size_t at, struct text *out)
{
    const struct plugin_visit *visit = plugin_set_visit(question->set, at);
    const size_t before = out->len;
    (void)text_addf(out, "\n  %zu. %s", at + 1, report_place_words(visit));
    if (visit->path[0] != '\0') {
        (void)text_add_string(out, ": ");
        (void)report_add_shown(out, visit->path);
    }
    (void)text_add_char(out, '\n');
    bool is_empty = true;
    for (size_t i = 0; i < plugin_set_count(question->set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(question->set, i);
        if (entry->visit == at && is_told(question, i)) {
            is_empty = false;
            if (!add_entry(entry, out)) {
                return false;
            }
        }
    }
    return (!is_empty || add_state(visit, out)) && out->len > before;
}

static bool add_rules(const struct plugin_set *set, struct text *out)
{
    const struct plugin_policy *policy = plugin_set_policy(set);
    const struct plugin_lock *lock = plugin_set_lock(set);
    (void)text_add_string(out, "\nWhat else decides:\n");
    if (policy == NULL) {
        (void)text_add_string(out, "  policy  none\n");
    } else {
        (void)text_addf(out, "  policy  %zu file%s of the administrator\n",
                        plugin_policy_file_count(policy),
                        plugin_policy_file_count(policy) == 1 ? "" : "s");
    }
    (void)text_add_string(out, "  lock    ");
    (void)report_add_shown(out, lock == NULL ? "none" : plugin_lock_path(lock));
    return text_add_char(out, '\n');
}

bool plugin_why_text(const struct plugin_set *set, const char *name, struct text *out,
                     bool *ret_is_found)
{
    const struct question question = ask(set, name);
    AUTO_FREE bool *is_about = question.is_about;
    *ret_is_found = question.n_about > 0;
    add_verdict(&question, out);
    (void)text_add_string(out, ".\n");
    const char *todo = remedy(&question);
    if (todo[0] != '\0') {
        (void)text_add_string(out, "What to do: ");
        (void)report_add_shown(out, todo);
        (void)text_add_string(out, ".\n");
    }
    bool is_whole = text_add_string(out, "\nThe places in their order, the first one wins:\n");
    for (size_t i = 0; is_whole && i < plugin_set_visit_count(set); i++) {
        is_whole = add_visit(&question, i, out);
    }
    return is_whole && add_rules(set, out);
}

/* ---- the same as JSON ---- */

static struct json_object *visit_json(const struct question *question, size_t at)
{
    const struct plugin_visit *visit = plugin_set_visit(question->set, at);
    struct json_object *object = json_object_new_object();
    struct json_object *entries = json_object_new_array();
    report_put_string(object, "from", plugin_place_name(visit->place));
    report_put_string(object, "path", visit->path);
    report_put_string(object, "state", plugin_visit_state_name(visit->state));
    if (visit->reason.code != BEACON_OK) {
        report_put_refusal(object, &visit->reason);
    }
    for (size_t i = 0; i < plugin_set_count(question->set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(question->set, i);
        if (entry->visit == at && is_told(question, i)) {
            json_object_array_add(entries, report_entry_json(entry));
        }
    }
    json_object_object_add(object, "entries", entries);
    return object;
}

static void put_rules(struct json_object *document, const struct plugin_set *set)
{
    const struct plugin_policy *policy = plugin_set_policy(set);
    const struct plugin_lock *lock = plugin_set_lock(set);
    const size_t n = policy == NULL ? 0 : plugin_policy_file_count(policy);
    json_object_object_add(document, "policy_files", json_object_new_int64((int64_t)n));
    report_put_string(document, "lock", lock == NULL ? "" : plugin_lock_path(lock));
    report_put_bool(document, "safe_mode", plugin_set_is_safe_mode(set));
}

bool plugin_why_json(const struct plugin_set *set, const char *name, struct text *out,
                     bool *ret_is_found)
{
    const struct question question = ask(set, name);
    AUTO_FREE bool *is_about = question.is_about;
    AUTO_TEXT struct text verdict;
    AUTO_JSON struct json_object *document = json_object_new_object();
    struct json_object *places = json_object_new_array();
    text_init(&verdict, SIZE_MAX);
    add_verdict(&question, &verdict);
    *ret_is_found = question.n_about > 0;
    report_put_string(document, "name", name);
    report_put_bool(document, "found", question.n_about > 0);
    report_put_bool(document, "used", question.n_used == 1);
    report_put_string(document, "verdict", text_string(&verdict));
    report_put_string(document, "hint", remedy(&question));
    for (size_t i = 0; i < plugin_set_visit_count(set); i++) {
        json_object_array_add(places, visit_json(&question, i));
    }
    json_object_object_add(document, "places", places);
    put_rules(document, set);
    return report_add_json(out, document);
}
