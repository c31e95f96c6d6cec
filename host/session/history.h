/* history.h - the conversation of one session: item texts in order.
 *
 * Owns one copy of each item's JSON and no tree; turns decode what they send into their own arena.
 * Filled by agent/ while it runs and by replay.c on resume. Thread: [main].
 */
#ifndef HOST_SESSION_HISTORY_H
#define HOST_SESSION_HISTORY_H

#include <beacon/provider.h>

#define HISTORY_BYTES_MAX                                                                          \
    (512u << 20) /* all items together; over it the session must be compacted */

struct arena;
struct history;

struct history *history_create(void);
void history_destroy(struct history *history); /* NULL is fine */

/* Keep a copy of one item. BEACON_E_INVALID: not one JSON object with a string "type";
 * BEACON_E_LIMIT: over HISTORY_BYTES_MAX. Nothing is kept then. */
int history_append(struct history *history, const char *item, size_t n, struct beacon_error *err);

size_t history_count(const struct history *history);
size_t history_bytes(const struct history *history);
struct beacon_str history_item(const struct history *history, size_t index); /* until cleared */
void history_clear(struct history *history);

/* The messages of the next request, one per item, in order. Items of unknown type and outputs
 * without a call before them are left out, of two outputs for one call the first stays, and a call
 * without an output gets the output "aborted" right after it. Opaque data goes only to the family it
 * came from, `opaque_ns`. Results live in `arena` and borrow from the history: valid until either
 * changes. */
int history_build_messages(const struct history *history, const char *opaque_ns,
                           struct arena *arena, const struct beacon_message *const **ret,
                           size_t *ret_n, struct beacon_error *err);

#endif
