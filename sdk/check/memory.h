/* memory.h - the allocator of the checker, which counts what is alive and can fail on demand.
 *
 * malloc() and its family are defined in this program, so the plugin and its libraries use them too.
 * Sanitizers bring their own allocator; there memory_is_ours() is false and nothing can be made to
 * fail. Thread: [any]; the failure is armed for the calling thread's next slot.
 */
#ifndef SDK_CHECK_MEMORY_H
#define SDK_CHECK_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

bool memory_is_ours(void);

/* Blocks allocated and not freed, of the whole process. */
int64_t memory_live_blocks(void);
int64_t memory_live_bytes(void);

/* While a slot is entered: allocations counted, and the n-th of them (from 1) fails, as do all behind
 * it when `is_for_good`. 0: none fails. The count begins anew. */
void memory_fail_at(uint64_t n, bool is_for_good);
bool memory_has_failed(void); /* has one been refused since memory_fail_at()? */

/* From now on it is noticed when a block that holds these bytes is freed, or moved, inside a slot. `secret`
 * is borrowed; NULL ends it. */
void memory_watch(const char *secret);
bool memory_has_seen_secret(void); /* since memory_watch() */

/* For slate.c: is this thread inside the plugin? Returns what was before. */
bool memory_set_in_slot(bool is_in);

#endif
