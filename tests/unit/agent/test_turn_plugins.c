/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "session/history.h"
#include "session/recorder.h"
#include "support/mock_server.h"
#include "unit/agent/turn_stage.h"
#include "unit/tools/tool_stage.h"

/* The replay provider, which brings its own transport, plays these lines. */
static void ask_recording(void **state, const char *lines)
{
    AUTO_TEXT struct text recording, config;
    text_init(&recording, 1u << 20);
    text_init(&config, 65536);
    (void)text_addf(&recording, "{\"recording\":1}\n%s", lines);
    write_text(temp_path(state, "recording.jsonl"), text_string(&recording));
    (void)text_addf(&config, "{\"recording\":\"%s\"}", temp_path(state, "recording.jsonl"));
    turn_stage_ask("replay", text_string(&config));
}

static void ask_late(void **state)
{
    char config[256];
    turn.server = mock_server_start(state, "{\"responses\":[{\"text\":\"ignored\"}]}");
    (void)snprintf(config, sizeof config, "{\"base_url\":\"%s\"}",
                   mock_server_url(turn.server, "/v1/responses"));
    turn_stage_ask("late", config);
}

static void a_provider_with_its_own_transport_is_asked_like_any_other(void **state)
{
    ask_recording(state, "{\"reasoning\":\"I think.\"}\n"
                         "{\"text\":\"I look.\"}\n"
                         "{\"call\":\"exec_command\",\"arguments\":{\"cmd\":\"echo hi\","
                         "\"login\":false}}\n"
                         "{\"usage\":{\"input\":5,\"cached\":0,\"output\":2,\"reasoning\":0}}\n"
                         "{\"end\":\"tools\"}\n"
                         "{\"text\":\"done\"}\n"
                         "{\"end\":\"stop\"}\n");
    assert_turn("go", AGENT_COMPLETED,
                "turn: go\n"
                "reasoning: I think.\n"
                "message: I look.\n"
                "usage: 5 in, 2 out\n"
                "run: /bin/bash -c 'echo hi'\n"
                "ran: 0\n"
                "message: done\n"
                "usage: estimated\n"
                "completed\n");
    assert_int_equal(history_count(turn.history), 6);
}

static void a_pause_of_the_model_is_asked_on(void **state)
{
    ask_recording(state, "{\"text\":\"first half\"}\n{\"end\":\"pause\"}\n"
                         "{\"text\":\"second half\"}\n{\"end\":\"stop\"}\n");
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_non_null(strstr(turn_seen(), "message: first half\n"));
    assert_non_null(strstr(turn_seen(), "message: second half\n"));
}

static void its_verdicts_decide_about_retries(void **state)
{
    ask_recording(state, "{\"fail\":\"busy\",\"verdict\":\"retry\",\"after_ms\":1,\"times\":2}\n"
                         "{\"text\":\"at last\"}\n{\"end\":\"stop\"}\n"
                         "{\"fail\":\"no more\",\"verdict\":\"fatal\"}\n");
    assert_turn("go", AGENT_COMPLETED,
                "turn: go\n"
                "retry 1/2: busy\n"
                "retry 2/2: busy\n"
                "message: at last\n"
                "usage: estimated\n"
                "completed\n");
    assert_turn("go", AGENT_FAILED, "turn: go\nfailed: no more\n");
}

static void an_interrupt_reaches_a_plugin_that_listens(void **state)
{
    ask_recording(state, "{\"text\":\"a b\"}\n{\"delay_ms\":600000}\n{\"end\":\"stop\"}\n");
    interrupt_on(EVENT_TEXT_DELTA);
    assert_int_equal(turn_stage_run("go"), AGENT_INTERRUPTED);
    assert_false(agent_has_hung_plugin(turn.agent));
    assert_null(strstr(turn_seen(), "message"));
}

static void an_interrupt_heard_with_an_item_of_a_thread_is_the_last_event(void **state)
{
    ask_recording(state, "{\"text\":\"one\"}\n{\"text\":\"two\"}\n{\"end\":\"stop\"}\n");
    interrupt_on(EVENT_AGENT_MESSAGE);
    assert_turn("go", AGENT_INTERRUPTED, "turn: go\nmessage: one\nfailed: interrupted\n");
    assert_false(agent_has_hung_plugin(turn.agent));
}

static void a_plugin_that_says_nothing_at_all_is_tried_again(void **state)
{
    (void)state;
    turn_stage_ask("silent", "{}");
    assert_turn("go", AGENT_FAILED,
                "turn: go\n"
                "retry 1/2: the provider plugin ended its stream without a finish\n"
                "retry 2/2: the provider plugin ended its stream without a finish\n"
                "failed: the provider plugin ended its stream without a finish\n");
}

static void a_message_that_comes_with_the_end_of_the_body_counts(void **state)
{
    ask_late(state);
    assert_turn("go", AGENT_COMPLETED,
                "turn: go\nmessage: at last\nmessage: at last\nusage: estimated\ncompleted\n");
}

static void an_interrupt_heard_at_the_end_of_the_body_ends_the_turn_once(void **state)
{
    ask_late(state);
    interrupt_on(EVENT_AGENT_MESSAGE);
    assert_turn("go", AGENT_INTERRUPTED, "turn: go\nmessage: at last\nfailed: interrupted\n");
    assert_int_equal(turn.n_ends, 1);
}

static void an_interrupt_during_the_plugins_own_wait_is_heard(void **state)
{
    ask_late(state);
    interrupt_on(EVENT_TURN_STARTED);
    assert_turn("go", AGENT_INTERRUPTED, "turn: go\nfailed: interrupted\n");
}

/* The tests below leave a thread behind, as a process does that ends then: they come last. */

static void a_plugin_that_ignores_the_interrupt_is_left_alone(void **state)
{
    (void)state;
    turn_stage_ask("deaf", "{}");
    interrupt_on(EVENT_TEXT_DELTA);
    stage.is_left_alone = true;
    assert_turn("go", AGENT_INTERRUPTED,
                "turn: go\n"
                "warning: plugin com.example.odd-providers did not answer a cancel in stream() "
                "within 250 ms; its thread is left alone\n"
                "failed: interrupted\n");
    assert_true(agent_has_hung_plugin(turn.agent));
    assert_int_equal(turn.n_ends, 1);
}

static void fill_the_disk(enum event_kind kind, void **state)
{
    (void)state;
    if (kind == EVENT_TURN_STARTED) {
        struct stat status;
        assert_int_equal(stat(recorder_path(turn.recorder), &status), 0);
        /* Room for the prompt, not for the item. */
        struct rlimit limit = {(rlim_t)status.st_size + 250, RLIM_INFINITY};
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    }
}

static void a_plugin_that_goes_on_after_its_item_was_refused_is_left_alone_too(void **state)
{
    (void)state;
    turn_stage_ask("stubborn", "{}");
    turn.on_event = fill_the_disk;
    stage.is_left_alone = true;
    int outcome = (int)turn_stage_run("go");
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(outcome, AGENT_FAILED);
    assert_int_equal(turn.failure.code, BEACON_E_IO);
    assert_true(agent_has_hung_plugin(turn.agent));
    assert_int_equal(history_count(turn.history), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_turn_stage(a_provider_with_its_own_transport_is_asked_like_any_other),
        on_turn_stage(a_pause_of_the_model_is_asked_on),
        on_turn_stage(its_verdicts_decide_about_retries),
        on_turn_stage(an_interrupt_reaches_a_plugin_that_listens),
        on_turn_stage(an_interrupt_heard_with_an_item_of_a_thread_is_the_last_event),
        on_turn_stage(a_plugin_that_says_nothing_at_all_is_tried_again),
        on_turn_stage(a_message_that_comes_with_the_end_of_the_body_counts),
        on_turn_stage(an_interrupt_heard_at_the_end_of_the_body_ends_the_turn_once),
        on_turn_stage(an_interrupt_during_the_plugins_own_wait_is_heard),
        on_turn_stage(a_plugin_that_ignores_the_interrupt_is_left_alone),
        on_turn_stage(a_plugin_that_goes_on_after_its_item_was_refused_is_left_alone_too),
    };
    return cmocka_run_group_tests_name("agent/turn_plugins", tests, NULL, NULL);
}
