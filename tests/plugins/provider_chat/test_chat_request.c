/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

#define CONFIG(quirks) "{\"base_url\":\"http://127.0.0.1:1/v1\",\"quirks\":{" quirks "}}"
#define BEGIN          "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"

static struct harness h;

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_chat");
    assert_ok(harness_create(&h, CONFIG("")), &h.err);
    return 0;
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static void use(const char *quirks)
{
    char config[512];
    (void)snprintf(config, sizeof config, CONFIG("%s"), quirks);
    assert_ok(harness_create(&h, config), &h.err);
}

static void expect_body(const struct beacon_turn *turn, const char *expected)
{
    assert_string_equal(harness_body(&h, turn), expected);
}

static void expect_messages(const struct beacon_turn *turn, const char *expected)
{
    const char *body = harness_body(&h, turn), *at = strstr(body, "\"messages\":");
    assert_non_null(at);
    assert_string_equal(at + strlen("\"messages\":"), expected);
}

#define TEXT(text_)      PART(.type = BEACON_PART_TEXT, .text = SPAN(text_))
#define REASONING(text_) PART(.type = BEACON_PART_REASONING, .text = SPAN(text_))
#define CALL(id_, text_)                                                                           \
    PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN(id_), .name = SPAN("run"),                 \
         .text = SPAN(text_))
#define RESULT(id_, text_)                                                                         \
    MESSAGE(BEACON_ROLE_TOOL,                                                                      \
            PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN(id_), .text = SPAN(text_)))
#define ANSWER(...) MESSAGE(BEACON_ROLE_ASSISTANT, __VA_ARGS__)
#define PICTURE(url_)                                                                              \
    PART(.type = BEACON_PART_BLOB, .media_type = SPAN("image/png"), .url = SPAN(url_))

static const char one_call[] =
    "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"run\","
    "\"arguments\":\"{}\"}}]}";

static void the_smallest_turn_is_a_model_a_stream_and_messages(void **state)
{
    (void)state;
    expect_body(TURN(.model = SPAN("m"), MESSAGES(USER("Hi\n\"you\""))),
                BEGIN "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\\n\\\"you\\\"\"}]}");
}

static void the_url_and_the_headers_are_the_configurations(void **state)
{
    (void)state;
    assert_ok(harness_create(&h, "{\"base_url\":\"https://x.example/v1/\",\"query_params\":{\"a\":"
                                 "\"b c\"},\"http_headers\":{\"X-A\":\"1\",\"accept\":\"*/*\"},"
                                 "\"user_agent\":\"u\",\"stream_idle_timeout_ms\":7}"),
              &h.err);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"))), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    assert_true(beacon_span_is(rq->url, "https://x.example/v1/chat/completions?a=b%20c"));
    assert_string_equal(harness_header(rq, "x-a"), "1");
    assert_string_equal(harness_header(rq, "Accept"), "*/*");
    assert_string_equal(harness_header(rq, "User-Agent"), "u");
    assert_string_equal(harness_header(rq, "Content-Type"), "application/json");
    assert_int_equal(rq->idle_timeout_ms, 7);
    assert_int_equal(rq->framing, BEACON_FRAME_SSE);
    assert_int_equal(rq->auth, BEACON_AUTH_INSTANCE);
}

static void one_answer_of_the_model_is_one_message(void **state)
{
    (void)state;
    expect_messages(
        TURN(.model = SPAN("m"),
             MESSAGES(USER("go"), ANSWER(REASONING("why")), ANSWER(TEXT("I look.")),
                      ANSWER(CALL("c1", "{\"a\":1}")), ANSWER(CALL("c2", "{}")),
                      RESULT("c1", "one"), RESULT("c2", "two"))),
        "[{\"role\":\"user\",\"content\":\"go\"},"
        "{\"role\":\"assistant\",\"content\":\"I look.\",\"reasoning\":\"why\",\"tool_calls\":["
        "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"run\",\"arguments\":"
        "\"{\\\"a\\\":1}\"}},"
        "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"run\",\"arguments\":\"{}\"}}"
        "]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"one\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"two\"}]}");
}

/* A question, an answer with reasoning, and another question or not. */
static void expect_echo(const char *quirks, bool is_over, const char *answer)
{
    char expected[512];
    use(quirks);
    (void)snprintf(expected, sizeof expected,
                   "[{\"role\":\"user\",\"content\":\"go\"},{\"role\":\"assistant\","
                   "\"content\":\"A\"%s}%s]}",
                   answer, is_over ? ",{\"role\":\"user\",\"content\":\"on\"}" : "");
    if (is_over) {
        expect_messages(TURN(.model = SPAN("m"), MESSAGES(USER("go"), ANSWER(REASONING("why")),
                                                          ANSWER(TEXT("A")), USER("on"))),
                        expected);
    } else {
        expect_messages(TURN(.model = SPAN("m"),
                             MESSAGES(USER("go"), ANSWER(REASONING("why")), ANSWER(TEXT("A")))),
                        expected);
    }
}

static void reasoning_goes_back_as_far_as_the_server_wants_it(void **state)
{
    (void)state;
    expect_echo("", false, ",\"reasoning\":\"why\"");
    expect_echo("", true, ",\"reasoning\":\"why\"");
    expect_echo("\"reasoning_echo\":\"always\"", true, ",\"reasoning\":\"why\"");
    expect_echo("\"reasoning_echo\":\"after_user\"", false, ",\"reasoning\":\"why\"");
    expect_echo("\"reasoning_echo\":\"after_user\"", true, "");
    expect_echo("\"reasoning_echo\":\"never\"", false, "");
    expect_echo("\"reasoning_in\":\"reasoning_content\"", false, ",\"reasoning_content\":\"why\"");
    expect_echo("\"reasoning_in\":\"\",\"reasoning_echo\":\"always\"", false, "");
}

static void details_go_back_byte_for_byte_and_instead_of_text(void **state)
{
    (void)state;
    expect_messages(
        TURN(.model = SPAN("m"),
             MESSAGES(ANSWER(PART(.type = BEACON_PART_REASONING, .text = SPAN("why"),
                                  .opaque = SPAN("[{\"data\": \"x\"}]"))),
                      USER("on"))),
        "[{\"role\":\"assistant\",\"content\":\"\",\"reasoning_details\":[{\"data\": \"x\"}]},"
        "{\"role\":\"user\",\"content\":\"on\"}]}");
    expect_messages(
        TURN(.model = SPAN("m"),
             MESSAGES(ANSWER(PART(.type = BEACON_PART_REASONING, .text = SPAN("why"),
                                  .opaque = SPAN("[1]"))),
                      ANSWER(PART(.type = BEACON_PART_REASONING, .opaque = SPAN("[2, 3]"))),
                      ANSWER(TEXT("A")))),
        "[{\"role\":\"assistant\",\"content\":\"A\",\"reasoning_details\":[1,2, 3]}]}");
}

static void signatures_of_calls_go_back_byte_for_byte(void **state)
{
    (void)state;
    expect_messages(TURN(.model = SPAN("m"),
                         MESSAGES(ANSWER(PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("c1"),
                                              .name = SPAN("run"), .text = SPAN(""),
                                              .opaque = SPAN("{\"g\": {\"s\":\"x\"}}"))))),
                    "[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\","
                    "\"type\":\"function\",\"function\":{\"name\":\"run\",\"arguments\":\"{}\"},"
                    "\"extra_content\":{\"g\": {\"s\":\"x\"}}}]}]}");
}

static void content_of_a_call_without_text_is_null_left_out_or_empty(void **state)
{
    static const char *const rows[][2] = {
        {"\"empty_content\":\"null\"", "\"content\":null,"},
        {"\"empty_content\":\"omit\"", ""},
        {"\"empty_content\":\"string\"", "\"content\":\"\","},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char expected[256];
        (void)snprintf(expected, sizeof expected, "[{\"role\":\"assistant\",%s%s]}", rows[i][1],
                       one_call);
        use(rows[i][0]);
        expect_messages(TURN(.model = SPAN("m"), MESSAGES(ANSWER(CALL("c1", "{}")))), expected);
    }
}

static void arguments_that_are_no_object_are_wrapped_in_one(void **state)
{
    (void)state;
    expect_messages(
        TURN(.model = SPAN("m"),
             MESSAGES(ANSWER(CALL("c1", "{\"cmd\":\"l"),
                             PART(.type = BEACON_PART_TOOL_CALL, .flags = BEACON_PART_FREEFORM,
                                  .call_id = SPAN("c2"), .name = SPAN("patch"),
                                  .text = SPAN("{\"a\"}\n"))))),
        "[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
        "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"run\",\"arguments\":"
        "\"{\\\"input\\\":\\\"{\\\\\\\"cmd\\\\\\\":\\\\\\\"l\\\"}\"}},"
        "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"patch\",\"arguments\":"
        "\"{\\\"input\\\":\\\"{\\\\\\\"a\\\\\\\"}\\\\n\\\"}\"}}]}]}");
}

static void pictures_are_urls_and_those_of_tools_follow_all_results(void **state)
{
    (void)state;
    expect_messages(
        TURN(.model = SPAN("m"),
             MESSAGES(MESSAGE(BEACON_ROLE_USER, TEXT("see"), PICTURE("https://x/1.png"),
                              PART(.type = BEACON_PART_BLOB, .media_type = SPAN("image/gif"),
                                   .blob = {(const uint8_t *)"abc", 3})),
                      ANSWER(CALL("c1", "{}")),
                      MESSAGE(BEACON_ROLE_TOOL,
                              PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("c1"),
                                   .text = SPAN("one")),
                              PICTURE("data:x")),
                      RESULT("c2", "two"))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"},"
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x/1.png\"}},"
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/gif;base64,YWJj\"}}]},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":"
        "\"function\",\"function\":{\"name\":\"run\",\"arguments\":\"{}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"one\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"two\"},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What the tools "
        "returned:\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:x\"}}]}]}");
}

static void other_files_are_file_parts(void **state)
{
    (void)state;
    expect_messages(
        TURN(.model = SPAN("m"),
             MESSAGES(MESSAGE(BEACON_ROLE_USER,
                              PART(.type = BEACON_PART_BLOB, .media_type = SPAN("application/pdf"),
                                   .name = SPAN("a.pdf"), .blob = {(const uint8_t *)"a", 1})))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\","
        "\"file_data\":\"data:application/pdf;base64,YQ==\"}}]}]}");
}

static void ids_of_nine_letters_are_made_alike_for_call_and_result(void **state)
{
    (void)state;
    use("\"tool_call_id\":\"alnum9\",\"tool_result_name\":true");
    const char *body =
        harness_body(&h, TURN(.model = SPAN("m"),
                              MESSAGES(ANSWER(CALL("call_1", "{}")), RESULT("call_1", "a"),
                                       ANSWER(CALL("abcDEF123", "{}")), RESULT("abcDEF123", "b"))));
    const char *made = strstr(body, "\"id\":\"");
    char result[64];
    assert_non_null(made);
    (void)snprintf(result, sizeof result, "\"tool_call_id\":\"%.9s\",\"name\":\"run\"", made + 6);
    assert_int_equal(strspn(made + 6, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                                      "uvwxyz"),
                     9);
    assert_non_null(strstr(body, result));
    assert_null(strstr(body, "call_1"));
    assert_non_null(strstr(body, "\"id\":\"abcDEF123\""));
}

static void neighbouring_user_messages_become_one_where_roles_must_alternate(void **state)
{
    (void)state;
    use("\"merge_user\":true,\"user_after_tool\":false");
    expect_messages(
        TURN(.model = SPAN("m"), MESSAGES(USER("a"), USER("b"), ANSWER(CALL("c1", "{}")),
                                          RESULT("c1", "r"), USER("c"))),
        "[{\"role\":\"user\",\"content\":\"a\\n\\nb\"},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\","
        "\"type\":\"function\",\"function\":{\"name\":\"run\",\"arguments\":\"{}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"r\"},"
        "{\"role\":\"assistant\",\"content\":\"Done.\"},"
        "{\"role\":\"user\",\"content\":\"c\"}]}");
}

static void the_instructions_have_the_role_that_the_server_knows(void **state)
{
    static const char *const roles[] = {"system", "developer", "user"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "\"system_role\":\"%s\"", roles[i]);
        use(text);
        (void)snprintf(text, sizeof text, "[{\"role\":\"%s\",\"content\":\"x\"}]}", roles[i]);
        expect_messages(TURN(.model = SPAN("m"), MESSAGES(MESSAGE(BEACON_ROLE_SYSTEM, TEXT("x")))),
                        text);
    }
}

static void tools_are_functions_with_names_that_tell_their_server(void **state)
{
    (void)state;
    use("\"strict_tools\":true,\"parallel_calls\":false");
    expect_body(
        TURN(.model = SPAN("m"), .tool_choice = BEACON_TOOL_CHOICE_REQUIRED,
             TOOLS(
                 TOOL(.name = SPAN("read"), .ns = SPAN("mcp__fs"), .description = SPAN("d")),
                 TOOL(.name = SPAN("patch"), .flags = BEACON_TOOL_FREEFORM, .grammar = SPAN("g")))),
        BEGIN "\"tool_choice\":\"required\",\"tools\":["
              "{\"type\":\"function\",\"function\":{\"name\":\"mcp__fs__read\",\"description\":"
              "\"d\",\"strict\":true,\"parameters\":{\"type\":\"object\",\"properties\":{}}}},"
              "{\"type\":\"function\",\"function\":{\"name\":\"patch\",\"description\":\"\","
              "\"strict\":true,\"parameters\":{\"type\":\"object\",\"properties\":{\"input\":{"
              "\"type\":\"string\"}},\"required\":[\"input\"],\"additionalProperties\":false}}}],"
              "\"messages\":[]}");
}

static void a_tool_without_an_object_of_parameters_is_refused(void **state)
{
    (void)state;
    assert_refused(
        harness_open(&h, TURN(.model = SPAN("m"),
                              TOOLS(TOOL(.name = SPAN("bad"), .parameters = SPAN("[]"))))),
        BEACON_E_INVALID, &h.err);
    assert_non_null(strstr(h.err.message, "bad"));
}

static void options_have_the_names_that_the_server_knows(void **state)
{
    static const struct {
        const char *quirks, *expected;
    } rows[] = {
        {"", "\"max_tokens\":9,\"temperature\":0.250,"},
        {"\"max_tokens_name\":\"max_completion_tokens\"",
         "\"max_completion_tokens\":9,\"temperature\":0.250,"},
        {"\"max_tokens_name\":\"\",\"effort_name\":\"reasoning_effort\"",
         "\"temperature\":0.250,\"reasoning_effort\":\"high\","},
        {"\"max_tokens_name\":\"\",\"effort_name\":\"reasoning.effort\"",
         "\"temperature\":0.250,\"reasoning\":{\"effort\":\"high\"},"},
        {"\"max_tokens_name\":\"\",\"effort_name\":\"think\"",
         "\"temperature\":0.250,\"think\":\"high\","},
        {"\"max_tokens_name\":\"\",\"cache_key\":true",
         "\"temperature\":0.250,\"prompt_cache_key\":\"s\","},
        {"\"max_tokens_name\":\"\",\"num_ctx\":8192",
         "\"temperature\":0.250,\"num_ctx\":8192,\"options\":{\"num_ctx\":8192},"},
    };
    struct beacon_turn turn =
        *TURN(.model = SPAN("m"), .session_id = SPAN("s"), .effort = SPAN("high"));
    (void)state;
    turn.max_output_tokens = 9;
    turn.temperature = 0.25;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[512];
        use(rows[i].quirks);
        (void)snprintf(expected, sizeof expected, BEGIN "%s\"messages\":[]}", rows[i].expected);
        expect_body(&turn, expected);
    }
}

static void usage_is_asked_for_only_where_that_is_understood(void **state)
{
    (void)state;
    use("\"usage\":\"always\"");
    expect_body(TURN(.model = SPAN("m")), "{\"model\":\"m\",\"stream\":true,\"messages\":[]}");
    use("\"usage\":\"none\"");
    expect_body(TURN(.model = SPAN("m")), "{\"model\":\"m\",\"stream\":true,\"messages\":[]}");
}

static void a_schema_becomes_a_response_format(void **state)
{
    (void)state;
    expect_body(TURN(.model = SPAN("m"), .output_schema = SPAN("{\"type\": 1}")),
                BEGIN "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":"
                      "\"codex_output_schema\",\"strict\":true,\"schema\":{\"type\": 1}}},"
                      "\"messages\":[]}");
    assert_refused(harness_open(&h, TURN(.model = SPAN("m"), .output_schema = SPAN("[]"))),
                   BEACON_E_INVALID, &h.err);
}

static void extra_members_are_added_once_and_ours_win(void **state)
{
    struct beacon_turn turn = *TURN(.model = SPAN("m"), .extra = SPAN("{\"route\":1}"));
    (void)state;
    turn.max_output_tokens = 3;
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1\",\"quirks\":{\"num_ctx\":5},"
                                 "\"extra\":{\"provider\":{\"a\": 1},\"options\":{\"top_k\":2,"
                                 "\"num_ctx\":9},\"max_tokens\":7}}"),
              &h.err);
    expect_body(&turn,
                BEGIN "\"max_tokens\":3,\"num_ctx\":5,\"options\":{\"num_ctx\":5,\"top_k\":2},"
                      "\"provider\":{\"a\": 1},\"route\":1,\"messages\":[]}");
    assert_refused(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1\",\"extra\":{"
                                      "\"messages\":[]}}"),
                   BEACON_E_INVALID, &h.err);
    assert_non_null(strstr(h.err.message, "extra.messages"));
}

static void an_unknown_quirk_or_value_is_refused_by_name(void **state)
{
    static const char *const rows[][2] = {
        {"\"sytem_role\":\"user\"", "quirks.sytem_role"},
        {"\"system_role\":\"boss\"", "quirks.system_role"},
        {"\"num_ctx\":0", "quirks.num_ctx"},
        {"\"parallel_calls\":\"yes\"", "quirks.parallel_calls"},
        {"\"reasoning_out\":\"reasoning\"", "quirks.reasoning_out"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char config[256];
        (void)snprintf(config, sizeof config, CONFIG("%s"), rows[i][0]);
        assert_refused(harness_create(&h, config), BEACON_E_INVALID, &h.err);
        assert_non_null(strstr(h.err.message, rows[i][1]));
    }
}

static void a_longer_conversation_begins_with_the_bytes_of_the_shorter_one(void **state)
{
    (void)state;
    const char *shorter =
        harness_body(&h, TURN(.model = SPAN("m"), TOOLS(TOOL(.name = SPAN("run"))),
                              MESSAGES(USER("a"), ANSWER(REASONING("r")), ANSWER(TEXT("t")),
                                       ANSWER(CALL("c1", "{}")), RESULT("c1", "x"))));
    const char *longer =
        harness_body(&h, TURN(.model = SPAN("m"), TOOLS(TOOL(.name = SPAN("run"))),
                              MESSAGES(USER("a"), ANSWER(REASONING("r")), ANSWER(TEXT("t")),
                                       ANSWER(CALL("c1", "{}")), RESULT("c1", "x"),
                                       ANSWER(CALL("c2", "{}")), RESULT("c2", "y"))));
    const size_t n = strlen(shorter) - strlen("]}");
    assert_memory_equal(shorter, longer, n);
    assert_int_equal(longer[n], ',');
}

static void the_list_of_models_is_not_offered(void **state)
{
    (void)state;
    assert_refused(harness_open(&h, NULL), BEACON_E_UNSUPPORTED, &h.err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_smallest_turn_is_a_model_a_stream_and_messages),
        TEST(the_url_and_the_headers_are_the_configurations),
        TEST(one_answer_of_the_model_is_one_message),
        TEST(reasoning_goes_back_as_far_as_the_server_wants_it),
        TEST(details_go_back_byte_for_byte_and_instead_of_text),
        TEST(signatures_of_calls_go_back_byte_for_byte),
        TEST(content_of_a_call_without_text_is_null_left_out_or_empty),
        TEST(arguments_that_are_no_object_are_wrapped_in_one),
        TEST(pictures_are_urls_and_those_of_tools_follow_all_results),
        TEST(other_files_are_file_parts),
        TEST(ids_of_nine_letters_are_made_alike_for_call_and_result),
        TEST(neighbouring_user_messages_become_one_where_roles_must_alternate),
        TEST(the_instructions_have_the_role_that_the_server_knows),
        TEST(tools_are_functions_with_names_that_tell_their_server),
        TEST(a_tool_without_an_object_of_parameters_is_refused),
        TEST(options_have_the_names_that_the_server_knows),
        TEST(usage_is_asked_for_only_where_that_is_understood),
        TEST(a_schema_becomes_a_response_format),
        TEST(extra_members_are_added_once_and_ours_win),
        TEST(an_unknown_quirk_or_value_is_refused_by_name),
        TEST(a_longer_conversation_begins_with_the_bytes_of_the_shorter_one),
        TEST(the_list_of_models_is_not_offered),
    };
    return cmocka_run_group_tests_name("provider_chat/request", tests, NULL, NULL);
}
