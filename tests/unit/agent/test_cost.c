/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "agent/cost.h"
#include "base/money.h"
#include "config/model_profile.h"

/* Dollars per million tokens: 3, 15, 0.3 and 3.75. */
static const struct model_prices prices = {3000000, 15000000, 300000, 3750000};

static void each_kind_of_token_has_its_price(void **state)
{
    (void)state;
    const struct event_usage usage = {1000, 400, 100, 200, 50};
    const struct event_cost cost = cost_of(&usage, &prices);
    assert_int_equal(cost.pico_usd,
                     500 * 3000000LL + 400 * 300000LL + 100 * 3750000LL + 200 * 15000000LL);
    assert_false(cost.is_estimated);
}

static void without_a_price_of_the_cache_that_of_input_is_a_guess(void **state)
{
    (void)state;
    const struct model_prices plain = {3000000, 15000000, MODEL_PRICE_UNKNOWN, MODEL_PRICE_UNKNOWN};
    struct event_cost cost = cost_of(&(struct event_usage){1000, 400, -1, 0, -1}, &plain);
    assert_int_equal(cost.pico_usd, 1000 * 3000000LL);
    assert_true(cost.is_estimated);
    cost = cost_of(&(struct event_usage){1000, 0, -1, 0, -1}, &plain);
    assert_false(cost.is_estimated);
}

static void what_is_not_known_costs_something_unknown(void **state)
{
    (void)state;
    const struct model_prices no_output = {3000000, MODEL_PRICE_UNKNOWN, 0, 0};
    const struct event_usage usage = {1000, -1, -1, 10, -1};
    assert_int_equal(cost_of(&usage, NULL).pico_usd, MONEY_UNKNOWN);
    assert_int_equal(cost_of(&usage, &no_output).pico_usd, MONEY_UNKNOWN);
    assert_int_equal(cost_of(&(struct event_usage){-1, 0, 0, 10, 0}, &prices).pico_usd,
                     MONEY_UNKNOWN);
    assert_int_equal(cost_of(&(struct event_usage){10, 0, 0, -1, 0}, &prices).pico_usd,
                     MONEY_UNKNOWN);
    assert_false(cost_is_known(NULL));
    assert_false(cost_is_known(&no_output));
}

static void a_model_that_is_free_costs_nothing_and_that_is_known(void **state)
{
    (void)state;
    const struct model_prices free_of_charge = {0, 0, 0, 0};
    assert_true(cost_is_known(&free_of_charge));
    assert_int_equal(cost_of(&(struct event_usage){1000, -1, -1, 10, -1}, &free_of_charge).pico_usd,
                     0);
}

static void parts_that_claim_to_be_more_than_the_whole_cost_no_more(void **state)
{
    (void)state;
    const struct event_cost cost = cost_of(&(struct event_usage){10, 50, 50, 0, 0}, &prices);
    assert_int_equal(cost.pico_usd, 10 * 300000LL);
}

static void absurd_numbers_stop_at_the_most_there_is(void **state)
{
    (void)state;
    const struct model_prices dear = {INT64_MAX, INT64_MAX, 0, 0};
    const struct event_usage usage = {INT64_MAX, 0, 0, INT64_MAX, 0};
    const struct event_cost cost = cost_of(&usage, &dear);
    struct event_cost total = cost_nothing;
    assert_int_equal(cost.pico_usd, INT64_MAX);
    cost_add(&total, &cost);
    cost_add(&total, &cost);
    assert_int_equal(total.pico_usd, INT64_MAX);
}

static void a_total_with_unknown_parts_is_partial_and_keeps_the_rest(void **state)
{
    (void)state;
    struct event_cost total = cost_nothing;
    cost_add(&total, &(struct event_cost){.pico_usd = MONEY_UNKNOWN});
    assert_int_equal(total.pico_usd, MONEY_UNKNOWN);
    assert_true(total.is_partial);
    cost_add(&total, &(struct event_cost){.pico_usd = 5, .is_estimated = true});
    cost_add(&total, &(struct event_cost){.pico_usd = 2});
    assert_int_equal(total.pico_usd, 7);
    assert_true(total.is_partial && total.is_estimated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_token_has_its_price),
        cmocka_unit_test(without_a_price_of_the_cache_that_of_input_is_a_guess),
        cmocka_unit_test(what_is_not_known_costs_something_unknown),
        cmocka_unit_test(a_model_that_is_free_costs_nothing_and_that_is_known),
        cmocka_unit_test(parts_that_claim_to_be_more_than_the_whole_cost_no_more),
        cmocka_unit_test(absurd_numbers_stop_at_the_most_there_is),
        cmocka_unit_test(a_total_with_unknown_parts_is_partial_and_keeps_the_rest),
    };
    return cmocka_run_group_tests_name("agent/cost", tests, NULL, NULL);
}
