/* spawn_parts.h - how spawn.c and spawn_space.c divide the work. Private to base/spawn*.c. */
#ifndef HOST_BASE_SPAWN_PARTS_H
#define HOST_BASE_SPAWN_PARTS_H

#include <beacon/error.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/spawn_child.h"

/* A child on borrowed memory costs nothing to make, however large the host is. The sanitizers keep
 * books about that memory which the child would put in disorder, so there it gets a copy. */
#ifdef BEACON_SANITIZED
#define SPAWN_MEMORY_FLAGS 0
#else
#define SPAWN_MEMORY_FLAGS CLONE_VM
#endif

/* No handler of the host may run in the child before they are reset there. The raw call also holds
 * back the two signals that the C library keeps for itself. Returns the mask to go back to. */
uint64_t spawn_hold_signals(void);
void spawn_let_signals(uint64_t before); /* leaves errno alone */

/* Wait for the end of a direct child that was killed or has failed. */
void spawn_bury(pid_t pid);

/* Say what `birth->failure` was. */
int spawn_explain(const struct spawn_birth *birth, struct beacon_error *err);

/* Give birth into namespaces. `birth->nest` is zeroed memory that the children share, with stack_end
 * and streams set; `stack_end` is the stack of the first one. On failure nothing is left. */
int spawn_space_start(struct spawn_birth *birth, char *stack_end, struct spawn_child *ret,
                      struct beacon_error *err);

#endif
