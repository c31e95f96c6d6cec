/* quarantine.h - plugins that are not used any more because they hung, crashed, or a person said so.
 *
 * Kept in $CODE_HOME/quarantine.ini, one section per id, written whole to a temporary file and
 * renamed under a lock, mode 0600. Discovery leaves a quarantined plugin out and says since when, why
 * and how to let it back in. Thread: [main].
 */
#ifndef HOST_PLUGIN_QUARANTINE_H
#define HOST_PLUGIN_QUARANTINE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUARANTINE_FILE  "quarantine.ini" /* in $CODE_HOME, beside quarantine.lock */
#define QUARANTINE_AFTER 3 /* hangs or crashes of one version before it is left out */

struct quarantine;

/* One plugin; strings live as long as the list. */
struct quarantine_entry {
    const char *id, *version; /* a version of "" means every one */
    const char *slot;         /* where it hung or crashed last; "" when a person asked */
    const char *reason;       /* a phrase: "did not answer a cancel", "crashed with SIGSEGV" */
    uint64_t since_unix_s;
    uint32_t count; /* incidents so far */
    bool is_active; /* count reached QUARANTINE_AFTER, or a person asked */
};

/* No file is an empty list, and so is a NULL home. INVALID: the file is damaged ("FILE:LINE: what");
 * callers warn and go on without a list. LIMIT: it is too large. *ret is the caller's. */
int quarantine_load(const char *home, struct quarantine **ret, struct beacon_error *err);
void quarantine_destroy(struct quarantine *list); /* NULL is fine */
size_t quarantine_count(const struct quarantine *list);
const struct quarantine_entry *quarantine_entry(const struct quarantine *list, size_t i);

/* The entry that keeps this version of `id` out, or NULL; `list` may be NULL. */
const struct quarantine_entry *quarantine_find(const struct quarantine *list, const char *id,
                                               const char *version);

/* One more incident of incident->id and ->version (its count and is_active are not read); another
 * version begins at one. *ret_count (may be NULL) is how many there are now. A damaged file is set
 * aside as quarantine.ini.damaged and a new one begun. BUSY: another beacon held the lock for long. */
int quarantine_report(const char *home, const struct quarantine_entry *incident,
                      uint32_t *ret_count, struct beacon_error *err);

/* A person's decision: keep `id` out, or let it in again and forget its incidents. NOT_FOUND: there
 * was nothing to forget. INVALID: that is no id, or the file is damaged. */
int quarantine_put(const char *home, const char *id, const char *reason, struct beacon_error *err);
int quarantine_lift(const char *home, const char *id, struct beacon_error *err);

#endif
