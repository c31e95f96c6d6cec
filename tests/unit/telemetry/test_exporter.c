/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "plugin/discover.h"
#include "plugin/telemetry.h"
#include "telemetry/exporter.h"
#include "telemetry/record.h"
#include "telemetry/redact.h"

#define ODD_EXPORTERS TEST_BUILD_DIR "/tests/odd_exporters"

static struct {
    struct loop *loop;
    struct plugin_set *set;
    struct redact *redact;
    struct exporter *exporter;
    const char *log;
} bench;

static struct plugin_set *kept[8]; /* of exporters that hang */
static size_t n_kept;

static int setup(void **state)
{
    struct beacon_error err = {0};
    const struct plugin_places places = {.env_path = ODD_EXPORTERS};
    if (temp_dir_setup(state) != 0) {
        return -1;
    }
    bench.log = temp_path(state, "log");
    write_text(bench.log, "");
    (void)setenv("ODD_EXPORTERS_LOG", bench.log, 1);
    assert_ok(plugin_set_open(&places, &bench.set, &err), &err);
    bench.loop = loop_create();
    bench.redact = redact_create();
    return 0;
}

/* What hangs keeps its thread, and the thread the memory: nothing of it is taken away. */
static int teardown(void **state)
{
    struct exporter_report report = {0};
    if (bench.exporter != NULL) {
        exporter_report(bench.exporter, &report);
    }
    exporter_destroy(bench.exporter);
    bench.exporter = NULL;
    redact_destroy(bench.redact);
    loop_destroy(bench.loop);
    if (report.hung_slot == NULL) {
        plugin_set_close(bench.set);
    } else {
        kept[n_kept++] = bench.set;
    }
    return temp_dir_teardown(state);
}

static void open_exporter(const char *name, struct exporter_settings settings)
{
    struct beacon_error err = {0};
    assert_ok(telemetry_open(bench.set, name, NULL, &settings.telemetry, &err), &err);
    settings.loop = bench.loop;
    bench.exporter = exporter_create(&settings);
}

static void add(size_t n)
{
    struct record_draft draft;
    record_draft_init(&draft, bench.redact);
    record_add_text(&draft, "key", BEACON_CLASS_META, "value");
    for (size_t i = 0; i < n; i++) {
        struct record *record = record_create(&draft, "a", i);
        exporter_add(bench.exporter, record);
        record_release(record);
    }
    record_draft_finish(&draft);
}

static struct exporter_report close_all(uint32_t budget_ms)
{
    struct exporter_report report;
    exporter_close_all(bench.loop, &bench.exporter, 1, budget_ms);
    exporter_report(bench.exporter, &report);
    return report;
}

static void what_is_queued_is_written_at_the_end(void **state)
{
    (void)state;
    open_exporter("good", (struct exporter_settings){0});
    add(3);
    const struct exporter_report report = close_all(EXPORTER_BUDGET_MS);
    assert_string_equal(read_text(bench.log), "write 0 0 3\nshutdown\ndestroy\n");
    assert_int_equal(report.n_written, 3);
    assert_int_equal(report.n_lost, 0);
    assert_null(report.hung_slot);
}

static void an_exporter_without_records_is_closed_all_the_same(void **state)
{
    (void)state;
    open_exporter("good", (struct exporter_settings){0});
    (void)close_all(EXPORTER_BUDGET_MS);
    assert_string_equal(read_text(bench.log), "shutdown\ndestroy\n");
}

static void stop_when_written(void *ctx)
{
    (void)ctx;
    struct exporter_report report;
    exporter_report(bench.exporter, &report);
    if (report.n_written > 0) {
        loop_stop(bench.loop);
    } else {
        loop_later(bench.loop, stop_when_written, NULL);
    }
}

static void a_full_batch_leaves_at_once_and_a_short_one_after_the_delay(void **state)
{
    (void)state;
    open_exporter("good", (struct exporter_settings){.batch_max = 4, .delay_ms = 1});
    add(2);
    loop_later(bench.loop, stop_when_written, NULL);
    loop_run(bench.loop);
    assert_string_equal(read_text(bench.log), "write 0 0 2\n");
    add(9);
    (void)close_all(EXPORTER_BUDGET_MS);
    assert_string_equal(read_text(bench.log), "write 0 0 2\nwrite 1 0 4\nwrite 2 0 4\nwrite 3 0 1\n"
                                              "shutdown\ndestroy\n");
}

/* A timer would keep the loop running for ever. */
static void with_an_empty_queue_nothing_waits_for_anything(void **state)
{
    (void)state;
    open_exporter("good", (struct exporter_settings){.delay_ms = 1});
    loop_run(bench.loop);
    add(1);
    loop_run(bench.loop);
    assert_string_equal(read_text(bench.log), "write 0 0 1\n");
    (void)close_all(EXPORTER_BUDGET_MS);
}

static void what_a_full_queue_dropped_is_told_with_the_next_batch(void **state)
{
    (void)state;
    open_exporter("good", (struct exporter_settings){.queue_max = 4, .batch_max = 100});
    add(10);
    const struct exporter_report report = close_all(EXPORTER_BUDGET_MS);
    assert_string_equal(read_text(bench.log), "write 0 6 4\nshutdown\ndestroy\n");
    assert_int_equal(report.n_written, 4);
    assert_int_equal(report.n_lost, 6);
}

static void a_failing_exporter_loses_its_batches_and_says_why(void **state)
{
    (void)state;
    open_exporter("failing", (struct exporter_settings){.batch_max = 4});
    add(6);
    const struct exporter_report report = close_all(EXPORTER_BUDGET_MS);
    assert_string_equal(read_text(bench.log), "write 0 0 4\nwrite 1 4 2\nshutdown\ndestroy\n");
    assert_int_equal(report.n_written, 0);
    assert_int_equal(report.n_lost, 6);
    assert_string_equal(report.first_error.message, "the disk is full");
    assert_string_not_equal(report.first_error.hint, "");
}

static void a_stalling_exporter_is_cancelled_and_still_closed(void **state)
{
    (void)state;
    open_exporter("slow", (struct exporter_settings){.write_timeout_ms = 1});
    add(2);
    const struct exporter_report report = close_all(EXPORTER_BUDGET_MS);
    assert_string_equal(read_text(bench.log), "write 0 0 2\nshutdown\ndestroy\n");
    assert_int_equal(report.n_lost, 2);
    assert_null(report.hung_slot);
    assert_string_equal(report.first_error.message, "the peer never answered");
}

static void an_exporter_that_ignores_the_cancel_is_left_alone_and_named(void **state)
{
    (void)state;
    open_exporter("deaf", (struct exporter_settings){.write_timeout_ms = 1});
    add(2);
    const struct exporter_report report = close_all(EXPORTER_BUDGET_MS);
    assert_string_equal(report.hung_slot, "write");
    assert_string_equal(read_text(bench.log), "write 0 0 2\n");
    assert_int_equal(report.n_lost, 2);
}

static void the_budget_ends_an_exporter_that_clings_to_its_shutdown(void **state)
{
    (void)state;
    open_exporter("clinging", (struct exporter_settings){0});
    add(1);
    const struct exporter_report report = close_all(1);
    assert_non_null(report.hung_slot);
}

static void records_for_an_exporter_that_hangs_are_counted_as_lost(void **state)
{
    (void)state;
    open_exporter("deaf", (struct exporter_settings){.batch_max = 1, .write_timeout_ms = 1});
    add(1);
    loop_run(bench.loop); /* until it is given up */
    add(5);
    const struct exporter_report report = close_all(EXPORTER_BUDGET_MS);
    assert_string_equal(report.hung_slot, "write");
    assert_int_equal(report.n_lost, 6);
    assert_int_equal(report.n_written, 0);
}

/* Shared records, two threads: each exporter gets every one, and one that fails costs the other none. */
static void exporters_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct exporter_settings settings = {.loop = bench.loop, .batch_max = 7};
    struct exporter *both[2];
    assert_ok(telemetry_open(bench.set, "good", NULL, &settings.telemetry, &err), &err);
    both[0] = exporter_create(&settings);
    assert_ok(telemetry_open(bench.set, "failing", NULL, &settings.telemetry, &err), &err);
    both[1] = exporter_create(&settings);
    struct record_draft draft;
    record_draft_init(&draft, bench.redact);
    record_add_text(&draft, "key", BEACON_CLASS_META, "value");
    for (size_t i = 0; i < 500; i++) {
        struct record *record = record_create(&draft, "a", i);
        exporter_add(both[0], record);
        exporter_add(both[1], record);
        record_release(record);
    }
    record_draft_finish(&draft);
    struct exporter_report good, failing;
    exporter_close_all(bench.loop, both, 2, EXPORTER_BUDGET_MS);
    exporter_report(both[0], &good);
    exporter_report(both[1], &failing);
    assert_int_equal(good.n_written, 500);
    assert_int_equal(good.n_lost, 0);
    assert_int_equal(failing.n_lost, 500);
    exporter_destroy(both[0]);
    exporter_destroy(both[1]);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_queued_is_written_at_the_end),
        TEST(an_exporter_without_records_is_closed_all_the_same),
        TEST(a_full_batch_leaves_at_once_and_a_short_one_after_the_delay),
        TEST(with_an_empty_queue_nothing_waits_for_anything),
        TEST(what_a_full_queue_dropped_is_told_with_the_next_batch),
        TEST(a_failing_exporter_loses_its_batches_and_says_why),
        TEST(a_stalling_exporter_is_cancelled_and_still_closed),
        TEST(an_exporter_that_ignores_the_cancel_is_left_alone_and_named),
        TEST(the_budget_ends_an_exporter_that_clings_to_its_shutdown),
        TEST(records_for_an_exporter_that_hangs_are_counted_as_lost),
        TEST(exporters_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests_name("telemetry/exporter", tests, NULL, NULL);
}
