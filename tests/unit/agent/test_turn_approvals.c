/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "unit/agent/turn_stage.h"
#include "unit/tools/tool_stage.h"

#define CALL(id, script)                                                                           \
    "{\"name\":\"exec_command\",\"call_id\":\"" id "\",\"arguments\":{\"cmd\":\"" script           \
    "\",\"login\":false}}"
#define TWO_CALLS                                                                                  \
    "{\"responses\":[{\"calls\":[" CALL("c1", "touch one") "," CALL(                               \
        "c2", "touch two") "]},{\"text\":\"done\"}]}"
#define ONE_CALL    "{\"responses\":[{\"calls\":[" CALL("c1", "touch one") "]},{\"text\":\"done\"}]}"
#define TOUCH(name) "/bin/bash -c 'touch " name "'"

/* A front door: collects the questions, and says what the test wants when there are enough of them. */
static struct door {
    char ids[4][16];
    size_t n, wanted;
    void (*act)(void);
} door;

static void on_event(void *ctx, const struct event *event)
{
    (void)ctx;
    if (event->kind != EVENT_APPROVAL_REQUESTED) {
        return;
    }
    (void)text_addf(&turn.seen, "ask %s: %s\n", event->as.approval.call_id,
                    event->as.approval.command);
    (void)snprintf(door.ids[door.n++], sizeof door.ids[0], "%s", event->as.approval.call_id);
    if (door.n == door.wanted) {
        door.act();
    }
}

static int setup(void **state)
{
    door = (struct door){.wanted = 1};
    if (turn_stage_setup(state) != 0) {
        return -1;
    }
    fanout_add(stage.events, on_event, NULL);
    tool_stage_approve("untrusted", NULL);
    return 0;
}

static void say(const char *call_id, enum approval_answer answer)
{
    struct beacon_error err = {0};
    assert_ok(agent_approve(turn.agent, call_id, answer, &err), &err);
}

static void say_to_nobody(const char *call_id)
{
    struct beacon_error err = {0};
    assert_refused(agent_approve(turn.agent, call_id, APPROVED, &err), BEACON_E_NOT_FOUND, &err);
}

static void deny_second_then_approve_first(void)
{
    say("c2", DENIED);
    say("c1", APPROVED);
}

static void calls_wait_side_by_side_and_are_answered_in_any_order(void **state)
{
    door.wanted = 2;
    door.act = deny_second_then_approve_first;
    turn_stage_ask_server(state, TWO_CALLS);
    assert_turn("go", AGENT_COMPLETED,
                "turn: go\n"
                "usage: 100 in, 30 out\n"
                "ask c1: " TOUCH("one") "\n"
                                        "ask c2: " TOUCH("two") "\n"
                                                                "ran: -1\n"
                                                                "run: " TOUCH(
                                                                    "one") "\n"
                                                                           "ran: 0\n"
                                                                           "message: done\n"
                                                                           "usage: 100 in, 30 out\n"
                                                                           "completed\n");
    assert_int_equal(access(temp_path(state, "one"), F_OK), 0);
    assert_int_equal(access(temp_path(state, "two"), F_OK), -1);
    assert_non_null(strstr(turn_request(1), "rejected by user"));
}

static void approve_twice(void)
{
    say("c1", APPROVED);
    say_to_nobody("c1");
    say_to_nobody("c7");
}

static void a_second_answer_and_one_after_the_turn_are_errors(void **state)
{
    door.act = approve_twice;
    turn_stage_ask_server(state, ONE_CALL);
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    say_to_nobody("c1");
}

static void stay_silent(void)
{
}

static void a_question_nobody_answers_is_a_no_and_the_turn_goes_on(void **state)
{
    door.act = stay_silent;
    stage.approval_timeout_ms = 1;
    tool_stage_approve("untrusted", NULL);
    turn_stage_ask_server(state, ONE_CALL);
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_non_null(strstr(turn_request(1), "rejected by user"));
    assert_non_null(strstr(turn_journal(), "\"decided_by\":\"timeout\""));
    assert_int_equal(access(temp_path(state, "one"), F_OK), -1);
}

static void interrupt(void)
{
    agent_interrupt(turn.agent);
    say_to_nobody("c1");
}

static void an_interrupt_withdraws_what_is_asked(void **state)
{
    door.act = interrupt;
    turn_stage_ask_server(state, TWO_CALLS);
    assert_int_equal(turn_stage_run("go"), AGENT_INTERRUPTED);
    assert_int_equal(access(temp_path(state, "one"), F_OK), -1);
    assert_int_equal(access(temp_path(state, "two"), F_OK), -1);
    assert_non_null(strstr(turn_journal(), "\"decision\":\"abort\""));
}

static void abort_turn(void)
{
    say(door.ids[door.n - 1], ABORT);
}

static void an_abort_ends_the_turn_and_the_other_questions(void **state)
{
    door.wanted = 2;
    door.act = abort_turn;
    turn_stage_ask_server(state, TWO_CALLS);
    assert_int_equal(turn_stage_run("go"), AGENT_INTERRUPTED);
    assert_non_null(strstr(turn_journal(), "\"call_id\":\"c2\",\"tool_name\":\"exec_command\","
                                           "\"decision\":\"abort\",\"source\":\"user\","
                                           "\"decided_by\":\"person\""));
    assert_non_null(strstr(turn_journal(), "\"call_id\":\"c1\",\"tool_name\":\"exec_command\","
                                           "\"decision\":\"abort\",\"source\":\"user\","
                                           "\"decided_by\":\"interrupt\""));
    assert_int_equal(access(temp_path(state, "one"), F_OK), -1);
}

static void approve_all(void)
{
    say(door.ids[door.n - 1], APPROVED);
    door.wanted++;
}

static void a_call_that_waits_holds_back_what_must_come_after_it(void **state)
{
    door.act = approve_all;
    turn_stage_ask_server(
        state, "{\"responses\":[{\"calls\":[" CALL(
                   "c1", "touch one") ",{\"name\":\"update_plan\",\"call_id\":\"p\",\"arguments\":{"
                                      "\"plan\":[]}}," CALL("c2", "ls one") "]},"
                                                                            "{\"text\":\"done\"}"
                                                                            "]}");
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    const char *asked = strstr(turn_journal(), "exec_approval_request");
    const char *plan = strstr(turn_journal(), "Plan updated");
    assert_non_null(asked);
    assert_true(asked < plan); /* `ls` is known, and not asked about */
    assert_null(strstr(turn_journal(), "No such file"));
}

static void question_and_decision_are_in_the_journal_before_the_command(void **state)
{
    door.act = approve_all;
    turn_stage_ask_server(state, ONE_CALL);
    (void)turn_stage_run("go");
    static const char *const wanted[] = {
        "\"type\":\"function_call\"",
        "{\"type\":\"exec_approval_request\",\"turn_id\":\"",
        "\"call_id\":\"c1\",\"command\":[\"/bin/bash\",\"-c\",\"touch one\"],\"cwd\":\"",
        "{\"type\":\"tool_decision\",\"turn_id\":\"",
        "\"call_id\":\"c1\",\"tool_name\":\"exec_command\",\"decision\":\"approved\","
        "\"source\":\"user\",\"decided_by\":\"person\"",
        "\"approval_policy\":\"untrusted\",\"sandbox_backend\":\"none\",\"was_asked\":true,"
        "\"is_escalated\":false}",
        "\"type\":\"function_call_output\""};
    const char *at = turn_journal();
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        at = strstr(at, wanted[i]);
        assert_non_null(at);
    }
}

static void the_model_is_told_how_to_ask_only_where_somebody_is_asked(void **state)
{
    tool_stage_approve("on-request", NULL);
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"a\"},{\"text\":\"b\"}]}");
    (void)turn_stage_run("go");
    tool_stage_approve("never", NULL);
    (void)turn_stage_run("go");
    assert_non_null(strstr(turn_request(0), "require_escalated"));
    assert_null(strstr(turn_request(1), "require_escalated"));
}

#define on_bench(test) cmocka_unit_test_setup_teardown(test, setup, turn_stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_bench(calls_wait_side_by_side_and_are_answered_in_any_order),
        on_bench(a_second_answer_and_one_after_the_turn_are_errors),
        on_bench(a_question_nobody_answers_is_a_no_and_the_turn_goes_on),
        on_bench(an_interrupt_withdraws_what_is_asked),
        on_bench(an_abort_ends_the_turn_and_the_other_questions),
        on_bench(a_call_that_waits_holds_back_what_must_come_after_it),
        on_bench(question_and_decision_are_in_the_journal_before_the_command),
        on_bench(the_model_is_told_how_to_ask_only_where_somebody_is_asked),
    };
    return cmocka_run_group_tests_name("agent/turn_approvals", tests, NULL, NULL);
}
