/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "telemetry/batch.h"
#include "telemetry/record.h"
#include "telemetry/redact.h"

static struct redact *redact;

/* A record whose time is its number. */
static void add(struct batch_queue *queue, uint64_t number)
{
    struct record_draft draft;
    record_draft_init(&draft, redact);
    record_add_int(&draft, "number", (int64_t)number);
    struct record *record = record_create(&draft, "a", number);
    record_draft_finish(&draft);
    batch_queue_add(queue, record);
    record_release(record);
}

static void expect(struct batch_queue *queue, uint64_t first, size_t n)
{
    struct record *records[16];
    assert_int_equal(batch_queue_take(queue, records, n), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(record_view(records[i])->time_unix_ns, first + i);
        assert_int_equal(record_view(records[i])->attrs[0].num.i, first + i);
        record_release(records[i]);
    }
}

static void records_leave_in_the_order_they_came(void **state)
{
    (void)state;
    struct batch_queue *queue = batch_queue_create(4);
    add(queue, 1);
    add(queue, 2);
    add(queue, 3);
    expect(queue, 1, 2);
    add(queue, 4);
    add(queue, 5);
    add(queue, 6);
    assert_int_equal(batch_queue_count(queue), 4);
    expect(queue, 3, 4);
    assert_int_equal(batch_queue_dropped(queue), 0);
    batch_queue_destroy(queue);
}

static void a_full_queue_drops_the_oldest_and_counts_each(void **state)
{
    (void)state;
    struct batch_queue *queue = batch_queue_create(4);
    for (uint64_t i = 1; i <= 11; i++) {
        add(queue, i);
    }
    assert_int_equal(batch_queue_count(queue), 4);
    assert_int_equal(batch_queue_dropped(queue), 7);
    expect(queue, 8, 4);
    add(queue, 12);
    assert_int_equal(batch_queue_dropped(queue), 7);
    batch_queue_destroy(queue);
}

static void an_empty_queue_gives_nothing(void **state)
{
    (void)state;
    struct record *records[4];
    struct batch_queue *queue = batch_queue_create(1);
    assert_int_equal(batch_queue_take(queue, records, 4), 0);
    add(queue, 1);
    assert_int_equal(batch_queue_take(queue, records, 0), 0);
    expect(queue, 1, 1);
    batch_queue_destroy(queue);
    batch_queue_destroy(NULL);
}

static void a_record_lives_until_its_last_holder_lets_go(void **state)
{
    (void)state;
    struct record *from_first = NULL;
    struct batch_queue *first = batch_queue_create(2), *second = batch_queue_create(2);
    add(first, 7);
    assert_int_equal(batch_queue_take(first, &from_first, 1), 1);
    batch_queue_add(second, from_first);
    record_release(from_first);
    expect(second, 7, 1);
    batch_queue_destroy(first);
    batch_queue_destroy(second);
}

static int setup(void **state)
{
    (void)state;
    redact = redact_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    redact_destroy(redact);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_leave_in_the_order_they_came),
        cmocka_unit_test(a_full_queue_drops_the_oldest_and_counts_each),
        cmocka_unit_test(an_empty_queue_gives_nothing),
        cmocka_unit_test(a_record_lives_until_its_last_holder_lets_go),
    };
    return cmocka_run_group_tests_name("telemetry/batch", tests, setup, teardown);
}
