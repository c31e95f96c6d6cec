/* lock_make.h - putting a plugin file into a lock: its bytes, and the libraries it would bring along.
 * Reads the file, runs nothing of it. Used by `beacon plugin lock`. Thread: [main].
 */
#ifndef HOST_PLUGIN_LOCK_MAKE_H
#define HOST_PLUGIN_LOCK_MAKE_H

#include <beacon/error.h>
#include <stddef.h>

#define LOCK_NAME_BYTES 64

struct plugin_lock;

/* What was put in. */
struct lock_made {
    char id[LOCK_NAME_BYTES];
    const char *platform; /* static */
    size_t n_dropped;     /* pins of other platforms that went with the older version */
};

/* Pin the file at `path`. `platform` is what it must be for, NULL: whatever its header says. A file for
 * this machine must be owned as the loader demands it, or it would be refused later; the libraries it
 * needs beyond those every plugin may are hashed too. REFUSED, INVALID, UNSUPPORTED, LIMIT, IO. */
int lock_make_file(struct plugin_lock *lock, const char *path, const char *platform,
                   struct lock_made *ret, struct beacon_error *err);

#endif
