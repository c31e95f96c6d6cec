/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/spending.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent_state.h"
#include "agent/compact.h"
#include "agent/cost.h"
#include "agent/estimate.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/money.h"
#include "config/model_profile.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "plugin/provider.h"
#include "session/cost_record.h"

#define NS_PER_MS    UINT64_C(1000000)
#define PICO_OF_NANO 1000

static int64_t known(int64_t number)
{
    return number > 0 ? number : 0;
}

static const struct model_prices *prices_of(const struct agent *agent)
{
    return agent->settings.profile != NULL ? &agent->settings.profile->prices : NULL;
}

/* ---- the session ---- */

static void on_time_up(void *ctx)
{
    struct agent *agent = ctx;
    struct beacon_error err = {0};
    if (agent->is_interrupted || agent->failure.code != BEACON_OK) {
        return; /* it ends already, and not because of this */
    }
    (void)budget_time_is_up(&agent->spending.budget, &err);
    agent->spending.is_over = true;
    turn_fail(agent, &err, err.message);
    agent_stop_work(agent);
}

void spending_open(struct agent *agent)
{
    struct spending *spending = &agent->spending;
    const struct agent_settings *settings = &agent->settings;
    const struct cost_state *before = settings->cost_before;
    spending->budget.limits = settings->budget != NULL ? *settings->budget : budget_unlimited;
    spending->total = spending->turn = cost_nothing;
    spending->last_input = spending->last_output = spending->last_cached = -1;
    spending->clock = loop_timer_create(agent->parts.loop, on_time_up, agent);
    if (before != NULL && before->n_requests > 0) {
        spending->total = before->total;
        spending->budget.spent.turns = before->n_requests;
        spending->budget.spent.pico_usd = known(before->total.pico_usd);
        spending->budget.is_estimated = before->total.is_estimated;
        prefix_resume(&spending->prefix, before->blocks, before->n_blocks);
    }
    spending->budget.spent.tokens =
        money_add(known(settings->usage.input), known(settings->usage.output));
}

void spending_close(struct agent *agent)
{
    loop_timer_close(agent->spending.clock);
    prefix_finish(&agent->spending.prefix);
}

/* ---- the turn ---- */

void spending_begin_turn(struct agent *agent)
{
    struct spending *spending = &agent->spending;
    const int64_t left_ms = budget_left_ms(&spending->budget);
    spending->began_ns = clock_mono_ns();
    spending->turn = cost_nothing;
    spending->is_over = false;
    if (left_ms != INT64_MAX) {
        loop_timer_start(spending->clock, (uint64_t)left_ms);
    }
}

static void release(struct spending *spending, const struct budget_amount *took)
{
    budget_settle(&spending->budget, &spending->reserved, took);
    spending->reserved = (struct budget_amount){0};
    spending->is_asking = false;
}

void spending_end_turn(struct agent *agent)
{
    struct spending *spending = &agent->spending;
    loop_timer_stop(spending->clock);
    if (spending->began_ns != 0) {
        spending->budget.spent_ms += (clock_mono_ns() - spending->began_ns) / NS_PER_MS;
    }
    if (spending->is_asking) { /* the request could not be sent */
        release(spending, &(struct budget_amount){0});
    }
    spending->began_ns = 0;
    spending->is_over = false;
}

/* ---- a request ---- */

/* What the provider counted last time, and by the rule what came on top of it; all by the rule when it
 * does not count, or the history was replaced by a smaller one. A provider that can count is asked. */
static int64_t expect_input(const struct agent *agent, const struct beacon_turn *turn,
                            int64_t estimate)
{
    const struct spending *spending = &agent->spending;
    const int64_t counted = provider_count_tokens(agent->parts.provider, turn);
    if (counted >= 0) {
        return counted;
    }
    if (spending->last_input < 0 || estimate < spending->last_estimate) {
        return estimate;
    }
    return money_add(spending->last_input, estimate - spending->last_estimate);
}

/* An answer as long as the last one; what the provider's cache held it holds still. */
static struct budget_amount expect(const struct agent *agent)
{
    const struct spending *spending = &agent->spending;
    const struct event_usage usage = {.input = spending->input_estimate,
                                      .cached_input = spending->last_cached,
                                      .output = known(spending->last_output)};
    return (struct budget_amount){.tokens = money_add(usage.input, usage.output),
                                  .pico_usd = known(cost_of(&usage, prices_of(agent)).pico_usd),
                                  .turns = 1};
}

int spending_begin_request(struct agent *agent, const struct beacon_turn *turn,
                           struct beacon_error *err)
{
    struct spending *spending = &agent->spending;
    const int64_t estimate = estimate_turn(turn);
    spending->input_estimate = expect_input(agent, turn, estimate);
    const struct budget_amount need = expect(agent);
    int rc = budget_check_prices(agent->settings.budget, agent->settings.profile,
                                 agent->settings.provider != NULL
                                     ? agent->settings.provider
                                     : provider_plugin_id(agent->parts.provider),
                                 agent->settings.model, err);
    if (rc == BEACON_OK) {
        rc = budget_reserve(&spending->budget, &need, err);
        spending->is_over = rc != BEACON_OK;
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    spending->reserved = need;
    spending->is_asking = true;
    spending->delta_bytes = 0;
    spending->item_tokens = 0;
    spending->nano_usd = -1;
    spending->estimate = estimate;
    spending->is_aside = compact_is_asking(agent);
    if (spending->is_aside) {
        prefix_compacted(&spending->prefix);
    } else {
        prefix_take(&spending->prefix, turn, provider_opaque_ns(agent->parts.provider));
    }
    return BEACON_OK;
}

void spending_tell_prefix(struct agent *agent)
{
    struct spending *spending = &agent->spending;
    const char *broken_at = spending->prefix.broken_at;
    if (spending->is_aside) {
        return;
    }
    const bool is_model_told = spending->is_model_told;
    spending->is_model_told = false;
    /* That the history was compacted, or another model is asked, was told by who did it. */
    if (broken_at[0] == '\0' || strcmp(broken_at, "compaction") == 0 ||
        (is_model_told && strcmp(broken_at, "model") == 0) ||
        strcmp(broken_at, spending->lost_at) == 0) {
        return;
    }
    (void)snprintf(spending->lost_at, sizeof spending->lost_at, "%s", broken_at);
    AUTO_FREE char *sentence = alloc_printf(
        "the provider must read this conversation anew, which costs more: the request differs from "
        "the one before at its %s",
        broken_at);
    struct event event = {.kind = EVENT_WARNING, .turn_id = agent->turn_id};
    event.as.message.text = sentence;
    fanout_emit(agent->parts.events, &event);
}

void spending_add_delta(struct agent *agent, size_t n_bytes)
{
    agent->spending.delta_bytes += n_bytes;
}

void spending_add_item(struct agent *agent, const struct beacon_part *part)
{
    struct spending *spending = &agent->spending;
    spending->item_tokens = money_add(spending->item_tokens, estimate_part(part));
}

void spending_add_usage(struct agent *agent, const struct beacon_usage *usage)
{
    int64_t *nano_usd = &agent->spending.nano_usd;
    usage_take(&agent->answer, usage);
    if (usage->cost_nano_usd >= 0) {
        const bool is_more = (usage->flags & BEACON_USAGE_CUMULATIVE) == 0 && *nano_usd > 0;
        *nano_usd = is_more ? money_add(*nano_usd, usage->cost_nano_usd) : usage->cost_nano_usd;
    }
}

/* ---- its answer is over ---- */

/* What the provider left out, by the rule. True: something was. */
static bool fill_in(struct agent *agent)
{
    const struct spending *spending = &agent->spending;
    struct event_usage *answer = &agent->answer;
    const int64_t heard = estimate_text(spending->delta_bytes);
    const bool lacks_input = answer->input < 0, lacks_output = answer->output < 0;
    if (lacks_input) {
        answer->input = spending->input_estimate;
    }
    if (lacks_output) {
        answer->output = heard > spending->item_tokens ? heard : spending->item_tokens;
    }
    return lacks_input || lacks_output;
}

/* The provider's own word on the price goes before the table. */
static struct event_cost cost_of_answer(const struct agent *agent, bool is_estimated)
{
    struct event_cost cost = cost_of(&agent->answer, prices_of(agent));
    if (agent->spending.nano_usd >= 0) {
        cost = (struct event_cost){.pico_usd = money_times(agent->spending.nano_usd, PICO_OF_NANO)};
    }
    cost.is_estimated |= is_estimated;
    cost.is_partial = cost.pico_usd < 0;
    return cost;
}

static void remember(struct spending *spending, const struct event_usage *answer, bool is_estimated)
{
    spending->last_input = is_estimated ? -1 : answer->input;
    spending->last_output = answer->output;
    spending->last_cached = answer->cached_input;
    spending->last_estimate = spending->estimate;
}

struct event_spending spending_of_turn(const struct agent *agent)
{
    const struct spending *spending = &agent->spending;
    const struct model_prices *prices = prices_of(agent);
    return (struct event_spending){
        .last = cost_nothing,
        .turn = spending->turn,
        .total = spending->total,
        .model = agent->settings.model,
        .input_price = prices != NULL ? prices->input : MONEY_UNKNOWN,
        .n_requests = spending->budget.spent.turns,
    };
}

static struct event_prefix prefix_of(const struct prefix *prefix)
{
    return (struct event_prefix){
        .hash = prefix->hash,
        .blocks = prefix->blocks,
        .n_blocks = prefix->n_blocks,
        .n_known = prefix->n_known,
        .broken_at = prefix->broken_at[0] != '\0' ? prefix->broken_at : NULL,
    };
}

static void tell(struct agent *agent, const struct event_cost *cost, bool is_whole)
{
    struct event_spending told = spending_of_turn(agent);
    told.last = *cost;
    told.is_broken = !is_whole;
    if (!agent->spending.is_aside) {
        told.prefix = prefix_of(&agent->spending.prefix);
    }
    struct event event = {.kind = EVENT_USAGE, .turn_id = agent->turn_id};
    event.as.usage.last = agent->answer;
    event.as.usage.total = agent->total;
    event.as.usage.spending = &told;
    fanout_emit(agent->parts.events, &event);
    if (!agent->spending.is_aside) {
        prefix_told(&agent->spending.prefix);
    }
}

void spending_end_request(struct agent *agent, bool is_whole)
{
    struct spending *spending = &agent->spending;
    const bool has_begun = is_whole || spending->delta_bytes > 0 || spending->item_tokens > 0 ||
                           agent->answer.input >= 0 || agent->answer.output >= 0;
    if (!has_begun) { /* nothing is paid for a refusal */
        release(spending, &(struct budget_amount){0});
        return;
    }
    const bool is_estimated = fill_in(agent);
    const struct event_cost cost = cost_of_answer(agent, is_estimated);
    remember(spending, &agent->answer, is_estimated);
    release(spending, &(struct budget_amount){.tokens = money_add(known(agent->answer.input),
                                                                  known(agent->answer.output)),
                                              .pico_usd = cost.pico_usd,
                                              .turns = is_whole ? 1 : 0});
    spending->budget.is_estimated |= cost.is_estimated;
    usage_add(&agent->total, &agent->answer);
    cost_add(&spending->turn, &cost);
    cost_add(&spending->total, &cost);
    tell(agent, &cost, is_whole);
}
