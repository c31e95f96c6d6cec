/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_string.h>
#include <math.h>
#include <stdio.h>

#include "harness/provider_harness.h"

#define BASE          "\"base_url\":\"http://127.0.0.1:1/v1beta\""
#define CONFIG        "{" BASE "}"
#define WITH(more)    "{" BASE "," more "}"
#define HI            "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]"
#define URL_OF(model) "http://127.0.0.1:1/v1beta/" model ":streamGenerateContent?alt=sse"

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

static void configure(const char *config)
{
    assert_ok(harness_create(&h, config), &h.err);
}

static const char *url_of(struct beacon_str model)
{
    static char url[512];
    struct beacon_turn turn = *TURN(MESSAGES(USER("hi")));
    turn.model = model;
    assert_ok(harness_open(&h, &turn), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    assert_true(rq->url.n < sizeof url);
    memcpy(url, rq->url.p, rq->url.n);
    url[rq->url.n] = '\0';
    return url;
}

/* A member of the body; "" when it has none. */
static const char *member_of(const struct beacon_turn *turn, const char *key)
{
    static char text[8192];
    struct beacon_str value = {"", 0};
    (void)beacon_json_member(beacon_text(harness_body(&h, turn)), key, &value);
    assert_true(value.n < sizeof text);
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    return text;
}

static void a_first_turn_asks_for_exactly_this(void **state)
{
    (void)state;
    struct beacon_turn turn =
        *TURN(.model = SPAN("gemini-2.5-pro"), .session_id = SPAN("s1"), .effort = SPAN("medium"),
              .reasoning_summary = SPAN("auto"), .parallel_tools = 1,
              MESSAGES(MESSAGE(BEACON_ROLE_SYSTEM,
                               PART(.type = BEACON_PART_TEXT, .text = SPAN("Be brief."))),
                       MESSAGE(BEACON_ROLE_SYSTEM,
                               PART(.type = BEACON_PART_TEXT, .text = SPAN("No net."))),
                       USER("hi")),
              TOOLS(TOOL(.name = SPAN("exec_command"), .description = SPAN("Run."),
                         .parameters = SPAN("{\"type\":\"object\",\"$schema\":\"x\"}")),
                    TOOL(.name = SPAN("apply_patch"), .flags = BEACON_TOOL_FREEFORM,
                         .grammar_syntax = SPAN("lark"), .grammar = SPAN("start: \"x\""))));
    turn.temperature = 0.25;
    turn.max_output_tokens = 1000;
    assert_string_equal(
        harness_body(&h, &turn),
        "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"},{\"text\":\"No net.\"}]},"
        "\"tools\":[{\"functionDeclarations\":[{\"name\":\"exec_command\",\"description\":"
        "\"Run.\",\"parametersJsonSchema\":{\"type\":\"object\",\"$schema\":\"x\"}},"
        "{\"name\":\"apply_patch\",\"parametersJsonSchema\":{\"type\":\"object\",\"properties\":"
        "{\"input\":{\"type\":\"string\"}},\"required\":[\"input\"]}}]}],"
        "\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"AUTO\"}},"
        "\"generationConfig\":{\"maxOutputTokens\":1000,\"temperature\":0.250,"
        "\"thinkingConfig\":{\"includeThoughts\":true,\"thinkingBudget\":8192}}," HI "}");
}

static void nothing_is_said_about_what_is_not_set(void **state)
{
    struct beacon_turn turn = *TURN(.model = SPAN("m"), MESSAGES(USER("hi")));
    (void)state;
    turn.temperature = NAN;
    assert_string_equal(harness_body(&h, &turn), "{" HI "}");
}

static void the_url_names_the_model_and_asks_for_events(void **state)
{
    (void)state;
    assert_string_equal(url_of(beacon_text("gemini-2.5-pro")), URL_OF("models/gemini-2.5-pro"));
    assert_string_equal(url_of(beacon_text("models/m-1")), URL_OF("models/m-1"));
    assert_string_equal(url_of(beacon_text("tunedModels/mine")), URL_OF("tunedModels/mine"));
    assert_string_equal(url_of(beacon_text("a/b?c#d e%")), URL_OF("models/a%2Fb%3Fc%23d%20e%25"));
    configure("{\"base_url\":\"https://g.example/v1/?tenant=7\",\"query_params\":{\"k\":\"a&b\"}}");
    assert_string_equal(url_of(beacon_text("m")),
                        "https://g.example/v1/models/m:streamGenerateContent?tenant=7&alt=sse&"
                        "k=a%26b");
}

static void a_model_that_cannot_be_named_is_refused(void **state)
{
    static char many[300];
    const struct beacon_str models[] = {
        {"", 0}, {"models/", 7}, {"a\nb", 3}, {"a\0b", 3}, {many, sizeof many}};
    (void)state;
    memset(many, 'm', sizeof many);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct beacon_turn turn = *TURN(MESSAGES(USER("hi")));
        turn.model = models[i];
        assert_refused(harness_open(&h, &turn), BEACON_E_INVALID, &h.err);
        assert_non_null(strstr(h.err.message, "the name of the model"));
    }
}

static void headers_are_ours_unless_the_configuration_has_them(void **state)
{
    (void)state;
    configure(WITH("\"user_agent\":\"u/1\",\"originator\":\"o\",\"http_headers\":{\"accept\":"
                   "\"*/*\",\"X-Team\":\"t\"}"));
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), MESSAGES(USER("hi")))), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    assert_int_equal(rq->n_headers, 5);
    assert_string_equal(harness_header(rq, "accept"), "*/*");
    assert_string_equal(harness_header(rq, "content-type"), "application/json");
    assert_string_equal(harness_header(rq, "originator"), "o");
    assert_string_equal(harness_header(rq, "user-agent"), "u/1");
    assert_string_equal(harness_header(rq, "x-team"), "t");
    assert_int_equal(rq->framing, BEACON_FRAME_SSE);
    assert_int_equal(rq->auth, BEACON_AUTH_INSTANCE);
}

static void efforts_become_budgets_or_levels_or_nothing(void **state)
{
    static const struct {
        const char *quirk, *effort, *summary, *expected;
    } rows[] = {
        {"budget", "low", "", "{\"thinkingConfig\":{\"thinkingBudget\":1024}}"},
        {"budget", "none", "auto", "{\"thinkingConfig\":{\"thinkingBudget\":0}}"},
        {"budget", "xhigh", "none", "{\"thinkingConfig\":{\"thinkingBudget\":24576}}"},
        {"budget", "", "auto", "{\"thinkingConfig\":{\"includeThoughts\":true}}"},
        {"budget", "enormous", "auto", "{\"thinkingConfig\":{\"includeThoughts\":true}}"},
        {"budget", "", "", ""},
        {"level", "high", "auto",
         "{\"thinkingConfig\":{\"includeThoughts\":true,\"thinkingLevel\":\"high\"}}"},
        {"level", "minimal", "", "{\"thinkingConfig\":{\"thinkingLevel\":\"minimal\"}}"},
        {"none", "high", "auto", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char config[200];
        (void)snprintf(config, sizeof config, WITH("\"quirks\":{\"thinking\":\"%s\"}"),
                       rows[i].quirk);
        configure(config);
        struct beacon_turn turn = *TURN(.model = SPAN("m"), MESSAGES(USER("hi")));
        turn.effort = beacon_text(rows[i].effort);
        turn.reasoning_summary = beacon_text(rows[i].summary);
        assert_string_equal(member_of(&turn, "generationConfig"), rows[i].expected);
    }
}

static void a_choice_of_tools_has_its_mode(void **state)
{
    static const char *const modes[] = {"AUTO", "NONE", "ANY", "AUTO"};
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "{\"functionCallingConfig\":{\"mode\":\"%s\"}}",
                       modes[i]);
        assert_string_equal(member_of(TURN(.model = SPAN("m"), .tool_choice = i,
                                           MESSAGES(USER("hi")), TOOLS(TOOL(.name = SPAN("t")))),
                                      "toolConfig"),
                            expected);
    }
}

/* The declarations of one tool with this schema, in the older form. */
static const char *openapi_of(struct beacon_str schema)
{
    configure(WITH("\"quirks\":{\"schema_name\":\"parameters\"}"));
    const struct beacon_tool tool = {
        .struct_size = sizeof tool, .name = SPAN("t"), .parameters = schema};
    const struct beacon_tool *const tools[] = {&tool};
    struct beacon_turn turn = *TURN(.model = SPAN("m"), MESSAGES(USER("hi")));
    turn.tools = tools;
    turn.n_tools = 1;
    return member_of(&turn, "tools");
}

#define DECLARED(parameters) "[{\"functionDeclarations\":[{\"name\":\"t\"" parameters "}]}]"

static void the_older_form_of_schemas_loses_what_it_does_not_know(void **state)
{
    static const struct {
        const char *schema, *expected;
    } rows[] = {
        {"{\"$schema\":\"x\",\"type\":\"object\",\"additionalProperties\":false,\"properties\":"
         "{\"b\":{\"type\":\"string\",\"const\":1,\"minLength\":2},\"a\":{\"type\":\"array\","
         "\"items\":{\"type\":\"object\",\"properties\":{\"$ref\":{\"type\":\"integer\",\"$ref\":"
         "\"y\"}},\"additionalProperties\":{\"type\":\"string\"}}}},\"required\":[\"b\"]}",
         "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\",\"minLength\":2},\"a\":"
         "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"$ref\":{\"type\":"
         "\"integer\"}}}}},\"required\":[\"b\"]}"},
        {"{\"properties\":{\"x\":{\"type\":[\"null\",\"number\"],\"format\":\"uuid\"},\"y\":"
         "{\"type\":\"string\",\"format\":\"date-time\",\"enum\":[\"a\"]},\"z\":{\"enum\":[1,2],"
         "\"type\":[\"null\"]}}}",
         "{\"properties\":{\"x\":{\"type\":\"number\",\"nullable\":true},\"y\":{\"type\":"
         "\"string\",\"format\":\"date-time\",\"enum\":[\"a\"]},\"z\":{\"nullable\":true}}}"},
        {"{\"properties\":{\"u\":{\"oneOf\":[{\"type\":\"string\",\"x\":1},true,{\"type\":"
         "\"object\",\"properties\":{}}]},\"v\":{\"items\":[{\"type\":\"string\"}],\"anyOf\":{}}"
         "}}",
         "{\"properties\":{\"u\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\","
         "\"properties\":{}}]},\"v\":{}}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[2048];
        (void)snprintf(expected, sizeof expected, DECLARED(",\"parameters\":%s"), rows[i].expected);
        assert_string_equal(openapi_of(beacon_text(rows[i].schema)), expected);
    }
    assert_string_equal(openapi_of(beacon_text("{\"type\":\"object\",\"properties\":{}}")),
                        DECLARED(""));
    assert_string_equal(openapi_of(beacon_text("")), DECLARED(""));
}

static void a_schema_as_deep_as_it_gets_is_walked_without_harm(void **state)
{
    char schema[4096] = "";
    size_t n = 0;
    (void)state;
    n += (size_t)snprintf(schema, sizeof schema, "{\"properties\":{\"a\":");
    for (int i = 0; i < 120; i++) {
        n += (size_t)snprintf(schema + n, sizeof schema - n, "{\"items\":");
    }
    n += (size_t)snprintf(schema + n, sizeof schema - n, "{}");
    for (int i = 0; i < 122; i++) {
        n += (size_t)snprintf(schema + n, sizeof schema - n, "}");
    }
    char expected[8192];
    (void)snprintf(expected, sizeof expected, DECLARED(",\"parameters\":%s"), schema);
    assert_string_equal(openapi_of(beacon_span(schema, n)), expected);
}

static void an_output_schema_is_asked_for_in_either_form(void **state)
{
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), MESSAGES(USER("hi")),
             .output_schema = SPAN("{\"type\":\"object\",\"additionalProperties\":false}"));
    (void)state;
    assert_string_equal(member_of(turn, "generationConfig"),
                        "{\"responseMimeType\":\"application/json\",\"responseJsonSchema\":"
                        "{\"type\":\"object\",\"additionalProperties\":false}}");
    configure(WITH("\"quirks\":{\"schema_name\":\"parameters\"}"));
    assert_string_equal(member_of(turn, "generationConfig"),
                        "{\"responseMimeType\":\"application/json\",\"responseSchema\":"
                        "{\"type\":\"object\"}}");
}

static void extra_fields_stand_between_the_settings_and_the_contents(void **state)
{
    (void)state;
    configure(WITH("\"extra\":{\"safetySettings\":[],\"labels\":{\"a\":1}}"));
    assert_string_equal(harness_body(&h, TURN(.model = SPAN("m"), MESSAGES(USER("hi")),
                                              .extra = SPAN("{\"labels\":2,\"contents\":3}"))),
                        "{\"safetySettings\":[],\"labels\":2," HI "}");
}

static void a_configuration_that_cannot_be_meant_names_its_key(void **state)
{
    static const struct {
        const char *config, *says;
    } rows[] = {
        {"{}", "base_url"},
        {WITH("\"quirks\":{\"thinking\":\"hard\"}"), "quirks.thinking"},
        {WITH("\"quirks\":{\"schema_name\":7}"), "quirks.schema_name"},
        {WITH("\"quirks\":{\"foreign_signature\":true}"), "quirks.foreign_signature"},
        {WITH("\"quirks\":{\"system_role\":\"user\"}"), "quirks.system_role"},
        {WITH("\"quirks\":[]"), "quirks"},
        {WITH("\"extra\":{\"contents\":[]}"), "extra.contents"},
        {WITH("\"extra\":{\"generationConfig\":{}}"), "extra.generationConfig"},
        {"{\"base_url\":\"ftp://x\"}", "base_url"},
        {"[]", "JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_refused(harness_create(&h, rows[i].config), BEACON_E_INVALID, &h.err);
        assert_non_null(strstr(h.err.message, rows[i].says));
        assert_string_not_equal(h.err.hint, "");
    }
}

static void what_is_not_json_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    assert_refused(harness_open(&h, TURN(.model = SPAN("m"), .extra = SPAN("[]"))),
                   BEACON_E_INVALID, &h.err);
    assert_refused(harness_open(&h, TURN(.model = SPAN("m"), .output_schema = SPAN("{"))),
                   BEACON_E_INVALID, &h.err);
    assert_refused(
        harness_open(&h, TURN(.model = SPAN("m"),
                              TOOLS(TOOL(.name = SPAN("shell"), .parameters = SPAN("{\"a\""))))),
        BEACON_E_INVALID, &h.err);
    assert_non_null(strstr(h.err.message, "tool shell"));
}

#define REQUEST_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REQUEST_TEST(a_first_turn_asks_for_exactly_this),
        REQUEST_TEST(nothing_is_said_about_what_is_not_set),
        REQUEST_TEST(the_url_names_the_model_and_asks_for_events),
        REQUEST_TEST(a_model_that_cannot_be_named_is_refused),
        REQUEST_TEST(headers_are_ours_unless_the_configuration_has_them),
        REQUEST_TEST(efforts_become_budgets_or_levels_or_nothing),
        REQUEST_TEST(a_choice_of_tools_has_its_mode),
        REQUEST_TEST(the_older_form_of_schemas_loses_what_it_does_not_know),
        REQUEST_TEST(a_schema_as_deep_as_it_gets_is_walked_without_harm),
        REQUEST_TEST(an_output_schema_is_asked_for_in_either_form),
        REQUEST_TEST(extra_fields_stand_between_the_settings_and_the_contents),
        REQUEST_TEST(a_configuration_that_cannot_be_meant_names_its_key),
        REQUEST_TEST(what_is_not_json_is_refused_before_it_is_sent),
    };
    return cmocka_run_group_tests_name("provider_gemini/request", tests, NULL, NULL);
}
