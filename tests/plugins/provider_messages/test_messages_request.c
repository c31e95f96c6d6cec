/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

#define CONFIG            "{\"base_url\":\"http://127.0.0.1:1\"}"
#define CONFIG_WITH(rest) "{\"base_url\":\"http://127.0.0.1:1\"," rest "}"
#define TEXT_OF(text_)    PART(.type = BEACON_PART_TEXT, .text = SPAN(text_))
#define SYSTEM(text_)     MESSAGE(BEACON_ROLE_SYSTEM, TEXT_OF(text_))

static struct harness h;

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_messages");
    return harness_create(&h, CONFIG);
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

/* The value of a member of a body, "" when it is not there. */
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

static void a_first_turn_asks_for_exactly_this(void **state)
{
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("claude-x"), .session_id = SPAN("s1"), .effort = SPAN("medium"),
             .parallel_tools = 1, MESSAGES(SYSTEM("Be brief."), SYSTEM("No network."), USER("hi")),
             TOOLS(TOOL(.name = SPAN("exec_command"), .description = SPAN("Run a command."),
                        .parameters = SPAN("{\"type\":\"object\"}")),
                   TOOL(.name = SPAN("apply_patch"), .description = SPAN("Edit files."),
                        .flags = BEACON_TOOL_FREEFORM, .grammar_syntax = SPAN("lark"),
                        .grammar = SPAN("start: \"x\""))));
    assert_string_equal(harness_body(&h, turn),
                        "{\"model\":\"claude-x\",\"max_tokens\":32000,\"stream\":true,\"thinking\":"
                        "{\"type\":\"enabled\",\"budget_tokens\":10240},\"tools\":[{\"name\":\"exec"
                        "_command\",\"description\":\"Run a command.\",\"input_schema\":{\"type\":"
                        "\"object\"}},{\"name\":\"apply_patch\",\"description\":\"Edit files.\",\"i"
                        "nput_schema\":{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"s"
                        "tring\"}},\"required\":[\"input\"]}}],\"system\":[{\"type\":\"text\",\"tex"
                        "t\":\"Be brief.\"},{\"type\":\"text\",\"text\":\"No network.\",\"cache_con"
                        "trol\":{\"type\":\"ephemeral\"}}],\"messages\":[{\"role\":\"user\",\"conte"
                        "nt\":[{\"type\":\"text\",\"text\":\"hi\",\"cache_control\":{\"type\":\"eph"
                        "emeral\"}}]}]}");
}

static void everything_optional_can_be_absent(void **state)
{
    (void)state;
    assert_string_equal(
        harness_body(&h, TURN(.model = SPAN("m"), .parallel_tools = 1, MESSAGES(USER("hi")))),
        "{\"model\":\"m\",\"max_tokens\":32000,\"stream\":true,\"messages\":[{\"rol"
        "e\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\",\"cache_contr"
        "ol\":{\"type\":\"ephemeral\"}}]}]}");
}

static void the_base_may_name_the_version_or_the_whole_path(void **state)
{
    static const char *const rows[][2] = {
        {"http://h", "http://h/v1/messages"},
        {"http://h/", "http://h/v1/messages"},
        {"http://h/v1", "http://h/v1/messages"},
        {"http://h/v1/", "http://h/v1/messages"},
        {"http://h/v1/messages", "http://h/v1/messages"},
        {"http://h/api/anthropic", "http://h/api/anthropic/v1/messages"},
        {"http://h/v11", "http://h/v11/v1/messages"},
        {"http://h/v1?key=1", "http://h/v1/messages?key=1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char config[256];
        (void)snprintf(config, sizeof config, "{\"base_url\":\"%s\"}", rows[i][0]);
        assert_ok(harness_create(&h, config), &h.err);
        assert_ok(harness_open(&h, TURN(.model = SPAN("m"))), &h.err);
        const struct beacon_http_request *rq = harness_request(&h);
        assert_int_equal(rq->url.n, strlen(rows[i][1]));
        assert_memory_equal(rq->url.p, rows[i][1], rq->url.n);
    }
}

static void the_headers_carry_version_and_beta_and_no_key(void **state)
{
    (void)state;
    assert_ok(harness_create(
                  &h, CONFIG_WITH("\"user_agent\":\"beacon/1\",\"quirks\":{\"beta\":\"b-1,b-2\"},"
                                  "\"http_headers\":{\"Anthropic-Version\":\"2099-01-01\"}")),
              &h.err);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s"))), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    assert_string_equal(harness_header(rq, "anthropic-version"), "2099-01-01");
    assert_string_equal(harness_header(rq, "anthropic-beta"), "b-1,b-2");
    assert_string_equal(harness_header(rq, "user-agent"), "beacon/1");
    assert_string_equal(harness_header(rq, "content-type"), "application/json");
    assert_null(harness_header(rq, "x-api-key"));
    assert_null(harness_header(rq, "authorization"));
    assert_int_equal(rq->n_headers, 5);
    assert_int_equal(rq->auth, BEACON_AUTH_INSTANCE);
    assert_int_equal(rq->framing, BEACON_FRAME_SSE);
}

static void a_wrong_configuration_is_refused_by_name(void **state)
{
    static const char *const rows[][2] = {
        {"{}", "base_url"},
        {"{\"base_url\":\"ftp://h\"}", "base_url"},
        {CONFIG_WITH("\"quirks\":{\"thinking\":\"hard\"}"), "quirks.thinking"},
        {CONFIG_WITH("\"quirks\":{\"cache_control\":1}"), "quirks.cache_control"},
        {CONFIG_WITH("\"quirks\":{\"max_tokens_default\":0}"), "quirks.max_tokens_default"},
        {CONFIG_WITH("\"quirks\":{\"version\":\"\"}"), "quirks.version"},
        {CONFIG_WITH("\"quirks\":{\"version\":\"1\\n\"}"), "quirks.version"},
        {CONFIG_WITH("\"quirks\":{\"beta\":\"a\\r\\nb\"}"), "quirks.beta"},
        {CONFIG_WITH("\"quirks\":{\"system_role\":\"user\"}"), "quirks.system_role"},
        {CONFIG_WITH("\"extra\":{\"messages\":[]}"), "extra.messages"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(harness_create(&h, rows[i][0]), BEACON_E_INVALID);
        assert_non_null(strstr(h.err.message, rows[i][1]));
        assert_string_not_equal(h.err.hint, "");
    }
}

static void extra_members_are_added_and_ours_stay_ours(void **state)
{
    (void)state;
    assert_ok(
        harness_create(&h, CONFIG_WITH("\"extra\":{\"metadata\":{\"user_id\":\"u\"},\"top_k\":4}")),
        &h.err);
    struct beacon_turn turn = *TURN(.model = SPAN("m"), .parallel_tools = 1,
                                    .extra = SPAN("{\"top_k\":5,\"stream\":false}"));
    turn.temperature = 0.25;
    assert_string_equal(harness_body(&h, &turn),
                        "{\"model\":\"m\",\"max_tokens\":32000,\"stream\":true,\"temperature\":0.25"
                        "0,\"metadata\":{\"user_id\":\"u\"},\"top_k\":5,\"messages\":[]}");
}

/* ---- thinking ---- */

static void the_budget_follows_the_effort_and_stays_below_the_limit(void **state)
{
    static const struct {
        const char *effort;
        int64_t max_tokens;
        const char *thinking;
    } rows[] = {
        {"minimal", 32000, "{\"type\":\"enabled\",\"budget_tokens\":1024}"},
        {"low", 32000, "{\"type\":\"enabled\",\"budget_tokens\":4096}"},
        {"high", 32000, "{\"type\":\"enabled\",\"budget_tokens\":24000}"},
        {"xhigh", 64000, "{\"type\":\"enabled\",\"budget_tokens\":32768}"},
        {"medium", 4000, "{\"type\":\"enabled\",\"budget_tokens\":3000}"},
        {"medium", 1025, "{\"type\":\"enabled\",\"budget_tokens\":1024}"},
        {"medium", 1024, ""},
        {"medium", 1, ""},
        {"none", 32000, ""},
        {"", 32000, ""},
        {"odd", 32000, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct beacon_turn turn = *TURN(.model = SPAN("m"), MESSAGES(USER("hi")));
        turn.effort = beacon_text(rows[i].effort);
        turn.max_output_tokens = rows[i].max_tokens;
        assert_string_equal(member_of(harness_body(&h, &turn), "thinking"), rows[i].thinking);
    }
}

static void adaptive_thinking_has_an_effort_and_no_budget(void **state)
{
    (void)state;
    struct beacon_turn turn =
        *TURN(.model = SPAN("m"), .parallel_tools = 1, .effort = SPAN("minimal"),
              .output_schema = SPAN("{\"type\":\"object\"}"));
    turn.temperature = 0.5;
    assert_ok(
        harness_create(&h, CONFIG_WITH("\"quirks\":{\"thinking\":\"adaptive\",\"thinking_display\":"
                                       "\"summarized\",\"max_tokens_default\":50}")),
        &h.err);
    assert_string_equal(harness_body(&h, &turn),
                        "{\"model\":\"m\",\"max_tokens\":50,\"stream\":true,\"thinking\":{\"type\":"
                        "\"adaptive\",\"display\":\"summarized\"},\"output_config\":{\"format\":{\""
                        "type\":\"json_schema\",\"schema\":{\"type\":\"object\"}},\"effort\":\"low"
                        "\"},\"messages\":[]}");
}

static void no_thinking_is_asked_for_when_a_call_must_come(void **state)
{
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .effort = SPAN("high"), .tool_choice = BEACON_TOOL_CHOICE_REQUIRED,
             MESSAGES(USER("hi")), TOOLS(TOOL(.name = SPAN("t"))));
    const char *body = harness_body(&h, turn);
    assert_string_equal(member_of(body, "thinking"), "");
    assert_string_equal(member_of(body, "tool_choice"),
                        "{\"type\":\"any\",\"disable_parallel_tool_use\":true}");
}

static void what_is_no_json_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    assert_int_equal(
        harness_open(&h, TURN(.model = SPAN("m"),
                              TOOLS(TOOL(.name = SPAN("bad"), .parameters = SPAN("[]"))))),
        BEACON_E_INVALID);
    assert_non_null(strstr(h.err.message, "bad"));
    assert_int_equal(harness_open(&h, TURN(.model = SPAN("m"), .extra = SPAN("{"))),
                     BEACON_E_INVALID);
    assert_int_equal(harness_open(&h, TURN(.model = SPAN("m"), .output_schema = SPAN("7"))),
                     BEACON_E_INVALID);
    assert_int_equal(harness_open(&h, NULL), BEACON_E_UNSUPPORTED);
}

#define IT(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(a_first_turn_asks_for_exactly_this),
        IT(everything_optional_can_be_absent),
        IT(the_base_may_name_the_version_or_the_whole_path),
        IT(the_headers_carry_version_and_beta_and_no_key),
        IT(a_wrong_configuration_is_refused_by_name),
        IT(extra_members_are_added_and_ours_stay_ours),
        IT(the_budget_follows_the_effort_and_stays_below_the_limit),
        IT(adaptive_thinking_has_an_effort_and_no_budget),
        IT(no_thinking_is_asked_for_when_a_call_must_come),
        IT(what_is_no_json_is_refused_before_it_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
