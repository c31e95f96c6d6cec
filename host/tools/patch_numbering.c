/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_numbering.h"

#include <stdlib.h>

#include "base/alloc.h"

static uint64_t hash_of(struct patch_span span)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < span.n; i++) {
        hash = (hash ^ (unsigned char)span.at[i]) * 0x100000001B3u;
    }
    return hash ^ hash >> 29;
}

static size_t slot_of(const struct patch_numbering *numbering, struct patch_span span)
{
    size_t slot = (size_t)hash_of(span) & numbering->mask;
    while (numbering->numbers[slot] != 0 && !patch_span_equal(numbering->spans[slot], span)) {
        slot = (slot + 1) & numbering->mask;
    }
    return slot;
}

void patch_numbering_init(struct patch_numbering *numbering, size_t n_max)
{
    size_t capacity = 16;
    while (capacity < n_max * 2) {
        capacity *= 2;
    }
    *numbering = (struct patch_numbering){.spans = alloc_array(capacity, sizeof(struct patch_span)),
                                          .numbers = alloc_array(capacity, sizeof(uint32_t)),
                                          .mask = capacity - 1};
}

void patch_numbering_finish(struct patch_numbering *numbering)
{
    free(numbering->spans);
    free(numbering->numbers);
}

uint32_t patch_numbering_add(struct patch_numbering *numbering, struct patch_span span)
{
    size_t slot = slot_of(numbering, span);
    if (numbering->numbers[slot] == 0) {
        numbering->spans[slot] = span;
        numbering->numbers[slot] = ++numbering->n;
    }
    return numbering->numbers[slot];
}

uint32_t patch_numbering_find(const struct patch_numbering *numbering, struct patch_span span)
{
    return numbering->numbers[slot_of(numbering, span)];
}
