/* ownership.h - who could have changed a file, asked of the opened folders and the opened file.
 *
 * The path is walked from "/" one component at a time, each opened without following a link. Every
 * folder and the file must belong to root or to the effective user and be writable by its owner only.
 * A folder with the sticky bit (/tmp) is fine as a parent, since nobody can replace what others own
 * there. A symbolic link is followed when it is root's and stands where only root can write (/lib);
 * every other is refused, and so is one as the last component. For trust.c,
 * library.c, discover.c and the profiles of cli/wire_profiles.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_OWNERSHIP_H
#define HOST_PLUGIN_OWNERSHIP_H

#include <beacon/error.h>
#include <stdbool.h>

/* The folders that were walked to, for opening many files of few folders: a folder that is known is
 * used by its descriptor, as long as its path leads to it and its owner and mode are what they were.
 * Thread: that of the caller. */
struct owned_folders;

struct owned_folders *owned_folders_create(void);
void owned_folders_destroy(struct owned_folders *known); /* NULL is fine */

/* Unless `is_strict`, a folder may be writable by the group that is the user's own (Debian's
 * user-private groups: same name, nobody else in it). REFUSED names the chown or chmod that mends it;
 * NOT_FOUND, IO. `known` may be NULL: then nothing is remembered. *ret_fd is the caller's, open for
 * reading. */
int ownership_open(struct owned_folders *known, const char *path, bool is_strict, int *ret_fd,
                   struct beacon_error *err);

#endif
