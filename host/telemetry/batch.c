/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "telemetry/record.h"

struct batch_queue {
    size_t capacity, first, n;
    uint64_t dropped;
    struct record *ring[];
};

struct batch_queue *batch_queue_create(size_t capacity)
{
    assert(capacity > 0);
    struct batch_queue *queue = alloc_zeroed(sizeof *queue + capacity * sizeof(struct record *));
    queue->capacity = capacity;
    return queue;
}

static struct record *pop(struct batch_queue *queue)
{
    struct record *record = queue->ring[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->n--;
    return record;
}

void batch_queue_destroy(struct batch_queue *queue)
{
    while (queue != NULL && queue->n > 0) {
        record_release(pop(queue));
    }
    free(queue);
}

void batch_queue_add(struct batch_queue *queue, struct record *record)
{
    if (queue->n == queue->capacity) {
        record_release(pop(queue));
        queue->dropped++;
    }
    queue->ring[(queue->first + queue->n) % queue->capacity] = record_hold(record);
    queue->n++;
}

size_t batch_queue_count(const struct batch_queue *queue)
{
    return queue->n;
}

uint64_t batch_queue_dropped(const struct batch_queue *queue)
{
    return queue->dropped;
}

size_t batch_queue_take(struct batch_queue *queue, struct record **ret, size_t max)
{
    size_t n = 0;
    while (n < max && queue->n > 0) {
        ret[n++] = pop(queue);
    }
    return n;
}
