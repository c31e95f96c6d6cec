/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/history.h"
#include "session/recorder.h"
#include "support/mock_server.h"
#include "unit/agent/turn_stage.h"
#include "unit/tools/tool_stage.h"

#define RUN(script)                                                                                \
    "{\"calls\":[{\"name\":\"exec_command\",\"call_id\":\"c1\","                                   \
    "\"arguments\":{\"cmd\":\"" script "\",\"login\":false}}]"

static void a_text_answer_completes_the_turn(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\",\"usage\":{"
                                 "\"input_tokens\":7,\"output_tokens\":3}}]}");
    assert_turn("hi", AGENT_COMPLETED, "turn: hi\nmessage: hello\nusage: 7 in, 3 out\ncompleted\n");
    assert_int_equal(history_count(turn.history), 2);
}

static void the_request_carries_prompt_tools_and_instructions(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\"}]}");
    (void)turn_stage_run("what is \"this\"?");
    static const char *const wanted[] = {"Be good.", "what is \\\"this\\\"?", "\"exec_command\"",
                                         "\"apply_patch\"", "\"stream\":true"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_non_null(strstr(turn_request(0), wanted[i]));
    }
    assert_in_range(strlen(turn_request(0)), 1, 6000);
}

static void the_journal_holds_the_turn_in_order(void **state)
{
    static const char *const wanted[] = {"\"session_meta\"",
                                         "\"turn_context\"",
                                         "\"task_started\"",
                                         "\"user_message\"",
                                         "\"type\":\"input_text\",\"text\":\"hi\"",
                                         "\"type\":\"output_text\",\"text\":\"hello\"",
                                         "\"agent_message\"",
                                         "\"token_count\"",
                                         "\"task_complete\""};
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\"}]}");
    (void)turn_stage_run("hi");
    const char *at = turn_journal();
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        at = strstr(at, wanted[i]);
        assert_non_null(at);
    }
}

static void a_call_is_run_and_its_answer_sent_back(void **state)
{
    turn_stage_ask_server(state,
                          "{\"responses\":[" RUN("echo from the tool") "},"
                                                                       "{\"text\":\"done\"}]}");
    assert_turn("go", AGENT_COMPLETED,
                "turn: go\n"
                "usage: 100 in, 30 out\n"
                "run: /bin/bash -c 'echo from the tool'\n"
                "ran: 0\n"
                "message: done\n"
                "usage: 100 in, 30 out\n"
                "completed\n");
    assert_int_equal(turn_request_count(), 2);
    assert_non_null(strstr(turn_request(1), "\"function_call\""));
    assert_non_null(strstr(turn_request(1), "\"function_call_output\",\"call_id\":\"c1\""));
    assert_non_null(strstr(turn_request(1), "Output:\\nfrom the tool\\n"));
}

static void requests_of_one_session_begin_with_the_same_bytes(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[" RUN("true") "},{\"text\":\"done\"}]}");
    (void)turn_stage_run("go");
    const char *first = test_calloc(1, 1u << 20);
    (void)snprintf((char *)first, 1u << 20, "%s", turn_request(0));
    const char *second = turn_request(1);
    const char *input = strstr(first, "\"go\"");
    assert_non_null(input);
    assert_memory_equal(first, second, (size_t)(input - first));
    test_free((void *)first);
}

static void calls_of_all_kinds_are_answered_in_their_own_form(void **state)
{
    turn_stage_ask_server(
        state, "{\"responses\":[{\"custom\":[{\"name\":\"apply_patch\",\"call_id\":\"p1\","
               "\"input\":\"*** Begin Patch\\n*** Add File: a\\n+new\\n*** End Patch\"}],"
               "\"calls\":[{\"name\":\"nope\",\"call_id\":\"n1\",\"arguments\":\"not json\"}]},"
               "{\"text\":\"done\"}]}");
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_string_equal(read_text(temp_path(state, "a")), "new\n");
    assert_non_null(strstr(turn_request(1), "\"custom_tool_call_output\",\"call_id\":\"p1\""));
    assert_non_null(strstr(turn_request(1), "unsupported call: nope"));
    assert_non_null(strstr(turn_request(1), "\"arguments\":\"not json\""));
}

static void a_failed_request_is_repeated(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"status\":500},{\"text\":\"hello\"}]}");
    assert_int_equal(turn_stage_run("hi"), AGENT_COMPLETED);
    assert_non_null(strstr(turn_seen(), "retry 1/2: "));
    assert_non_null(strstr(turn_seen(), "message: hello\n"));
    assert_int_equal(turn_request_count(), 2);
    assert_int_equal(history_count(turn.history), 2);
}

static void a_refused_request_fails_the_turn_with_the_servers_words(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"status\":400,\"body\":\"no such model\"}]}");
    assert_turn("hi", AGENT_FAILED, "turn: hi\nfailed: no such model\n");
    assert_string_not_equal(turn.failure.hint, "");
    assert_int_equal(turn_request_count(), 1);
    assert_non_null(strstr(turn_journal(), "no such model"));
}

static void a_stream_that_always_breaks_is_given_up(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\",\"drop_after_events\":2}],"
                                 "\"repeat_last\":true}");
    assert_int_equal(turn_stage_run("hi"), AGENT_FAILED);
    assert_non_null(strstr(turn_seen(), "retry 2/2: stream disconnected before completion"));
    assert_int_equal(turn_request_count(), 3);
}

/* Asked again at once, the model would make the call a second time. */
static void a_call_that_came_whole_before_the_stream_broke_runs_once(void **state)
{
    turn_stage_ask_server(state,
                          "{\"responses\":[" RUN("echo x >> log") ",\"drop_after_events\":5},"
                                                                  "{\"text\":\"done\"}]}");
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_string_equal(read_text(temp_path(state, "log")), "x\n");
    assert_int_equal(turn_request_count(), 2);
    assert_non_null(strstr(turn_request(1), "\"function_call_output\",\"call_id\":\"c1\""));
    assert_non_null(strstr(turn_seen(), "retry 1/2: "));
}

static void a_call_that_came_in_part_does_not_run(void **state)
{
    turn_stage_ask_server(state,
                          "{\"responses\":[" RUN("echo x >> log") ",\"drop_after_events\":4},"
                                                                  "{\"text\":\"done\"}]}");
    assert_int_equal(turn_stage_run("go"), AGENT_COMPLETED);
    assert_int_equal(access(temp_path(state, "log"), F_OK), -1);
    assert_null(strstr(turn_request(1), "\"function_call\""));
}

/* A server refuses reasoning that nothing follows. */
static void reasoning_that_a_broken_stream_led_nowhere_is_forgotten(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"reasoning\":{\"summary\":\"I think.\","
                                 "\"encrypted_content\":\"c2VjcmV0\"},\"text\":\"no\","
                                 "\"drop_after_events\":7},{\"text\":\"yes\"}]}");
    assert_int_equal(turn_stage_run("hi"), AGENT_COMPLETED);
    assert_null(strstr(turn_seen(), "reasoning: "));
    assert_null(strstr(turn_request(1), "c2VjcmV0"));
    assert_non_null(strstr(turn_seen(), "message: yes\n"));
    assert_int_equal(history_count(turn.history), 2);
}

static void a_connection_left_open_after_the_end_is_not_waited_for(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\",\"hang_after_events\":7}]}");
    assert_turn("hi", AGENT_COMPLETED,
                "turn: hi\nmessage: hello\nusage: 100 in, 30 out\ncompleted\n");
}

static void a_server_that_says_nothing_is_given_up_after_the_idle_time(void **state)
{
    char config[256];
    turn.server =
        mock_server_start(state, "{\"responses\":[{\"text\":\"hello\",\"hang_after_events\":1},"
                                 "{\"text\":\"hello\"}]}");
    (void)snprintf(config, sizeof config, "{\"base_url\":\"%s\",\"stream_idle_timeout_ms\":50}",
                   mock_server_url(turn.server, "/v1"));
    turn_stage_ask("responses", config);
    assert_int_equal(turn_stage_run("hi"), AGENT_COMPLETED);
    assert_non_null(strstr(turn_seen(), "retry 1/2: stream disconnected before completion: "));
}

static void assert_interrupted(const char *prompt)
{
    assert_int_equal(turn_stage_run(prompt), AGENT_INTERRUPTED);
    assert_int_equal(turn.failure.code, BEACON_E_CANCELLED);
    assert_non_null(strstr(turn_seen(), "failed: interrupted\n"));
    assert_non_null(strstr(turn_journal(), "\"turn_aborted\""));
    assert_non_null(strstr(turn_journal(), "\"interrupted\""));
}

/* The session is as good as before. */
static void assert_next_turn_completes(void)
{
    text_reset(&turn.seen);
    assert_int_equal(turn_stage_run("again"), AGENT_COMPLETED);
    assert_non_null(strstr(turn_seen(), "message: hello\n"));
    assert_int_equal(turn.n_ends, 2);
}

static void an_interrupt_ends_a_stream(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"never\",\"hang_after_events\":4},"
                                 "{\"text\":\"hello\"}]}");
    interrupt_on(EVENT_TEXT_DELTA);
    assert_interrupted("hi");
    assert_null(strstr(turn_seen(), "never"));
    assert_next_turn_completes();
}

static void an_interrupt_before_the_request_sends_none(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\"}]}");
    interrupt_on(EVENT_TURN_STARTED);
    assert_interrupted("hi");
    assert_int_equal(turn_request_count(), 0);
    assert_next_turn_completes();
}

static void an_interrupt_ends_the_pause_before_a_retry(void **state)
{
    turn_stage_ask_server(state,
                          "{\"responses\":[{\"status\":503,\"headers\":{\"Retry-After\":\"3000\"}},"
                          "{\"text\":\"hello\"}]}");
    interrupt_on(EVENT_RETRY);
    assert_interrupted("hi"); /* not after fifty minutes */
    assert_int_equal(turn_request_count(), 1);
    assert_next_turn_completes();
}

static void an_interrupt_ends_a_command_whose_call_is_answered(void **state)
{
    turn_stage_ask_server(state,
                          "{\"responses\":[" RUN("exec sleep 1000") "},"
                                                                    "{\"text\":\"hello\"}]}");
    interrupt_on(EVENT_COMMAND_STARTED);
    assert_interrupted("hi");
    assert_non_null(strstr(turn_journal(), "\"call_id\":\"c1\",\"output\":\"aborted\""));
    assert_next_turn_completes();
    assert_non_null(strstr(turn_request(1), "\"call_id\":\"c1\",\"output\":\"aborted\""));
}

static void an_interrupt_heard_with_the_last_message_drops_the_rest(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\"},{\"text\":\"hello\"}]}");
    interrupt_on(EVENT_AGENT_MESSAGE);
    assert_interrupted("hi");
    assert_null(strstr(turn_seen(), "completed"));
    assert_next_turn_completes();
}

static void an_interrupt_after_the_end_changes_nothing(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\"},{\"text\":\"hello\"}]}");
    interrupt_on(EVENT_TURN_COMPLETED);
    assert_turn("hi", AGENT_COMPLETED,
                "turn: hi\nmessage: hello\nusage: 100 in, 30 out\ncompleted\n");
    agent_interrupt(turn.agent);
    assert_next_turn_completes();
}

/* From now on the journal cannot grow, as on a full disk. */
static void fill_the_disk(enum event_kind kind, void **state)
{
    (void)state;
    if (kind == EVENT_AGENT_MESSAGE) {
        struct stat status;
        assert_int_equal(stat(recorder_path(turn.recorder), &status), 0);
        struct rlimit limit = {(rlim_t)status.st_size, RLIM_INFINITY};
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    }
}

static void empty_the_disk(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_call_that_cannot_be_recorded_does_not_run(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"watch\",\"calls\":[{\"name\":"
                                 "\"exec_command\",\"arguments\":{\"cmd\":\"touch never\"}}]},"
                                 "{\"text\":\"hello\"}]}");
    turn.on_event = fill_the_disk;
    int outcome = (int)turn_stage_run("go");
    empty_the_disk();
    assert_int_equal(outcome, AGENT_FAILED);
    assert_int_equal(turn.failure.code, BEACON_E_IO);
    assert_null(strstr(turn_seen(), "run: "));
    assert_int_equal(access(temp_path(state, "never"), F_OK), -1);
    assert_int_equal(turn_request_count(), 1);
    const char *journal = turn_journal();
    assert_int_equal(journal[strlen(journal) - 1], '\n');
}

static void usage_adds_up_over_turns_and_calls(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[" RUN("true") "},{\"text\":\"a\"},"
                                                                "{\"text\":\"b\"}]}");
    (void)turn_stage_run("one");
    (void)turn_stage_run("two");
    const char *journal = turn_journal();
    assert_non_null(strstr(journal, "\"total_token_usage\":{\"input_tokens\":300"));
}

static void pictures_go_before_the_prompt_with_their_names(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[{\"text\":\"hello\"}]}");
    struct agent_image images[] = {{"a.png", "data:image/png;base64,QQ=="},
                                   {"b.gif", "data:image/gif;base64,Qg=="}};
    struct agent_prompt prompt = {"what?", images, 2};
    struct beacon_error err = {0};
    assert_ok(agent_add_context(turn.agent, "<environment_context/>", &err), &err);
    assert_int_equal(turn_stage_submit(&prompt), AGENT_COMPLETED);
    static const char *const wanted[] = {"<environment_context/>",
                                         "<image name=[Image #1] path=\\\"a.png\\\">",
                                         "data:image/png;base64,QQ==",
                                         "</image>",
                                         "<image name=[Image #2] path=\\\"b.gif\\\">",
                                         "data:image/gif;base64,Qg==",
                                         "</image>",
                                         "what?"};
    const char *at = turn_request(0);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        at = strstr(at, wanted[i]);
        assert_non_null(at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_turn_stage(a_text_answer_completes_the_turn),
        on_turn_stage(the_request_carries_prompt_tools_and_instructions),
        on_turn_stage(the_journal_holds_the_turn_in_order),
        on_turn_stage(a_call_is_run_and_its_answer_sent_back),
        on_turn_stage(requests_of_one_session_begin_with_the_same_bytes),
        on_turn_stage(calls_of_all_kinds_are_answered_in_their_own_form),
        on_turn_stage(a_failed_request_is_repeated),
        on_turn_stage(a_refused_request_fails_the_turn_with_the_servers_words),
        on_turn_stage(a_stream_that_always_breaks_is_given_up),
        on_turn_stage(a_call_that_came_whole_before_the_stream_broke_runs_once),
        on_turn_stage(a_call_that_came_in_part_does_not_run),
        on_turn_stage(reasoning_that_a_broken_stream_led_nowhere_is_forgotten),
        on_turn_stage(a_connection_left_open_after_the_end_is_not_waited_for),
        on_turn_stage(a_server_that_says_nothing_is_given_up_after_the_idle_time),
        on_turn_stage(an_interrupt_ends_a_stream),
        on_turn_stage(an_interrupt_before_the_request_sends_none),
        on_turn_stage(an_interrupt_ends_the_pause_before_a_retry),
        on_turn_stage(an_interrupt_ends_a_command_whose_call_is_answered),
        on_turn_stage(an_interrupt_heard_with_the_last_message_drops_the_rest),
        on_turn_stage(an_interrupt_after_the_end_changes_nothing),
        on_turn_stage(a_call_that_cannot_be_recorded_does_not_run),
        on_turn_stage(usage_adds_up_over_turns_and_calls),
        on_turn_stage(pictures_go_before_the_prompt_with_their_names),
    };
    return cmocka_run_group_tests_name("agent/turn", tests, NULL, NULL);
}
