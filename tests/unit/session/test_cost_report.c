/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "session/cost_record.h"
#include "session/cost_report.h"
#include "session/replay.h"
#include "unit/session/rollout_sample.h"

#define COUNT(last, cost)                                                                          \
    EVENT("{\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"input_tokens\":9},"        \
          "\"last_token_usage\":" last "},\"rate_limits\":null" cost "}")
#define COST(turn, money, more)                                                                    \
    ",\"cost\":{\"turn_id\":\"" turn "\",\"model\":\"m\",\"requests\":1,\"usage\":"                \
    "{\"input_tokens\":100,\"cached_input_tokens\":40,\"output_tokens\":10},\"pico_usd\":" money   \
    ",\"total_pico_usd\":" money ",\"input_price\":1000,\"flags\":[" more
#define BLOCKS(from, list)                                                                         \
    ",\"prefix\":{\"hash\":\"aa\",\"scheme\":1,\"from\":" from ",\"blocks\":[" list "]}}"

static struct cost_report read_report(void **state, const char *text)
{
    struct beacon_error err = {0};
    struct cost_report report = {0};
    write_text(temp_path(state, "a.jsonl"), text);
    assert_ok(cost_report_read(temp_path(state, "a.jsonl"), &report, &err), &err);
    return report;
}

static struct cost_state read_state(const char *text)
{
    struct beacon_error err = {0};
    struct replay replay = {0};
    assert_ok(replay_read_bytes(text, strlen(text), &replay, &err), &err);
    struct cost_state cost = replay.cost;
    replay.cost = (struct cost_state){0};
    replay_finish(&replay);
    return cost;
}

static void requests_add_up_by_turn_and_model(void **state)
{
    struct cost_report report =
        read_report(state, META COUNT("{}", COST("a", "5", "]}")) COUNT("{}", COST("b", "7", "]}"))
                               COUNT("{}", COST("b", "null", "\"broken\",\"estimated\"]}")));
    assert_int_equal(report.total.n_requests, 3);
    assert_int_equal(report.total.usage.input, 300);
    assert_int_equal(report.total.usage.reasoning, -1); /* nobody told */
    assert_int_equal(report.total.cost.pico_usd, 12);
    assert_true(report.total.cost.is_partial && report.total.cost.is_estimated);
    assert_int_equal(report.turns.n, 2);
    assert_int_equal(report.turns.list[1].n_requests, 2);
    assert_false(report.turns.list[0].cost.is_partial);
    assert_int_equal(report.models.n, 1);
    assert_int_equal(report.n_broken, 1);
    assert_int_equal(cost_report_hit_rate(&report), 400);
    cost_report_finish(&report);
}

static void a_tool_is_priced_by_the_request_that_follows_it(void **state)
{
    struct cost_report report = read_report(
        state, META CALLED("1") RETURNED("1") COUNT("{}", COST("a", "5", "]}")) CALLED("2"));
    assert_int_equal(report.tools.n, 1);
    const struct cost_row *tool = &report.tools.list[0];
    assert_int_equal(tool->n_requests, 1);
    assert_true(tool->n_bytes > 0);
    assert_int_equal(tool->usage.input, (tool->n_bytes + 3) / 4);
    assert_int_equal(tool->cost.pico_usd, tool->usage.input * 1000);
    assert_true(tool->cost.is_estimated);
    cost_report_finish(&report);
}

static void what_another_program_wrote_has_tokens_and_no_money(void **state)
{
    struct cost_report report =
        read_report(state, META COUNT("{\"input_tokens\":7,\"output_tokens\":2}", "")
                               EVENT("{\"type\":\"token_count\",\"info\":null}"));
    assert_int_equal(report.total.n_requests, 1);
    assert_int_equal(report.total.usage.input, 7);
    assert_int_equal(report.total.usage.cached_input, -1);
    assert_int_equal(report.total.cost.pico_usd, -1);
    assert_int_equal(report.n_compared, 0);
    assert_int_equal(cost_report_hit_rate(&report), -1);
    cost_report_finish(&report);
}

static void a_file_that_is_no_session_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct cost_report report = {0};
    write_text(temp_path(state, "a.jsonl"), "{}\n\n\xff\n[]\n");
    assert_int_equal(cost_report_read(temp_path(state, "a.jsonl"), &report, &err),
                     BEACON_E_INVALID);
    assert_int_equal(cost_report_read(temp_path(state, "b.jsonl"), &report, &err),
                     BEACON_E_NOT_FOUND);
}

static void blocks_are_put_together_over_records(void **state)
{
    (void)state;
    struct cost_state cost =
        read_state(META COUNT("{}", COST("a", "5", "]")
                                        BLOCKS("0", "\"000000000000000a\",\"000000000000000b\""))
                       COUNT("{}", COST("a", "5", "]") BLOCKS("1", "\"00000000000000ff\"")));
    assert_int_equal(cost.n_blocks, 2);
    assert_int_equal(cost.blocks[0], 10);
    assert_int_equal(cost.blocks[1], 255);
    assert_int_equal(cost.total.pico_usd, 5);
    cost_state_finish(&cost);
}

static void blocks_that_do_not_fit_are_forgotten(void **state)
{
    (void)state;
    static const char *const odd[] = {
        META COUNT("{}", COST("a", "5", "]") BLOCKS("1", "\"000000000000000a\"")),
        META COUNT("{}", COST("a", "5", "]") BLOCKS("-1", "\"000000000000000a\"")),
        META COUNT("{}", COST("a", "5", "]") BLOCKS("9223372036854775807", "")),
        META COUNT("{}", COST("a", "5", "]") BLOCKS("0", "\"000000000000000A\"")),
        META COUNT("{}", COST("a", "5", "]") BLOCKS("0", "\"00\"")),
        META COUNT("{}", COST("a", "5", "]") BLOCKS("0", "{},7")),
        META COUNT("{}", COST("a", "5", "]") BLOCKS("0", "\"000000000000000a\"")) COUNT("{}", ""),
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct cost_state cost = read_state(odd[i]);
        assert_int_equal(cost.n_blocks, 0);
        cost_state_finish(&cost);
    }
}

static void absurd_records_count_as_not_told(void **state)
{
    struct cost_report report = read_report(
        state, META COUNT("{}", ",\"cost\":{\"usage\":{\"input_tokens\":-5,\"output_tokens\":1e99},"
                                "\"pico_usd\":\"much\",\"flags\":7,\"prefix\":[]}")
                   COUNT("{}", ",\"cost\":{\"usage\":{\"input_tokens\":9223372036854775807},"
                               "\"pico_usd\":9223372036854775807}")
                       COUNT("{}", ",\"cost\":{\"usage\":{\"input_tokens\":9223372036854775807},"
                                   "\"pico_usd\":9223372036854775807}"));
    assert_int_equal(report.total.usage.input, INT64_MAX);
    assert_int_equal(report.total.usage.output, -1);
    assert_int_equal(report.total.cost.pico_usd, INT64_MAX);
    assert_true(report.total.cost.is_partial);
    cost_report_finish(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(requests_add_up_by_turn_and_model),
        in_temp_dir(a_tool_is_priced_by_the_request_that_follows_it),
        in_temp_dir(what_another_program_wrote_has_tokens_and_no_money),
        in_temp_dir(a_file_that_is_no_session_is_refused),
        cmocka_unit_test(blocks_are_put_together_over_records),
        cmocka_unit_test(blocks_that_do_not_fit_are_forgotten),
        in_temp_dir(absurd_records_count_as_not_told),
    };
    return cmocka_run_group_tests_name("session/cost_report", tests, NULL, NULL);
}
