/* utf8.h - validity, safe cutting and lossy repair of UTF-8. Thread: [pure]. */
#ifndef HOST_BASE_UTF8_H
#define HOST_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

struct text;

/* Length in bytes of the valid character at `p` (at most `n` bytes left), 0 when there is none:
 * overlong forms, surrogates, values over U+10FFFF and truncated characters are not valid. */
size_t utf8_length(const char *p, size_t n);

bool utf8_valid(const char *p, size_t n);

/* Largest length ≤ `max` at which cutting `p` splits no character; `p` has at least `max` bytes. */
size_t utf8_cut(const char *p, size_t max);

/* Append `n` bytes to `out`, each maximal invalid run replaced by one U+FFFD. False: over the cap. */
bool utf8_add_lossy(struct text *out, const char *p, size_t n);

#endif
