/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/retry_after.h>

#include "http/retry.h"

#define NOW_MS INT64_C(784111777000) /* Sun, 06 Nov 1994 08:49:37 GMT */

static int64_t header(const char *value)
{
    return beacon_retry_after_header(beacon_text(value), NOW_MS);
}

static int64_t words(const char *text)
{
    return beacon_retry_after_text(beacon_text(text));
}

static void backoff_doubles_from_200_ms_within_a_tenth(void **state)
{
    (void)state;
    assert_int_equal(retry_backoff_ms(1, 0.5), 200);
    assert_int_equal(retry_backoff_ms(2, 0.5), 400);
    assert_int_equal(retry_backoff_ms(5, 0.0), 2880);
    assert_int_equal(retry_backoff_ms(5, 1.0), 3520);
}

static void backoff_stops_growing_however_many_attempts(void **state)
{
    (void)state;
    assert_int_equal(retry_backoff_ms(100, 1.0), RETRY_BACKOFF_MAX_MS);
    assert_int_equal(retry_backoff_ms(UINT32_MAX, 0.0), RETRY_BACKOFF_MAX_MS);
}

static void the_servers_delay_wins_over_the_backoff(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    uint32_t wait_ms = 0;
    assert_ok(retry_wait_ms(5000, 1, 0.5, &wait_ms, &err), &err);
    assert_int_equal(wait_ms, 5000);
    assert_ok(retry_wait_ms(0, 3, 0.5, &wait_ms, &err), &err);
    assert_int_equal(wait_ms, 0);
    assert_ok(retry_wait_ms(BEACON_RETRY_AFTER_NONE, 3, 0.5, &wait_ms, &err), &err);
    assert_int_equal(wait_ms, 800);
}

static void a_delay_of_more_than_an_hour_is_not_waited_for(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    uint32_t wait_ms = 7;
    assert_ok(retry_wait_ms(3600000, 1, 0.5, &wait_ms, &err), &err);
    assert_refused(retry_wait_ms(3600001, 1, 0.5, &wait_ms, &err), BEACON_E_LIMIT, &err);
    assert_int_equal(wait_ms, 3600000);
}

static void seconds_may_be_whole_or_decimal(void **state)
{
    (void)state;
    assert_int_equal(header("0"), 0);
    assert_int_equal(header("  20 "), 20000);
    assert_int_equal(header("1.5"), 1500);
    assert_int_equal(header("0.0001"), 1);
    assert_int_equal(header("2.9999999999999"), 3000);
}

static void a_date_may_be_spelt_in_six_ways(void **state)
{
    (void)state;
    assert_int_equal(header("Sun, 06 Nov 1994 08:49:47 GMT"), 10000);
    assert_int_equal(header("Sunday, 06-Nov-94 08:49:47 GMT"), 10000);
    assert_int_equal(header("Sun Nov  6 08:49:47 1994"), 10000);
    assert_int_equal(header("1994-11-06T08:49:47Z"), 10000);
    assert_int_equal(header("1994-11-06 10:49:47.250+02:00"), 10250);
    assert_int_equal(header("6 Nov 1994 00:49:47 -0800"), 10000);
}

static void a_date_in_the_past_is_no_wait(void **state)
{
    (void)state;
    assert_int_equal(header("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    assert_int_equal(header("1970-01-01T00:00:00Z"), 0);
}

static void leap_days_are_counted(void **state)
{
    (void)state;
    struct beacon_str day = BEACON_STR("2024-03-01T00:00:00Z");
    assert_int_equal(beacon_retry_after_header(day, INT64_C(1709164800000)), 86400000);
    assert_int_equal(header("1994-02-29T00:00:00Z"), BEACON_RETRY_AFTER_NONE);
    assert_int_equal(header("1900-02-29T00:00:00Z"), BEACON_RETRY_AFTER_NONE);
}

static void nonsense_says_nothing(void **state)
{
    (void)state;
    static const char *const values[] = {"",
                                         " ",
                                         "-5",
                                         "5 apples",
                                         "1e3",
                                         "soon",
                                         "Sun, 06 Nov",
                                         "Sun, 32 Nov 1994 08:49:37 GMT",
                                         "Sun, 06 Foo 1994 08:49:37 GMT",
                                         "Sun, 06 Nov 1994 25:49:37 GMT",
                                         "Sun, 06 Nov 1994 08:49:37 GMTX",
                                         "Sun, 06 Nov 1994 08:49:37 +2",
                                         "1994-11-06T08:49:37",
                                         "1994-13-06T08:49:37Z",
                                         "0000-00-00T00:00:00Z"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(header(values[i]), BEACON_RETRY_AFTER_NONE);
    }
}

static void absurd_numbers_are_the_largest_wait(void **state)
{
    (void)state;
    assert_int_equal(header("999999999999999999999999999999999"), BEACON_RETRY_AFTER_MAX_MS);
    assert_int_equal(header("9999-12-31T23:59:59Z"), BEACON_RETRY_AFTER_MAX_MS);
    assert_int_equal(words("try again in 99999999999999999999999s"), BEACON_RETRY_AFTER_MAX_MS);
}

static void the_words_of_an_error_name_a_delay(void **state)
{
    (void)state;
    assert_int_equal(words("Rate limit reached. Please try again in 1.898s. Visit"), 1898);
    assert_int_equal(words("PLEASE RETRY AFTER 20 Seconds"), 20000);
    assert_int_equal(words("Try again in 250ms"), 250);
    assert_int_equal(words("retry in 3 sec, or later"), 3000);
    assert_int_equal(words("do not try now; try in 4s"), 4000);
    assert_int_equal(words("try try again in 5 s"), 5000);
}

static void words_without_number_or_unit_name_no_delay(void **state)
{
    (void)state;
    static const char *const values[] = {"",
                                         "try",
                                         "try again",
                                         "try again in",
                                         "try again in s",
                                         "try again in 5",
                                         "try again in 5 minutes",
                                         "try again in 5 somethings",
                                         "again in 5s",
                                         "tryagain in 5s",
                                         "try again in -5s"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(words(values[i]), BEACON_RETRY_AFTER_NONE);
    }
}

static void text_is_not_read_beyond_its_end(void **state)
{
    (void)state;
    static const char text[] = "try again in 5s";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        assert_int_equal(beacon_retry_after_text(beacon_span(text, n)), BEACON_RETRY_AFTER_NONE);
    }
    assert_int_equal(beacon_retry_after_header(beacon_span(NULL, 0), NOW_MS),
                     BEACON_RETRY_AFTER_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_doubles_from_200_ms_within_a_tenth),
        cmocka_unit_test(backoff_stops_growing_however_many_attempts),
        cmocka_unit_test(the_servers_delay_wins_over_the_backoff),
        cmocka_unit_test(a_delay_of_more_than_an_hour_is_not_waited_for),
        cmocka_unit_test(seconds_may_be_whole_or_decimal),
        cmocka_unit_test(a_date_may_be_spelt_in_six_ways),
        cmocka_unit_test(a_date_in_the_past_is_no_wait),
        cmocka_unit_test(leap_days_are_counted),
        cmocka_unit_test(nonsense_says_nothing),
        cmocka_unit_test(absurd_numbers_are_the_largest_wait),
        cmocka_unit_test(the_words_of_an_error_name_a_delay),
        cmocka_unit_test(words_without_number_or_unit_name_no_delay),
        cmocka_unit_test(text_is_not_read_beyond_its_end),
    };
    return cmocka_run_group_tests_name("http/retry", tests, NULL, NULL);
}
