/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/select.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"

#define NAMES_MAX_BYTES 160 /* of the known names in one message */

/* "com.acme.llm:acme" or "acme", taken apart; `id` is empty in the second form. */
struct selector {
    uint32_t kind;
    const char *id;
    size_t id_len;
    const char *name;
};

static struct selector selector_of(uint32_t kind, const char *name)
{
    const char *colon = strrchr(name, ':');
    if (colon == NULL) {
        return (struct selector){.kind = kind, .id = "", .name = name};
    }
    return (struct selector){
        .kind = kind, .id = name, .id_len = (size_t)(colon - name), .name = colon + 1};
}

static const struct manifest_component *component_of(const struct plugin_entry *entry,
                                                     const struct selector *selector)
{
    const struct plugin_manifest *manifest = entry->manifest;
    if (manifest == NULL) {
        return NULL;
    }
    if (selector->id_len > 0 && (strlen(manifest->id) != selector->id_len ||
                                 memcmp(manifest->id, selector->id, selector->id_len) != 0)) {
        return NULL;
    }
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct manifest_component *component = &manifest->components[i];
        if (component->kind == selector->kind && strcmp(component->name, selector->name) == 0) {
            return component;
        }
    }
    return NULL;
}

/* Is this the unused entry in which the component would have been? By its manifest when that could
 * be read, else by the id, else by the file name KIND_NAME.so. */
static bool is_unused_home_of(const struct plugin_entry *entry, const struct selector *selector)
{
    if (entry->state == PLUGIN_USABLE) {
        return false;
    }
    if (entry->manifest != NULL && entry->manifest->n_components > 0) {
        return component_of(entry, selector) != NULL;
    }
    if (selector->id_len > 0 && entry->id[0] != '\0') {
        return strlen(entry->id) == selector->id_len &&
               memcmp(entry->id, selector->id, selector->id_len) == 0;
    }
    char file_name[128];
    (void)snprintf(file_name, sizeof file_name, "%s_%s.so", manifest_kind_name(selector->kind),
                   selector->name);
    for (char *p = file_name; *p != '\0'; p++) {
        if (*p == '-') {
            *p = '_';
        }
    }
    return strcmp(path_base(entry->path), file_name) == 0;
}

/* The entry whose refusal tells most: a file that is merely shadowed counts only when nothing else
 * explains it. */
static const struct plugin_entry *unused_home(const struct plugin_set *set,
                                              const struct selector *selector)
{
    const struct plugin_entry *best = NULL;
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        if (is_unused_home_of(entry, selector) &&
            (best == NULL || (best->state == PLUGIN_SHADOWED && entry->state != PLUGIN_SHADOWED))) {
            best = entry;
        }
    }
    return best;
}

/* "replay, responses": the names that could have been chosen, as many as fit. */
static void add_known_names(const struct plugin_set *set, uint32_t kind, struct text *out)
{
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        for (size_t j = 0; entry->state == PLUGIN_USABLE && j < entry->manifest->n_components;
             j++) {
            const struct manifest_component *component = &entry->manifest->components[j];
            if (component->kind == kind && component->is_known) {
                (void)text_addf(out, "%s%s", out->len == 0 ? "" : ", ", component->name);
            }
        }
    }
}

/* A place that was not looked at may be where the plugin is. */
static const struct plugin_visit *left_out(const struct plugin_set *set)
{
    for (size_t i = 0; i < plugin_set_visit_count(set); i++) {
        if (plugin_set_visit(set, i)->state == PLUGIN_VISIT_LEFT_OUT) {
            return plugin_set_visit(set, i);
        }
    }
    return NULL;
}

static int not_found(const struct plugin_set *set, const struct selector *selector,
                     const char *wanted, struct beacon_error *err)
{
    const char *kind = manifest_kind_name(selector->kind);
    char hint[sizeof err->hint] = "choose one of them; 'beacon plugin list' shows where each comes "
                                  "from";
    const struct plugin_visit *visit = left_out(set);
    if (visit != NULL) {
        (void)snprintf(hint, sizeof hint, "not every place was searched, since %.200s",
                       visit->reason.message);
    }
    AUTO_TEXT struct text known;
    text_init(&known, NAMES_MAX_BYTES);
    add_known_names(set, selector->kind, &known);
    if (known.len == 0) {
        return error_set(err, BEACON_E_NOT_FOUND,
                         "reinstall beacon: its plugins belong in ../lib/beacon/plugins beside it",
                         "there is no %s plugin %s, and none of that kind at all", kind, wanted);
    }
    return error_set(err, BEACON_E_NOT_FOUND, hint, "there is no %s plugin %s; known are %s", kind,
                     wanted, text_string(&known));
}

/* Nothing usable carries the component: why not? */
static int not_usable(const struct plugin_set *set, const struct selector *selector,
                      const char *wanted, struct beacon_error *err)
{
    const struct plugin_entry *entry = unused_home(set, selector);
    if (entry == NULL) {
        return not_found(set, selector, wanted, err);
    }
    const bool is_policy = entry->refusal.code == BEACON_E_POLICY;
    return error_set(err, is_policy ? BEACON_E_POLICY : BEACON_E_REFUSED, entry->refusal.hint,
                     "the %s plugin %s cannot be used: %s", manifest_kind_name(selector->kind),
                     wanted, entry->refusal.message);
}

int plugin_select(const struct plugin_set *set, uint32_t kind, const char *name,
                  const struct plugin_entry **ret_entry,
                  const struct manifest_component **ret_component, struct beacon_error *err)
{
    const struct selector selector = selector_of(kind, name);
    const struct plugin_entry *found_in = NULL;
    const struct manifest_component *found = NULL;
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        const struct manifest_component *component = component_of(entry, &selector);
        if (entry->state != PLUGIN_USABLE || component == NULL) {
            continue;
        }
        if (found != NULL) {
            return error_set(err, BEACON_E_INVALID, "write the one you mean as id:component",
                             "two plugins carry the %s %s: %s:%s and %s:%s",
                             manifest_kind_name(kind), name, found_in->manifest->id, found->name,
                             entry->manifest->id, component->name);
        }
        found_in = entry;
        found = component;
    }
    if (found == NULL) {
        return not_usable(set, &selector, name, err);
    }
    if (!found->is_known) {
        return error_set(
            err, BEACON_E_UNSUPPORTED, "use a newer beacon, or a build of the plugin for this one",
            "the %s %s of %s speaks %s, this host speaks %s", manifest_kind_name(kind), found->name,
            found_in->manifest->id, found->iface, manifest_kind_iface(kind));
    }
    *ret_entry = found_in;
    *ret_component = found;
    return BEACON_OK;
}
