/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/discover_parts.h"
#include "plugin/policy.h"

#define BUNDLED_PREFIX "com.beacon."

static bool is_bundled_id(const char *id)
{
    return strncmp(id, BUNDLED_PREFIX, strlen(BUNDLED_PREFIX)) == 0;
}

static const char *name_of(const struct found *found)
{
    if (found->entry.path[0] != '\0') {
        return found->entry.path;
    }
    return found->entry.where[0] != '\0' ? found->entry.where : "the program itself";
}

/* Does the drop-in `found` replace what is bundled? What the policy says about it is asked once,
 * when there is something to replace; a no takes the drop-in out of the game. */
static bool may_override(const struct plugin_set *set, struct found *found)
{
    if (!found->wants_override) {
        return false;
    }
    if (!found->is_override_judged) {
        struct beacon_error refusal = {0};
        found->is_override_judged = true;
        found->is_override_granted =
            plugin_policy_judge_override(set->policy, found->id, &refusal) == BEACON_OK;
        if (!found->is_override_granted && found->entry.state == PLUGIN_USABLE) {
            found->entry.state = PLUGIN_REFUSED;
            found->entry.refusal = refusal;
        }
    }
    return found->is_override_granted;
}

/* Is the id of this installed plugin its own, whatever is found before it? The static table goes
 * first anyway. */
static bool is_protected(const struct found *found)
{
    return found->entry.place == PLUGIN_PLACE_STATIC ||
           (discover_is_bundled(found->entry.place) && is_bundled_id(found->entry.id));
}

/* May `holder`, found earlier, keep the id from `later`? */
static bool keeps(const struct plugin_set *set, struct found *holder, struct found *later)
{
    if (holder->entry.place == PLUGIN_PLACE_STATIC && later->is_claim) {
        return !later->is_off && !may_override(set, later);
    }
    if (holder->is_off || !is_protected(later) || discover_is_bundled(holder->entry.place)) {
        return true;
    }
    return may_override(set, holder);
}

static void give_way(struct found *loser, const struct found *winner)
{
    struct plugin_entry *entry = &loser->entry;
    if (entry->state != PLUGIN_USABLE) {
        return; /* its own fault is the better reason */
    }
    if (winner->is_off) {
        entry->state = PLUGIN_MASKED;
        entry->refusal = winner->entry.refusal;
        discover_set_decided_by(loser, winner->entry.decided_by);
        return;
    }
    const bool is_safe = is_protected(winner) && !discover_is_bundled(entry->place);
    const char *hint = "remove the one you do not want";
    const char *format = "%s was found earlier; in use is %s";
    if (is_safe) {
        format = "%s is bundled and is not replaced; in use is %s";
        hint = loser->is_claim ? "add override = yes to the section, if you mean it"
                               : "remove the file, or give your plugin an id of its own";
    } else if (winner->is_claim) {
        format = "%s is decided by a drop-in; it says %s";
        hint = "correct or remove the section of the drop-in, if you mean this file";
    }
    entry->state = PLUGIN_SHADOWED;
    discover_set_decided_by(loser, winner->is_claim ? winner->where : name_of(winner));
    (void)error_set(&entry->refusal, BEACON_E_REFUSED, hint, format, entry->id, name_of(winner));
}

/* Does the entry take part at all? A file that is refused holds nothing, a drop-in does. */
static bool is_contender(const struct found *found)
{
    const bool is_usable = found->entry.state == PLUGIN_USABLE;
    return found->entry.id[0] != '\0' &&
           (is_usable || (found->is_claim && found->entry.state != PLUGIN_SHADOWED));
}

/* Who holds the id of `later` among the entries before it; NULL: nobody. */
static struct found *holder_before(const struct plugin_set *set, size_t later)
{
    const char *id = set->found[later].entry.id;
    for (size_t i = 0; i < later; i++) {
        struct found *found = &set->found[i];
        if (is_contender(found) && strcmp(found->entry.id, id) == 0 &&
            !(found->is_override_judged && !found->is_override_granted)) {
            return found;
        }
    }
    return NULL;
}

static void contest(struct plugin_set *set, size_t later)
{
    struct found *challenger = &set->found[later];
    struct found *holder = is_contender(challenger) ? holder_before(set, later) : NULL;
    if (holder == NULL) {
        return;
    }
    if (keeps(set, holder, challenger)) {
        give_way(challenger, holder);
    } else {
        give_way(holder, challenger);
        holder->is_claim = false; /* it lost, whatever its own state */
    }
}

static struct found *first_of(const struct plugin_set *set, const char *id, bool must_be_usable)
{
    for (size_t i = 0; i < set->n; i++) {
        struct found *found = &set->found[i];
        if (strcmp(found->entry.id, id) == 0 &&
            (!must_be_usable || found->entry.state == PLUGIN_USABLE)) {
            return found;
        }
    }
    return NULL;
}

/* Where the drop-in folder of this place stands in the trail. */
static size_t visit_of(const struct plugin_set *set, enum plugin_place place)
{
    for (size_t i = 0; i < set->n_visits; i++) {
        if (set->visits[i].visit.place == place) {
            return i;
        }
    }
    return 0;
}

/* "required = yes" without a path belongs to whatever carries the id. */
static void attach(struct plugin_set *set, const struct requirement *requirement)
{
    struct found *found = first_of(set, requirement->id, true);
    if (found == NULL) {
        found = first_of(set, requirement->id, false);
    }
    if (found == NULL) {
        found = discover_add(set, NULL, requirement->place);
        found->id = alloc_string(requirement->id);
        found->where = alloc_string(requirement->where);
        found->entry.id = found->id;
        found->entry.where = found->where;
        found->entry.visit = visit_of(set, requirement->place);
        found->entry.state = PLUGIN_REFUSED;
        (void)error_set(&found->entry.refusal, BEACON_E_NOT_FOUND,
                        "install it, or remove the section", "%s requires %s, which is nowhere",
                        requirement->where, requirement->id);
    }
    found->entry.is_required = true;
    if (found->entry.decided_by[0] == '\0') {
        discover_set_decided_by(found, requirement->where);
    }
}

void discover_settle(struct plugin_set *set)
{
    for (size_t i = 1; i < set->n; i++) {
        contest(set, i);
    }
    for (size_t i = 0; i < set->n_requirements; i++) {
        if (set->requirements[i].where != NULL) {
            attach(set, &set->requirements[i]);
        }
    }
}

int discover_check_required(const struct plugin_set *set, struct beacon_error *err)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct plugin_entry *entry = &set->found[i].entry;
        if (entry->is_required && first_of(set, entry->id, true) == NULL) {
            return error_set(err, entry->refusal.code, entry->refusal.hint,
                             "the required plugin %s cannot be used: %s", entry->id,
                             entry->refusal.message);
        }
    }
    return BEACON_OK;
}
