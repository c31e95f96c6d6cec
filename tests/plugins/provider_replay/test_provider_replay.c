/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/provider_harness.h"

static struct harness h;
static struct beacon_verdict why;

static int begin(void **state)
{
    harness_init(&h, "provider_replay");
    return temp_dir_setup(state);
}

static int end(void **state)
{
    harness_close(&h);
    return temp_dir_teardown(state);
}

#define HEADER "{\"recording\":1}\n"

static beacon_rc load(void **state, const char *recording)
{
    char config[4096];
    write_text(temp_path(state, "r.jsonl"), recording);
    (void)snprintf(config, sizeof config, "{\"recording\":\"%s\"}", temp_path(state, "r.jsonl"));
    return harness_create(&h, config);
}

static beacon_rc play(const struct beacon_turn *turn)
{
    harness_forget_events(&h);
    memset(&why, 0, sizeof why);
    why.struct_size = sizeof why;
    memset(&h.err, 0, sizeof h.err);
    h.err.struct_size = sizeof h.err;
    return h.provider->stream(h.instance, turn, &h.sink, NULL, &why, &h.err);
}

#define ASSISTANT(text_, ...)                                                                      \
    MESSAGE(BEACON_ROLE_ASSISTANT, PART(.type = BEACON_PART_TEXT, .text = SPAN(text_), __VA_ARGS__))

static void every_line_becomes_its_events(void **state)
{
    assert_ok(load(state,
                   HEADER "{\"reasoning\":\"Think hard\"}\n"
                          "{\"text\":\"One\\ntwo €\"}\n\n"
                          "{\"call\":\"exec_command\",\"arguments\":{\"cmd\": \"ls\"}}\n"
                          "{\"call\":\"odd\",\"arguments\":\"{\\\"cut\",\"call_id\":\"mine\"}\n"
                          "{\"custom\":\"apply_patch\",\"input\":[\"a\\t\",\"b\",\"\"]}\n"
                          "{\"delay_ms\":0}\n"
                          "{\"usage\":{\"input\":9,\"output\":3}}\n"
                          "{\"end\":\"tools\"}\n"),
              &h.err);
    assert_ok(play(TURN(.model = SPAN("m"), MESSAGES(USER("go")))), &h.err);
    assert_string_equal(
        h.events,
        "START id=resp_r1_0 model=m\n"
        "BEGIN 0 reasoning id=rs_r1_0\n"
        "DELTA 0 code=1 text=Think \n"
        "DELTA 0 code=1 text=hard\n"
        "DONE 0 reasoning id=rs_r1_0 text=Think hard opaque={\"type\":\"reasoning\","
        "\"id\":\"rs_r1_0\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"Think hard\"}]}\n"
        "BEGIN 1 text id=msg_r1_1\n"
        "DELTA 1 code=0 text=One\n\n"
        "DELTA 1 code=0 text=two \n"
        "DELTA 1 code=0 text=€\n"
        "DONE 1 text id=msg_r1_1 text=One\ntwo € opaque={\"type\":\"message\",\"id\":\"msg_r1_1\","
        "\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"One\\ntwo "
        "€\"}]}\n"
        "BEGIN 2 call id=fc_r1_2 call=call_r1_2 name=exec_command\n"
        "DONE 2 call id=fc_r1_2 call=call_r1_2 name=exec_command text={\"cmd\": \"ls\"} "
        "opaque={\"type\":\"function_call\",\"id\":\"fc_r1_2\",\"name\":\"exec_command\","
        "\"arguments\":\"{\\\"cmd\\\": \\\"ls\\\"}\",\"call_id\":\"call_r1_2\"}\n"
        "BEGIN 3 call id=fc_r1_3 call=mine name=odd\n"
        "DONE 3 call id=fc_r1_3 call=mine name=odd text={\"cut opaque={\"type\":\"function_call\","
        "\"id\":\"fc_r1_3\",\"name\":\"odd\",\"arguments\":\"{\\\"cut\",\"call_id\":\"mine\"}\n"
        "BEGIN 4 call freeform id=ctc_r1_4 call=call_r1_4 name=apply_patch\n"
        "DONE 4 call freeform id=ctc_r1_4 call=call_r1_4 name=apply_patch text=a\t\nb\n "
        "opaque={\"type\":\"custom_tool_call\",\"id\":\"ctc_r1_4\",\"status\":\"completed\","
        "\"call_id\":\"call_r1_4\",\"name\":\"apply_patch\",\"input\":\"a\\t\\nb\\n\"}\n"
        "USAGE in=9 cached=-1 out=3 reasoning=-1 flags=3\n"
        "FINISH code=2\n");
}

#define THREE_RESPONSES                                                                            \
    HEADER "{\"text\":\"1\"}\n{\"end\":\"stop\"}\n{\"text\":\"2\"}\n{\"end\":\"stop\"}\n"          \
           "{\"text\":\"3\"}\n{\"end\":\"stop\"}\n"

static void the_history_says_which_response_is_next(void **state)
{
    assert_ok(load(state, THREE_RESPONSES), &h.err);
    assert_ok(play(TURN(MESSAGES(USER("a")))), &h.err);
    assert_non_null(strstr(h.events, "msg_r1_0"));
    assert_ok(play(TURN(MESSAGES(USER("a"), ASSISTANT("x"), ASSISTANT("y"), USER("b")))), &h.err);
    assert_non_null(strstr(h.events, "msg_r2_0"));
    assert_ok(play(TURN(MESSAGES(USER("a"), ASSISTANT("x"), USER("b"), ASSISTANT("y"), USER("c")))),
              &h.err);
    assert_non_null(strstr(h.events, "msg_r3_0"));
}

static void ids_of_ours_count_exactly_however_items_are_mixed(void **state)
{
    assert_ok(load(state, THREE_RESPONSES), &h.err);
    const struct beacon_turn *mixed =
        TURN(MESSAGES(USER("a"),
                      MESSAGE(BEACON_ROLE_ASSISTANT,
                              PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("call_r1_0"))),
                      MESSAGE(BEACON_ROLE_TOOL,
                              PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("call_r1_0"))),
                      MESSAGE(BEACON_ROLE_ASSISTANT,
                              PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("call_r1_1")))));
    assert_ok(play(mixed), &h.err);
    assert_non_null(strstr(h.events, "msg_r2_0"));
    assert_ok(play(TURN(MESSAGES(ASSISTANT("x", .opaque = SPAN("{\"id\":\"msg_r2_0\"}"))))),
              &h.err);
    assert_non_null(strstr(h.events, "msg_r3_0"));
}

static void past_the_end_it_says_so(void **state)
{
    assert_ok(load(state, THREE_RESPONSES), &h.err);
    assert_refused(play(TURN(MESSAGES(ASSISTANT("x", .id = SPAN("msg_r3_0"))))), BEACON_E_NOT_FOUND,
                   &h.err);
    assert_string_equal(harness_message(&why),
                        "the recording ends after 3 responses: there is nothing left to replay");
    assert_int_equal(why.verdict, BEACON_VERDICT_FATAL);
    assert_string_equal(h.events, "");
}

static void a_failure_is_told_as_often_as_recorded(void **state)
{
    struct beacon_turn turn = *TURN(MESSAGES(USER("a")));
    assert_ok(load(state, HEADER "{\"fail\":\"too \\\"busy\\\"\",\"verdict\":\"retry\","
                                 "\"after_ms\":70,\"times\":2}\n{\"text\":\"fine\"}\n"
                                 "{\"end\":\"stop\"}\n{\"fail\":\"gone\"}\n"),
              &h.err);
    for (turn.attempt = 1; turn.attempt <= 2; turn.attempt++) {
        assert_refused(play(&turn), BEACON_E_IO, &h.err);
        assert_int_equal(why.verdict, BEACON_VERDICT_RETRY);
        assert_int_equal(why.after_ms, 70);
        assert_string_equal(harness_message(&why), "too \"busy\"");
    }
    assert_ok(play(&turn), &h.err);
    assert_non_null(strstr(h.events, "FINISH code=1\n"));
    assert_refused(play(TURN(MESSAGES(ASSISTANT("x")))), BEACON_E_PROTOCOL, &h.err);
    assert_int_equal(why.verdict, BEACON_VERDICT_FATAL);
}

static void a_cancel_is_obeyed_between_any_two_events(void **state)
{
    assert_ok(load(state, HEADER "{\"text\":\"a b c\"}\n{\"usage\":{}}\n{\"end\":\"stop\"}\n"),
              &h.err);
    for (int n = 1; n <= 6; n++) {
        h.is_cancelled = 0;
        h.cancel_after = n;
        assert_refused(play(TURN(MESSAGES(USER("a")))), BEACON_E_CANCELLED, &h.err);
        assert_null(strstr(h.events, "FINISH"));
    }
}

static void a_pause_ends_when_the_descriptor_says_so(void **state)
{
    int ends[2];
    assert_ok(load(state, HEADER "{\"delay_ms\":600000}\n{\"end\":\"stop\"}\n"), &h.err);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    h.cancel_fd = ends[0];
    h.cancel_after = 1; /* START comes, then the pause */
    assert_refused(play(TURN(MESSAGES(USER("a")))), BEACON_E_CANCELLED, &h.err);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_sink_that_says_stop_is_obeyed(void **state)
{
    assert_ok(load(state, THREE_RESPONSES), &h.err);
    for (int n = 0; n < 5; n++) {
        h.refuse_after = n;
        assert_refused(play(TURN(MESSAGES(USER("a")))), BEACON_E_CANCELLED, &h.err);
    }
}

static void a_broken_recording_is_refused_with_the_line(void **state)
{
    static const struct {
        const char *recording, *words;
    } rows[] = {
        {"", "line 0: there is no response"},
        {HEADER, "line 1: there is no response"},
        {"{\"text\":\"x\"}\n", "line 1: the first line"},
        {"\n" HEADER, "line 2: the first line"},
        {"{\"recording\":2}\n", "line 1: this version plays recordings of format 1"},
        {HEADER HEADER, "line 2: the first line"},
        {HEADER "{\"text\":\"x\"}\n", "line 2: the last response has no \"end\""},
        {HEADER "{\"text\":\"x\"\n", "line 2: not a JSON object"},
        {HEADER "[]\n", "line 2: not a JSON object"},
        {HEADER "{\"text\":\"\xff\"}\n", "line 2: not UTF-8"},
        {HEADER "{\"txt\":\"x\"}\n", "line 2: a key is unknown"},
        {HEADER "{\"text\":\"x\",\"text\":\"y\"}\n", "line 2: a key is unknown"},
        {HEADER "{}\n", "line 2: no key says"},
        {HEADER "{\"call_id\":\"x\"}\n", "line 2: no key says"},
        {HEADER "{\"text\":\"x\",\"input\":\"y\"}\n", "line 2: it has a key that belongs"},
        {HEADER "{\"text\":\"x\",\"end\":\"stop\"}\n", "line 2: it has a key that belongs"},
        {HEADER "{\"text\":1}\n", "line 2: the value must be a string"},
        {HEADER "{\"call\":\"x\"}\n", "line 2: \"arguments\" must be"},
        {HEADER "{\"call\":\"x\",\"arguments\":[1]}\n", "line 2: \"arguments\" must be"},
        {HEADER "{\"call\":1,\"arguments\":{}}\n", "line 2: the value must be the name"},
        {HEADER "{\"call\":\"x\",\"arguments\":{},\"call_id\":7}\n", "line 2: \"call_id\" must"},
        {HEADER "{\"custom\":\"x\",\"input\":[1]}\n", "line 2: \"input\" must"},
        {HEADER "{\"delay_ms\":-1}\n", "line 2: the pause"},
        {HEADER "{\"delay_ms\":1e3}\n", "line 2: the pause"},
        {HEADER "{\"usage\":[]}\n", "line 2: the value must be an object"},
        {HEADER "{\"end\":\"never\"}\n", "line 2: the value must be stop"},
        {HEADER "{\"fail\":\"x\",\"verdict\":\"maybe\"}\n", "line 2: \"verdict\" must"},
        {HEADER "{\"fail\":\"x\",\"times\":-1}\n", "line 2: \"after_ms\" and"},
        {HEADER "{\"fail\":\"x\",\"times\":1}\n", "line 2: the last response has no \"end\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_refused(load(state, rows[i].recording), BEACON_E_INVALID, &h.err);
        if (strstr(h.err.message, rows[i].words) == NULL) {
            fail_msg("row %zu: %s", i, h.err.message);
        }
        assert_non_null(strstr(h.err.message, "r.jsonl, line"));
    }
}

static void a_recording_cut_anywhere_is_refused_or_whole(void **state)
{
    char text[sizeof THREE_RESPONSES];
    for (size_t n = 0; n < sizeof text; n++) {
        memcpy(text, THREE_RESPONSES, sizeof text);
        text[n] = '\0';
        const beacon_rc rc = load(state, text);
        assert_true(rc == BEACON_OK || rc == BEACON_E_INVALID);
    }
}

static void a_path_that_cannot_be_read_is_named(void **state)
{
    char config[4096];
    (void)snprintf(config, sizeof config, "{\"recording\":\"%s\"}", temp_path(state, "absent"));
    assert_refused(harness_create(&h, config), BEACON_E_IO, &h.err);
    assert_non_null(strstr(h.err.message, "absent"));
    (void)snprintf(config, sizeof config, "{\"recording\":\"%s\"}", temp_dir(state));
    assert_refused(harness_create(&h, config), BEACON_E_IO, &h.err);
    assert_refused(harness_create(&h, "{\"recording\":\"a\\u0000b\"}"), BEACON_E_IO, &h.err);
}

static void a_wrong_configuration_is_refused_by_its_key(void **state)
{
    (void)state;
    assert_refused(harness_create(&h, "{\"recording\":1}"), BEACON_E_INVALID, &h.err);
    assert_non_null(strstr(h.err.message, "recording"));
    assert_refused(harness_create(&h, "{\"recording\":\"\"}"), BEACON_E_INVALID, &h.err);
    assert_refused(harness_create(&h, "[]"), BEACON_E_INVALID, &h.err);
}

/* Plays the built-in recording to its end, giving back its calls as a host would. */
static void the_demo_plays_to_its_end(void **state)
{
    static const char *const ids[] = {"call_r1_2", "call_r2_2", "call_r3_2", "call_r4_1"};
    (void)state;
    assert_ok(harness_create(&h, "{}"), &h.err);
    assert_ok(play(TURN(MESSAGES(USER("The tests fail. Find out why and fix it.")))), &h.err);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_non_null(strstr(h.events, ids[i]));
        assert_non_null(strstr(h.events, "FINISH code=2\n"));
        const struct beacon_part call = {.struct_size = sizeof call,
                                         .type = BEACON_PART_TOOL_CALL,
                                         .call_id = beacon_text(ids[i])};
        assert_ok(play(TURN(MESSAGES(MESSAGE(BEACON_ROLE_ASSISTANT, &call)))), &h.err);
    }
    assert_non_null(strstr(h.events, "All tests pass now."));
    assert_non_null(strstr(h.events, "FINISH code=1\n"));
}

/* The recorded patch must fit the project it is played on. */
static void the_demo_mends_the_project(void **state)
{
    (void)state;
    const char *project = read_text(DEMO_DIR "/project/roman.c");
    const char *recording = read_text(DEMO_DIR "/recording.jsonl");
    assert_non_null(strstr(project, "\nint roman_parse(const char *text)\n"));
    assert_non_null(strstr(project, "            return -1;\n        }\n"
                                    "        if (value <= next) {\n            total -= value;\n"));
    assert_non_null(strstr(recording, "\"             return -1;\", \"         }\", "
                                      "\"-        if (value <= next) {\", "
                                      "\"+        if (value < next) {\", "
                                      "\"             total -= value;\""));
}

#define REPLAY_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPLAY_TEST(every_line_becomes_its_events),
        REPLAY_TEST(the_history_says_which_response_is_next),
        REPLAY_TEST(ids_of_ours_count_exactly_however_items_are_mixed),
        REPLAY_TEST(past_the_end_it_says_so),
        REPLAY_TEST(a_failure_is_told_as_often_as_recorded),
        REPLAY_TEST(a_cancel_is_obeyed_between_any_two_events),
        REPLAY_TEST(a_pause_ends_when_the_descriptor_says_so),
        REPLAY_TEST(a_sink_that_says_stop_is_obeyed),
        REPLAY_TEST(a_broken_recording_is_refused_with_the_line),
        REPLAY_TEST(a_recording_cut_anywhere_is_refused_or_whole),
        REPLAY_TEST(a_path_that_cannot_be_read_is_named),
        REPLAY_TEST(a_wrong_configuration_is_refused_by_its_key),
        REPLAY_TEST(the_demo_plays_to_its_end),
        REPLAY_TEST(the_demo_mends_the_project),
    };
    return cmocka_run_group_tests_name("provider_replay", tests, NULL, NULL);
}
