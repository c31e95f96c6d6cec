/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "agent/budget.h"
#include "base/money.h"
#include "config/model_profile.h"

static struct budget of(int64_t tokens, int64_t pico_usd, int64_t turns, int64_t seconds)
{
    return (struct budget){.limits = {tokens, pico_usd, turns, seconds}};
}

static int reserve(struct budget *budget, int64_t tokens, int64_t pico_usd,
                   struct beacon_error *err)
{
    return budget_reserve(budget, &(struct budget_amount){tokens, pico_usd, 1}, err);
}

static void without_limits_everything_may_be_asked(void **state)
{
    (void)state;
    struct budget budget = {.limits = budget_unlimited};
    struct beacon_error err = {0};
    assert_ok(reserve(&budget, INT64_MAX, INT64_MAX, &err), &err);
    assert_ok(reserve(&budget, INT64_MAX, INT64_MAX, &err), &err);
    assert_int_equal(budget_left_ms(&budget), INT64_MAX);
}

static void a_limit_that_is_met_holds_and_one_more_token_does_not(void **state)
{
    (void)state;
    struct budget budget = of(100, -1, -1, -1);
    struct beacon_error err = {0};
    budget.spent.tokens = 90;
    assert_int_equal(reserve(&budget, 11, 0, &err), BEACON_E_LIMIT);
    assert_string_equal(
        err.message, "budget max_tokens reached: 90 of 100 tokens are used, and the next request "
                     "takes about 11; raise it with --max-tokens or [budget] max_tokens");
    assert_string_not_equal(err.hint, "");
    assert_ok(reserve(&budget, 10, 0, &err), &err);
}

static void what_is_reserved_counts_until_it_is_settled(void **state)
{
    (void)state;
    struct budget budget = of(100, -1, -1, -1);
    struct beacon_error err = {0};
    const struct budget_amount need = {60, 0, 1};
    assert_ok(reserve(&budget, 60, 0, &err), &err);
    assert_int_equal(reserve(&budget, 60, 0, &err), BEACON_E_LIMIT); /* another one at once */
    budget_settle(&budget, &need, &(struct budget_amount){20, 0, 1});
    assert_int_equal(budget.spent.tokens, 20);
    assert_int_equal(budget.reserved.tokens, 0);
    assert_ok(reserve(&budget, 80, 0, &err), &err);
}

static void a_refusal_reserves_nothing(void **state)
{
    (void)state;
    struct budget budget = of(100, 10, 5, -1);
    assert_int_equal(reserve(&budget, 50, 11, NULL), BEACON_E_LIMIT);
    assert_int_equal(budget.reserved.tokens, 0);
    assert_int_equal(budget.reserved.turns, 0);
}

static void money_and_turns_are_named_with_what_was_used(void **state)
{
    (void)state;
    struct budget budget = of(-1, MONEY_USD, 2, -1);
    struct beacon_error err = {0};
    budget.spent = (struct budget_amount){0, MONEY_USD / 2, 1};
    budget.is_estimated = true;
    assert_int_equal(reserve(&budget, 1, MONEY_USD, &err), BEACON_E_LIMIT);
    assert_non_null(strstr(err.message, "$0.5000 (estimated) of $1.0000 is spent"));
    assert_non_null(strstr(err.message, "--max-cost-usd or [budget] max_cost_usd"));
    budget.spent.turns = 2;
    assert_int_equal(reserve(&budget, 1, 0, &err), BEACON_E_LIMIT);
    assert_non_null(strstr(err.message, "max_turns reached: 2 of 2 requests"));
}

static void what_is_free_may_be_asked_when_the_money_is_gone(void **state)
{
    (void)state;
    struct budget budget = of(-1, MONEY_USD, -1, -1);
    struct beacon_error err = {0};
    budget.spent.pico_usd = MONEY_USD;
    assert_ok(reserve(&budget, 1, 0, &err), &err);
    assert_int_equal(reserve(&budget, 1, 1, &err), BEACON_E_LIMIT);
}

static void time_that_is_up_is_an_error_of_its_own(void **state)
{
    (void)state;
    struct budget budget = of(-1, -1, -1, 2);
    struct beacon_error err = {0};
    budget.spent_ms = 1500;
    assert_int_equal(budget_left_ms(&budget), 500);
    assert_ok(reserve(&budget, 1, 0, &err), &err);
    budget.spent_ms = 2001;
    assert_int_equal(budget_left_ms(&budget), 0);
    assert_int_equal(reserve(&budget, 1, 0, &err), BEACON_E_DEADLINE);
    budget.limits.max_seconds = INT64_MAX; /* more milliseconds than there are numbers */
    assert_int_equal(budget_left_ms(&budget), INT64_MAX);
}

static void absurd_numbers_do_not_turn_round(void **state)
{
    (void)state;
    struct budget budget = of(INT64_MAX - 1, INT64_MAX - 1, -1, -1);
    const struct budget_amount all = {INT64_MAX, INT64_MAX, 1};
    struct beacon_error err = {0};
    budget_settle(&budget, &all, &all);
    budget_settle(&budget, &all, &all);
    assert_int_equal(budget.spent.tokens, INT64_MAX);
    assert_int_equal(budget.reserved.tokens, 0);
    assert_int_equal(reserve(&budget, 1, 0, &err), BEACON_E_LIMIT);
    assert_true(strlen(err.message) < sizeof err.message - 1); /* nothing was cut off */
}

static void money_cannot_be_limited_without_a_price(void **state)
{
    (void)state;
    const struct budget_limits limits = {-1, MONEY_USD, -1, -1};
    struct model_profile profile = {.prices = {1, -1, -1, -1}};
    struct beacon_error err = {0};
    assert_int_equal(budget_check_prices(&limits, NULL, "p", "m", &err), BEACON_E_INVALID);
    assert_string_equal(err.message,
                        "max_cost_usd cannot be held: the price of the model m is not known");
    assert_string_equal(err.hint,
                        "set price_input and price_output (dollars per million tokens) in "
                        "[model_providers.p.models.\"m\"], or remove max_cost_usd");
    assert_int_equal(budget_check_prices(&limits, &profile, "p", "m", &err), BEACON_E_INVALID);
    profile.prices.output = 0;
    assert_ok(budget_check_prices(&limits, &profile, "p", "m", &err), &err);
    assert_ok(budget_check_prices(&budget_unlimited, NULL, "p", "m", &err), &err);
    assert_ok(budget_check_prices(NULL, NULL, "p", "m", &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_everything_may_be_asked),
        cmocka_unit_test(a_limit_that_is_met_holds_and_one_more_token_does_not),
        cmocka_unit_test(what_is_reserved_counts_until_it_is_settled),
        cmocka_unit_test(a_refusal_reserves_nothing),
        cmocka_unit_test(money_and_turns_are_named_with_what_was_used),
        cmocka_unit_test(what_is_free_may_be_asked_when_the_money_is_gone),
        cmocka_unit_test(time_that_is_up_is_an_error_of_its_own),
        cmocka_unit_test(absurd_numbers_do_not_turn_round),
        cmocka_unit_test(money_cannot_be_limited_without_a_price),
    };
    return cmocka_run_group_tests_name("agent/budget", tests, NULL, NULL);
}
