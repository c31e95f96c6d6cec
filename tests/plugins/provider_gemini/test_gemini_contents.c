/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_string.h>

#include "harness/provider_harness.h"

#define CONFIG "{\"base_url\":\"http://127.0.0.1:1/v1beta\"}"

/* Messages and contents as the tests below write them. */
#define MODEL(...)      MESSAGE(BEACON_ROLE_ASSISTANT, __VA_ARGS__)
#define TOOL_SAYS(...)  MESSAGE(BEACON_ROLE_TOOL, __VA_ARGS__)
#define TEXT(text_)     PART(.type = BEACON_PART_TEXT, .text = SPAN(text_))
#define OWN(type_, raw) PART(.type = (type_), .opaque = SPAN(raw))
#define CALL(id, raw)                                                                              \
    PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN(id), .name = SPAN("t"),                    \
         .text = SPAN("{}"), .opaque = SPAN(raw))
#define RESULT(id, text_)                                                                          \
    PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN(id), .text = SPAN(text_))
#define C(role, parts) "{\"role\":\"" role "\",\"parts\":[" parts "]}"
#define T(text)        "{\"text\":\"" text "\"}"
#define R(rest, text)  "{\"functionResponse\":{" rest ",\"response\":{\"output\":\"" text "\"}}}"

static struct harness h;

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_gemini");
    return harness_create(&h, CONFIG);
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static void check(const struct beacon_turn *turn, const char *expected)
{
    struct beacon_str value = {"", 0};
    const char *body = harness_body(&h, turn);
    assert_true(beacon_json_member(beacon_text(body), "contents", &value));
    assert_true(beacon_json_is_whole(beacon_text(body), '{'));
    char *text = calloc(1, value.n + 1);
    assert_non_null(text);
    memcpy(text, value.p, value.n);
    assert_string_equal(text, expected);
    free(text);
}

static void roles_alternate_and_neighbours_share_a_content(void **state)
{
    (void)state;
    check(
        TURN(.model = SPAN("m"), MESSAGES(USER("a"), USER("b"), MODEL(TEXT("c")), MODEL(TEXT("d")),
                                          USER("e"), MESSAGE(BEACON_ROLE_SYSTEM, TEXT("f")))),
        "[" C("user", T("a") "," T("b")) "," C("model", T("c") "," T("d")) "," C(
            "user", T("e") "," T("f")) "]");
}

static void a_message_that_has_nothing_to_say_is_no_content(void **state)
{
    (void)state;
    check(
        TURN(.model = SPAN("m"),
             MESSAGES(USER("a"), MODEL(TEXT("")),
                      MODEL(PART(.type = BEACON_PART_REASONING, .text = SPAN("hm"))),
                      MODEL(PART(.type = BEACON_PART_SERVER_TOOL, .name = SPAN("x"))), USER("b"))),
        "[" C("user", T("a") "," T("b")) "]");
    check(TURN(.model = SPAN("m")), "[]");
}

#define SIGNED "{ \"text\":\"\\u0061\" ,\"thoughtSignature\" : \"c2\\/ln\"}"

static void what_the_api_made_goes_back_byte_for_byte(void **state)
{
    (void)state;
    check(TURN(.model = SPAN("m"),
               MESSAGES(USER("a"),
                        MODEL(OWN(BEACON_PART_REASONING, "{\"text\":\"\",\"thought\":true}")),
                        MODEL(OWN(BEACON_PART_TEXT, "[" T("b") "," SIGNED "]")),
                        MODEL(OWN(BEACON_PART_SERVER_TOOL, "{\"executableCode\":{}}")),
                        MODEL(OWN(BEACON_PART_TEXT, "[ ]")))),
          "[" C("user", T("a")) "," C("model", "{\"text\":\"\",\"thought\":true}," T(
                                                   "b") "," SIGNED ",{\"executableCode\":{}}") "]");
}

static void opaque_data_that_is_no_json_is_built_anew(void **state)
{
    (void)state;
    check(TURN(.model = SPAN("m"), MESSAGES(MODEL(PART(.type = BEACON_PART_TEXT, .text = SPAN("b"),
                                                       .opaque = SPAN("[{\"text\""))))),
          "[" C("model", T("b")) "]");
}

#define FC(name, rest) "{\"functionCall\":{\"name\":\"" name "\",\"args\":{}" rest "}}"

static void answers_stand_together_in_the_order_of_the_calls(void **state)
{
    (void)state;
    check(TURN(.model = SPAN("m"),
               MESSAGES(USER("a"), MODEL(CALL("g1", FC("x", ""))),
                        MODEL(CALL("i2", FC("y", ",\"id\":\"i\\u0032\""))),
                        MODEL(CALL("g3", FC("x", ""))), TOOL_SAYS(RESULT("g3", "3")),
                        TOOL_SAYS(RESULT("i2", "2")), TOOL_SAYS(RESULT("g1", "1")),
                        MODEL(TEXT("b")))),
          "[" C("user", T("a")) "," C(
              "model",
              FC("x", "") "," FC("y", ",\"id\":\"i\\u0032\"") "," FC(
                  "x", "")) "," C("user", R("\"name\":\"x\"",
                                            "1") "," R("\"id\":\"i\\u0032\",\"name\":\"y\"",
                                                       "2") "," R("\"name\":\"x\"",
                                                                  "3")) "," C("model", T("b")) "]");
}

static void each_step_has_its_own_answers(void **state)
{
    (void)state;
    check(TURN(.model = SPAN("m"),
               MESSAGES(USER("a"), MODEL(CALL("g1", FC("x", ""))), TOOL_SAYS(RESULT("g1", "1")),
                        MODEL(CALL("g1", FC("x", ""))), TOOL_SAYS(RESULT("g1", "2")))),
          "[" C("user", T("a")) "," C("model", FC("x", "")) "," C(
              "user", R("\"name\":\"x\"", "1")) "," C("model", FC("x", "")) "," C("user",
                                                                                  R("\"name\":"
                                                                                    "\"x\"",
                                                                                    "2")) "]");
}

static void an_answer_to_nothing_known_is_told_as_text(void **state)
{
    (void)state;
    check(TURN(.model = SPAN("m"), MESSAGES(USER("a"), TOOL_SAYS(RESULT("g9", "lost")))),
          "[" C("user", T("a") "," T("lost")) "]");
}

static void a_failed_tool_answers_with_an_error(void **state)
{
    (void)state;
    check(TURN(.model = SPAN("m"),
               MESSAGES(MODEL(CALL("g1", FC("x", ""))),
                        TOOL_SAYS(PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("g1"),
                                       .flags = BEACON_PART_ERROR, .text = SPAN("no\n"))))),
          "[" C("model", FC("x", "")) "," C(
              "user",
              "{\"functionResponse\":{\"name\":\"x\",\"response\":{\"error\":\"no\\n\"}}}") "]");
}

static void calls_of_another_model_are_built_from_their_parts(void **state)
{
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"),
             MESSAGES(
                 MODEL(PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("c1"),
                            .name = SPAN("exec"), .text = SPAN("{\"a\": 1}"))),
                 MODEL(PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("c2"),
                            .name = SPAN("look"), .ns = SPAN("mcp__w"), .text = SPAN("{\"a\""))),
                 MODEL(PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("c3"),
                            .name = SPAN("apply_patch"), .flags = BEACON_PART_FREEFORM,
                            .text = SPAN("***\n"))),
                 TOOL_SAYS(RESULT("c2", "2"))));
    (void)state;
    check(turn,
          "[" C("model", "{\"functionCall\":{\"name\":\"exec\",\"args\":{\"a\": 1}}},"
                         "{\"functionCall\":{\"name\":\"mcp__w__look\",\"args\":"
                         "{\"arguments\":\"{\\\"a\\\"\"}}},"
                         "{\"functionCall\":{\"name\":\"apply_patch\",\"args\":{\"input\":"
                         "\"***\\n\"}}}") "," C("user", R("\"name\":\"mcp__w__look\"", "2")) "]");
}

static void only_the_first_foreign_call_of_a_step_gets_the_stand_in_signature(void **state)
{
    static const char config[] = "{\"base_url\":\"http://127.0.0.1:1/v1beta\","
                                 "\"quirks\":{\"foreign_signature\":\"skip\"}}";
#define FOREIGN(id)                                                                                \
    PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN(id), .name = SPAN("x"), .text = SPAN("{}"))
    (void)state;
    assert_ok(harness_create(&h, config), &h.err);
    check(
        TURN(.model = SPAN("m"), MESSAGES(MODEL(FOREIGN("1")), MODEL(FOREIGN("2")),
                                          TOOL_SAYS(RESULT("1", "a")), TOOL_SAYS(RESULT("2", "b")),
                                          MODEL(CALL("3", FC("x", ""))), MODEL(FOREIGN("4")))),
        "[" C("model",
              "{\"functionCall\":{\"name\":\"x\",\"args\":{}},\"thoughtSignature\":"
              "\"skip\"}," FC("x", "")) "," C("user",
                                              R("\"name\":\"x\"", "a") "," R(
                                                  "\"name\":\"x\"",
                                                  "b")) "," C("model",
                                                              FC("x", "") "," FC("x", "")) "]");
}

static void pictures_are_inline_or_named_by_their_url(void **state)
{
    (void)state;
    check(
        TURN(.model = SPAN("m"),
             MESSAGES(
                 MESSAGE(BEACON_ROLE_USER,
                         PART(.type = BEACON_PART_BLOB, .url = SPAN("data:image/jpeg;base64,aGk=")),
                         PART(.type = BEACON_PART_BLOB, .url = SPAN("data:image/gif;x=y;base64,")),
                         PART(.type = BEACON_PART_BLOB, .media_type = SPAN("image/webp"),
                              .blob = {(const uint8_t *)"hi!", 3}),
                         PART(.type = BEACON_PART_BLOB, .url = SPAN("data:;base64,aGk=")),
                         PART(.type = BEACON_PART_BLOB, .url = SPAN("https://x.example/a.png")),
                         PART(.type = BEACON_PART_BLOB, .url = SPAN("data:text/plain,hi"),
                              .media_type = SPAN("text/plain"))))),
        "[" C(
            "user",
            "{\"inlineData\":{\"mimeType\":\"image/jpeg\",\"data\":\"aGk=\"}},"
            "{\"inlineData\":{\"mimeType\":\"image/gif\",\"data\":\"\"}},"
            "{\"inlineData\":{\"mimeType\":\"image/webp\",\"data\":\"aGkh\"}},"
            "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"aGk=\"}},"
            "{\"fileData\":{\"fileUri\":\"https://x.example/a.png\"}},"
            "{\"fileData\":{\"mimeType\":\"text/plain\",\"fileUri\":\"data:text/plain,hi\"}}") "]");
}

static void a_longer_conversation_begins_with_the_shorter_one(void **state)
{
    static const struct beacon_message *messages[64];
    char previous[16384] = "";
    (void)state;
    for (size_t n = 0; n + 4 <= 64; n += 4) {
        messages[n] = USER("question");
        messages[n + 1] = MODEL(CALL("g1", FC("x", "")));
        messages[n + 2] = TOOL_SAYS(RESULT("g1", "answer"));
        messages[n + 3] = MODEL(TEXT("so"));
        struct beacon_turn turn = *TURN(.model = SPAN("m"), TOOLS(TOOL(.name = SPAN("x"))));
        turn.messages = messages;
        turn.n_messages = n + 4;
        const char *body = harness_body(&h, &turn);
        const size_t kept = strlen(previous) > 2 ? strlen(previous) - 2 : 0; /* without ]} */
        assert_memory_equal(body, previous, kept);
        assert_true(strlen(body) < sizeof previous);
        memcpy(previous, body, strlen(body) + 1);
    }
}

#define CONTENTS_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTENTS_TEST(roles_alternate_and_neighbours_share_a_content),
        CONTENTS_TEST(a_message_that_has_nothing_to_say_is_no_content),
        CONTENTS_TEST(what_the_api_made_goes_back_byte_for_byte),
        CONTENTS_TEST(opaque_data_that_is_no_json_is_built_anew),
        CONTENTS_TEST(answers_stand_together_in_the_order_of_the_calls),
        CONTENTS_TEST(each_step_has_its_own_answers),
        CONTENTS_TEST(an_answer_to_nothing_known_is_told_as_text),
        CONTENTS_TEST(a_failed_tool_answers_with_an_error),
        CONTENTS_TEST(calls_of_another_model_are_built_from_their_parts),
        CONTENTS_TEST(only_the_first_foreign_call_of_a_step_gets_the_stand_in_signature),
        CONTENTS_TEST(pictures_are_inline_or_named_by_their_url),
        CONTENTS_TEST(a_longer_conversation_begins_with_the_shorter_one),
    };
    return cmocka_run_group_tests_name("provider_gemini/contents", tests, NULL, NULL);
}
