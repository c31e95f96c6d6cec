/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "loop/mailbox.h"

#define CHUNK_BYTES (64u << 10)
#define FILLS_IT    16 /* chunks: 1 MiB and their headers, so the 17th has to wait */

static char chunk[CHUNK_BYTES];

struct reader {
    struct mailbox *box;
    atomic_int rings;
    atomic_int n_put;
    char heard[256];
    uint32_t n_posts;
    bool is_refusing_after_first, is_aligned;
};

static void count_ring(void *ctx)
{
    struct reader *reader = ctx;
    atomic_fetch_add(&reader->rings, 1);
}

static void hear(void *ctx, uint32_t kind, const void *p, size_t n)
{
    struct reader *reader = ctx;
    size_t used = strlen(reader->heard);
    (void)snprintf(reader->heard + used, sizeof reader->heard - used, "%u:%.*s ", kind, (int)n,
                   (const char *)p);
    reader->is_aligned = reader->is_aligned && (uintptr_t)p % 8 == 0;
    if (reader->is_refusing_after_first) {
        mailbox_refuse(reader->box);
    }
}

static void begin(struct reader *reader)
{
    reader->box = mailbox_create(count_ring, reader);
    reader->is_aligned = true;
}

static void posts_are_heard_in_order_and_aligned(void **state)
{
    (void)state;
    struct reader reader = {0};
    begin(&reader);
    assert_true(mailbox_put(reader.box, 1, "one", 3));
    assert_true(mailbox_put(reader.box, 2, NULL, 0));
    assert_true(mailbox_put(reader.box, 3, "threethree", 10));
    assert_false(mailbox_deliver(reader.box, hear, &reader));
    assert_string_equal(reader.heard, "1:one 2: 3:threethree ");
    assert_true(reader.is_aligned);
    mailbox_destroy(reader.box);
}

static void many_posts_ring_once(void **state)
{
    (void)state;
    struct reader reader = {0};
    begin(&reader);
    for (int i = 0; i < 10; i++) {
        assert_true(mailbox_put(reader.box, 1, "x", 1));
    }
    assert_int_equal(reader.rings, 1);
    (void)mailbox_deliver(reader.box, hear, &reader);
    assert_true(mailbox_put(reader.box, 1, "x", 1));
    assert_int_equal(reader.rings, 2);
    mailbox_destroy(reader.box);
}

static void the_end_comes_after_the_last_post(void **state)
{
    (void)state;
    struct reader reader = {0};
    begin(&reader);
    assert_true(mailbox_put(reader.box, 1, "x", 1));
    mailbox_finish(reader.box);
    assert_true(mailbox_deliver(reader.box, hear, &reader));
    assert_string_equal(reader.heard, "1:x ");
    mailbox_destroy(reader.box);
}

static void a_reader_that_refuses_hears_no_more(void **state)
{
    (void)state;
    struct reader reader = {.is_refusing_after_first = true};
    begin(&reader);
    assert_true(mailbox_put(reader.box, 1, "x", 1));
    assert_true(mailbox_put(reader.box, 2, "y", 1));
    assert_false(mailbox_deliver(reader.box, hear, &reader));
    assert_string_equal(reader.heard, "1:x ");
    assert_false(mailbox_put(reader.box, 3, "z", 1));
    mailbox_destroy(reader.box);
}

static void a_refusing_box_still_tells_the_end(void **state)
{
    (void)state;
    struct reader reader = {0};
    begin(&reader);
    mailbox_refuse(reader.box);
    mailbox_finish(reader.box);
    assert_int_equal(reader.rings, 1);
    assert_true(mailbox_deliver(reader.box, hear, &reader));
    mailbox_destroy(reader.box);
}

static void a_closed_box_never_rings(void **state)
{
    (void)state;
    struct reader reader = {0};
    begin(&reader);
    assert_false(mailbox_close(reader.box));
    assert_false(mailbox_put(reader.box, 1, "x", 1));
    mailbox_finish(reader.box);
    assert_int_equal(reader.rings, 0);
    assert_true(mailbox_close(reader.box));
    mailbox_destroy(reader.box);
}

static void a_post_larger_than_the_box_passes_alone(void **state)
{
    (void)state;
    struct reader reader = {0};
    begin(&reader);
    size_t n = 8u << 20;
    char *large = test_calloc(1, n);
    assert_true(mailbox_put(reader.box, 7, large, n));
    (void)mailbox_deliver(reader.box, hear, &reader);
    assert_string_equal(reader.heard, "7: ");
    test_free(large);
    mailbox_destroy(reader.box);
}

static void *put_until_refused(void *ctx)
{
    struct reader *reader = ctx;
    while (mailbox_put(reader->box, 1, chunk, sizeof chunk)) {
        atomic_fetch_add(&reader->n_put, 1);
    }
    return NULL;
}

static void count_post(void *ctx, uint32_t kind, const void *p, size_t n)
{
    struct reader *reader = ctx;
    (void)kind;
    (void)p;
    assert_int_equal(n, CHUNK_BYTES);
    reader->n_posts++;
}

static void a_full_box_makes_the_writer_wait_until_it_is_emptied(void **state)
{
    (void)state;
    struct reader reader = {0};
    begin(&reader);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, put_until_refused, &reader), 0);
    for (uint32_t round = 1; round <= 5; round++) {
        while (atomic_load(&reader.n_put) < (int)(FILLS_IT * round)) {
            (void)sched_yield();
        }
        (void)mailbox_deliver(reader.box, count_post, &reader);
        assert_int_equal(reader.n_posts, FILLS_IT * round);
    }
    mailbox_refuse(reader.box); /* wakes it, wherever it waits */
    assert_int_equal(pthread_join(thread, NULL), 0);
    mailbox_destroy(reader.box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_are_heard_in_order_and_aligned),
        cmocka_unit_test(many_posts_ring_once),
        cmocka_unit_test(the_end_comes_after_the_last_post),
        cmocka_unit_test(a_reader_that_refuses_hears_no_more),
        cmocka_unit_test(a_refusing_box_still_tells_the_end),
        cmocka_unit_test(a_closed_box_never_rings),
        cmocka_unit_test(a_post_larger_than_the_box_passes_alone),
        cmocka_unit_test(a_full_box_makes_the_writer_wait_until_it_is_emptied),
    };
    return cmocka_run_group_tests_name("loop/mailbox", tests, NULL, NULL);
}
