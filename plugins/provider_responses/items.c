/* SPDX-License-Identifier: Apache-2.0 */
#include "items.h"

#include <string.h>

/* FNV-1a; ids come from the server, which can only confuse its own items. */
static uint64_t hash_of(struct beacon_str id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < id.n; i++) {
        hash = (hash ^ (unsigned char)id.p[i]) * UINT64_C(0x100000001b3);
    }
    return id.n == 0 ? 0 : hash | 1;
}

bool responses_items_named(const struct responses_items *items, struct beacon_str id, uint32_t *ret)
{
    const uint64_t hash = hash_of(id);
    for (uint32_t i = 0; hash != 0 && i < items->n_open; i++) {
        if (items->open[i].id == hash) {
            *ret = items->open[i].index;
            return true;
        }
    }
    return false;
}

bool responses_items_latest(const struct responses_items *items, uint32_t type, uint32_t *ret)
{
    for (uint32_t i = items->n_open; i > 0; i--) {
        if (items->open[i - 1].type == type) {
            *ret = items->open[i - 1].index;
            return true;
        }
    }
    return false;
}

bool responses_items_oldest(const struct responses_items *items, uint32_t type, uint32_t *ret)
{
    for (uint32_t i = 0; i < items->n_open; i++) {
        if (items->open[i].type == type) {
            *ret = items->open[i].index;
            return true;
        }
    }
    return false;
}

static void forget(struct responses_items *items, uint32_t at)
{
    items->n_open--;
    memmove(&items->open[at], &items->open[at + 1], (items->n_open - at) * sizeof items->open[0]);
}

void responses_items_begin(struct responses_items *items, uint32_t index, struct beacon_str id,
                           uint32_t type)
{
    if (items->n_open == ITEMS_OPEN_MAX) {
        forget(items, 0);
    }
    struct responses_open_item *item = &items->open[items->n_open++];
    item->id = hash_of(id);
    item->index = index;
    item->type = type;
    if (index >= items->next) {
        items->next = (index + 1) % ITEMS_MAX;
    }
}

void responses_items_end(struct responses_items *items, uint32_t index)
{
    for (uint32_t i = 0; i < items->n_open; i++) {
        if (items->open[i].index == index) {
            forget(items, i);
            return;
        }
    }
}
