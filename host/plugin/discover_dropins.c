/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "plugin/discover_parts.h"
#include "plugin/dropin.h"
#include "plugin/policy.h"

static bool is_known_id(const struct plugin_set *set, const char *id,
                        const struct found **ret_claim)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->found[i].is_claim && strcmp(set->found[i].id, id) == 0) {
            *ret_claim = &set->found[i];
            return true;
        }
    }
    *ret_claim = NULL;
    for (size_t i = 0; i < set->n_requirements; i++) {
        if (strcmp(set->requirements[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

static struct found *add_dropin(struct plugin_set *set, const struct dropin *dropin,
                                enum plugin_place place)
{
    char *path =
        dropin->path != NULL && dropin->path[0] != '\0' ? alloc_string(dropin->path) : NULL;
    struct found *found = discover_add(set, path, place);
    found->id = alloc_string(dropin->id);
    found->where = alloc_string(dropin->where);
    found->entry.id = found->id;
    found->entry.where = found->where;
    found->entry.is_required = dropin->required_where != NULL;
    return found;
}

/* An id that an earlier drop-in has spoken about. */
static void add_second_word(struct plugin_set *set, const struct dropin *dropin,
                            enum plugin_place place, const struct found *claim)
{
    AUTO_FREE char *earlier = alloc_string(claim != NULL ? claim->where : "");
    struct found *found = add_dropin(set, dropin, place);
    found->entry.is_required = false;
    found->entry.state = PLUGIN_SHADOWED;
    if (earlier[0] != '\0') {
        discover_set_decided_by(found, earlier);
    }
    (void)error_set(&found->entry.refusal, BEACON_E_REFUSED, "remove one of the two sections",
                    "%s: [%s] does not count%s%s", dropin->where, dropin->id,
                    earlier[0] != '\0' ? ", it is decided by " : ", an earlier file decides",
                    earlier);
}

static void mask(struct found *found, const struct dropin *dropin)
{
    const bool is_mask = dropin->path != NULL && dropin->path[0] == '\0';
    found->is_off = true;
    found->entry.state = PLUGIN_MASKED;
    discover_set_decided_by(found, dropin->off_where);
    (void)error_set(&found->entry.refusal, BEACON_E_REFUSED,
                    is_mask ? "remove the section to have it again" : "write enabled = yes there",
                    is_mask ? "%s masks %s" : "%s disables %s", dropin->off_where, dropin->id);
}

static void add_claim(struct plugin_set *set, const struct dropin *dropin, enum plugin_place place)
{
    struct beacon_error place_error = {0};
    struct found *found = add_dropin(set, dropin, place);
    found->is_claim = true;
    found->wants_override = dropin->override_where != NULL;
    if (found->path != NULL) {
        if (set->is_safe_mode) {
            (void)error_set(&place_error, BEACON_E_REFUSED, "start without --safe-mode",
                            "safe mode uses bundled plugins only, not %s", found->path);
        } else {
            (void)plugin_policy_judge_place(set->policy, place, found->path, &place_error);
        }
        discover_judge(set, found, &place_error);
    }
    if (dropin->off_where != NULL) {
        mask(found, dropin);
    }
}

static void add_requirement(struct plugin_set *set, const struct dropin *dropin,
                            enum plugin_place place)
{
    set->requirements =
        alloc_grow(set->requirements, set->n_requirements + 1, sizeof *set->requirements);
    const char *where = dropin->required_where;
    set->requirements[set->n_requirements++] = (struct requirement){
        .id = alloc_string(dropin->id),
        .where = where != NULL ? alloc_string(where) : NULL,
        .place = place,
    };
}

static void take_dropin(struct plugin_set *set, const struct dropin *dropin,
                        enum plugin_place place)
{
    const struct found *claim = NULL;
    if (is_known_id(set, dropin->id, &claim)) {
        add_second_word(set, dropin, place, claim);
    } else if (dropin->path != NULL || dropin->off_where != NULL) {
        add_claim(set, dropin, place);
    } else {
        add_requirement(set, dropin, place);
    }
}

static void take_problem(struct plugin_set *set, const struct dropin_problem *problem,
                         enum plugin_place place)
{
    struct found *found = discover_add(set, alloc_string(problem->path), place);
    found->entry.state = PLUGIN_REFUSED;
    found->entry.refusal = problem->error;
}

void discover_take_dropins(struct plugin_set *set, const char *folder, enum plugin_place place)
{
    struct dropins dropins;
    const size_t before = set->n;
    struct visit *visit = discover_add_visit(set, alloc_string(folder), place);
    dropins_read(set->known, folder, set->policy != NULL || set->lock != NULL, &dropins);
    for (size_t i = 0; i < dropins.n; i++) {
        take_dropin(set, &dropins.items[i], place);
    }
    for (size_t i = 0; i < dropins.n_problems; i++) {
        take_problem(set, &dropins.problems[i], place);
    }
    visit->visit.state = dropins.is_missing ? PLUGIN_VISIT_MISSING : PLUGIN_VISIT_READ;
    visit->visit.n_entries = set->n - before;
    dropins_finish(&dropins);
}
