/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/clock.h"

static void a_moment_reads_as_utc(void **state)
{
    (void)state;
    char text[CLOCK_UTC_BYTES];
    clock_format_utc(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_format_utc(1735787045678u, text);
    assert_string_equal(text, "2025-01-02T03:04:05.678Z");
    clock_format_utc(253402300799999u, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void a_moment_beyond_the_calendar_stays_in_its_buffer(void **state)
{
    (void)state;
    char text[CLOCK_UTC_BYTES];
    clock_format_utc(UINT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    clock_format_utc(253402300800000u, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void the_clocks_do_not_run_backwards(void **state)
{
    (void)state;
    uint64_t before = clock_mono_ns();
    assert_true(clock_mono_ns() >= before);
    assert_true(clock_unix_ms() > 1700000000000u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_reads_as_utc),
        cmocka_unit_test(a_moment_beyond_the_calendar_stays_in_its_buffer),
        cmocka_unit_test(the_clocks_do_not_run_backwards),
    };
    return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
