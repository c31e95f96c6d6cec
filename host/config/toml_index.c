/* SPDX-License-Identifier: Apache-2.0 */
#include "config/toml_index.h"

#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/arena.h"
#include "config/toml_value.h"

#define SMALL_TABLE 8 /* members up to which a plain walk is faster */

/* Open addressing; a slot holds the member's position plus one, 0 is free. At most half full. */
struct toml_index {
    size_t mask;
    uint32_t slots[];
};

/* 16 random bytes the kernel gives to every program: a seed without a system call. */
static uint64_t seed(void)
{
    uint64_t value = 0;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval() returns addresses as integers */
    const void *random = (const void *)getauxval(AT_RANDOM);
    if (random != NULL) {
        memcpy(&value, random, sizeof value);
    }
    return value;
}

static uint32_t hash_of(const char *key, size_t len)
{
    uint64_t hash = seed();
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return (uint32_t)(hash ^ (hash >> 32));
}

static void insert(struct toml_index *index, uint32_t hash, size_t position)
{
    size_t slot = hash & index->mask;
    while (index->slots[slot] != 0) {
        slot = (slot + 1) & index->mask;
    }
    index->slots[slot] = (uint32_t)(position + 1);
}

static void rebuild(struct arena *arena, struct toml_members *members)
{
    size_t size = members->capacity * 4;
    struct toml_index *index = arena_zeroed(arena, sizeof *index + size * sizeof index->slots[0]);
    index->mask = size - 1;
    for (size_t i = 0; i < members->count; i++) {
        struct toml_member *member = &members->items[i];
        member->hash = hash_of(member->key, member->key_len);
        insert(index, member->hash, i);
    }
    members->index = index;
}

void toml_index_note(struct arena *arena, struct toml_members *members)
{
    if (members->count <= SMALL_TABLE) {
        return;
    }
    if (members->index == NULL || members->count * 2 > members->index->mask + 1) {
        rebuild(arena, members);
        return;
    }
    struct toml_member *last = &members->items[members->count - 1];
    last->hash = hash_of(last->key, last->key_len);
    insert(members->index, last->hash, members->count - 1);
}

struct toml_member *toml_index_find(const struct toml_members *members, const char *key, size_t len)
{
    uint32_t hash = hash_of(key, len);
    const struct toml_index *index = members->index;
    for (size_t slot = hash & index->mask; index->slots[slot] != 0;
         slot = (slot + 1) & index->mask) {
        struct toml_member *member = &members->items[index->slots[slot] - 1];
        if (member->hash == hash && member->key_len == len && memcmp(member->key, key, len) == 0) {
            return member;
        }
    }
    return NULL;
}
