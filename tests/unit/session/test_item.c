/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/sink.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "session/item.h"

struct bench {
    struct arena *arena;
    struct text text;
};

static int set_up(void **state)
{
    static struct bench bench;
    bench.arena = arena_create();
    text_init(&bench.text, 1u << 20);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    arena_destroy(bench->arena);
    text_finish(&bench->text);
    return 0;
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static struct item_view decoded(struct bench *bench, const char *json)
{
    struct beacon_error err = {0};
    struct item_view view = {0};
    assert_ok(item_decode(beacon_text(json), bench->arena, &view, &err), &err);
    return view;
}

static void assert_span(struct beacon_str span, const char *expected)
{
    assert_int_equal(span.n, strlen(expected));
    if (span.n > 0) {
        assert_memory_equal(span.p, expected, span.n);
    }
}

static void assert_item(struct bench *bench, uint32_t role, const struct beacon_part *part,
                        const char *ns, const char *expected)
{
    struct beacon_error err = {0};
    text_reset(&bench->text);
    assert_ok(item_from_part(role, part, ns, &bench->text, &err), &err);
    assert_string_equal(text_string(&bench->text), expected);
}

static void an_item_of_the_native_wire_is_kept_to_the_byte(void **state)
{
    static const char raw[] =
        "{ \"type\":\"reasoning\", \"x\":1.500,\"encrypted_content\":\"a\\/b\" }";
    struct beacon_part part = beacon_part_of(BEACON_PART_REASONING);
    part.opaque = beacon_text(raw);
    assert_item(*state, BEACON_ROLE_ASSISTANT, &part, "openai", raw);
}

static void another_providers_opaque_data_stands_beside_the_item(void **state)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_REASONING);
    part.text = BEACON_STR("hm");
    part.opaque = BEACON_STR("{\"signature\":\"s\"}");
    assert_item(
        *state, BEACON_ROLE_ASSISTANT, &part, "anthropic",
        "{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"hm\"}],"
        "\"content\":null,\"beacon\":{\"opaque_ns\":\"anthropic\",\"opaque\":{\"signature\":"
        "\"s\"}}}");
}

static void opaque_data_that_is_no_item_is_not_taken_for_one(void **state)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_TEXT);
    part.text = BEACON_STR("hi");
    part.opaque = BEACON_STR("[1]");
    assert_item(
        *state, BEACON_ROLE_ASSISTANT, &part, "openai",
        "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
        "\"text\":\"hi\"}],\"beacon\":{\"opaque_ns\":\"openai\",\"opaque\":[1]}}");
}

static void opaque_data_that_is_no_json_is_refused(void **state)
{
    struct bench *bench = *state;
    struct beacon_error err = {0};
    struct beacon_part part = beacon_part_of(BEACON_PART_TEXT);
    part.opaque = BEACON_STR("{\"type\":\"message\"} x");
    assert_refused(item_from_part(BEACON_ROLE_ASSISTANT, &part, "openai", &bench->text, &err),
                   BEACON_E_PROTOCOL, &err);
    assert_int_equal(bench->text.len, 0);
}

static void an_unknown_part_is_refused(void **state)
{
    struct bench *bench = *state;
    struct beacon_error err = {0};
    struct beacon_part part = beacon_part_of(99);
    assert_refused(item_from_part(BEACON_ROLE_ASSISTANT, &part, NULL, &bench->text, &err),
                   BEACON_E_INVALID, &err);
}

static void an_item_over_the_cap_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct text small;
    text_init(&small, 40);
    struct beacon_part part = beacon_part_of(BEACON_PART_TEXT);
    part.text = BEACON_STR("more than fits into so little room");
    assert_refused(item_from_part(BEACON_ROLE_USER, &part, NULL, &small, &err), BEACON_E_LIMIT,
                   &err);
    assert_int_equal(small.len, 0);
    text_finish(&small);
}

static void calls_and_results_have_the_form_of_their_kind(void **state)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_TOOL_CALL);
    part.call_id = BEACON_STR("c1");
    part.name = BEACON_STR("echo");
    part.ns = BEACON_STR("mcp__srv");
    part.text = BEACON_STR("{\"a\":");
    assert_item(*state, BEACON_ROLE_ASSISTANT, &part, NULL,
                "{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"echo\",\"namespace\":"
                "\"mcp__srv\",\"arguments\":\"{\\\"a\\\":\"}");
    part.flags = BEACON_PART_FREEFORM;
    part.ns = BEACON_STR("");
    assert_item(
        *state, BEACON_ROLE_ASSISTANT, &part, NULL,
        "{\"type\":\"custom_tool_call\",\"status\":\"completed\",\"call_id\":\"c1\",\"name\":"
        "\"echo\",\"input\":\"{\\\"a\\\":\"}");
    part.type = BEACON_PART_TOOL_RESULT;
    assert_item(*state, BEACON_ROLE_TOOL, &part, NULL,
                "{\"type\":\"custom_tool_call_output\",\"call_id\":\"c1\",\"output\":\"{\\\"a\\\":"
                "\"}");
    part.flags = BEACON_PART_ERROR;
    assert_item(*state, BEACON_ROLE_TOOL, &part, NULL,
                "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"{\\\"a\\\":\","
                "\"beacon\":{\"error\":true}}");
}

static void images_become_data_urls(void **state)
{
    struct bench *bench = *state;
    struct beacon_error err = {0};
    struct beacon_part text = beacon_part_of(BEACON_PART_TEXT);
    struct beacon_part image = beacon_part_of(BEACON_PART_BLOB);
    const struct beacon_part *parts[] = {&text, &image};
    text.text = BEACON_STR("look");
    image.media_type = BEACON_STR("image/png");
    image.blob = (struct beacon_bytes){(const uint8_t *)"abcd", 4};
    assert_ok(item_from_message(BEACON_ROLE_USER, parts, 2, &bench->text, &err), &err);
    assert_string_equal(text_string(&bench->text),
                        "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":"
                        "\"input_text\",\"text\":\"look\"},{\"type\":\"input_image\",\"image_url\":"
                        "\"data:image/png;base64,YWJjZA==\"}]}");
    struct item_view view = decoded(bench, text_string(&bench->text));
    assert_int_equal(view.n_parts, 2);
    assert_span(view.parts[1]->media_type, "image/png");
    assert_span(view.parts[1]->url, "data:image/png;base64,YWJjZA==");
}

static void a_result_with_an_image_is_a_list(void **state)
{
    struct bench *bench = *state;
    struct beacon_error err = {0};
    struct beacon_part result = beacon_part_of(BEACON_PART_TOOL_RESULT);
    struct beacon_part image = beacon_part_of(BEACON_PART_BLOB);
    const struct beacon_part *images[] = {&image};
    result.call_id = BEACON_STR("c1");
    image.url = BEACON_STR("data:image/png;base64,QQ==");
    assert_ok(item_from_result(&result, images, 1, &bench->text, &err), &err);
    assert_string_equal(
        text_string(&bench->text),
        "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":[{\"type\":"
        "\"input_image\",\"image_url\":\"data:image/png;base64,QQ==\"}]}");
    struct item_view view = decoded(bench, text_string(&bench->text));
    assert_int_equal(view.n_parts, 2);
    assert_int_equal(view.parts[0]->type, BEACON_PART_TOOL_RESULT);
    assert_int_equal(view.parts[1]->type, BEACON_PART_BLOB);
}

static void an_assistant_message_is_one_part_with_the_item_as_opaque(void **state)
{
    static const char raw[] =
        "{\"type\":\"message\",\"role\":\"assistant\",\"id\":\"msg_1\",\"content\":[{\"type\":"
        "\"output_text\",\"text\":\"a\\n\"},{\"type\":\"refusal\",\"refusal\":\"no\"}]}";
    struct item_view view = decoded(*state, raw);
    assert_int_equal(view.role, BEACON_ROLE_ASSISTANT);
    assert_int_equal(view.n_parts, 1);
    assert_span(view.parts[0]->text, "a\nno");
    assert_span(view.parts[0]->id, "msg_1");
    assert_span(view.parts[0]->opaque, raw);
    assert_span(view.ns, "openai");
}

static void a_user_message_has_a_part_for_every_element_and_no_opaque(void **state)
{
    struct item_view view = decoded(
        *state,
        "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
        "\"text\":\"one\"},7,{\"type\":\"new\"},{\"type\":\"input_text\",\"text\":\"two\"}]}");
    assert_int_equal(view.role, BEACON_ROLE_USER);
    assert_int_equal(view.n_parts, 2);
    assert_span(view.parts[1]->text, "two");
    assert_span(view.parts[0]->opaque, "");
    assert_span(view.ns, "");
}

static void developer_and_system_are_one_role(void **state)
{
    assert_int_equal(
        decoded(*state, "{\"type\":\"message\",\"role\":\"developer\",\"content\":\"x\"}").role,
        BEACON_ROLE_SYSTEM);
    assert_int_equal(
        decoded(*state, "{\"type\":\"message\",\"role\":\"system\",\"content\":\"x\"}").role,
        BEACON_ROLE_SYSTEM);
}

static void what_another_provider_attached_comes_back(void **state)
{
    struct bench *bench = *state;
    struct beacon_error err = {0};
    struct beacon_part part = beacon_part_of(BEACON_PART_TOOL_CALL);
    part.call_id = BEACON_STR("toolu_1");
    part.name = BEACON_STR("x");
    part.text = BEACON_STR("{}");
    part.opaque = BEACON_STR("{\"sig\": \"\\u0041\"}");
    assert_ok(item_from_part(BEACON_ROLE_ASSISTANT, &part, "anthropic", &bench->text, &err), &err);
    struct item_view view = decoded(bench, text_string(&bench->text));
    assert_span(view.ns, "anthropic");
    assert_span(view.parts[0]->opaque, "{\"sig\": \"\\u0041\"}");
    assert_span(view.parts[0]->call_id, "toolu_1");
}

static void a_failed_result_is_still_failed_when_read_back(void **state)
{
    struct item_view view =
        decoded(*state, "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"x\","
                        "\"beacon\":{\"error\":true}}");
    assert_int_equal(view.parts[0]->flags, BEACON_PART_ERROR);
    assert_span(view.ns, "");
    assert_span(view.parts[0]->opaque, "");
}

static void a_shell_call_is_known_by_its_item_id_when_it_has_no_call_id(void **state)
{
    struct item_view view = decoded(
        *state,
        "{\"type\":\"local_shell_call\",\"id\":\"ls_1\",\"call_id\":null,\"action\":{\"type\":"
        "\"exec\",\"command\":[\"ls\"]}}");
    assert_span(view.parts[0]->call_id, "ls_1");
    assert_span(view.parts[0]->name, "local_shell");
    assert_span(view.parts[0]->text, "{\"type\":\"exec\",\"command\":[\"ls\"]}");
}

static void a_web_search_is_a_server_tool(void **state)
{
    struct item_view view =
        decoded(*state, "{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\","
                        "\"action\":{\"type\":\"search\",\"query\":\"q\"}}");
    assert_int_equal(view.parts[0]->type, BEACON_PART_SERVER_TOOL);
    assert_span(view.parts[0]->name, "web_search");
    assert_span(view.parts[0]->text, "{\"type\":\"search\",\"query\":\"q\"}");
}

static void unknown_types_are_told_as_unknown(void **state)
{
    assert_false(decoded(*state, "{\"type\":\"ghost_snapshot\",\"x\":[1]}").is_known);
    assert_false(decoded(*state, "{\"type\":\"message\",\"role\":\"alien\"}").is_known);
    assert_false(
        decoded(*state, "{\"type\":\"message\",\"role\":\"user\",\"content\":[]}").is_known);
}

static void what_is_no_item_is_refused(void **state)
{
    struct bench *bench = *state;
    const char *const bad[] = {"",   "null", "[]",           "{",
                               "{}", "7",    "{\"type\":1}", "{\"type\":\"message\"} {}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct beacon_error err = {0};
        struct item_view view = {0};
        assert_refused(item_decode(beacon_text(bad[i]), bench->arena, &view, &err),
                       BEACON_E_INVALID, &err);
    }
}

static void hostile_depth_is_refused(void **state)
{
    struct bench *bench = *state;
    struct beacon_error err = {0};
    struct item_view view = {0};
    assert_true(text_add_string(&bench->text, "{\"type\":\"message\",\"content\":"));
    for (int i = 0; i < 100000; i++) {
        assert_true(text_add_char(&bench->text, '['));
    }
    assert_refused(
        item_decode(beacon_span(bench->text.data, bench->text.len), bench->arena, &view, &err),
        BEACON_E_INVALID, &err);
}

static void members_of_the_wrong_type_are_empty_not_fatal(void **state)
{
    struct item_view view =
        decoded(*state, "{\"type\":\"function_call\",\"call_id\":[],\"name\":{},\"arguments\":3,"
                        "\"id\":null,\"beacon\":7}");
    assert_true(view.is_known);
    assert_span(view.parts[0]->call_id, "");
    assert_span(view.parts[0]->text, "");
}

static void a_message_of_many_small_texts_is_joined_in_one_go(void **state)
{
    struct bench *bench = *state;
    struct text json;
    text_init(&json, 16u << 20);
    assert_true(text_add_string(&json, "{\"type\":\"reasoning\",\"summary\":[{\"text\":\"a\"}"));
    for (int i = 0; i < 200000; i++) {
        assert_true(text_add_string(&json, ",{\"text\":\"b\"}"));
    }
    assert_true(text_add_string(&json, "]}"));
    struct item_view view = decoded(bench, text_string(&json));
    assert_int_equal(view.parts[0]->text.n, 1 + 200000 * 3);
    text_finish(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(an_item_of_the_native_wire_is_kept_to_the_byte),
        ON_BENCH(another_providers_opaque_data_stands_beside_the_item),
        ON_BENCH(opaque_data_that_is_no_item_is_not_taken_for_one),
        ON_BENCH(opaque_data_that_is_no_json_is_refused),
        ON_BENCH(an_unknown_part_is_refused),
        ON_BENCH(an_item_over_the_cap_is_refused),
        ON_BENCH(calls_and_results_have_the_form_of_their_kind),
        ON_BENCH(images_become_data_urls),
        ON_BENCH(a_result_with_an_image_is_a_list),
        ON_BENCH(an_assistant_message_is_one_part_with_the_item_as_opaque),
        ON_BENCH(a_user_message_has_a_part_for_every_element_and_no_opaque),
        ON_BENCH(developer_and_system_are_one_role),
        ON_BENCH(what_another_provider_attached_comes_back),
        ON_BENCH(a_failed_result_is_still_failed_when_read_back),
        ON_BENCH(a_shell_call_is_known_by_its_item_id_when_it_has_no_call_id),
        ON_BENCH(a_web_search_is_a_server_tool),
        ON_BENCH(unknown_types_are_told_as_unknown),
        ON_BENCH(what_is_no_item_is_refused),
        ON_BENCH(hostile_depth_is_refused),
        ON_BENCH(members_of_the_wrong_type_are_empty_not_fatal),
        ON_BENCH(a_message_of_many_small_texts_is_joined_in_one_go),
    };
    return cmocka_run_group_tests_name("session/item", tests, NULL, NULL);
}
