/* discover_parts.h - what the files discover*.c share: the set while it is being filled.
 *
 * discover.c owns the set and answers questions, discover_walk.c goes through the places (drop-ins:
 * discover_dropins.c), discover_judge.c decides about one file, discover_settle.c leaves one entry
 * per id. Private to them.
 * Thread: [main].
 */
#ifndef HOST_PLUGIN_DISCOVER_PARTS_H
#define HOST_PLUGIN_DISCOVER_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "plugin/discover.h"

/* An entry and what it owns. */
struct found {
    struct plugin_entry entry;
    char *id, *path, *where, *decided_by; /* NULL: the entry's text is "" or borrowed */
    struct plugin_manifest *manifest;
    bool is_claim;       /* a drop-in said what this id is: nothing found later counts */
    bool is_off;         /* … namely nothing */
    bool wants_override; /* `override = yes` */
    bool is_override_judged, is_override_granted;
};

/* "[id] required = yes" without a path: the file is found elsewhere. */
struct requirement {
    char *id, *where;
    enum plugin_place place;
};

struct visit {
    struct plugin_visit visit;
    char *path;
};

struct plugin_set {
    struct found *found;
    size_t n;
    struct requirement *requirements;
    size_t n_requirements;
    struct visit *visits;
    size_t n_visits;
    struct owned_folders *known; /* where plugins and drop-ins stand */
    const struct plugin_policy *policy;
    const struct plugin_lock *lock;
    const struct quarantine *quarantine;
    bool is_safe_mode;
};

/* A new entry at the end; the set owns `path` (may be NULL) from here on. Valid until the next one. */
struct found *discover_add(struct plugin_set *set, char *path, enum plugin_place place);

/* The set owns `path`. */
struct visit *discover_add_visit(struct plugin_set *set, char *path, enum plugin_place place);

void discover_set_decided_by(struct found *found, const char *what);

/* Is a plugin of this place part of the installation? */
bool discover_is_bundled(enum plugin_place place);

/* Read the file of `found` and set manifest, id, state and refusal. `place_error` is what the policy
 * says about the place (code 0: nothing). */
void discover_judge(const struct plugin_set *set, struct found *found,
                    const struct beacon_error *place_error);

/* What the plugins.d folder of this place says; the first word about an id counts. */
void discover_take_dropins(struct plugin_set *set, const char *folder, enum plugin_place place);

/* Go through every place in the order of precedence. */
void discover_walk(struct plugin_set *set, const struct plugin_places *places);

/* Leave at most one usable entry per id, and attach the requirements. */
void discover_settle(struct plugin_set *set);

/* The first requirement that is not fulfilled, as an error. */
int discover_check_required(const struct plugin_set *set, struct beacon_error *err);

#endif
