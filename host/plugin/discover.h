/* discover.h - which plugin files there are, and which of them counts for an id.
 *
 * Places, the first hit by id wins: BEACON_PLUGIN_PATH, $CODE_HOME/plugins, the bundled folder
 * ../lib/beacon/plugins beside the executable, then the compiled-in library folder. An id
 * com.beacon.* that is bundled is never replaced from the first two. Never searched: the current
 * directory, the repository, relative names. Opening a set reads ELF notes and runs no plugin code;
 * a file that cannot be used stays in the set with its refusal, and the others work.
 * Made in cli/wire.c. Thread: [main].
 */
#ifndef HOST_PLUGIN_DISCOVER_H
#define HOST_PLUGIN_DISCOVER_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#define PLUGIN_SET_MAX_FILES 512 /* of all places together; more are reported, not read */

struct plugin_manifest;
struct plugin_set;

/* Where to look; strings are borrowed for the call. */
struct plugin_places {
    const char *home;           /* $CODE_HOME, or NULL */
    const char *executable_dir; /* folder of the running program, or NULL */
    const char *env_path;       /* value of BEACON_PLUGIN_PATH, or NULL; ignored when the program
                                   runs with raised privileges or under CODE_SECURE_MODE=1 */
};

enum plugin_place {
    PLUGIN_PLACE_ENV,
    PLUGIN_PLACE_HOME,
    PLUGIN_PLACE_BUNDLED,
    PLUGIN_PLACE_LIBDIR
};

enum plugin_state { PLUGIN_USABLE, PLUGIN_REFUSED, PLUGIN_SHADOWED };

/* One file that was found. */
struct plugin_entry {
    const char *path;
    enum plugin_place place;
    enum plugin_state state;
    const struct plugin_manifest *manifest; /* NULL when it could not be read */
    struct beacon_error refusal; /* REFUSED and SHADOWED: the reason and what to do; else code 0 */
};

/* Never fails for a bad file or a missing folder. *ret is the caller's, for plugin_set_close(). */
int plugin_set_open(const struct plugin_places *places, struct plugin_set **ret,
                    struct beacon_error *err);

/* Forget what was found. Every provider, backend … opened from the set must be closed; plugins that
 * were loaded stay mapped. NULL is fine. */
void plugin_set_close(struct plugin_set *set);

/* The entries in the order of precedence; valid until the set is closed. */
size_t plugin_set_count(const struct plugin_set *set);
const struct plugin_entry *plugin_set_entry(const struct plugin_set *set, size_t i);

const char *plugin_place_name(enum plugin_place place); /* "bundled" …; static */
const char *plugin_state_name(enum plugin_state state); /* "usable" …; static */

#endif
