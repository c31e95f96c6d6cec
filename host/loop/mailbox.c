/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define ALIGNMENT 8u
#define KEEP_MAX_BYTES                                                                             \
    (4 * (size_t)MAILBOX_MAX_BYTES) /* a buffer one huge post has blown up is not kept */

struct post {
    uint32_t kind;
    uint32_t padding_bytes; /* behind the content, so that the next post is aligned */
    uint64_t n;
};

struct batch {
    char *bytes; /* posts, each a struct post and its content */
    size_t len, capacity;
};

struct mailbox {
    pthread_mutex_t lock; /* guards all but `delivering` */
    pthread_cond_t has_room;
    struct batch filling;
    struct batch delivering; /* [main] */
    mailbox_ring_fn ring;
    void *ring_ctx;
    bool is_refusing; /* written by main only, so main may read it without the lock */
    bool is_silent;
    bool is_finished;
};

struct mailbox *mailbox_create(mailbox_ring_fn ring, void *ctx)
{
    struct mailbox *box = alloc_zeroed(sizeof *box);
    (void)pthread_mutex_init(&box->lock, NULL);
    (void)pthread_cond_init(&box->has_room, NULL);
    box->ring = ring;
    box->ring_ctx = ctx;
    return box;
}

void mailbox_destroy(struct mailbox *box)
{
    if (box != NULL) {
        (void)pthread_cond_destroy(&box->has_room);
        (void)pthread_mutex_destroy(&box->lock);
        free(box->filling.bytes);
        free(box->delivering.bytes);
        free(box);
    }
}

static void batch_add(struct batch *batch, uint32_t kind, const void *p, size_t n)
{
    uint32_t padding = (uint32_t)(-n & (ALIGNMENT - 1));
    struct post post = {.kind = kind, .padding_bytes = padding, .n = n};
    size_t needed = batch->len + sizeof post + n + padding;
    if (needed > batch->capacity) {
        batch->capacity = needed + needed / 2;
        batch->bytes = alloc_grow(batch->bytes, batch->capacity, 1);
    }
    memcpy(batch->bytes + batch->len, &post, sizeof post);
    if (n > 0) {
        memcpy(batch->bytes + batch->len + sizeof post, p, n);
    }
    batch->len = needed;
}

static void ring(struct mailbox *box)
{
    if (!box->is_silent) {
        box->ring(box->ring_ctx);
    }
}

bool mailbox_put(struct mailbox *box, uint32_t kind, const void *p, size_t n)
{
    (void)pthread_mutex_lock(&box->lock);
    while (!box->is_refusing && box->filling.len > MAILBOX_MAX_BYTES) {
        (void)pthread_cond_wait(&box->has_room, &box->lock);
    }
    bool is_taken = !box->is_refusing;
    if (is_taken) {
        bool was_empty = box->filling.len == 0;
        batch_add(&box->filling, kind, p, n);
        if (was_empty) {
            ring(box);
        }
    }
    (void)pthread_mutex_unlock(&box->lock);
    return is_taken;
}

void mailbox_finish(struct mailbox *box)
{
    (void)pthread_mutex_lock(&box->lock);
    box->is_finished = true;
    ring(box);
    (void)pthread_mutex_unlock(&box->lock);
}

bool mailbox_deliver(struct mailbox *box, mailbox_post_fn fn, void *ctx)
{
    (void)pthread_mutex_lock(&box->lock);
    struct batch batch = box->filling;
    box->filling = box->delivering;
    box->delivering = batch;
    bool is_last = box->is_finished;
    (void)pthread_cond_signal(&box->has_room);
    (void)pthread_mutex_unlock(&box->lock);

    size_t at = 0;
    while (at < batch.len && !box->is_refusing) {
        struct post post;
        memcpy(&post, batch.bytes + at, sizeof post);
        fn(ctx, post.kind, batch.bytes + at + sizeof post, post.n);
        at += sizeof post + post.n + post.padding_bytes;
    }
    box->delivering.len = 0;
    if (batch.capacity > KEEP_MAX_BYTES) {
        free(batch.bytes);
        box->delivering = (struct batch){0};
    }
    return is_last;
}

void mailbox_refuse(struct mailbox *box)
{
    (void)pthread_mutex_lock(&box->lock);
    box->is_refusing = true;
    box->filling.len = 0;
    (void)pthread_cond_signal(&box->has_room);
    (void)pthread_mutex_unlock(&box->lock);
}

bool mailbox_close(struct mailbox *box)
{
    mailbox_refuse(box);
    (void)pthread_mutex_lock(&box->lock);
    box->is_silent = true;
    bool was_finished = box->is_finished;
    (void)pthread_mutex_unlock(&box->lock);
    return was_finished;
}
