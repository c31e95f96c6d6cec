/* fence.h - memory that ends where an unreadable page begins, so that reading or writing behind its end is
 * a crash and not luck. For structs cut short: what a newer header has behind the end is not there.
 */
#ifndef SDK_CHECK_FENCE_H
#define SDK_CHECK_FENCE_H

#include <stddef.h>

/* `n` bytes, a copy of `from` or zeroes when that is NULL. There until the process ends. Aligned for
 * any type when `n` is a multiple of 16, else as its size allows. */
void *fence_make(const void *from, size_t n);

#endif
