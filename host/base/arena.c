/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define BLOCK_BYTES (16u << 10)

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *first; /* the block that is filled now; older ones behind it */
};

static struct block *block_create(size_t size, struct block *next)
{
    struct block *block = alloc_grow(NULL, 1, sizeof *block + size);
    block->used = 0;
    block->size = size;
    block->next = next;
    return block;
}

struct arena *arena_create(void)
{
    struct arena *arena = alloc_zeroed(sizeof *arena);
    arena->first = block_create(BLOCK_BYTES, NULL);
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_destroy(struct arena *arena)
{
    if (arena != NULL) {
        free_blocks(arena->first);
        free(arena);
    }
}

void arena_reset(struct arena *arena)
{
    /* The last block in the chain is the standard-sized one made at birth. */
    struct block *last = arena->first;
    while (last->next != NULL) {
        struct block *next = last->next;
        free(last);
        last = next;
    }
    last->used = 0;
    arena->first = last;
}

/* Not zeroed: most of a block is never asked for. */
static void *take(struct arena *arena, size_t size)
{
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    assert(rounded >= size);
    struct block *block = arena->first;
    if (rounded > block->size - block->used) {
        block = block_create(rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES, arena->first);
        arena->first = block;
    }
    void *taken = block->bytes + block->used;
    block->used += rounded;
    return taken;
}

void *arena_zeroed(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    assert(size == 0 || count <= SIZE_MAX / 2 / size);
    return arena_zeroed(arena, count * size);
}

const char *arena_string_n(struct arena *arena, const char *from, size_t n)
{
    char *to = take(arena, n + 1);
    if (n > 0) {
        memcpy(to, from, n);
    }
    to[n] = '\0';
    return to;
}

const char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *to = take(arena, (size_t)len + 1);
    (void)vsnprintf(to, (size_t)len + 1, format, again);
    va_end(again);
    return to;
}
