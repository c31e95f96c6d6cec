/* fence.h - memory that ends where an unreadable page begins, so that reading or writing behind its end is
 * a crash and not luck. For structs cut short: what a newer header has behind the end is not there.
 */
#ifndef SDK_CHECK_FENCE_H
#define SDK_CHECK_FENCE_H

#include <stddef.h>

/* `n` bytes, a copy of `from` or zeroes when that is NULL. There until the process ends. Aligned to eight
 * bytes, so up to seven lie between its end and the page. */
void *fence_make(const void *from, size_t n);

#endif
