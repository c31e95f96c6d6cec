/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent_state.h"
#include "agent/budget.h"
#include "base/money.h"
#include "config/model_profile.h"
#include "event/fanout.h"
#include "plugin/provider.h"
#include "session/cost_record.h"
#include "session/recorder.h"
#include "session/replay.h"
#include "unit/agent/turn_stage.h"
#include "unit/tools/tool_stage.h"

#define USAGE                                                                                      \
    "\"usage\":{\"input_tokens\":1000,\"output_tokens\":100,\"total_tokens\":1100,"                \
    "\"input_tokens_details\":{\"cached_tokens\":0}}"
#define ANSWER "{\"text\":\"Hello.\"," USAGE "}"

static const struct model_profile priced = {
    .prices = {3000000, 15000000, MODEL_PRICE_UNKNOWN, MODEL_PRICE_UNKNOWN}};
#define ANSWER_COST (1000 * INT64_C(3000000) + 100 * INT64_C(15000000))

/* What the newest EVENT_USAGE told. */
static struct {
    struct event_usage last, total;
    struct event_spending spending;
    char broken_at[64];
    int n, n_broken_prefixes;
} told;

static void hear(void *ctx, const struct event *event)
{
    (void)ctx;
    if (event->kind != EVENT_USAGE) {
        return;
    }
    told.last = event->as.usage.last;
    told.total = event->as.usage.total;
    told.spending = *event->as.usage.spending;
    const char *broken_at = told.spending.prefix.broken_at;
    told.n_broken_prefixes += broken_at != NULL ? 1 : 0;
    (void)snprintf(told.broken_at, sizeof told.broken_at, "%s", broken_at != NULL ? broken_at : "");
    told.n++;
}

static void listen_to_usage(void)
{
    memset(&told, 0, sizeof told);
    fanout_add(stage.events, hear, NULL);
}

static void an_answer_has_its_price_and_a_session_their_sum(void **state)
{
    listen_to_usage();
    turn.profile = &priced;
    turn_stage_ask_server(state, "{\"responses\":[" ANSWER "," ANSWER "]}");
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_int_equal(told.spending.last.pico_usd, ANSWER_COST);
    assert_int_equal(turn_stage_run("again"), AGENT_COMPLETED);
    assert_int_equal(told.spending.last.pico_usd, ANSWER_COST);
    assert_int_equal(told.spending.turn.pico_usd, ANSWER_COST);
    assert_int_equal(told.spending.total.pico_usd, 2 * ANSWER_COST);
    assert_int_equal(told.spending.n_requests, 2);
    assert_false(told.spending.total.is_estimated || told.spending.total.is_partial);
}

static void say_a_price(enum event_kind kind, void **state)
{
    (void)state;
    const struct beacon_usage report = {.input = -1,
                                        .cache_read = -1,
                                        .cache_write = -1,
                                        .output = -1,
                                        .reasoning = -1,
                                        .cost_nano_usd = 7};
    if (kind == EVENT_REQUEST_STARTED) {
        spending_add_usage(turn.agent, &report);
    }
}

static void the_word_of_the_provider_wins_over_the_table(void **state)
{
    listen_to_usage();
    turn.profile = &priced;
    turn.on_event = say_a_price;
    turn_stage_ask_server(state, "{\"responses\":[" ANSWER "]}");
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_int_equal(told.spending.last.pico_usd, 7000);
    assert_int_equal(told.last.input, 1000);
}

static void a_price_that_is_not_known_makes_the_sum_partial(void **state)
{
    listen_to_usage();
    turn_stage_ask_server(state, "{\"responses\":[" ANSWER "]}");
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_int_equal(told.spending.total.pico_usd, MONEY_UNKNOWN);
    assert_true(told.spending.total.is_partial);
}

static void an_answer_that_was_interrupted_is_paid_for(void **state)
{
    listen_to_usage();
    turn.profile = &priced;
    turn_stage_ask_server(state,
                          "{\"responses\":[{\"text\":\"Hello there.\",\"hang_after_events\":4}]}");
    interrupt_on(EVENT_TEXT_DELTA);
    assert_int_equal(turn_stage_run("go"), AGENT_INTERRUPTED);
    assert_int_equal(told.n, 1);
    assert_true(told.spending.is_broken && told.spending.last.is_estimated);
    assert_true(told.last.input > 100 && told.last.output > 0);
    assert_true(told.spending.last.pico_usd > 0);
    assert_int_equal(told.spending.n_requests, 0); /* of those that count as turns */
}

static void a_refusal_costs_nothing(void **state)
{
    listen_to_usage();
    turn_stage_ask_server(state, "{\"responses\":[{\"status\":400,\"body\":\"no\"}]}");
    assert_int_equal(turn_stage_run("go"), AGENT_FAILED);
    assert_int_equal(told.n, 0);
    assert_int_equal(turn.agent->spending.budget.reserved.tokens, 0);
    assert_int_equal(turn.agent->spending.budget.spent.tokens, 0);
}

static void fifty_turns_keep_their_prefix(void **state)
{
    listen_to_usage();
    turn_stage_ask_server(state, "{\"responses\":[" ANSWER "],\"repeat_last\":true}");
    for (int i = 0; i < 50; i++) {
        assert_int_equal(turn_stage_run("go on"), AGENT_COMPLETED);
    }
    assert_int_equal(told.n, 50);
    assert_int_equal(told.n_broken_prefixes, 0);
    assert_null(strstr(turn_seen(), "warning"));
}

static void a_break_is_warned_of_once(void **state)
{
    listen_to_usage();
    turn_stage_ask_server(state, "{\"responses\":[" ANSWER "],\"repeat_last\":true}");
    (void)turn_stage_run("one");
    turn.agent->settings.model = "other";
    (void)turn_stage_run("two");
    assert_string_equal(told.broken_at, "model");
    assert_non_null(strstr(turn_seen(), "warning: the provider must read this conversation anew, "
                                        "which costs more: the request differs from the one before "
                                        "at its model"));
    text_reset(&turn.seen);
    (void)turn_stage_run("three");
    turn.agent->settings.model = "mock";
    (void)turn_stage_run("four");
    assert_int_equal(told.n_broken_prefixes, 2);
    assert_null(strstr(turn_seen(), "warning"));
}

static void the_next_request_is_refused_before_it_is_sent(void **state)
{
    static const struct budget_limits limits = {BUDGET_NONE, BUDGET_NONE, 1, BUDGET_NONE};
    turn.budget = &limits;
    turn_stage_ask_server(state, "{\"responses\":[" ANSWER "," ANSWER "]}");
    assert_int_equal(turn_stage_run("one"), AGENT_COMPLETED);
    assert_int_equal(turn_stage_run("two"), AGENT_OVER_BUDGET);
    assert_int_equal(turn.failure.code, BEACON_E_LIMIT);
    assert_int_equal(turn_request_count(), 1);
    assert_int_equal(turn_stage_run("three"), AGENT_OVER_BUDGET);
}

static void a_model_without_a_price_is_not_asked_on_a_limit_of_money(void **state)
{
    static const struct budget_limits limits = {BUDGET_NONE, MONEY_USD, BUDGET_NONE, BUDGET_NONE};
    turn.budget = &limits;
    turn_stage_ask_server(state, "{\"responses\":[" ANSWER "]}");
    assert_int_equal(turn_stage_run("one"), AGENT_FAILED);
    assert_int_equal(turn.failure.code, BEACON_E_INVALID);
    assert_int_equal(turn_request_count(), 0);
}

static void a_session_goes_on_from_its_file(void **state)
{
    struct beacon_error err = {0};
    struct replay replay = {0};
    listen_to_usage();
    turn.profile = &priced;
    turn_stage_ask_server(state, "{\"responses\":[" ANSWER "," ANSWER "," ANSWER "]}");
    (void)turn_stage_run("one");
    (void)turn_stage_run("two");
    assert_ok(replay_read(recorder_path(turn.recorder), &replay, &err), &err);
    assert_int_equal(replay.cost.total.pico_usd, 2 * ANSWER_COST);
    assert_int_equal(replay.cost.n_requests, 2);
    assert_int_equal(replay.cost.n_blocks, turn.agent->spending.prefix.n_blocks);
    assert_memory_equal(replay.cost.blocks, turn.agent->spending.prefix.blocks,
                        replay.cost.n_blocks * sizeof *replay.cost.blocks);

    static const struct budget_limits limits = {3300, BUDGET_NONE, BUDGET_NONE, BUDGET_NONE};
    agent_destroy(turn.agent);
    provider_close(turn.provider);
    turn.budget = &limits;
    turn.usage_before = replay.total;
    turn.cost_before = &replay.cost;
    turn_stage_ask("responses", "{\"base_url\":\"http://127.0.0.1:1/v1\"}");
    assert_int_equal(turn.agent->spending.budget.spent.tokens, 2200);
    assert_int_equal(turn.agent->spending.budget.spent.turns, 2);
    assert_int_equal(turn.agent->spending.total.pico_usd, 2 * ANSWER_COST);
    replay_finish(&replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_turn_stage(an_answer_has_its_price_and_a_session_their_sum),
        on_turn_stage(the_word_of_the_provider_wins_over_the_table),
        on_turn_stage(a_price_that_is_not_known_makes_the_sum_partial),
        on_turn_stage(an_answer_that_was_interrupted_is_paid_for),
        on_turn_stage(a_refusal_costs_nothing),
        on_turn_stage(fifty_turns_keep_their_prefix),
        on_turn_stage(a_break_is_warned_of_once),
        on_turn_stage(the_next_request_is_refused_before_it_is_sent),
        on_turn_stage(a_model_without_a_price_is_not_asked_on_a_limit_of_money),
        on_turn_stage(a_session_goes_on_from_its_file),
    };
    return cmocka_run_group_tests_name("agent/spending", tests, NULL, NULL);
}
