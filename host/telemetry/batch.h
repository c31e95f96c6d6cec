/* batch.h - the bounded queue of records in front of one exporter.
 *
 * When it is full the oldest record goes and is counted: what happened last is what people look for.
 * Thread: [main].
 */
#ifndef HOST_TELEMETRY_BATCH_H
#define HOST_TELEMETRY_BATCH_H

#include <stddef.h>
#include <stdint.h>

struct batch_queue;
struct record;

struct batch_queue *batch_queue_create(size_t capacity);
void batch_queue_destroy(struct batch_queue *queue); /* releases what is in it; NULL is fine */

void batch_queue_add(struct batch_queue *queue, struct record *record); /* holds it */
size_t batch_queue_count(const struct batch_queue *queue);
uint64_t batch_queue_dropped(const struct batch_queue *queue); /* so far */

/* The oldest ones, at most `max`, into `ret`; each is the caller's to release. */
size_t batch_queue_take(struct batch_queue *queue, struct record **ret, size_t max);

#endif
