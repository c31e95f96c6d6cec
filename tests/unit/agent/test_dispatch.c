/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/dispatch.h"
#include "event/event.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "tools/tool.h"
#include "unit/tools/tool_stage.h"

#define NEVER ((enum event_kind) - 1)

/* What a dispatcher was told to do, and what it said. */
static struct {
    struct dispatch *dispatch;
    struct text answers; /* "c1=text\n" in order of answering */
    int n_added, n_idle;
    int fails_at; /* the answer, counted from 1, that cannot be recorded */
    int n_answers;
    enum event_kind cancel_on; /* the event that makes somebody interrupt */
    bool is_inside_run;
} bench;

static int on_answer(void *ctx, const struct dispatch_call *call, const struct tool_answer *answer)
{
    assert_ptr_equal(ctx, &bench);
    const char *output = strstr(answer->text, "Output:\n");
    const char *text = output != NULL ? output + strlen("Output:\n") : answer->text;
    (void)text_addf(&bench.answers, "%s%s=%s\n", call->call_id, call->is_freeform ? "(raw)" : "",
                    text);
    return ++bench.n_answers == bench.fails_at ? BEACON_E_IO : BEACON_OK;
}

static void on_idle(void *ctx)
{
    assert_ptr_equal(ctx, &bench);
    assert_false(bench.is_inside_run);
    bench.n_idle++;
    loop_stop(stage.loop);
}

static void on_event(void *ctx, const struct event *event)
{
    (void)ctx;
    if (event->kind == bench.cancel_on) {
        dispatch_cancel(bench.dispatch);
    }
}

static int setup(void **state)
{
    static const struct dispatch_callbacks callbacks = {on_answer, on_idle};
    if (tool_stage_setup(state) != 0) {
        return -1;
    }
    memset(&bench, 0, sizeof bench);
    bench.cancel_on = NEVER;
    text_init(&bench.answers, 1u << 20);
    bench.dispatch = dispatch_create(&stage.context, &callbacks, &bench);
    fanout_add(stage.events, on_event, NULL);
    return 0;
}

static int teardown(void **state)
{
    dispatch_destroy(bench.dispatch);
    text_finish(&bench.answers);
    return tool_stage_teardown(state);
}

/* NOLINTNEXTLINE(readability-identifier-naming): a sibling of in_temp_dir() */
#define on_bench(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static struct beacon_str str(const char *p)
{
    return (struct beacon_str){p, strlen(p)};
}

static void add(const char *name, const char *input)
{
    char id[16];
    (void)snprintf(id, sizeof id, "c%d", ++bench.n_added);
    struct beacon_part part = {.struct_size = (uint32_t)sizeof part,
                               .type = BEACON_PART_TOOL_CALL,
                               .flags = input[0] == '{' ? 0 : BEACON_PART_FREEFORM,
                               .text = str(input),
                               .call_id = str(id),
                               .name = str(name)};
    dispatch_add(bench.dispatch, &part);
    memset(id, 'x', sizeof id); /* it was copied */
}

/* An exec_command of this script. */
static void add_script(const char *script)
{
    AUTO_TEXT struct text input;
    text_init(&input, 65536);
    (void)text_addf(&input, "{\"cmd\":\"%s\",\"login\":false}", script);
    add("exec_command", text_string(&input));
}

#define PLAN  "{\"plan\":[]}"
#define PATCH "*** Begin Patch\n*** Add File: a\n+new\n*** End Patch\n"
#define WAIT  "until test -e go; do :; done; "

static void run(void)
{
    bench.is_inside_run = true;
    assert_true(dispatch_run(bench.dispatch));
    bench.is_inside_run = false;
}

static void run_to_idle(void)
{
    run();
    loop_run(stage.loop);
    assert_int_equal(bench.n_idle, 1);
}

static void assert_answers(const char *wanted)
{
    assert_string_equal(text_string(&bench.answers), wanted);
}

static void without_calls_nothing_runs_and_nothing_follows(void **state)
{
    (void)state;
    assert_int_equal(dispatch_waiting(bench.dispatch), 0);
    assert_false(dispatch_run(bench.dispatch));
    loop_run(stage.loop);
    assert_int_equal(bench.n_idle, 0);
}

static void parallel_calls_run_side_by_side(void **state)
{
    (void)state;
    add_script(WAIT "echo slow");
    add_script("echo quick; touch go");
    assert_int_equal(dispatch_waiting(bench.dispatch), 2);
    run_to_idle(); /* it would never end one after the other */
    assert_non_null(strstr(text_string(&bench.answers), "c1=slow\n"));
    assert_non_null(strstr(text_string(&bench.answers), "c2=quick\n"));
    assert_int_equal(dispatch_waiting(bench.dispatch), 0);
}

static void an_exclusive_call_waits_for_all_before_it_and_holds_back_all_after_it(void **state)
{
    (void)state;
    add_script("echo one");
    add("update_plan", PLAN);
    add_script("echo two");
    add("apply_patch", PATCH);
    add_script("cat a");
    run_to_idle();
    AUTO_TEXT struct text wanted;
    text_init(&wanted, 65536);
    (void)text_addf(&wanted,
                    "started: /bin/bash -c 'echo one'\n"
                    "finished 0: one\n\n"
                    "plan ():\n"
                    "started: /bin/bash -c 'echo two'\n"
                    "finished 0: two\n\n"
                    "patch started: add %s/a\n"
                    "patch completed: add %s/a\n"
                    "started: /bin/bash -c 'cat a'\n"
                    "finished 0: new\n\n",
                    stage.dir, stage.dir);
    assert_string_equal(stage_seen(), text_string(&wanted));
    assert_answers("c1=one\n\nc2=Plan updated\nc3=two\n\n"
                   "c4(raw)=Success. Updated the following files:\nA a\n\nc5=new\n\n");
}

static void calls_that_answer_at_once_keep_their_order(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        add("update_plan", PLAN);
    }
    run_to_idle();
    assert_int_equal(bench.n_answers, 200);
    assert_memory_equal(text_string(&bench.answers), "c1=Plan updated\nc2=Plan updated\n", 32);
    assert_non_null(strstr(text_string(&bench.answers), "c199=Plan updated\nc200=Plan updated\n"));
}

static void an_unknown_tool_is_answered_and_the_others_run(void **state)
{
    (void)state;
    add("no_such_tool", "raw words");
    add("update_plan", PLAN);
    run_to_idle();
    assert_answers("c1(raw)=unsupported custom tool call: no_such_tool\nc2=Plan updated\n");
}

static void cancel_aborts_what_runs_and_what_waits(void **state)
{
    (void)state;
    add_script("exec sleep 1000");
    add_script("exec sleep 1000");
    add("apply_patch", PATCH);
    add_script("touch never");
    run();
    dispatch_cancel(bench.dispatch);
    assert_answers("c1=aborted\nc2=aborted\nc3(raw)=aborted\nc4=aborted\n");
    assert_int_equal(bench.n_idle, 0); /* it comes from the loop */
    dispatch_cancel(bench.dispatch);
    loop_run(stage.loop);
    assert_int_equal(bench.n_idle, 1);
    assert_int_equal(access(temp_path(state, "a"), F_OK), -1);
    assert_int_equal(access(temp_path(state, "never"), F_OK), -1);
}

static void cancel_before_the_run_forgets_the_calls_without_a_word(void **state)
{
    (void)state;
    add_script("touch never");
    add("update_plan", PLAN);
    dispatch_cancel(bench.dispatch);
    assert_int_equal(dispatch_waiting(bench.dispatch), 0);
    assert_false(dispatch_run(bench.dispatch));
    assert_answers("");
    assert_int_equal(bench.n_idle, 0);
}

static void it_runs_again_after_a_cancel(void **state)
{
    (void)state;
    add_script("exec sleep 1000");
    run();
    dispatch_cancel(bench.dispatch);
    loop_run(stage.loop);
    add_script("echo again");
    run();
    loop_run(stage.loop);
    assert_answers("c1=aborted\nc2=again\n\n");
    assert_int_equal(bench.n_idle, 2);
}

static void an_answer_that_cannot_be_recorded_stops_all_the_others(void **state)
{
    (void)state;
    bench.fails_at = 1;
    add_script("exec sleep 1000");
    add_script("echo lost");
    add("update_plan", PLAN);
    add_script("touch never");
    run_to_idle();
    assert_answers("c2=lost\n\n");
    assert_null(strstr(stage_seen(), "plan"));
    assert_int_equal(access(temp_path(state, "never"), F_OK), -1);
}

static void an_answer_lost_within_a_start_stops_all_the_others_too(void **state)
{
    (void)state;
    bench.fails_at = 2;
    add("update_plan", PLAN);
    add("update_plan", PLAN);
    add("update_plan", PLAN);
    run_to_idle();
    assert_answers("c1=Plan updated\nc2=Plan updated\n");
    assert_string_equal(stage_seen(), "plan ():\nplan ():\n");
}

/* The reader of the events goes away and the turn is interrupted from inside the event. */
static void an_event_of_a_beginning_command_may_cancel_it(void **state)
{
    (void)state;
    bench.cancel_on = EVENT_COMMAND_STARTED;
    add_script("exec sleep 1000");
    add_script("touch never");
    run_to_idle();
    assert_non_null(strstr(text_string(&bench.answers), "c1=aborted\n"));
    assert_non_null(strstr(text_string(&bench.answers), "c2=aborted\n"));
    assert_int_equal(bench.n_answers, 2);
    assert_int_equal(access(temp_path(state, "never"), F_OK), -1);
}

static void an_event_of_a_finished_command_may_cancel_it(void **state)
{
    (void)state;
    bench.cancel_on = EVENT_COMMAND_FINISHED;
    add_script("echo done");
    add("update_plan", PLAN);
    run_to_idle();
    assert_answers("c1=aborted\nc2=aborted\n");
}

static void an_event_of_a_tool_without_cancel_lets_it_finish(void **state)
{
    (void)state;
    bench.cancel_on = EVENT_PATCH_STARTED;
    add("apply_patch", PATCH);
    add("update_plan", PLAN);
    run_to_idle();
    assert_answers("c2=aborted\nc1(raw)=Success. Updated the following files:\nA a\n\n");
    assert_string_equal(read_text(temp_path(state, "a")), "new\n");
}

static void an_event_may_cancel_calls_that_run_beside_it(void **state)
{
    (void)state;
    bench.cancel_on = EVENT_COMMAND_FINISHED;
    add_script("exec sleep 1000");
    add_script("echo done");
    run_to_idle();
    assert_answers("c1=aborted\nc2=aborted\n");
}

static void calls_never_run_are_freed_with_the_dispatcher(void **state)
{
    (void)state;
    add_script("touch never");
    add("update_plan", PLAN);
    assert_int_equal(dispatch_waiting(bench.dispatch), 2); /* memory checkers see the rest */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_bench(without_calls_nothing_runs_and_nothing_follows),
        on_bench(parallel_calls_run_side_by_side),
        on_bench(an_exclusive_call_waits_for_all_before_it_and_holds_back_all_after_it),
        on_bench(calls_that_answer_at_once_keep_their_order),
        on_bench(an_unknown_tool_is_answered_and_the_others_run),
        on_bench(cancel_aborts_what_runs_and_what_waits),
        on_bench(cancel_before_the_run_forgets_the_calls_without_a_word),
        on_bench(it_runs_again_after_a_cancel),
        on_bench(an_answer_that_cannot_be_recorded_stops_all_the_others),
        on_bench(an_answer_lost_within_a_start_stops_all_the_others_too),
        on_bench(an_event_of_a_beginning_command_may_cancel_it),
        on_bench(an_event_of_a_finished_command_may_cancel_it),
        on_bench(an_event_of_a_tool_without_cancel_lets_it_finish),
        on_bench(an_event_may_cancel_calls_that_run_beside_it),
        on_bench(calls_never_run_are_freed_with_the_dispatcher),
    };
    return cmocka_run_group_tests_name("agent/dispatch", tests, NULL, NULL);
}
