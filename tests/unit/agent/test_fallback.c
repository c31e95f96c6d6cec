/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "agent/agent_state.h"
#include "base/error.h"
#include "support/mock_server.h"
#include "unit/agent/turn_stage.h"

#define BROKEN "{\"when\":\"\\\"mock\\\"\",\"response\":{\"status\":503,\"body\":\"x\"}}"

static size_t chosen[16], n_chosen;
static size_t refused; /* this one cannot be opened; 0: all can */

/* The stage's provider under other names of the model. */
static int choose(void *ctx, size_t i, struct agent_model *ret, struct beacon_error *err)
{
    static const char *const models[] = {"mock", "second", "third"};
    (void)ctx;
    chosen[n_chosen++] = i;
    if (i == refused && i > 0) {
        return error_set(err, BEACON_E_NOT_FOUND, "install it", "no such plugin");
    }
    *ret = (struct agent_model){.provider = turn.provider,
                                .limits = &turn.limits,
                                .model = models[i],
                                .provider_id = "stage",
                                .max_output_tokens = -1};
    return BEACON_OK;
}

/* A model called "mock" that never can, and others that answer. */
static void ask_chain(void **state, size_t n)
{
    turn_stage_ask_server(state, "{\"match\":[" BROKEN "],\"responses\":[{\"text\":\"I can.\"}],"
                                 "\"repeat_last\":true}");
    turn.agent->parts.chain = (struct agent_chain){n, choose, NULL};
    turn.agent->attempts.request_max = turn.agent->attempts.stream_max = 0;
    n_chosen = refused = 0;
}

static void the_next_model_answers_and_the_next_turn_begins_with_the_first(void **state)
{
    ask_chain(state, 1);
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_non_null(strstr(turn_seen(), "message: I can.\n"));
    assert_int_equal(turn_stage_run("again"), AGENT_COMPLETED);
    assert_int_equal(turn_request_count(), 4);
    assert_non_null(strstr(turn_request(0), "\"model\":\"mock\""));
    assert_non_null(strstr(turn_request(1), "\"model\":\"second\""));
    assert_non_null(strstr(turn_request(2), "\"model\":\"mock\""));
    assert_non_null(strstr(turn_request(3), "\"model\":\"second\""));
    assert_int_equal(n_chosen, 4); /* there and back, twice */
    assert_int_equal(chosen[1], 0);
}

static void one_that_cannot_be_opened_is_told_and_passed_over(void **state)
{
    ask_chain(state, 2);
    refused = 1;
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_non_null(strstr(turn_seen(), "warning: model_fallback: no such plugin; install it\n"));
    assert_non_null(strstr(turn_request(1), "\"model\":\"third\""));
}

static void a_chain_that_is_used_up_fails_with_what_the_last_one_said(void **state)
{
    ask_chain(state, 1);
    refused = 1;
    assert_int_equal(turn_stage_run("go"), AGENT_FAILED);
    assert_int_equal(turn_request_count(), 1);
    assert_non_null(strstr(turn.failure.message, "high demand"));
}

static void an_interrupt_while_it_is_told_ends_the_turn(void **state)
{
    ask_chain(state, 1);
    interrupt_on(EVENT_MODEL_FALLBACK);
    assert_int_equal(turn_stage_run("go"), AGENT_INTERRUPTED);
    assert_int_equal(turn_request_count(), 1);
    assert_int_equal(turn_stage_run("again"), AGENT_COMPLETED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_turn_stage(the_next_model_answers_and_the_next_turn_begins_with_the_first),
        on_turn_stage(one_that_cannot_be_opened_is_told_and_passed_over),
        on_turn_stage(a_chain_that_is_used_up_fails_with_what_the_last_one_said),
        on_turn_stage(an_interrupt_while_it_is_told_ends_the_turn),
    };
    return cmocka_run_group_tests_name("agent/fallback", tests, NULL, NULL);
}
