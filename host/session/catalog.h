/* catalog.h - finding the session to resume among the rollouts of a home.
 *
 * There is no index: names carry the id, the file's end carries the time of its last record, and
 * only the files that can still win are opened. Never writes. Thread: [main].
 */
#ifndef HOST_SESSION_CATALOG_H
#define HOST_SESSION_CATALOG_H

#include <beacon/error.h>

struct catalog_entry {
    char *path; /* of the rollout */
    char *id;   /* UUID */
};

void catalog_entry_finish(struct catalog_entry *entry); /* a zeroed struct is fine */

/* By full id or by a prefix that fits exactly one session; letter case does not matter.
 * BEACON_E_NOT_FOUND: `no rollout found for thread id <id>` for a whole UUID, else `No recorded
 * session found with id <text>`. BEACON_E_INVALID: the prefix fits several. */
int catalog_find(const char *home_path, const char *id, struct catalog_entry *ret,
                 struct beacon_error *err);

/* The session whose last record is the newest, among those started by a person (source cli, vscode
 * or exec) with at least one user message, in the folder `cwd` (NULL: any). BEACON_E_NOT_FOUND when
 * there is none. */
int catalog_find_last(const char *home_path, const char *cwd, struct catalog_entry *ret,
                      struct beacon_error *err);

#endif
