/* alloc.h - memory that is always there: every function aborts when the system has none left.
 * Free with free(). Thread: [any].
 */
#ifndef HOST_BASE_ALLOC_H
#define HOST_BASE_ALLOC_H

#include <stddef.h>

void *alloc_zeroed(size_t size);
void *alloc_array(size_t count, size_t size); /* zeroed; aborts when the product overflows */
void *alloc_grow(void *old, size_t count, size_t size); /* realloc; new memory is not zeroed */
void *alloc_copy(const void *from, size_t size);
char *alloc_string(const char *from);
char *alloc_string_n(const char *from, size_t n); /* NUL added */
char *alloc_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
