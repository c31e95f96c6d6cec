/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"
#include "messages_frames.h"

static struct harness h;

/* Each test begins with a request sent and a 200 received. */
static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_messages");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1\"}"), &h.err);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), MESSAGES(USER("hi")),
                                    TOOLS(TOOL(.name = SPAN("exec_command")),
                                          TOOL(.name = SPAN("close"), .ns = SPAN("mcp__docs")),
                                          TOOL(.name = SPAN("apply_patch"),
                                               .flags = BEACON_TOOL_FREEFORM)))),
              &h.err);
    (void)harness_request(&h);
    return harness_status(&h, 200, NULL, 0);
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static void feed(const char *data)
{
    assert_ok(harness_frame(&h, data), &h.err);
}

static void a_message_streams_and_ends_the_turn(void **state)
{
    (void)state;
    feed(STARTED(
        "\"input_tokens\":7,\"cache_read_input_tokens\":20,\"cache_creation_input_tokens\":3,"
        "\"output_tokens\":1"));
    feed("{\"type\":\"ping\"}");
    feed(BLOCK(0, TEXT_BLOCK));
    feed(GROWS(0, TEXT_DELTA("Hel")));
    feed(GROWS(0, TEXT_DELTA("lo\\n\\u20ac")));
    feed(CLOSED(0));
    feed(ENDS("end_turn", "\"output_tokens\":30"));
    feed(OVER);
    assert_ok(harness_end(&h, BEACON_END_OK), &h.err);
    assert_string_equal(h.events, "START id=msg_1 model=claude-x\n"
                                  "BEGIN 0 text\n"
                                  "DELTA 0 code=0 text=Hel\n"
                                  "DELTA 0 code=0 text=lo\n\xe2\x82\xac\n"
                                  "DONE 0 text text=Hello\n\xe2\x82\xac\n"
                                  "USAGE in=7 cached=20 out=30 reasoning=-1 flags=2\n"
                                  "FINISH code=1\n");
    struct beacon_action action = {.struct_size = sizeof action};
    assert_ok(h.provider->poll(h.x, &action, &h.err), &h.err);
    assert_int_equal(action.kind, BEACON_ACT_DONE);
}

static void thinking_keeps_its_bytes_and_its_signature(void **state)
{
    (void)state;
    feed(STARTED("\"output_tokens\":1"));
    feed(BLOCK(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"));
    feed(GROWS(0, "{\"type\":\"thinking_delta\",\"thinking\":\"a\\u00e9 \\ud83d\"}"));
    feed(GROWS(0, "{\"type\":\"thinking_delta\",\"thinking\":\"\\ude00\"}"));
    feed(GROWS(0, "{\"type\":\"signature_delta\",\"signature\":\"Eq\\/+\"}"));
    feed(GROWS(0, "{\"type\":\"signature_delta\",\"signature\":\"==\"}"));
    feed(CLOSED(0));
    feed(BLOCK(1, "{\"type\":\"redacted_thinking\",\"data\":\"Em\\/w==\"}"));
    feed(CLOSED(1));
    assert_null(strstr(h.events, "DONE"));
    feed(OVER);
    const char *done = strstr(h.events, "DONE");
    assert_non_null(done);
    assert_string_equal(done, "DONE 0 reasoning text=a\xc3\xa9 \xf0\x9f\x98\x80 opaque="
                              "{\"type\":\"thinking\",\"thinking\":\"a\\u00e9 \\ud83d\\ude00\","
                              "\"signature\":\"Eq\\/+==\"}\n"
                              "BEGIN 1 reasoning\n"
                              "DONE 1 reasoning opaque="
                              "{\"type\":\"redacted_thinking\",\"data\":\"Em\\/w==\"}\n"
                              "FINISH code=1\n");
}

static void thinking_that_is_not_shown_still_comes_back(void **state)
{
    (void)state;
    feed(BLOCK(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"));
    feed(GROWS(0, "{\"type\":\"signature_delta\",\"signature\":\"Eq==\"}"));
    feed(CLOSED(0));
    feed(BLOCK(1, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"));
    feed(CLOSED(1));
    feed(OVER);
    assert_string_equal(h.events, "START\nBEGIN 0 reasoning\nDONE 0 reasoning opaque={\"type\":"
                                  "\"thinking\",\"thinking\":\"\",\"signature\":\"Eq==\"}\n"
                                  "FINISH code=1\n");
}

static void calls_that_interleave_become_calls_with_their_own_arguments(void **state)
{
    (void)state;
    feed(STARTED(""));
    feed(BLOCK(0, CALL_BLOCK("toolu_1", "exec_command")));
    feed(BLOCK(1, CALL_BLOCK("toolu_2", "mcp__docs__close")));
    feed(GROWS(0, JSON_DELTA("")));
    feed(GROWS(0, JSON_DELTA("{\\\"cmd\\\":")));
    feed(GROWS(1, JSON_DELTA("{\\\"page\\\": ")));
    feed(GROWS(0, JSON_DELTA("\\\"a\\\\nb\\\"}")));
    feed(GROWS(1, JSON_DELTA("7}")));
    feed(CLOSED(1));
    feed(CLOSED(0));
    feed(BLOCK(2, CALL_BLOCK("toolu_3", "apply_patch")));
    feed(GROWS(2, JSON_DELTA("{\\\"input\\\":\\\"*** Begin\\\\n\\\"}")));
    feed(CLOSED(2));
    feed(BLOCK(3, CALL_BLOCK("toolu_4", "made_up")));
    feed(CLOSED(3));
    feed(ENDS("tool_use", "\"output_tokens\":5"));
    feed(OVER);
    assert_string_equal(h.events,
                        "START id=msg_1 model=claude-x\n"
                        "BEGIN 0 call call=toolu_1 name=exec_command\n"
                        "DONE 0 call call=toolu_1 name=exec_command text={\"cmd\":\"a\\nb\"}\n"
                        "BEGIN 1 call call=toolu_2 name=close ns=mcp__docs\n"
                        "DONE 1 call call=toolu_2 name=close ns=mcp__docs text={\"page\": 7}\n"
                        "BEGIN 2 call freeform call=toolu_3 name=apply_patch\n"
                        "DONE 2 call freeform call=toolu_3 name=apply_patch text=*** Begin\n\n"
                        "BEGIN 3 call call=toolu_4 name=made_up\n"
                        "DONE 3 call call=toolu_4 name=made_up text={}\n"
                        "USAGE in=-1 cached=-1 out=5 reasoning=-1 flags=2\n"
                        "FINISH code=2\n");
}

static void a_call_cut_off_by_the_limit_is_no_call(void **state)
{
    (void)state;
    feed(STARTED("\"input_tokens\":7"));
    feed(BLOCK(0, CALL_BLOCK("toolu_1", "exec_command")));
    feed(GROWS(0, JSON_DELTA("{\\\"cmd\\\":\\\"rm ")));
    feed(CLOSED(0));
    feed(ENDS("max_tokens", "\"output_tokens\":5"));
    feed(OVER);
    assert_string_equal(h.events, "START id=msg_1 model=claude-x\n"
                                  "WARNING text=The answer reached max_tokens and is cut off.\n"
                                  "USAGE in=7 cached=-1 out=5 reasoning=-1 flags=2\n"
                                  "FINISH code=3\n");
}

static void a_call_that_was_written_wrongly_is_told_as_such(void **state)
{
    (void)state;
    feed(BLOCK(0, CALL_BLOCK("toolu_1", "exec_command")));
    feed(GROWS(0, JSON_DELTA("{cmd: \\\"ls\\\"}")));
    feed(CLOSED(0));
    feed(BLOCK(1, CALL_BLOCK("toolu_2", "apply_patch")));
    feed(GROWS(1, JSON_DELTA("*** Begin")));
    feed(CLOSED(1));
    feed(BLOCK(2, CALL_BLOCK("toolu_3", "exec_command")));
    feed(GROWS(2, JSON_DELTA("[]")));
    feed(ENDS("tool_use", ""));
    feed(OVER);
    assert_string_equal(
        h.events,
        "START\n"
        "BEGIN 0 call call=toolu_1 name=exec_command\n"
        "DONE 0 call call=toolu_1 name=exec_command text={\"INVALID_JSON\":\"{cmd: \\\"ls\\\"}\"}\n"
        "BEGIN 1 call freeform call=toolu_2 name=apply_patch\n"
        "DONE 1 call freeform call=toolu_2 name=apply_patch text=*** Begin\n"
        "BEGIN 2 call call=toolu_3 name=exec_command\n"
        "DONE 2 call call=toolu_3 name=exec_command text={\"INVALID_JSON\":\"[]\"}\n"
        "FINISH code=2\n");
}

static void what_the_server_ran_itself_is_kept_and_never_run(void **state)
{
    (void)state;
    feed(BLOCK(0, "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\","
                  "\"input\":{},\"caller\":{\"type\":\"direct\"}}"));
    feed(GROWS(0, JSON_DELTA("{\\\"query\\\":\\\"rain\\\"}")));
    feed(CLOSED(0));
    feed(BLOCK(1, "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srvtoolu_1\","
                  "\"content\":[{\"x\":\"\\u00e9\"}]}"));
    feed(CLOSED(1));
    feed(ENDS("pause_turn", ""));
    feed(OVER);
    assert_string_equal(
        h.events,
        "START\n"
        "BEGIN 0 server id=srvtoolu_1 name=web_search\n"
        "DONE 0 server id=srvtoolu_1 name=web_search text={\"query\":\"rain\"} opaque="
        "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\","
        "\"caller\":{\"type\":\"direct\"},\"input\":{\"query\":\"rain\"}}\n"
        "BEGIN 1 server name=web_search_tool_result\n"
        "DONE 1 server name=web_search_tool_result opaque={\"type\":\"web_search_tool_result\","
        "\"tool_use_id\":\"srvtoolu_1\",\"content\":[{\"x\":\"\\u00e9\"}]}\n"
        "FINISH code=5\n");
}

static void text_that_quotes_keeps_what_it_quotes(void **state)
{
    (void)state;
    feed(BLOCK(0, "{\"type\":\"text\",\"text\":\"\",\"citations\":[]}"));
    feed(GROWS(0, "{\"type\":\"citations_delta\",\"citation\":{\"encrypted_index\":\"Eo\\/=\"}}"));
    feed(GROWS(0, "{\"type\":\"citations_delta\",\"citation\":{\"n\":2}}"));
    feed(GROWS(0, TEXT_DELTA("It \\\"rains\\\".")));
    feed(CLOSED(0));
    feed(OVER);
    assert_string_equal(strstr(h.events, "DONE"),
                        "DONE 0 text text=It \"rains\". opaque={\"type\":\"text\",\"text\":"
                        "\"It \\\"rains\\\".\",\"citations\":[{\"encrypted_index\":\"Eo\\/=\"},"
                        "{\"n\":2}]}\n"
                        "FINISH code=1\n");
}

static void unknown_blocks_and_deltas_do_no_harm(void **state)
{
    (void)state;
    feed(BLOCK(0, "{\"type\":\"mood\",\"level\":3}"));
    feed(CLOSED(0));
    feed(BLOCK(1, "{\"type\":\"dream\",\"of\":\"\"}"));
    feed(GROWS(1, "{\"type\":\"dream_delta\",\"of\":\"sheep\"}"));
    feed(CLOSED(1));
    feed(BLOCK(2, TEXT_BLOCK));
    feed(GROWS(2, "{\"type\":\"colour_delta\",\"rgb\":1}"));
    feed(GROWS(2, JSON_DELTA("{")));
    feed(GROWS(2, "{}"));
    feed(GROWS(2, "[]"));
    feed(GROWS(2, TEXT_DELTA("x")));
    feed(CLOSED(2));
    feed(CLOSED(9));
    feed(GROWS(9, "{\"type\":\"dream_delta\"}"));
    feed(BLOCK(3, "[]"));
    feed(BLOCK(3, "{\"id\":1}"));
    feed(ENDS("because", ""));
    feed(OVER);
    assert_string_equal(h.events, "START\n"
                                  "BEGIN 0 text\n"
                                  "DELTA 0 code=0 text=x\n"
                                  "BEGIN 1 server name=mood\n"
                                  "DONE 1 server name=mood opaque={\"type\":\"mood\",\"level\":3}\n"
                                  "BEGIN 2 server name=dream\n"
                                  "DONE 2 server name=dream\n"
                                  "DONE 0 text text=x\n"
                                  "FINISH code=1\n");
}

static void servers_that_forget_half_of_it_are_understood(void **state)
{
    (void)state;
    feed(GROWS(0, "{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}"));
    feed(BLOCK(0, TEXT_BLOCK));
    feed(GROWS(0, TEXT_DELTA("one")));
    feed(BLOCK(0, "{\"type\":\"text\",\"text\":\"two\"}"));
    feed(OVER);
    assert_string_equal(h.events, "START\n"
                                  "BEGIN 0 reasoning\n"
                                  "DELTA 0 code=1 text=hm\n"
                                  "BEGIN 1 text\n"
                                  "DELTA 1 code=0 text=one\n"
                                  "BEGIN 2 text\n"
                                  "DELTA 2 code=0 text=two\n"
                                  "DONE 0 reasoning text=hm opaque={\"type\":\"thinking\","
                                  "\"thinking\":\"hm\",\"signature\":\"\"}\n"
                                  "DONE 1 text text=one\n"
                                  "DONE 2 text text=two\n"
                                  "FINISH code=1\n");
}

static void a_whole_message_is_read_like_a_stream(void **state)
{
    (void)state;
    feed("{\"id\":\"msg_1\",\"type\":\"message\",\"model\":\"m\",\"content\":["
         "{\"type\":\"thinking\",\"thinking\":\"Hm.\",\"signature\":\"Eq==\"},"
         "{\"type\":\"text\",\"text\":\"A list:\",\"citations\":[{\"n\":1}]},"
         "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"exec_command\",\"input\":{\"cmd\": 1}}],"
         "\"stop_reason\":\"tool_use\",\"usage\":{\"input_tokens\":9,\"output_tokens\":30}}");
    assert_ok(harness_end(&h, BEACON_END_OK), &h.err);
    assert_string_equal(h.events,
                        "START id=msg_1 model=m\n"
                        "BEGIN 0 reasoning\n"
                        "DELTA 0 code=1 text=Hm.\n"
                        "BEGIN 1 text\n"
                        "DELTA 1 code=0 text=A list:\n"
                        "DONE 0 reasoning text=Hm. opaque={\"type\":\"thinking\",\"thinking\":"
                        "\"Hm.\",\"signature\":\"Eq==\"}\n"
                        "DONE 1 text text=A list: opaque={\"type\":\"text\",\"text\":\"A list:\","
                        "\"citations\":[{\"n\":1}]}\n"
                        "BEGIN 2 call call=t1 name=exec_command\n"
                        "DONE 2 call call=t1 name=exec_command text={\"cmd\": 1}\n"
                        "USAGE in=9 cached=-1 out=30 reasoning=-1 flags=2\n"
                        "FINISH code=2\n");
}

static void every_stop_reason_has_its_finish(void **state)
{
    static const struct {
        const char *reason;
        uint32_t finish;
    } rows[] = {
        {"end_turn", BEACON_FINISH_STOP},
        {"stop_sequence", BEACON_FINISH_STOP},
        {"tool_use", BEACON_FINISH_STOP}, /* and no call came */
        {"max_tokens", BEACON_FINISH_LENGTH},
        {"model_context_window_exceeded", BEACON_FINISH_LENGTH},
        {"pause_turn", BEACON_FINISH_PAUSE},
        {"refusal", BEACON_FINISH_REFUSAL},
        {"brand_new", BEACON_FINISH_STOP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char frame[256], finish[32];
        harness_close(&h);
        assert_int_equal(begin(state), 0);
        (void)snprintf(frame, sizeof frame,
                       "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\"}}",
                       rows[i].reason);
        (void)snprintf(finish, sizeof finish, "FINISH code=%u\n", rows[i].finish);
        feed(frame);
        feed(frame);
        feed(OVER);
        assert_non_null(strstr(h.events, finish));
    }
}

static void a_refusal_says_why(void **state)
{
    (void)state;
    feed("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\",\"stop_details\":"
         "{\"type\":\"refusal\",\"explanation\":\"It \\\"smells\\\".\"}},\"usage\":null}");
    assert_string_equal(h.events, "WARNING text=The model refused to go on. It \"smells\".\n");
}

static void an_answer_without_its_last_event_is_cut_off(void **state)
{
    (void)state;
    feed(STARTED("\"input_tokens\":7,\"output_tokens\":1"));
    feed(BLOCK(0, TEXT_BLOCK));
    feed(GROWS(0, TEXT_DELTA("x")));
    feed(CLOSED(0));
    feed("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}");
    harness_forget_events(&h);
    assert_int_equal(harness_end(&h, BEACON_END_OK), BEACON_E_PROTOCOL);
    assert_string_equal(h.events, "USAGE in=7 cached=-1 out=-1 reasoning=-1 flags=2\n");
    const struct beacon_verdict verdict = harness_judge(&h);
    assert_int_equal(verdict.verdict, BEACON_VERDICT_RETRY);
    assert_non_null(strstr(harness_message(&verdict), "message_stop"));
}

static void nothing_comes_after_the_finish(void **state)
{
    (void)state;
    feed(OVER);
    harness_forget_events(&h);
    feed(OVER);
    feed(GROWS(0, TEXT_DELTA("late")));
    feed("{\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}");
    assert_string_equal(h.events, "");
    assert_ok(harness_end(&h, BEACON_END_TRUNCATED), &h.err);
}

static void counts_nobody_sent_are_unknown_and_not_zero(void **state)
{
    (void)state;
    feed(STARTED("\"input_tokens\":0,\"output_tokens\":0"));
    feed(ENDS("end_turn", "\"output_tokens\":-4"));
    feed(OVER);
    assert_string_equal(h.events, "START id=msg_1 model=claude-x\nFINISH code=1\n");
}

static void counts_at_the_end_replace_those_of_the_beginning(void **state)
{
    (void)state;
    feed(STARTED("\"input_tokens\":0,\"output_tokens\":0"));
    feed(ENDS("", "\"output_tokens\":4"));
    feed(ENDS("end_turn", "\"input_tokens\":11,\"cache_read_input_tokens\":5,\"output_tokens\":9"));
    feed(OVER);
    assert_string_equal(h.events, "START id=msg_1 model=claude-x\n"
                                  "USAGE in=11 cached=5 out=9 reasoning=-1 flags=2\n"
                                  "FINISH code=1\n");
}

static void lines_that_are_nothing_are_passed_over(void **state)
{
    static const char *const frames[] = {
        "not json",
        "{\"type\":7}",
        "[]",
        "",
        "[DONE]",
        "{\"type\":\"content_block_start\"}",
        "{\"type\":\"content_block_delta\"}",
        "{}",
        "{\"index\":0}",
        "{\"type\":\"content_block_stop\",\"index\":-1}",
        "{\"type\":\"content_block_stop\",\"index\":99999999999999999999}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        feed(frames[i]);
    }
    assert_string_equal(h.events, "");
    assert_non_null(strstr(h.log, "skipped an event"));
}

/* A lost piece of thinking would make its signature wrong, and one of a call another command. */
static void half_an_event_is_a_lost_piece(void **state)
{
    static const char *const frames[] = {
        "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"cut",
        "{\"type\":\"message_stop\"}x",
        "{",
    };
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        harness_close(&h);
        assert_int_equal(begin(state), 0);
        assert_int_equal(harness_frame(&h, frames[i]), BEACON_E_PROTOCOL);
        assert_int_equal(harness_judge(&h).verdict, BEACON_VERDICT_RETRY);
    }
}

static void bytes_that_are_no_text_are_mended(void **state)
{
    (void)state;
    feed(GROWS(0, TEXT_DELTA("a\xff"
                             "b")));
    feed(OVER);
    assert_non_null(strstr(h.events, "DONE 0 text text=a\xef\xbf\xbd"
                                     "b\n"));
}

#define IT(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(a_message_streams_and_ends_the_turn),
        IT(thinking_keeps_its_bytes_and_its_signature),
        IT(thinking_that_is_not_shown_still_comes_back),
        IT(calls_that_interleave_become_calls_with_their_own_arguments),
        IT(a_call_cut_off_by_the_limit_is_no_call),
        IT(a_call_that_was_written_wrongly_is_told_as_such),
        IT(what_the_server_ran_itself_is_kept_and_never_run),
        IT(text_that_quotes_keeps_what_it_quotes),
        IT(unknown_blocks_and_deltas_do_no_harm),
        IT(servers_that_forget_half_of_it_are_understood),
        IT(a_whole_message_is_read_like_a_stream),
        IT(every_stop_reason_has_its_finish),
        IT(a_refusal_says_why),
        IT(an_answer_without_its_last_event_is_cut_off),
        IT(nothing_comes_after_the_finish),
        IT(counts_nobody_sent_are_unknown_and_not_zero),
        IT(counts_at_the_end_replace_those_of_the_beginning),
        IT(lines_that_are_nothing_are_passed_over),
        IT(half_an_event_is_a_lost_piece),
        IT(bytes_that_are_no_text_are_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
