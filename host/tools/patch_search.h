/* patch_search.h - where in a file do these lines stand?
 *
 * The old lines of a whole Update section are looked up together: each of the four ways of comparing
 * gives every distinct line a number and notes where it occurs, when it is first needed. A block is
 * then found from its rarest line, so a thousand chunks do not mean a thousand walks through the file.
 * Thread: [pure].
 */
#ifndef HOST_TOOLS_PATCH_SEARCH_H
#define HOST_TOOLS_PATCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/patch_span.h"

struct patch_lines;
struct patch_search;

enum patch_found { PATCH_FOUND, PATCH_NOT_FOUND, PATCH_TOO_MUCH_WORK };

/* Both are borrowed until patch_search_destroy(). */
struct patch_search *patch_search_create(const struct patch_lines *lines,
                                         const struct patch_span *wanted, size_t n_wanted);
void patch_search_destroy(struct patch_search *search); /* NULL is fine */

/* The first place at or after line `from` where the lines wanted[first .. first + n) stand, n > 0.
 * Exact places anywhere win over loose ones. PATCH_TOO_MUCH_WORK: lines so repetitive that the
 * search was given up. */
enum patch_found patch_search_find(struct patch_search *search, size_t first, size_t n, size_t from,
                                   size_t *ret);

#endif
