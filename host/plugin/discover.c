/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/discover.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plugin/discover_parts.h"
#include "plugin/manifest.h"
#include "plugin/ownership.h"

const char *plugin_place_name(enum plugin_place place)
{
    static const char *const names[] = {
        [PLUGIN_PLACE_STATIC] = "static",
        [PLUGIN_PLACE_SYSTEM_DROPIN] = "system drop-in",
        [PLUGIN_PLACE_HOME_DROPIN] = "home drop-in",
        [PLUGIN_PLACE_ENV] = "BEACON_PLUGIN_PATH",
        [PLUGIN_PLACE_HOME] = "home",
        [PLUGIN_PLACE_BUNDLED] = "bundled",
        [PLUGIN_PLACE_LIBDIR] = "libdir",
    };
    return names[place];
}

const char *plugin_state_name(enum plugin_state state)
{
    static const char *const names[] = {
        [PLUGIN_USABLE] = "usable",           [PLUGIN_REFUSED] = "refused",
        [PLUGIN_SHADOWED] = "shadowed",       [PLUGIN_MASKED] = "masked",
        [PLUGIN_QUARANTINED] = "quarantined",
    };
    return names[state];
}

const char *plugin_visit_state_name(enum plugin_visit_state state)
{
    static const char *const names[] = {
        [PLUGIN_VISIT_READ] = "read",         [PLUGIN_VISIT_MISSING] = "missing",
        [PLUGIN_VISIT_REPEATED] = "repeated", [PLUGIN_VISIT_LEFT_OUT] = "left out",
        [PLUGIN_VISIT_REFUSED] = "refused",
    };
    return names[state];
}

bool discover_is_bundled(enum plugin_place place)
{
    return place == PLUGIN_PLACE_STATIC || place == PLUGIN_PLACE_BUNDLED ||
           place == PLUGIN_PLACE_LIBDIR;
}

struct found *discover_add(struct plugin_set *set, char *path, enum plugin_place place)
{
    set->found = alloc_grow(set->found, set->n + 1, sizeof *set->found);
    struct found *found = &set->found[set->n++];
    memset(found, 0, sizeof *found);
    found->path = path;
    found->entry.id = "";
    found->entry.path = path != NULL ? path : "";
    found->entry.where = "";
    found->entry.decided_by = "";
    found->entry.place = place;
    found->entry.visit = set->n_visits > 0 ? set->n_visits - 1 : 0;
    return found;
}

struct visit *discover_add_visit(struct plugin_set *set, char *path, enum plugin_place place)
{
    set->visits = alloc_grow(set->visits, set->n_visits + 1, sizeof *set->visits);
    struct visit *visit = &set->visits[set->n_visits++];
    memset(visit, 0, sizeof *visit);
    visit->path = path;
    visit->visit.path = path;
    visit->visit.place = place;
    return visit;
}

void discover_set_decided_by(struct found *found, const char *what)
{
    char *copy = alloc_string(what);
    free(found->decided_by);
    found->decided_by = copy;
    found->entry.decided_by = copy;
}

int plugin_set_open(const struct plugin_places *places, struct plugin_set **ret,
                    struct beacon_error *err)
{
    struct plugin_set *set = alloc_zeroed(sizeof *set);
    set->known = owned_folders_create();
    set->policy = places->policy;
    set->lock = places->lock;
    set->quarantine = places->quarantine;
    set->is_safe_mode = places->is_safe_mode;
    discover_walk(set, places);
    discover_settle(set);
    int rc = places->is_inspection ? BEACON_OK : discover_check_required(set, err);
    if (rc != BEACON_OK) {
        plugin_set_close(set);
        return rc;
    }
    *ret = set;
    return BEACON_OK;
}

static void found_finish(struct found *found)
{
    manifest_destroy(found->manifest);
    free(found->id);
    free(found->path);
    free(found->where);
    free(found->decided_by);
}

void plugin_set_close(struct plugin_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->n; i++) {
        found_finish(&set->found[i]);
    }
    for (size_t i = 0; i < set->n_requirements; i++) {
        free(set->requirements[i].id);
        free(set->requirements[i].where);
    }
    for (size_t i = 0; i < set->n_visits; i++) {
        free(set->visits[i].path);
    }
    owned_folders_destroy(set->known);
    free(set->found);
    free(set->requirements);
    free(set->visits);
    free(set);
}

size_t plugin_set_count(const struct plugin_set *set)
{
    return set->n;
}

const struct plugin_entry *plugin_set_entry(const struct plugin_set *set, size_t i)
{
    assert(i < set->n);
    return &set->found[i].entry;
}

size_t plugin_set_visit_count(const struct plugin_set *set)
{
    return set->n_visits;
}

const struct plugin_visit *plugin_set_visit(const struct plugin_set *set, size_t i)
{
    assert(i < set->n_visits);
    return &set->visits[i].visit;
}

bool plugin_set_is_safe_mode(const struct plugin_set *set)
{
    return set->is_safe_mode;
}

struct owned_folders *plugin_set_folders(const struct plugin_set *set)
{
    return set->known;
}

const struct plugin_policy *plugin_set_policy(const struct plugin_set *set)
{
    return set->policy;
}

const struct plugin_lock *plugin_set_lock(const struct plugin_set *set)
{
    return set->lock;
}
