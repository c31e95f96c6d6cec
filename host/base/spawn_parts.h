/* spawn_parts.h - how spawn.c and spawn_space.c divide the work. Private to base/spawn*.c. */
#ifndef HOST_BASE_SPAWN_PARTS_H
#define HOST_BASE_SPAWN_PARTS_H

#include <beacon/error.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/spawn_child.h"
#include "base/spawn_streams.h"

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

/* Mapped shared, so that the record is seen by the parent in both kinds. It stands in for a pipe:
 * nothing for the child's descriptors to collide with. The stacks grow down from their ends. */
#define SPAWN_STACK_BYTES (64u << 10)
struct spawn_cradle {
    struct spawn_birth birth;
    struct spawn_nest nest;
    struct spawn_keep keep;
    struct spawn_streams streams;
    _Alignas(16) char stack[SPAWN_STACK_BYTES];
    _Alignas(16) char inner_stack[SPAWN_STACK_BYTES];
};

struct spawn_cradle *spawn_cradle_make(void); /* zeroed; NULL with errno */
void spawn_cradle_unmake(struct spawn_cradle *cradle);

/* A birth into namespaces, in two halves. One that begins early does so before it is known what shall run
 * in there, and makes most of the namespaces while the host does something else. *ret is for
 * spawn_space_end() or spawn_space_abandon(). On failure nothing is left. */
struct spawn_midwife;
int spawn_space_begin(struct spawn_cradle *cradle, const struct spawn_space *space, bool is_early,
                      struct spawn_midwife **ret, struct beacon_error *err);

/* With birth->request and all that belongs to it set. `midwife` is used up. */
int spawn_space_end(struct spawn_midwife *midwife, struct spawn_child *ret,
                    struct beacon_error *err);
void spawn_space_abandon(struct spawn_midwife *midwife);

/* The two parts of what is expected; NULL and NULL when it is nothing, or does not fit `space`. It is
 * used up. */
void spawn_expected_take(struct spawn_expected *expected, const struct spawn_space *space,
                         struct spawn_cradle **ret_cradle, struct spawn_midwife **ret_midwife);

#endif
