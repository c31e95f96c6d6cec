/* spawn_ids.h - the user and group ids of a new user namespace. Private to base/spawn*.c.
 *
 * Who may give them (CAP_SETUID, CAP_SETGID, CAP_SETFCAP) gives every id that it has itself under the
 * same number; anybody else can give only its own.
 */
#ifndef HOST_BASE_SPAWN_IDS_H
#define HOST_BASE_SPAWN_IDS_H

#include <beacon/error.h>
#include <stdbool.h>

#include "base/spawn.h"

#define SPAWN_MAP_MAX 4096 /* the kernel takes less than a page */

struct spawn_ids {
    bool is_single;              /* and so setgroups() is switched off */
    char uid_map[SPAWN_MAP_MAX]; /* of the first namespace */
    char gid_map[SPAWN_MAP_MAX];
    char inner_uid_map[SPAWN_MAP_MAX]; /* of one within it */
    char inner_gid_map[SPAWN_MAP_MAX];
};

/* The host's /proc, checked to be that of its pid namespace, else ids would go to a stranger; the
 * caller's, O_PATH, ≥ SPAWN_FD_FLOOR. -1 with `err`. */
int spawn_proc_open(struct beacon_error *err);

int spawn_ids_plan(int proc_fd, const struct spawn_space *space, struct spawn_ids *ret,
                   struct beacon_error *err);

/* Write them for `pid`, a process in a user namespace that has none yet. */
int spawn_ids_write(int proc_fd, const struct spawn_ids *ids, pid_t pid, struct beacon_error *err);

#endif
