/* patch_numbering.h - small numbers for distinct pieces of text, so that lines are compared once and
 * as numbers from then on.
 *
 * Owns its table; the spans are borrowed. Thread: [pure].
 */
#ifndef HOST_TOOLS_PATCH_NUMBERING_H
#define HOST_TOOLS_PATCH_NUMBERING_H

#include <stddef.h>
#include <stdint.h>

#include "tools/patch_span.h"

struct patch_numbering {
    struct patch_span *spans; /* open addressing, never more than half full */
    uint32_t *numbers;        /* 0: free */
    size_t mask;
    uint32_t n; /* numbers given so far: 1 … n */
};

/* For at most `n_max` distinct spans. */
void patch_numbering_init(struct patch_numbering *numbering, size_t n_max);
void patch_numbering_finish(struct patch_numbering *numbering);

uint32_t patch_numbering_add(struct patch_numbering *numbering, struct patch_span span);
uint32_t patch_numbering_find(const struct patch_numbering *numbering,
                              struct patch_span span); /* 0: never added */

#endif
