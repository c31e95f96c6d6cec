/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cost.h"

#include <stddef.h>

#include "base/money.h"
#include "config/model_profile.h"

const struct event_cost cost_nothing = {.pico_usd = MONEY_UNKNOWN};

static int64_t known(int64_t tokens)
{
    return tokens > 0 ? tokens : 0;
}

static int64_t at_most(int64_t tokens, int64_t most)
{
    return tokens < most ? tokens : most;
}

bool cost_is_known(const struct model_prices *prices)
{
    return prices != NULL && prices->input >= 0 && prices->output >= 0;
}

/* Tokens at a price that falls back on another one, which is a guess. */
static int64_t cached(int64_t tokens, int64_t price, int64_t input_price, struct event_cost *cost)
{
    cost->is_estimated |= tokens > 0 && price < 0;
    return money_times(tokens, price >= 0 ? price : input_price);
}

struct event_cost cost_of(const struct event_usage *usage, const struct model_prices *prices)
{
    struct event_cost cost = {.pico_usd = MONEY_UNKNOWN};
    if (!cost_is_known(prices) || usage->input < 0 || usage->output < 0) {
        return cost;
    }
    /* The parts may claim to be more than the whole. */
    const int64_t read = at_most(known(usage->cached_input), usage->input);
    const int64_t written = at_most(known(usage->cache_write), usage->input - read);
    int64_t sum = money_times(usage->input - read - written, prices->input);
    sum = money_add(sum, cached(read, prices->cache_read, prices->input, &cost));
    sum = money_add(sum, cached(written, prices->cache_write, prices->input, &cost));
    cost.pico_usd = money_add(sum, money_times(usage->output, prices->output));
    return cost;
}

void cost_add(struct event_cost *total, const struct event_cost *answer)
{
    total->is_estimated |= answer->is_estimated;
    total->is_partial |= answer->is_partial || answer->pico_usd < 0;
    if (answer->pico_usd >= 0) {
        total->pico_usd = money_add(total->pico_usd > 0 ? total->pico_usd : 0, answer->pico_usd);
    }
}
