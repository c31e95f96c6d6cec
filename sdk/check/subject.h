/* subject.h - the plugin under test, mapped into the process of one check.
 *
 * The steps are those of the host's loader, taken one by one. Each has a check of its own (L.maps, L.loads,
 * C.creates) that reports when it fails; for the other checks the failure means "does not apply", and
 * false is returned. Everything stays until the process ends.
 */
#ifndef SDK_CHECK_SUBJECT_H
#define SDK_CHECK_SUBJECT_H

#include <beacon/plugin.h>
#include <stdbool.h>

struct check_case;

struct subject {
    void *handle;
    beacon_plugin_entry_fn entry;
    const struct beacon_plugin *given; /* what the entry returned */
    struct beacon_plugin table;        /* of this host's size */
    void *state;                       /* after load() */
    const struct beacon_host *host;
};

/* dlopen(), find the entry, call it, and hold its table to the minimum. */
beacon_rc subject_try_map(const struct check_case *c, struct subject *ret,
                          struct beacon_error *err);

/* load() with this host; OK when there is none. `err` is as the plugin filled it. */
beacon_rc subject_try_load(struct subject *s, const struct beacon_host *host,
                           struct beacon_error *err);

bool subject_map(struct check_case *c, struct subject *ret);
bool subject_load(struct check_case *c, struct subject *ret); /* maps it before */

/* The component of the code that the case is about, completed; false: check_skip() was called. */
bool subject_component(struct check_case *c, const struct subject *s, struct beacon_component *ret);

#endif
