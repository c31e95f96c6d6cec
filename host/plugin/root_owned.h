/* root_owned.h - opening files that only root can have written: the admin's policy and its lock.
 *
 * Every component of the path is opened without following a link, and owner and mode are checked on what
 * was opened: root's, writable by nobody else. For the policy, the lock and the profiles
 * of cli/wire_profiles.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_ROOT_OWNED_H
#define HOST_PLUGIN_ROOT_OWNED_H

#include <beacon/error.h>

/* Open the folder at the absolute `path` for listing. NOT_FOUND: there is none, whoever owns what lies
 * above. POLICY: somebody else could have changed it, or it cannot be opened; the hint is the
 * command that mends it. *ret_fd is the caller's. */
int root_owned_folder(const char *path, int *ret_fd, struct beacon_error *err);

/* Open the regular file at the absolute `path` for reading. Otherwise the same. */
int root_owned_file(const char *path, int *ret_fd, struct beacon_error *err);

/* Open `name` of an open folder that passed; `folder` is what errors call that. */
int root_owned_file_at(int folder_fd, const char *folder, const char *name, int *ret_fd,
                       struct beacon_error *err);

#endif
