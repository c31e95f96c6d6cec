/* spawn_aside.h - the embedded program started beside the host, which goes on meanwhile.
 *
 * For a process that outlives the host: it is not killed with it, it notices by a descriptor. Starting
 * one and waiting until it runs its program takes as long as half of the other things that are done for
 * a command. So it is only begun here, and whoever needs to know asks later. Thread: [main].
 */
#ifndef HOST_BASE_SPAWN_ASIDE_H
#define HOST_BASE_SPAWN_ASIDE_H

#include <beacon/error.h>

#include "base/spawn.h"

struct spawn_aside;

/* `argv` (NULL-terminated, copied) for the program of reaper/reaper_image.h, which finds `given_fd`
 * (borrowed) under the number `child_fd`, and no other descriptor from `child_fd` on but that one. In a
 * session of its own, in the root directory, with all signals blocked. *ret is for spawn_aside_end(). */
int spawn_aside_start(const char *const *argv, int given_fd, int child_fd, struct spawn_aside **ret,
                      struct beacon_error *err);

/* Wait until it runs its program; later calls return at once. BEACON_E_REFUSED: it could not. */
int spawn_aside_wait(struct spawn_aside *aside, struct beacon_error *err);

bool spawn_aside_is_alive(const struct spawn_aside *aside);

/* SIGKILL, without waiting for the end: for who has something to do until then. */
void spawn_aside_kill(const struct spawn_aside *aside);

/* Kill and reap it. NULL is fine. */
void spawn_aside_end(struct spawn_aside *aside);

#endif
