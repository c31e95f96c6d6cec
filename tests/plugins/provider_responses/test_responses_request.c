/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_string.h>
#include <stdlib.h>

#include "harness/provider_harness.h"

#define CONFIG "{\"base_url\":\"http://127.0.0.1:1/v1\"}"

/* The parts of a body that no test here is about. */
#define TOOLS_TO_STORE                                                                             \
    "\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":false,\"reasoning\":null,"      \
    "\"store\":false,\"stream\":true,\"include\":[],\"prompt_cache_key\":\"s1\""

static struct harness h;

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_responses");
    return harness_create(&h, CONFIG);
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

/* The value of "input" in a body. */
static const char *input_of(const char *body)
{
    static char input[65536];
    struct beacon_str value = {"", 0};
    assert_true(beacon_json_member(beacon_text(body), "input", &value));
    assert_true(value.n < sizeof input);
    memcpy(input, value.p, value.n);
    input[value.n] = '\0';
    return input;
}

static void a_first_turn_asks_for_exactly_this(void **state)
{
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("gpt-5.5"), .session_id = SPAN("0190-s"), .effort = SPAN("medium"),
             .reasoning_summary = SPAN("auto"), .verbosity = SPAN("low"), .parallel_tools = 1,
             MESSAGES(MESSAGE(BEACON_ROLE_SYSTEM,
                              PART(.type = BEACON_PART_TEXT, .text = SPAN("Be brief."))),
                      MESSAGE(BEACON_ROLE_SYSTEM,
                              PART(.type = BEACON_PART_TEXT, .text = SPAN("No network."))),
                      USER("hi")),
             TOOLS(TOOL(.name = SPAN("exec_command"), .description = SPAN("Run a command."),
                        .parameters = SPAN("{\"type\":\"object\"}")),
                   TOOL(.name = SPAN("apply_patch"), .description = SPAN("Edit files."),
                        .flags = BEACON_TOOL_FREEFORM, .grammar_syntax = SPAN("lark"),
                        .grammar = SPAN("start: \"x\""))));
    assert_string_equal(
        harness_body(&h, turn),
        "{\"model\":\"gpt-5.5\",\"instructions\":\"Be brief.\",\"input\":["
        "{\"type\":\"message\",\"role\":\"developer\",\"content\":[{\"type\":\"input_text\","
        "\"text\":\"No network.\"}]},"
        "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
        "\"text\":\"hi\"}]}],"
        "\"tools\":[{\"type\":\"function\",\"name\":\"exec_command\",\"description\":"
        "\"Run a command.\",\"strict\":false,\"parameters\":{\"type\":\"object\"}},"
        "{\"type\":\"custom\",\"name\":\"apply_patch\",\"description\":\"Edit files.\","
        "\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\",\"definition\":"
        "\"start: \\\"x\\\"\"}}],"
        "\"tool_choice\":\"auto\",\"parallel_tool_calls\":true,"
        "\"reasoning\":{\"effort\":\"medium\",\"summary\":\"auto\"},\"store\":false,"
        "\"stream\":true,\"include\":[\"reasoning.encrypted_content\"],"
        "\"prompt_cache_key\":\"0190-s\",\"text\":{\"verbosity\":\"low\"}}");
}

static void everything_optional_can_be_absent(void **state)
{
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .session_id = SPAN("s1"), .verbosity = SPAN("low"),
             .reasoning_summary = SPAN("none"), MESSAGES(USER("hi")));
    assert_string_equal(harness_body(&h, turn),
                        "{\"model\":\"m\",\"input\":[{\"type\":\"message\",\"role\":\"user\","
                        "\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}]}]," TOOLS_TO_STORE
                        "}");
}

static void a_schema_extra_fields_and_limits_stand_at_the_end(void **state)
{
    (void)state;
    struct beacon_turn turn =
        *TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
              .output_schema = SPAN("{\"type\":\"object\"}"),
              .extra = SPAN("{\"provider\":{\"order\":[1]}, \"stream\":false,\"route\":\"a\"}"));
    turn.max_output_tokens = 9;
    turn.temperature = 0.25;
    assert_string_equal(
        harness_body(&h, &turn),
        "{\"model\":\"m\",\"input\":[]," TOOLS_TO_STORE ",\"text\":{\"format\":{\"type\":"
        "\"json_schema\",\"strict\":true,\"name\":\"codex_output_schema\",\"schema\":"
        "{\"type\":\"object\"}}},\"max_output_tokens\":9,\"temperature\":0.250,"
        "\"provider\":{\"order\":[1]},\"route\":\"a\"}");
}

static void calls_and_outputs_are_built_from_their_parts(void **state)
{
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
             MESSAGES(MESSAGE(BEACON_ROLE_ASSISTANT,
                              PART(.type = BEACON_PART_REASONING, .text = SPAN("hm")),
                              PART(.type = BEACON_PART_TEXT, .text = SPAN("I look.")),
                              PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("c1"),
                                   .id = SPAN("fc_1"), .name = SPAN("echo"), .ns = SPAN("mcp__srv"),
                                   .text = SPAN("{\"a\":1}")),
                              PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("c2"),
                                   .name = SPAN("apply_patch"), .flags = BEACON_PART_FREEFORM,
                                   .text = SPAN("*** Begin Patch\n"))),
                      MESSAGE(BEACON_ROLE_TOOL,
                              PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("c1"),
                                   .text = SPAN("out\n")),
                              PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("c2"),
                                   .flags = BEACON_PART_FREEFORM | BEACON_PART_ERROR,
                                   .text = SPAN("no")))));
    assert_string_equal(
        input_of(harness_body(&h, turn)),
        "[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
        "\"text\":\"I look.\"}]},"
        "{\"type\":\"function_call\",\"name\":\"echo\",\"namespace\":\"mcp__srv\","
        "\"arguments\":\"{\\\"a\\\":1}\",\"call_id\":\"c1\"},"
        "{\"type\":\"custom_tool_call\",\"name\":\"apply_patch\","
        "\"input\":\"*** Begin Patch\\n\",\"call_id\":\"c2\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"out\\n\"},"
        "{\"type\":\"custom_tool_call_output\",\"call_id\":\"c2\",\"output\":\"no\"}]");
}

static void images_go_as_urls_or_as_data(void **state)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G'};
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
             MESSAGES(MESSAGE(BEACON_ROLE_USER,
                              PART(.type = BEACON_PART_TEXT, .text = SPAN("look")),
                              PART(.type = BEACON_PART_BLOB, .media_type = SPAN("image/png"),
                                   .blob = {png, sizeof png}),
                              PART(.type = BEACON_PART_BLOB, .media_type = SPAN("image/png"),
                                   .url = SPAN("https://x/y.png")),
                              PART(.type = BEACON_PART_BLOB, .media_type = SPAN("application/pdf"),
                                   .name = SPAN("a.pdf"), .blob = {png, 1})),
                      MESSAGE(BEACON_ROLE_TOOL,
                              PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("c1"),
                                   .text = SPAN("seen")),
                              PART(.type = BEACON_PART_BLOB, .call_id = SPAN("c1"),
                                   .media_type = SPAN("image/png"), .blob = {png, 3}))));
    assert_string_equal(
        input_of(harness_body(&h, turn)),
        "[{\"type\":\"message\",\"role\":\"user\",\"content\":["
        "{\"type\":\"input_text\",\"text\":\"look\"},"
        "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,iVBORw==\"},"
        "{\"type\":\"input_image\",\"image_url\":\"https://x/y.png\"},"
        "{\"type\":\"input_file\",\"filename\":\"a.pdf\","
        "\"file_data\":\"data:application/pdf;base64,iQ==\"}]},"
        "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":["
        "{\"type\":\"input_text\",\"text\":\"seen\"},"
        "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,iVBO\"}]}]");
}

#define ODD_ITEM                                                                                   \
    "{ \"type\" :\"reasoning\",\"id\":\"rs_1\",\"encrypted_content\":\"a\\/b\\u00e9\" }"

static void opaque_items_go_back_byte_for_byte(void **state)
{
    static const uint8_t png[] = {1, 2, 3};
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
             MESSAGES(
                 MESSAGE(BEACON_ROLE_ASSISTANT, PART(.type = BEACON_PART_TEXT, .text = SPAN("a")),
                         PART(.type = BEACON_PART_REASONING, .text = SPAN("other words"),
                              .opaque = SPAN(ODD_ITEM))),
                 MESSAGE(BEACON_ROLE_TOOL,
                         PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("c1"),
                              .opaque = SPAN("{\"type\":\"function_call_output\"}")),
                         PART(.type = BEACON_PART_BLOB, .call_id = SPAN("c1"), .blob = {png, 3}))));
    assert_string_equal(input_of(harness_body(&h, turn)),
                        "[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":"
                        "\"output_text\",\"text\":\"a\"}]}," ODD_ITEM
                        ",{\"type\":\"function_call_output\"}]");
}

static void opaque_data_that_is_no_object_is_not_spliced(void **state)
{
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
             MESSAGES(MESSAGE(BEACON_ROLE_ASSISTANT,
                              PART(.type = BEACON_PART_TEXT, .text = SPAN("a"),
                                   .opaque = SPAN("{},{\"type\":\"message\"}")))));
    assert_string_equal(input_of(harness_body(&h, turn)),
                        "[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":"
                        "\"output_text\",\"text\":\"a\"}]}]");
}

static void nul_and_broken_utf8_leave_as_valid_json(void **state)
{
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .session_id = SPAN("s1"), MESSAGES(USER("a\0b\xff\"")));
    const char *body = harness_body(&h, turn);
    assert_true(beacon_json_is_whole(beacon_text(body), '{'));
    assert_string_equal(input_of(body),
                        "[{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":"
                        "\"input_text\",\"text\":\"a\\u0000b\xef\xbf\xbd\\\"\"}]}]");
}

static void a_message_of_a_megabyte_arrives_whole(void **state)
{
    const size_t n = 1 << 20;
    char *text = malloc(n);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', n);
    const struct beacon_part part = {
        .struct_size = sizeof part, .type = BEACON_PART_TEXT, .text = {text, n}};
    const struct beacon_turn *turn = TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
                                          MESSAGES(MESSAGE(BEACON_ROLE_USER, &part)));
    assert_ok(harness_open(&h, turn), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    assert_true(rq->body.n > n && rq->body.n < n + 1000);
    free(text);
}

static void a_longer_conversation_begins_with_the_shorter_one(void **state)
{
    (void)state;
    const char *before =
        harness_body(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"), MESSAGES(USER("one"))));
    const char *again =
        harness_body(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"), MESSAGES(USER("one"))));
    const char *after = harness_body(
        &h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"), MESSAGES(USER("one"), USER("two"))));
    assert_string_equal(before, again);
    const char *stop = strstr(before, "}],\"tools\"");
    assert_non_null(stop);
    assert_memory_equal(before, after, (size_t)(stop - before) + 1);
}

static void azure_stores_and_keeps_ids(void **state)
{
    (void)state;
    assert_ok(harness_create(&h, "{\"base_url\":\"https://me.openai.Azure.com/openai\","
                                 "\"query_params\":{\"api-version\":\"2025-04-01 a&b\"}}"),
              &h.err);
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
             MESSAGES(MESSAGE(
                 BEACON_ROLE_ASSISTANT,
                 PART(.type = BEACON_PART_REASONING, .id = SPAN("rs_1"), .text = SPAN("hm")),
                 PART(.type = BEACON_PART_TEXT, .id = SPAN("msg_1"), .text = SPAN("a")))));
    const char *body = harness_body(&h, turn);
    assert_non_null(strstr(body, "\"store\":true"));
    assert_string_equal(
        input_of(body),
        "[{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[{\"type\":\"summary_text\","
        "\"text\":\"hm\"}]},"
        "{\"type\":\"message\",\"role\":\"assistant\",\"id\":\"msg_1\",\"content\":[{\"type\":"
        "\"output_text\",\"text\":\"a\"}]}]");
    assert_ok(harness_open(&h, turn), &h.err);
    assert_true(beacon_span_is(
        harness_request(&h)->url,
        "https://me.openai.Azure.com/openai/responses?api-version=2025-04-01%20a%26b"));
}

static void the_url_joins_base_path_and_parameters(void **state)
{
    static const struct {
        const char *config, *url;
    } rows[] = {
        {"{\"base_url\":\"http://h/v1/\"}", "http://h/v1/responses"},
        {"{\"base_url\":\"http://h//\",\"query_params\":{\"a\":\"1\",\"\\u00e9\":\"~-._\"}}",
         "http://h/responses?a=1&%C3%A9=~-._"},
        {"{\"base_url\":\"http://h/v1/?x=1\",\"query_params\":{\"y\":\"2\"}}",
         "http://h/v1/responses?x=1&y=2"},
        {"{\"base_url\":\"https://h/v1\",\"name\":null,\"new_key\":[1]}", "https://h/v1/responses"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_ok(harness_create(&h, rows[i].config), &h.err);
        assert_ok(harness_open(&h, TURN(.model = SPAN("m"))), &h.err);
        assert_true(beacon_span_is(harness_request(&h)->url, rows[i].url));
    }
}

static void headers_are_the_expected_ones_and_no_credential(void **state)
{
    (void)state;
    assert_ok(
        harness_create(
            &h,
            "{\"base_url\":\"http://h/v1\",\"originator\":\"codex_exec\",\"user_agent\":\"b/1\","
            "\"stream_idle_timeout_ms\":5,"
            "\"http_headers\":{\"X-Team\":\"a\",\"user-agent\":\"mine\"}}"),
        &h.err);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"))), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    assert_true(beacon_span_is(rq->method, "POST"));
    assert_string_equal(harness_header(rq, "accept"), "text/event-stream");
    assert_string_equal(harness_header(rq, "content-type"), "application/json");
    assert_string_equal(harness_header(rq, "originator"), "codex_exec");
    assert_string_equal(harness_header(rq, "User-Agent"), "mine");
    assert_string_equal(harness_header(rq, "session-id"), "s1");
    assert_string_equal(harness_header(rq, "thread-id"), "s1");
    assert_string_equal(harness_header(rq, "x-client-request-id"), "s1");
    assert_string_equal(harness_header(rq, "x-team"), "a");
    assert_null(harness_header(rq, "authorization"));
    assert_int_equal(rq->n_headers, 8);
    assert_int_equal(rq->auth, BEACON_AUTH_INSTANCE);
    assert_int_equal(rq->framing, BEACON_FRAME_SSE);
    assert_int_equal(rq->idle_timeout_ms, 5);
}

static void a_header_cannot_smuggle_another(void **state)
{
    static const char *const configs[] = {
        "{\"http_headers\":{\"a\":\"x\\r\\nb: y\"}}",
        "{\"http_headers\":{\"a\\nb\":\"x\"}}",
        "{\"http_headers\":{\"\":\"x\"}}",
        "{\"http_headers\":{\"a b\":\"x\"}}",
        "{\"http_headers\":{\"a\":\"x\\u0000\"}}",
        "{\"originator\":\"x\\ny\"}",
        "{\"user_agent\":\"x\\ry\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        assert_refused(harness_create(&h, configs[i]), BEACON_E_INVALID, &h.err);
    }
    assert_ok(harness_create(&h, CONFIG), &h.err);
    assert_refused(harness_open(&h, TURN(.model = SPAN("m"), .session_id = SPAN("a\r\nb: c"))),
                   BEACON_E_INVALID, &h.err);
}

static void a_wrong_configuration_is_refused_by_its_key(void **state)
{
    static const struct {
        const char *config, *key;
    } rows[] = {
        {"", "base_url"},
        {"{}", "base_url"},
        {"{\"base_url\":null}", "base_url"},
        {"{\"base_url\":1}", "base_url"},
        {"{\"base_url\":\"ftp://x\"}", "base_url"},
        {"{\"base_url\":\"http://a b\"}", "base_url"},
        {"{\"base_url\":\"https://\"}", "base_url"},
        {"{\"query_params\":{\"a\":1}}", "query_params"},
        {"{\"query_params\":[]}", "query_params"},
        {"{\"http_headers\":{\"a\":null}}", "http_headers"},
        {"{\"stream_idle_timeout_ms\":\"1\"}", "stream_idle_timeout_ms"},
        {"{\"base_url\":\"http://h\",\"stream_idle_timeout_ms\":-1}", "stream_idle_timeout_ms"},
        {"{\"is_azure\":\"yes\"}", "is_azure"},
        {"{\"base_url\":\"http://h\",\"quirks\":{\"reasoning_out\":[]}}", "quirks.reasoning_out"},
        {"{\"base_url\":\"http://h\",\"quirks\":{\"web_search\":\"all\"}}", "quirks.web_search"},
        {"{\"base_url\":\"http://h\",\"quirks\":{\"reasoning_summary\":1}}",
         "quirks.reasoning_summary"},
        {"{\"quirks\":[]}", "quirks"},
        {"{\"base_url\":\"http://h\",\"extra\":{\"model\":\"x\"}}", "extra.model"},
        {"{\"base_url\":\"http://h\",\"extra\":{\"previous_response_id\":\"x\"}}",
         "extra.previous_response_id"},
        {"{\"extra\":1}", "extra"},
        {"[]", "JSON object"},
        {"{\"a\":}", "JSON object"},
        {"{} {}", "JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_refused(harness_create(&h, rows[i].config), BEACON_E_INVALID, &h.err);
        assert_non_null(strstr(h.err.message, rows[i].key));
        assert_null(h.instance);
    }
}

static void a_huge_configuration_is_refused(void **state)
{
    const size_t n = 1 << 20;
    char *text = malloc(n + 1);
    (void)state;
    assert_non_null(text);
    memset(text, ' ', n);
    text[n] = '\0';
    assert_refused(harness_create(&h, text), BEACON_E_LIMIT, &h.err);
    free(text);
}

static void a_turn_that_is_not_json_inside_is_refused(void **state)
{
    (void)state;
    assert_refused(harness_open(&h, TURN(.model = SPAN("m"), .extra = SPAN("[1]"))),
                   BEACON_E_INVALID, &h.err);
    assert_refused(harness_open(&h, TURN(.model = SPAN("m"), .output_schema = SPAN("{"))),
                   BEACON_E_INVALID, &h.err);
    assert_refused(
        harness_open(&h, TURN(.model = SPAN("m"),
                              TOOLS(TOOL(.name = SPAN("bad"), .parameters = SPAN("{}}"))))),
        BEACON_E_INVALID, &h.err);
    assert_non_null(strstr(h.err.message, "bad"));
    assert_refused(harness_open(&h, NULL), BEACON_E_UNSUPPORTED, &h.err);
}

static void tools_of_one_namespace_stand_together(void **state)
{
    (void)state;
    const char *body =
        harness_body(&h, TURN(.model = SPAN("m"), TOOLS(TOOL(.name = SPAN("a"), .ns = SPAN("n1")),
                                                        TOOL(.name = SPAN("b"), .ns = SPAN("n1")),
                                                        TOOL(.name = SPAN("c")))));
    struct beacon_str tools = {NULL, 0};
    assert_true(beacon_json_member(beacon_text(body), "tools", &tools));
    assert_true(beacon_span_starts(tools, "[{\"type\":\"namespace\",\"name\":\"n1\","
                                          "\"description\":\"\",\"tools\":[{"));
    assert_true(beacon_span_contains(tools, "}]},{\"type\":\"function\",\"name\":\"c\""));
}

static void a_shorter_turn_of_an_older_host_is_read(void **state)
{
    struct beacon_turn turn = *TURN(.model = SPAN("m"), .session_id = SPAN("s1"));
    (void)state;
    turn.struct_size = (uint32_t)offsetof(struct beacon_turn, messages);
    turn.n_messages = 5; /* behind the end: must not be read */
    assert_string_equal(harness_body(&h, &turn),
                        "{\"model\":\"m\",\"input\":[]," TOOLS_TO_STORE "}");
}

static const char *member_of(const char *body, const char *key)
{
    static char text[65536];
    struct beacon_str value = {"", 0};
    (void)beacon_json_member(beacon_text(body), key, &value);
    assert_true(value.n < sizeof text);
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    return text;
}

#define REASONING(id)                                                                              \
    PART(.type = BEACON_PART_REASONING,                                                            \
         .opaque = SPAN("{\"type\":\"reasoning\",\"id\":\"" id "\"}"))
#define REASONING_TEXT(id) "{\"type\":\"reasoning\",\"id\":\"" id "\"}"
#define USER_TEXT(text)                                                                            \
    "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"      \
    "\"" text "\"}]}"

static void reasoning_goes_directly_before_its_item_or_not_at_all(void **state)
{
    (void)state;
    const struct beacon_part *const call =
        PART(.type = BEACON_PART_TOOL_CALL, .opaque = SPAN("{\"type\":\"function_call\"}"));
    const char *body =
        harness_body(&h, TURN(.model = SPAN("m"),
                              MESSAGES(USER("a"), MESSAGE(BEACON_ROLE_ASSISTANT, REASONING("rs_1")),
                                       MESSAGE(BEACON_ROLE_ASSISTANT, call),
                                       MESSAGE(BEACON_ROLE_ASSISTANT, REASONING("rs_2")), USER("b"),
                                       MESSAGE(BEACON_ROLE_ASSISTANT, REASONING("rs_3")))));
    assert_string_equal(input_of(body), "[" USER_TEXT("a") "," REASONING_TEXT(
                                            "rs_1") ",{\"type\":"
                                                    "\"function_call\"}," USER_TEXT("b") "]");
}

static void quirks_change_what_is_asked_for(void **state)
{
    static const struct {
        const char *quirk, *key, *value;
    } rows[] = {
        {"\"reasoning_summary\":false", "reasoning", "{\"effort\":\"low\"}"},
        {"\"reasoning_summary\":true", "reasoning", "{\"effort\":\"low\",\"summary\":\"auto\"}"},
        {"\"reasoning_summary\":null", "reasoning", "{\"effort\":\"low\",\"summary\":\"auto\"}"},
        {"\"encrypted_reasoning\":false", "include", "[]"},
        {"\"developer_instructions\":true", "instructions", ""},
        {"\"developer_instructions\":true", "input",
         "[{\"type\":\"message\",\"role\":\"developer\",\"content\":[{\"type\":\"input_text\","
         "\"text\":\"Be brief.\"}]}]"},
        {"\"developer_instructions\":false", "instructions", "\"Be brief.\""},
        {"\"web_search\":\"\"", "tools", "[]"},
        {"\"web_search\":\"cached\"", "tools",
         "[{\"type\":\"web_search\",\"external_web_access\":false}]"},
        {"\"web_search\":\"live\"", "tools",
         "[{\"type\":\"web_search\",\"external_web_access\":true}]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char config[256];
        (void)snprintf(config, sizeof config, "{\"base_url\":\"http://h\",\"quirks\":{%s}}",
                       rows[i].quirk);
        assert_ok(harness_create(&h, config), &h.err);
        const char *body = harness_body(
            &h, TURN(.model = SPAN("m"), .effort = SPAN("low"), .reasoning_summary = SPAN("auto"),
                     MESSAGES(MESSAGE(BEACON_ROLE_SYSTEM,
                                      PART(.type = BEACON_PART_TEXT, .text = SPAN("Be brief."))))));
        assert_string_equal(member_of(body, rows[i].key), rows[i].value);
    }
}

static void the_least_effort_searches_nothing(void **state)
{
    (void)state;
    assert_ok(
        harness_create(&h, "{\"base_url\":\"http://h\",\"quirks\":{\"web_search\":\"live\"}}"),
        &h.err);
    const char *body =
        harness_body(&h, TURN(.model = SPAN("m"), .effort = SPAN("minimal"),
                              TOOLS(TOOL(.name = SPAN("a"), .parameters = SPAN("{}")))));
    assert_string_equal(member_of(body, "tools"),
                        "[{\"type\":\"function\",\"name\":\"a\",\"description\":\"\",\"strict\":"
                        "false,\"parameters\":{}}]");
}

static void extra_fields_stand_at_the_end_as_they_were_written(void **state)
{
    (void)state;
    assert_ok(harness_create(&h, "{\"base_url\":\"http://h\",\"extra\":{ \"route\" : \"a\\/b\", "
                                 "\"provider\":{\"order\":[1, 2]}}}"),
              &h.err);
    assert_string_equal(harness_body(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
                                              .extra = SPAN("{\"provider\":1}"))),
                        "{\"model\":\"m\",\"input\":[]," TOOLS_TO_STORE
                        ",\"route\":\"a\\/b\",\"provider\":1}");
}

/* A conversation that the server keeps would not be the one that was built and counted here. */
static void nothing_leads_to_a_conversation_that_the_server_keeps(void **state)
{
    (void)state;
    assert_ok(harness_create(&h, "{\"base_url\":\"https://x.azure.com/openai\"}"), &h.err);
    const char *body =
        harness_body(&h, TURN(.model = SPAN("m"), .extra = SPAN("{\"previous_response_id\":\"r\"}"),
                              MESSAGES(USER("a"))));
    assert_null(strstr(body, "previous_response_id"));
}

#define REQUEST_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REQUEST_TEST(a_first_turn_asks_for_exactly_this),
        REQUEST_TEST(everything_optional_can_be_absent),
        REQUEST_TEST(a_schema_extra_fields_and_limits_stand_at_the_end),
        REQUEST_TEST(calls_and_outputs_are_built_from_their_parts),
        REQUEST_TEST(images_go_as_urls_or_as_data),
        REQUEST_TEST(opaque_items_go_back_byte_for_byte),
        REQUEST_TEST(opaque_data_that_is_no_object_is_not_spliced),
        REQUEST_TEST(nul_and_broken_utf8_leave_as_valid_json),
        REQUEST_TEST(a_message_of_a_megabyte_arrives_whole),
        REQUEST_TEST(a_longer_conversation_begins_with_the_shorter_one),
        REQUEST_TEST(azure_stores_and_keeps_ids),
        REQUEST_TEST(the_url_joins_base_path_and_parameters),
        REQUEST_TEST(headers_are_the_expected_ones_and_no_credential),
        REQUEST_TEST(a_header_cannot_smuggle_another),
        REQUEST_TEST(a_wrong_configuration_is_refused_by_its_key),
        REQUEST_TEST(a_huge_configuration_is_refused),
        REQUEST_TEST(a_turn_that_is_not_json_inside_is_refused),
        REQUEST_TEST(tools_of_one_namespace_stand_together),
        REQUEST_TEST(a_shorter_turn_of_an_older_host_is_read),
        REQUEST_TEST(reasoning_goes_directly_before_its_item_or_not_at_all),
        REQUEST_TEST(quirks_change_what_is_asked_for),
        REQUEST_TEST(the_least_effort_searches_nothing),
        REQUEST_TEST(extra_fields_stand_at_the_end_as_they_were_written),
        REQUEST_TEST(nothing_leads_to_a_conversation_that_the_server_keeps),
    };
    return cmocka_run_group_tests_name("provider_responses/request", tests, NULL, NULL);
}
