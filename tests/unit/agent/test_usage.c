/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "agent/agent_state.h"

static const struct event_usage unknown = {-1, -1, -1, -1, -1};

static void assert_usage(const struct event_usage *usage, int64_t input, int64_t cached,
                         int64_t written, int64_t output, int64_t reasoning)
{
    assert_int_equal(usage->input, input);
    assert_int_equal(usage->cached_input, cached);
    assert_int_equal(usage->cache_write, written);
    assert_int_equal(usage->output, output);
    assert_int_equal(usage->reasoning, reasoning);
}

static void numbers_that_include_everything_are_taken_as_they_are(void **state)
{
    (void)state;
    struct event_usage answer = unknown;
    usage_take(&answer, &(struct beacon_usage){.flags = BEACON_USAGE_INPUT_INCLUDES_CACHE |
                                                        BEACON_USAGE_OUTPUT_INCLUDES_REASONING,
                                               .input = 100,
                                               .cache_read = 20,
                                               .cache_write = 5,
                                               .output = 30,
                                               .reasoning = 10});
    assert_usage(&answer, 100, 20, 5, 30, 10);
}

static void numbers_that_leave_parts_out_get_them_added(void **state)
{
    (void)state;
    struct event_usage answer = unknown;
    usage_take(
        &answer,
        &(struct beacon_usage){
            .input = 100, .cache_read = 20, .cache_write = 5, .output = 30, .reasoning = 10});
    assert_usage(&answer, 125, 20, 5, 40, 10);
}

static void what_nobody_told_is_unknown_and_adds_nothing(void **state)
{
    (void)state;
    struct event_usage answer = unknown;
    usage_take(
        &answer,
        &(struct beacon_usage){
            .input = 100, .cache_read = -1, .cache_write = -1, .output = 30, .reasoning = -1});
    assert_usage(&answer, 100, -1, -1, 30, -1);
}

static void reports_of_one_answer_are_added(void **state)
{
    (void)state;
    struct event_usage answer = unknown;
    struct beacon_usage report = {.input = 1, .output = 2, .reasoning = 3};
    usage_take(&answer, &report);
    usage_take(&answer, &report);
    assert_usage(&answer, 2, 0, 0, 10, 6);
}

/* A provider that tells the input first and the output as it grows. */
static void a_cumulative_report_replaces_what_it_knows(void **state)
{
    (void)state;
    struct event_usage answer = unknown;
    usage_take(&answer, &(struct beacon_usage){.flags = BEACON_USAGE_CUMULATIVE,
                                               .input = 100,
                                               .cache_read = 20,
                                               .cache_write = -1,
                                               .output = 1,
                                               .reasoning = -1});
    usage_take(&answer, &(struct beacon_usage){.flags = BEACON_USAGE_CUMULATIVE,
                                               .input = -1,
                                               .cache_read = -1,
                                               .cache_write = -1,
                                               .output = 30,
                                               .reasoning = -1});
    assert_usage(&answer, 120, 20, -1, 30, -1);
}

static void the_total_counts_unknown_as_nothing(void **state)
{
    (void)state;
    struct event_usage total = {0};
    const struct event_usage answer = {100, -1, -1, 30, -1};
    usage_add(&total, &answer);
    usage_add(&total, &answer);
    assert_usage(&total, 200, 0, 0, 60, 0);
}

static void absurd_numbers_stop_at_the_largest(void **state)
{
    (void)state;
    struct event_usage total = {0};
    struct event_usage answer = unknown;
    usage_take(&answer, &(struct beacon_usage){.input = INT64_MAX,
                                               .cache_read = INT64_MAX,
                                               .cache_write = INT64_MIN,
                                               .output = INT64_MIN,
                                               .reasoning = INT64_MAX});
    usage_add(&total, &answer);
    usage_add(&total, &answer);
    assert_usage(&total, INT64_MAX, INT64_MAX, 0, 0, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_include_everything_are_taken_as_they_are),
        cmocka_unit_test(numbers_that_leave_parts_out_get_them_added),
        cmocka_unit_test(what_nobody_told_is_unknown_and_adds_nothing),
        cmocka_unit_test(reports_of_one_answer_are_added),
        cmocka_unit_test(a_cumulative_report_replaces_what_it_knows),
        cmocka_unit_test(the_total_counts_unknown_as_nothing),
        cmocka_unit_test(absurd_numbers_stop_at_the_largest),
    };
    return cmocka_run_group_tests_name("agent/usage", tests, NULL, NULL);
}
