/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/why.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"
#include "plugin/report.h"
#include "plugin/why_parts.h"

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

static void weigh(struct why_question *question, const struct plugin_entry *entry)
{
    if (entry->state == PLUGIN_USABLE) {
        question->used = question->n_used++ == 0 ? entry : question->used;
    } else if (question->best == NULL ||
               (question->best->state == PLUGIN_SHADOWED && entry->state != PLUGIN_SHADOWED)) {
        question->best = entry;
    }
}

/* The checks that come before the dynamic linker, which listing leaves out. */
static void check_file(struct why_question *question)
{
    struct trusted_file file;
    const struct trust_rules rules = {.policy = plugin_set_policy(question->set),
                                      .lock = plugin_set_lock(question->set)};
    if (question->n_used != 1 || question->used->path[0] == '\0') {
        return;
    }
    question->is_file_checked = true;
    if (trust_open(question->used->path, &rules, &file, &question->load_error) == BEACON_OK) {
        memcpy(question->sha256, file.sha256, sizeof question->sha256);
        trusted_file_finish(&file);
    }
}

struct why_question why_ask(const struct plugin_set *set, const char *name)
{
    const size_t n = plugin_set_count(set);
    struct why_question question = {.set = set, .name = name};
    question.is_about = alloc_array(n + 1, sizeof *question.is_about);
    for (size_t i = 0; i < n; i++) {
        question.is_about[i] = plugin_why_matches(set, i, name);
        if (question.is_about[i]) {
            question.n_about++;
            weigh(&question, plugin_set_entry(set, i));
        }
    }
    check_file(&question);
    return question;
}

void why_question_finish(struct why_question *question)
{
    free(question->is_about);
    question->is_about = NULL;
}

/* ---- the answer in one sentence ---- */

/* What to do to have every place searched, or NULL when they were. */
static const char *how_to_search_all(const struct plugin_set *set)
{
    for (size_t i = 0; i < plugin_set_visit_count(set); i++) {
        if (plugin_set_visit(set, i)->state == PLUGIN_VISIT_LEFT_OUT) {
            return plugin_set_visit(set, i)->reason.hint;
        }
    }
    return NULL;
}

bool why_is_loadable(const struct why_question *question)
{
    return question->load_error.code == BEACON_OK;
}

static void add_used(const struct why_question *question, struct text *out)
{
    const struct plugin_entry *used = question->used;
    const char *path = used->path[0] != '\0' ? used->path : "part of the program";
    (void)text_addf(out, "%s %s is %s: ", used->manifest->id, used->manifest->version,
                    why_is_loadable(question) ? "used" : "chosen, but cannot be loaded");
    (void)report_add_shown(out, why_is_loadable(question) ? path : question->load_error.message);
    if (used->is_required) {
        (void)text_add_string(out, "; beacon does not run without it");
    }
}

static void add_several(const struct why_question *question, struct text *out)
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

void why_add_verdict(const struct why_question *question, struct text *out)
{
    if (question->n_about == 0) {
        (void)text_add_string(out, "Nothing called ");
        (void)report_add_shown(out, question->name);
        (void)text_add_string(out, how_to_search_all(question->set) == NULL
                                       ? " was found"
                                       : " was found in the places that were searched");
    } else if (question->n_used > 1) {
        add_several(question, out);
    } else if (question->n_used == 1) {
        add_used(question, out);
    } else {
        (void)report_add_shown(out, question->name);
        (void)text_addf(out, " is not used, it is %s: ", plugin_state_name(question->best->state));
        (void)report_add_shown(out, question->best->refusal.message);
        if (question->best->is_required) {
            (void)text_add_string(out, "; beacon does not run without it");
        }
    }
}

/* What a person can do about it; "" when all is well. */
const char *why_remedy(const struct why_question *question)
{
    if (question->n_about == 0 && how_to_search_all(question->set) != NULL) {
        return how_to_search_all(question->set);
    }
    if (question->n_about == 0) {
        return "put the file into one of the folders below, or name it in a drop-in file";
    }
    if (question->n_used > 1) {
        return "in the configuration write the one you mean as id:component";
    }
    return question->n_used == 1 ? question->load_error.hint : question->best->refusal.hint;
}

bool why_is_told(const struct why_question *question, size_t i)
{
    const struct plugin_entry *entry = plugin_set_entry(question->set, i);
    /* A file that could not be read may be the one that is asked for. */
    return question->is_about[i] || (question->n_used == 0 && entry->id[0] == '\0');
}
