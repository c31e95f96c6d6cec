/* patch_compare.h - which lines differ between two texts that were turned into numbers?
 *
 * The comparing half of patch_diff.c. Thread: [pure].
 */
#ifndef HOST_TOOLS_PATCH_COMPARE_H
#define HOST_TOOLS_PATCH_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct patch_compared {
    const uint32_t *numbers; /* of the lines, from 1 */
    size_t n;
    bool *is_changed; /* n of them, false on entry; set for lines the other side has not */
};

/* Mark the changed lines of both sides. The unmarked ones pair up in order. Numbers are ≤ `n_max`. */
void patch_compare(struct patch_compared *a, struct patch_compared *b, uint32_t n_max);

#endif
