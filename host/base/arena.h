/* arena.h - memory of one turn: taken piece by piece, given back all at once.
 *
 * Results are const-friendly on purpose: nothing from an arena is freed alone, and a pointer stored
 * in a longer-lived struct is a bug. Aborts when the system has no memory. Thread: one owner.
 */
#ifndef HOST_BASE_ARENA_H
#define HOST_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_create(void);
void arena_destroy(struct arena *arena); /* NULL is fine */
void arena_reset(struct arena *arena);   /* everything taken so far is invalid; one block is kept */

void *arena_zeroed(struct arena *arena, size_t size);              /* aligned for any type */
void *arena_array(struct arena *arena, size_t count, size_t size); /* zeroed, overflow checked */
const char *arena_string_n(struct arena *arena, const char *from, size_t n); /* NUL added */
const char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
