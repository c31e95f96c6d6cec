/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/provider_harness.h"

static struct harness h;

#define TOOL_ROWS                                                                                  \
    TOOLS(TOOL(.name = SPAN("exec")),                                                              \
          TOOL(.name = SPAN("apply_patch"), .flags = BEACON_TOOL_FREEFORM))

/* Each test begins with a request sent and a 200 received. */
static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_gemini");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1/v1beta\"}"), &h.err);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"), TOOL_ROWS)),
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

static void begin_again(void **state)
{
    harness_close(&h);
    assert_int_equal(begin(state), 0);
}

static void feed(const char *data)
{
    assert_ok(harness_frame(&h, data), &h.err);
}

#define PARTS(parts) "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[" parts "]}}]}"
#define STOP_WITH(parts)                                                                           \
    "{\"candidates\":[{\"content\":{\"parts\":[" parts "]},\"finishReason\":\"STOP\"}]}"
#define STOP       STOP_WITH("")
#define DONE_0     "START\nBEGIN 0 text\n"
#define FINISH_OK  "FINISH code=1\n"
#define SIGNATURE  "\"thoughtSignature\":\"c2ln\""
#define TEXT(text) "{\"text\":\"" text "\"}"

static void finish_well(void)
{
    assert_ok(harness_end(&h, BEACON_END_OK), &h.err);
}

static void texts_are_one_item_until_their_kind_changes(void **state)
{
    (void)state;
    feed(PARTS(TEXT("a")));
    feed(PARTS(
        "{\"thought\":false,\"text\":\"b\\n\"}," TEXT("") ",{\"text\":\"c\",\"thought\":true}"));
    feed(PARTS("{\"text\":\"d\",\"thought\":true}"));
    feed(STOP_WITH(TEXT("e")));
    finish_well();
    assert_string_equal(h.events,
                        "START\n"
                        "BEGIN 0 text\nDELTA 0 code=0 text=a\nDELTA 0 code=0 text=b\n\n"
                        "DONE 0 text text=ab\n\n"
                        "BEGIN 1 reasoning\nDELTA 1 code=1 text=c\nDELTA 1 code=1 text=d\n"
                        "DONE 1 reasoning text=cd\n"
                        "BEGIN 2 text\nDELTA 2 code=0 text=e\nDONE 2 text text=e\n" FINISH_OK);
    struct beacon_action action = {.struct_size = sizeof action};
    assert_ok(h.provider->poll(h.x, &action, &h.err), &h.err);
    assert_int_equal(action.kind, BEACON_ACT_DONE);
}

static void a_signature_stays_on_its_part_and_parts_with_one_are_not_merged(void **state)
{
    (void)state;
    feed(PARTS(TEXT("a") "," TEXT("b\\\"") ",{\"text\" : \"c\"," SIGNATURE "}," TEXT("d")));
    feed(PARTS("{\"text\":\"\"," SIGNATURE "}," TEXT("e")));
    feed(STOP);
    finish_well();
    const char *done = strstr(h.events, "DONE 0");
    assert_non_null(done);
    assert_string_equal(done, "DONE 0 text text=ab\"cde opaque=[{\"text\":\"ab\\\"\"},"
                              "{\"text\" : \"c\"," SIGNATURE "},{\"text\":\"d\"},"
                              "{\"text\":\"\"," SIGNATURE "},{\"text\":\"e\"}]\n" FINISH_OK);
}

static void of_thoughts_only_what_is_signed_goes_back(void **state)
{
    (void)state;
    feed(PARTS("{\"text\":\"a\",\"thought\":true},{\"text\":\"b\",\"thought\":true," SIGNATURE
               "},{\"text\":\"c\",\"thought\":true}"));
    feed(STOP);
    finish_well();
    assert_non_null(strstr(h.events,
                           "DONE 0 reasoning text=abc opaque=[{\"text\":\"b\",\"thought\":"
                           "true," SIGNATURE "}]\n" FINISH_OK));
}

/* An empty message would be shown, and be the last word of the turn. */
static void a_signature_after_a_call_is_a_thought_without_words(void **state)
{
    (void)state;
    feed(PARTS("{\"functionCall\":{\"name\":\"exec\",\"args\":{},\"id\":\"f1\"}}"));
    feed(STOP_WITH("{\"text\":\"\"," SIGNATURE "}"));
    finish_well();
    assert_non_null(strstr(h.events,
                           "BEGIN 1 reasoning\nDONE 1 reasoning opaque={\"text\":\"\"," SIGNATURE
                           "}\nFINISH code=2\n"));
    begin_again(state);
    feed(STOP_WITH("{" SIGNATURE "}"));
    finish_well();
    assert_non_null(strstr(h.events, "DONE 0 reasoning opaque={" SIGNATURE "}\n" FINISH_OK));
}

static void calls_without_ids_get_some_that_are_the_same_for_the_same_question(void **state)
{
    static const char calls[] = PARTS("{\"functionCall\":{\"name\":\"exec\"}},"
                                      "{\"functionCall\":{\"name\":\"exec\",\"id\":\"\"}},"
                                      "{\"functionCall\":{\"name\":\"exec\",\"id\":\"a\\nb\"}}");
    char first[1024];
    (void)state;
    feed(calls);
    assert_true(strlen(h.events) < sizeof first);
    memcpy(first, h.events, strlen(h.events) + 1);
    assert_non_null(strstr(first, "_0 name=exec text={}"));
    assert_non_null(strstr(first, "_1 name=exec text={}"));
    assert_non_null(strstr(first, "_2 name=exec text={}"));
    begin_again(state);
    feed(calls);
    assert_string_equal(h.events, first);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"), TOOL_ROWS,
                                    MESSAGES(USER("hi")))),
              &h.err);
    (void)harness_request(&h);
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    harness_forget_events(&h);
    feed(calls);
    assert_string_not_equal(h.events, first);
}

static void raw_input_comes_out_of_its_argument(void **state)
{
    static const struct {
        const char *args, *text;
    } rows[] = {
        {"{\"input\":\"***\\n\\u20ac\"}", "***\n\xe2\x82\xac"},
        {"{\"input\":\"\"}", ""},
        {"{\"patch\":\"x\"}", "{\"patch\":\"x\"}"},
        {"{\"input\":7}", "{\"input\":7}"},
        {"null", "{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char frame[512], expected[512];
        begin_again(state);
        (void)snprintf(frame, sizeof frame,
                       PARTS("{\"functionCall\":{\"name\":\"apply_patch\",\"args\":%s,\"id\":"
                             "\"f\"}}"),
                       rows[i].args);
        (void)snprintf(expected, sizeof expected,
                       "DONE 0 call freeform call=f name=apply_patch%s%s opaque=",
                       rows[i].text[0] != '\0' ? " text=" : "", rows[i].text);
        feed(frame);
        assert_non_null(strstr(h.events, expected));
    }
}

static void only_the_first_candidate_counts(void **state)
{
    (void)state;
    feed("{\"candidates\":[{\"index\":1,\"content\":{\"parts\":[" TEXT(
        "no") "]},\"finishReason\":"
              "\"SAFETY\"},7,{\"content\":{\"parts\":[" TEXT(
                  "yes") "]},\"index\":0},"
                         "{\"content\":{\"parts\":[" TEXT("nor") "]}}]}");
    assert_string_equal(h.events, DONE_0 "DELTA 0 code=0 text=yes\n");
}

static void a_reason_in_every_frame_does_not_end_the_stream(void **state)
{
    (void)state;
    feed(STOP_WITH(TEXT("a")));
    feed(STOP_WITH(TEXT("b")));
    feed("{\"usageMetadata\":{\"promptTokenCount\":3}}");
    finish_well();
    assert_string_equal(h.events,
                        DONE_0 "DELTA 0 code=0 text=a\nDELTA 0 code=0 text=b\n"
                               "DONE 0 text text=ab\n"
                               "USAGE in=3 cached=-1 out=-1 reasoning=-1 flags=5\n" FINISH_OK);
}

static void every_reason_has_its_end(void **state)
{
    static const struct {
        const char *reason;
        int code;
        const char *warning;
    } rows[] = {
        {"STOP", 1, NULL},
        {"MAX_TOKENS", 3, "the answer ends at the limit of output tokens: MAX_TOKENS"},
        {"SAFETY", 4, "the model refused to go on: SAFETY"},
        {"RECITATION", 4, "the model refused to go on: RECITATION"},
        {"BLOCKLIST", 4, "the model refused to go on: BLOCKLIST"},
        {"PROHIBITED_CONTENT", 4, "the model refused to go on: PROHIBITED_CONTENT"},
        {"SPII", 4, "the model refused to go on: SPII"},
        {"OTHER", 1, "the model ended its answer without saying why: OTHER"},
        {"A_NEW_ONE", 1, "the model ended its answer without saying why: A_NEW_ONE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char frame[256], expected[256];
        begin_again(state);
        (void)snprintf(frame, sizeof frame, "{\"candidates\":[{\"finishReason\":\"%s\"}]}",
                       rows[i].reason);
        (void)snprintf(expected, sizeof expected, "START\n%s%s%sFINISH code=%d\n",
                       rows[i].warning != NULL ? "WARNING text=" : "",
                       rows[i].warning != NULL ? rows[i].warning : "",
                       rows[i].warning != NULL ? "\n" : "", rows[i].code);
        feed(frame);
        finish_well();
        assert_string_equal(h.events, expected);
    }
}

static void counts_are_the_latest_of_each_and_unknown_is_not_zero(void **state)
{
    static const struct {
        const char *first, *last, *expected;
    } rows[] = {
        {"\"promptTokenCount\":10,\"cachedContentTokenCount\":4", "\"candidatesTokenCount\":2",
         "USAGE in=10 cached=4 out=2 reasoning=-1 flags=5\n"},
        {"\"promptTokenCount\":10,\"candidatesTokenCount\":1",
         "\"promptTokenCount\":11,\"candidatesTokenCount\":3,\"thoughtsTokenCount\":7",
         "USAGE in=11 cached=-1 out=3 reasoning=7 flags=5\n"},
        {"\"promptTokenCount\":5,\"toolUsePromptTokenCount\":3", "",
         "USAGE in=8 cached=-1 out=-1 reasoning=-1 flags=5\n"},
        {"\"promptTokenCount\":9223372036854775807,\"toolUsePromptTokenCount\":3", "",
         "USAGE in=9223372036854775807 cached=-1 out=-1 reasoning=-1 flags=5\n"},
        {"\"promptTokenCount\":5,\"cachedContentTokenCount\":6", "",
         "USAGE in=5 cached=-1 out=-1 reasoning=-1 flags=5\n"},
        {"\"promptTokenCount\":-5,\"candidatesTokenCount\":\"x\"", "\"thoughtsTokenCount\":1.5",
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char frame[512], expected[256];
        begin_again(state);
        (void)snprintf(frame, sizeof frame, "{\"usageMetadata\":{%s}}", rows[i].first);
        feed(frame);
        (void)snprintf(frame, sizeof frame,
                       "{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{%s}}",
                       rows[i].last);
        feed(frame);
        finish_well();
        (void)snprintf(expected, sizeof expected, "START\n%s" FINISH_OK, rows[i].expected);
        assert_string_equal(h.events, expected);
    }
}

static void broken_and_unknown_frames_are_passed_over(void **state)
{
    static const char *const frames[] = {
        "not json",         "", "{}", "[]", "null", "7", "{\"keepalive\":true}", "[{\"x\":1},",
        "{\"error\":null}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        feed(frames[i]);
    }
    assert_string_equal(h.events, "");
    assert_non_null(strstr(h.log, "skipped a frame of 8 bytes"));
}

static void parts_of_unexpected_kinds_do_no_harm(void **state)
{
    (void)state;
    feed(
        "{\"candidates\":[{\"content\":{\"parts\":[null,7,[],\"x\",{},{\"text\":null},{\"text\":7},"
        "{\"functionCall\":null},{\"functionCall\":\"x\"},{\"thought\":\"yes\"},"
        "{\"partMetadata\":{}}]}}]}");
    feed("{\"candidates\":[{\"content\":[],\"finishReason\":7,\"index\":\"x\"}]}");
    feed("{\"candidates\":{},\"usageMetadata\":[],\"responseId\":7}");
    assert_string_equal(h.events, "START\n");
}

static void what_is_not_utf8_is_repaired_before_anyone_sees_it(void **state)
{
    (void)state;
    feed(PARTS("{\"text\":\"a\xff\"," SIGNATURE "}"));
    feed(STOP);
    finish_well();
    assert_string_equal(h.events, DONE_0 "DELTA 0 code=0 text=a\xef\xbf\xbd\n"
                                         "DONE 0 text text=a\xef\xbf\xbd opaque=[{\"text\":"
                                         "\"a\xef\xbf\xbd\"," SIGNATURE "}]\n" FINISH_OK);
}

static void nothing_comes_after_the_finish(void **state)
{
    (void)state;
    feed(STOP_WITH(TEXT("a")));
    feed("[DONE]");
    harness_forget_events(&h);
    feed(STOP_WITH(TEXT("b")));
    feed("{\"error\":{\"code\":500}}");
    assert_ok(harness_end(&h, BEACON_END_TRUNCATED), &h.err);
    assert_string_equal(h.events, "");
}

static void a_stream_that_has_its_reason_may_be_cut(void **state)
{
    (void)state;
    feed(STOP_WITH(TEXT("a")));
    assert_ok(harness_end(&h, BEACON_END_TRUNCATED), &h.err);
    assert_non_null(strstr(h.events, FINISH_OK));
}

static void a_stream_cut_before_its_reason_is_worth_a_retry(void **state)
{
    static const char *const frames[] = {PARTS(TEXT("a")), PARTS(TEXT("b")),
                                         PARTS("{\"functionCall\":{\"name\":\"exec\"}}")};
    for (size_t cut = 0; cut <= sizeof frames / sizeof frames[0]; cut++) {
        begin_again(state);
        for (size_t i = 0; i < cut; i++) {
            feed(frames[i]);
        }
        assert_refused(harness_end(&h, BEACON_END_OK), BEACON_E_PROTOCOL, &h.err);
        const struct beacon_verdict verdict = harness_judge(&h);
        assert_int_equal(verdict.verdict, BEACON_VERDICT_RETRY);
        assert_string_equal(harness_message(&verdict),
                            "stream disconnected before completion: stream closed before a "
                            "finishReason");
        assert_null(strstr(h.events, "FINISH"));
    }
}

static void a_frame_may_have_space_around_it(void **state)
{
    (void)state;
    feed(" \n" PARTS(TEXT("a")) "\n");
    feed(" [" STOP_WITH(TEXT("b")) "] ");
    finish_well();
    assert_non_null(strstr(h.events, "DONE 0 text text=ab\n" FINISH_OK));
}

static void a_frame_cut_at_any_byte_is_asked_for_again(void **state)
{
    static const char frame[] =
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\\u00e9\",\"thoughtSignature\":"
        "\"c\"},{\"functionCall\":{\"name\":\"exec\",\"args\":{\"a\":[1]}}}]},\"finishReason\":"
        "\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":12}}";
    for (size_t n = 1; n < sizeof frame - 1; n++) {
        begin_again(state);
        assert_refused(harness_frame_n(&h, frame, n), BEACON_E_PROTOCOL, &h.err);
        const struct beacon_verdict verdict = harness_judge(&h);
        assert_int_equal(verdict.verdict, BEACON_VERDICT_RETRY);
        assert_string_equal(h.events, "");
    }
    begin_again(state);
    feed(frame);
    assert_string_not_equal(h.events, "");
}

static void a_sink_that_says_stop_is_obeyed(void **state)
{
    for (int i = 0; i < 8; i++) {
        begin_again(state);
        h.refuse_after = i;
        beacon_rc rc = harness_frame(
            &h, STOP_WITH(TEXT("a") ",{\"functionCall\":{\"name\":\"exec\"}}," TEXT("b")));
        assert_int_equal(rc, BEACON_E_CANCELLED);
    }
}

static void more_items_than_an_answer_may_have_are_a_failure(void **state)
{
    beacon_rc rc = BEACON_OK;
    size_t n = 0;
    (void)state;
    for (; rc == BEACON_OK && n < 5000; n++) {
        rc = harness_frame(&h, PARTS("{\"functionCall\":{\"name\":\"exec\"}}"));
    }
    assert_refused(rc, BEACON_E_LIMIT, &h.err);
    assert_int_equal(n, 4097);
    const struct beacon_verdict verdict = harness_judge(&h);
    assert_int_equal(verdict.verdict, BEACON_VERDICT_FATAL);
}

static void a_text_of_megabytes_comes_through(void **state)
{
    static const char head[] = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"",
                      tail[] = "\"}]}}]}";
    const size_t n = 10u << 20;
    char *frame = malloc(sizeof head + n + sizeof tail);
    (void)state;
    assert_non_null(frame);
    memcpy(frame, head, sizeof head - 1);
    for (size_t i = 0; i < n; i++) {
        frame[sizeof head - 1 + i] = "x\\n"[i % 64 < 62 ? 0 : i % 64 - 61];
    }
    memcpy(frame + sizeof head - 1 + n, tail, sizeof tail);
    feed(frame);
    free(frame);
    const char *text = strstr(h.events, "DELTA 0 code=0 text=");
    assert_non_null(text);
    assert_int_equal(strlen(text) - 21, n - n / 64);
}

#define EVENT_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVENT_TEST(texts_are_one_item_until_their_kind_changes),
        EVENT_TEST(a_signature_stays_on_its_part_and_parts_with_one_are_not_merged),
        EVENT_TEST(of_thoughts_only_what_is_signed_goes_back),
        EVENT_TEST(a_signature_after_a_call_is_a_thought_without_words),
        EVENT_TEST(calls_without_ids_get_some_that_are_the_same_for_the_same_question),
        EVENT_TEST(raw_input_comes_out_of_its_argument),
        EVENT_TEST(only_the_first_candidate_counts),
        EVENT_TEST(a_reason_in_every_frame_does_not_end_the_stream),
        EVENT_TEST(every_reason_has_its_end),
        EVENT_TEST(counts_are_the_latest_of_each_and_unknown_is_not_zero),
        EVENT_TEST(broken_and_unknown_frames_are_passed_over),
        EVENT_TEST(parts_of_unexpected_kinds_do_no_harm),
        EVENT_TEST(what_is_not_utf8_is_repaired_before_anyone_sees_it),
        EVENT_TEST(nothing_comes_after_the_finish),
        EVENT_TEST(a_stream_that_has_its_reason_may_be_cut),
        EVENT_TEST(a_stream_cut_before_its_reason_is_worth_a_retry),
        EVENT_TEST(a_frame_may_have_space_around_it),
        EVENT_TEST(a_frame_cut_at_any_byte_is_asked_for_again),
        EVENT_TEST(a_sink_that_says_stop_is_obeyed),
        EVENT_TEST(more_items_than_an_answer_may_have_are_a_failure),
        EVENT_TEST(a_text_of_megabytes_comes_through),
    };
    return cmocka_run_group_tests_name("provider_gemini/events", tests, NULL, NULL);
}
