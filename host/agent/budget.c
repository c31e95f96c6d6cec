/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/budget.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/cost.h"
#include "base/error.h"
#include "base/money.h"
#include "config/model_profile.h"

#define MS_PER_SECOND 1000
#define ONWARD        "raise the budget, then `beacon exec resume --last` goes on from here"
#define AMOUNT_BYTES  48

const struct budget_limits budget_unlimited = {BUDGET_NONE, BUDGET_NONE, BUDGET_NONE, BUDGET_NONE};

static bool is_over(int64_t limit, int64_t used, int64_t need)
{
    return limit >= 0 && need > limit - used;
}

/* A sum that was stopped at the most there is gives back less than it was made of. */
static int64_t less(int64_t from, int64_t amount)
{
    return from > amount ? from - amount : 0;
}

static int64_t used_tokens(const struct budget *budget)
{
    return money_add(budget->spent.tokens, budget->reserved.tokens);
}

static int64_t used_money(const struct budget *budget)
{
    return money_add(budget->spent.pico_usd, budget->reserved.pico_usd);
}

static const char *mark(const struct budget *budget)
{
    return budget->is_estimated ? " (estimated)" : "";
}

static int refuse_tokens(const struct budget *budget, int64_t need, struct beacon_error *err)
{
    return error_set(err, BEACON_E_LIMIT, ONWARD,
                     "budget max_tokens reached: %" PRId64 "%s of %" PRId64
                     " tokens are used, and the next request takes about %" PRId64
                     "; raise it with --max-tokens or [budget] max_tokens",
                     used_tokens(budget), mark(budget), budget->limits.max_tokens, need);
}

static int refuse_money(const struct budget *budget, int64_t need, struct beacon_error *err)
{
    char used[MONEY_TEXT_BYTES], limit[MONEY_TEXT_BYTES], next[MONEY_TEXT_BYTES];
    money_text(used_money(budget), used);
    money_text(budget->limits.max_pico_usd, limit);
    money_text(need, next);
    return error_set(err, BEACON_E_LIMIT, ONWARD,
                     "budget max_cost_usd reached: %s%s of %s is spent, and the next request costs "
                     "about %s; raise it with --max-cost-usd or [budget] max_cost_usd",
                     used, mark(budget), limit, next);
}

static int refuse_turns(const struct budget *budget, struct beacon_error *err)
{
    return error_set(err, BEACON_E_LIMIT, ONWARD,
                     "budget max_turns reached: %" PRId64 " of %" PRId64
                     " requests to the model were made; raise it with --max-turns or [budget] "
                     "max_turns",
                     budget->spent.turns + budget->reserved.turns, budget->limits.max_turns);
}

int budget_time_is_up(const struct budget *budget, struct beacon_error *err)
{
    return error_set(err, BEACON_E_DEADLINE, ONWARD,
                     "budget max_seconds reached: %" PRId64
                     " seconds of work have passed; raise it with --max-seconds or [budget] "
                     "max_seconds",
                     budget->limits.max_seconds);
}

int64_t budget_left_ms(const struct budget *budget)
{
    const int64_t max = budget->limits.max_seconds;
    if (max < 0 || max > INT64_MAX / MS_PER_SECOND) {
        return INT64_MAX;
    }
    const int64_t max_ms = max * MS_PER_SECOND;
    return budget->spent_ms < (uint64_t)max_ms ? max_ms - (int64_t)budget->spent_ms : 0;
}

int budget_reserve(struct budget *budget, const struct budget_amount *need,
                   struct beacon_error *err)
{
    const struct budget_limits *limits = &budget->limits;
    if (is_over(limits->max_turns, budget->spent.turns + budget->reserved.turns, need->turns)) {
        return refuse_turns(budget, err);
    }
    if (is_over(limits->max_tokens, used_tokens(budget), need->tokens)) {
        return refuse_tokens(budget, need->tokens, err);
    }
    if (is_over(limits->max_pico_usd, used_money(budget), need->pico_usd)) {
        return refuse_money(budget, need->pico_usd, err);
    }
    if (budget_left_ms(budget) == 0) {
        return budget_time_is_up(budget, err);
    }
    budget->reserved.turns += need->turns;
    budget->reserved.tokens = money_add(budget->reserved.tokens, need->tokens);
    budget->reserved.pico_usd = money_add(budget->reserved.pico_usd, need->pico_usd);
    return BEACON_OK;
}

void budget_settle(struct budget *budget, const struct budget_amount *need,
                   const struct budget_amount *took)
{
    budget->reserved.turns = less(budget->reserved.turns, need->turns);
    budget->reserved.tokens = less(budget->reserved.tokens, need->tokens);
    budget->reserved.pico_usd = less(budget->reserved.pico_usd, need->pico_usd);
    budget->spent.turns += took->turns;
    budget->spent.tokens = money_add(budget->spent.tokens, took->tokens);
    budget->spent.pico_usd =
        money_add(budget->spent.pico_usd, took->pico_usd > 0 ? took->pico_usd : 0);
}

int budget_check_prices(const struct budget_limits *limits, const struct model_profile *profile,
                        const char *provider, const char *model, struct beacon_error *err)
{
    if (limits == NULL || limits->max_pico_usd < 0 ||
        cost_is_known(profile != NULL ? &profile->prices : NULL)) {
        return BEACON_OK;
    }
    char hint[sizeof err->hint];
    (void)snprintf(hint, sizeof hint,
                   "set price_input and price_output (dollars per million tokens) in "
                   "[model_providers.%.60s.models.\"%.60s\"], or remove max_cost_usd",
                   provider, model);
    return error_set(err, BEACON_E_INVALID, hint,
                     "max_cost_usd cannot be held: the price of the model %.100s is not known",
                     model);
}
