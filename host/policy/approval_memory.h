/* approval_memory.h - what the person allowed until the session ends: exact commands, and places for
 * patches. Nothing of it is on disk. Used by approval.c. Thread: [main].
 */
#ifndef HOST_POLICY_APPROVAL_MEMORY_H
#define HOST_POLICY_APPROVAL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#define APPROVAL_MEMORY_MAX 1000 /* of each kind; what is over it is asked again */

struct approval_memory;

struct approval_memory *approval_memory_create(void);
void approval_memory_destroy(struct approval_memory *memory); /* NULL is fine */

/* The same words in the same folder. What was allowed outside of the sandbox is allowed inside too. */
void approval_memory_add_command(struct approval_memory *memory, const char *const *argv,
                                 const char *cwd, bool is_outside);
bool approval_memory_has_command(const struct approval_memory *memory, const char *const *argv,
                                 const char *cwd, bool is_outside);

/* A file, or with is_root everything beneath but what has a hidden name (".git", ".ssh") below it. */
void approval_memory_add_path(struct approval_memory *memory, const char *path, bool is_root);
bool approval_memory_has_path(const struct approval_memory *memory, const char *path);

#endif
