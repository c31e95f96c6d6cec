/* distance.h - how far one word is from another, for "did you mean". Thread: [pure]. */
#ifndef HOST_BASE_DISTANCE_H
#define HOST_BASE_DISTANCE_H

#include <stddef.h>

#define DISTANCE_WORD_MAX 48 /* longer words have no neighbours */

/* Insertions, deletions, replacements, and swaps of neighbours that make `a` into `b`. Both at most
 * DISTANCE_WORD_MAX long. */
size_t distance_between(const char *a, size_t n, const char *b, size_t m);

#endif
