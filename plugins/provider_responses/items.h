/* items.h - which output item an event is about, where the server does not number them.
 *
 * The index is the host's name for an item. Servers that leave it out name the item by its id, or by
 * nothing but the order of events. Part of an exchange; thread: its.
 */
#ifndef PROVIDER_RESPONSES_ITEMS_H
#define PROVIDER_RESPONSES_ITEMS_H

#include <beacon/provider.h>
#include <stdbool.h>

#define ITEMS_MAX      4096u /* items with an index of their own */
#define ITEMS_OPEN_MAX 16u   /* of these, remembered by id; the oldest is forgotten */

struct responses_items {
    uint32_t next; /* index of an item that nobody numbered */
    uint32_t n_open;
    struct responses_open_item {
        uint64_t id; /* hash; 0 = it has none */
        uint32_t index, type;
    } open[ITEMS_OPEN_MAX]; /* oldest first */
};

/* True: *ret is the index of the open item with this id. */
bool responses_items_named(const struct responses_items *items, struct beacon_str id,
                           uint32_t *ret);

/* True: *ret is the index of the latest, or the oldest, open item with this type of part. */
bool responses_items_latest(const struct responses_items *items, uint32_t type, uint32_t *ret);
bool responses_items_oldest(const struct responses_items *items, uint32_t type, uint32_t *ret);

void responses_items_begin(struct responses_items *items, uint32_t index, struct beacon_str id,
                           uint32_t type);
void responses_items_end(struct responses_items *items, uint32_t index);

#endif
