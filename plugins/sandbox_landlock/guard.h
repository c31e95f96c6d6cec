/* guard.h - the rules of a policy, asked about a file that the supervisor holds open.
 *
 * A file is known by the path the kernel gives for its descriptor, not by the words of the caller. Written
 * once, then only read: several commands share one. Thread: [any] after guard_create().
 */
#ifndef SANDBOX_LANDLOCK_GUARD_H
#define SANDBOX_LANDLOCK_GUARD_H

#include <beacon/sandbox.h>
#include <stdbool.h>

struct guard;

/* Commands of the guard are marked by a limit that processes inherit and cannot raise again: the hard limit
 * for message queues (RLIMIT_MSGQUEUE), a little lower than the host's, by chance how much. 0: there is no
 * room for a mark. */
uint64_t guard_mark(const struct guard *guard);

/* Keeps copies of the policy's paths and descriptors. NULL when there is no memory or no descriptor left. */
struct guard *guard_create(const struct beacon_sandbox_policy *policy);
bool guard_fits(const struct guard *guard,
                const struct beacon_sandbox_policy *policy); /* made of it? */
struct guard *guard_share(struct guard *guard); /* one more owner, by the same thread */
void guard_release(struct guard *guard);        /* the last owner frees it; NULL is fine */

/* May what `fd` (also O_PATH) is open on be changed? It may beneath a writable directory, where no rule
 * takes that away, and what has no path at all, such as a pipe. */
bool guard_lets_change(const struct guard *guard, int fd);

/* May the local socket that `fd` (O_PATH) names be connected to? */
bool guard_lets_connect(const struct guard *guard, int fd);

#endif
