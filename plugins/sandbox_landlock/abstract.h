/* abstract.h - is the listener of an abstract local socket a command of ours?
 *
 * Landlock's scope would say so, were it the caller that connects; here it is the supervisor. Who listens is
 * asked of the kernel by name, and who holds that socket is looked for among the processes that
 * carry the mark of guard_mark(). Thread: [any].
 */
#ifndef SANDBOX_LANDLOCK_ABSTRACT_H
#define SANDBOX_LANDLOCK_ABSTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `name` with its NUL at the beginning, `n` bytes. False also when it cannot be found out. */
bool abstract_is_inside(uint64_t mark, const char *name, size_t n);

#endif
