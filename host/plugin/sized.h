/* sized.h - structs that begin with `uint32_t struct_size` and may be older or newer than ours.
 *
 * After sized_copy() the host holds a struct of its own size: what the other side did not know is
 * zero, what the host does not know is left out. Tables get their mandatory slots checked once,
 * here, and nobody tests a slot afterwards. Thread: [pure].
 */
#ifndef HOST_PLUGIN_SIZED_H
#define HOST_PLUGIN_SIZED_H

#include <beacon/error.h>
#include <stddef.h>

#define SIZED_MIN_BYTES 8 /* struct_size and the field beside it */

/* Fill `full` (`size` bytes, ours) from `from`, the other side's. A claimed size below
 * SIZED_MIN_BYTES is not believed: BEACON_E_INVALID, `full` untouched. `what` names it in the error
 * ("the provider table of com.acme.llm"). */
int sized_copy(void *full, size_t size, const void *from, const char *what,
               struct beacon_error *err);

/* A slot that must not be NULL. */
struct sized_slot {
    const char *name;
    size_t offset;
};
#define SIZED_SLOT(type, field)                                                                    \
    {                                                                                              \
#field, offsetof(struct type, field)                                                       \
    }

/* INVALID names the first slot that is missing from the full table. */
int sized_require(const void *full, const struct sized_slot *slots, size_t n, const char *what,
                  struct beacon_error *err);

#endif
