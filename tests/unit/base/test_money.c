/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <math.h>

#include "base/money.h"

static void assert_text(int64_t pico_usd, const char *text, const char *json)
{
    char out[MONEY_TEXT_BYTES];
    money_text(pico_usd, out);
    assert_string_equal(out, text);
    money_json(pico_usd, out);
    assert_string_equal(out, json);
}

static void people_see_four_decimals_and_programs_all_of_them(void **state)
{
    (void)state;
    assert_text(0, "$0.0000", "0");
    assert_text(MONEY_USD, "$1.0000", "1");
    assert_text(12345678901234, "$12.3457", "12.345678901234");
    assert_text(420000000, "$0.0004", "0.00042");
    assert_text(INT64_MAX, "$9223372.0369", "9223372.036854775807");
}

static void a_little_money_is_not_shown_as_none(void **state)
{
    (void)state;
    assert_text(1, "under $0.0001", "0.000000000001");
    assert_text(49999999, "under $0.0001", "0.000049999999");
    assert_text(50000000, "$0.0001", "0.00005");
}

static void unknown_is_never_zero(void **state)
{
    (void)state;
    assert_text(MONEY_UNKNOWN, "unknown", "null");
    assert_text(INT64_MIN, "unknown", "null");
}

static void sums_and_products_stop_at_the_most_there_is(void **state)
{
    (void)state;
    assert_int_equal(money_add(1, 2), 3);
    assert_int_equal(money_add(INT64_MAX, 1), INT64_MAX);
    assert_int_equal(money_times(3000000, 1000000), 3 * MONEY_USD);
    assert_int_equal(money_times(INT64_MAX, 2), INT64_MAX);
    assert_int_equal(money_times(INT64_MAX, 0), 0);
}

static void dollars_are_read_to_the_nearest_and_nonsense_as_nothing(void **state)
{
    (void)state;
    assert_int_equal(money_from_usd(1.5), 3 * MONEY_USD / 2);
    assert_int_equal(money_from_usd(0.01), MONEY_USD / 100);
    assert_int_equal(money_from_usd(-1), 0);
    assert_int_equal(money_from_usd(NAN), 0);
    assert_int_equal(money_from_usd(1e30), INT64_MAX);
    assert_int_equal(money_from_usd(INFINITY), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_see_four_decimals_and_programs_all_of_them),
        cmocka_unit_test(a_little_money_is_not_shown_as_none),
        cmocka_unit_test(unknown_is_never_zero),
        cmocka_unit_test(sums_and_products_stop_at_the_most_there_is),
        cmocka_unit_test(dollars_are_read_to_the_nearest_and_nonsense_as_nothing),
    };
    return cmocka_run_group_tests_name("base/money", tests, NULL, NULL);
}
