/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

#define CONFIG            "{\"base_url\":\"http://127.0.0.1:1\"}"
#define CONFIG_WITH(rest) "{\"base_url\":\"http://127.0.0.1:1\"," rest "}"
#define UNMARKED          CONFIG_WITH("\"quirks\":{\"cache_control\":false}")
#define MARK              ",\"cache_control\":{\"type\":\"ephemeral\"}"
#define TEXT_OF(text_)    PART(.type = BEACON_PART_TEXT, .text = SPAN(text_))
#define SAID(text_)       MESSAGE(BEACON_ROLE_ASSISTANT, TEXT_OF(text_))
#define SYSTEM(text_)     MESSAGE(BEACON_ROLE_SYSTEM, TEXT_OF(text_))
#define CALLED(id_, arguments_)                                                                    \
    MESSAGE(BEACON_ROLE_ASSISTANT, PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN(id_),       \
                                        .name = SPAN("exec_command"), .text = SPAN(arguments_)))
#define RESULT_OF(id_, text_)                                                                      \
    MESSAGE(BEACON_ROLE_TOOL,                                                                      \
            PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN(id_), .text = SPAN(text_)))
#define THOUGHT "{\"type\":\"thinking\",\"thinking\":\"a\\u00e9\\/b\",\"signature\":\"Eq\\/+==\"}"
#define THINKING_STEP                                                                              \
    MESSAGE(BEACON_ROLE_ASSISTANT,                                                                 \
            PART(.type = BEACON_PART_REASONING, .text = SPAN("ab"), .opaque = SPAN(THOUGHT)))

static struct harness h;

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_messages");
    return harness_create(&h, CONFIG);
}

static int begin_unmarked(void **state)
{
    (void)state;
    harness_init(&h, "provider_messages");
    return harness_create(&h, UNMARKED);
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

static const char *messages_of(const struct beacon_turn *turn)
{
    return member_of(harness_body(&h, turn), "messages");
}

static void roles_alternate_whatever_the_history_has(void **state)
{
    (void)state;
    assert_string_equal(messages_of(TURN(.model = SPAN("m"),
                                         MESSAGES(USER("a"), USER("b"), SAID("c"), SAID("d"),
                                                  SAID(" \n"), USER(""), SYSTEM("e"), USER("f")))),
                        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"typ"
                        "e\":\"text\",\"text\":\"b\"}]},{\"role\":\"assistant\",\"content\":[{\"typ"
                        "e\":\"text\",\"text\":\"c\"},{\"type\":\"text\",\"text\":\"d\"}]},{\"role"
                        "\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"e\"},{\"type\":\"te"
                        "xt\",\"text\":\"f\"}]}]");
}

static void results_stand_first_behind_their_calls(void **state)
{
    (void)state;
    assert_string_equal(
        messages_of(TURN(.model = SPAN("m"),
                         MESSAGES(USER("a"), CALLED("c1", "{\"cmd\": \"ls\"}"), CALLED("c2", " "),
                                  USER("hurry"), RESULT_OF("c2", "two"), RESULT_OF("c1", "one"),
                                  CALLED("c3", "{}"), SAID("wait"), USER("b"), SAID("so"),
                                  RESULT_OF("c3", "three")))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"r"
        "ole\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c1\",\"na"
        "me\":\"exec_command\",\"input\":{\"cmd\": \"ls\"}},{\"type\":\"tool_use\","
        "\"id\":\"c2\",\"name\":\"exec_command\",\"input\":{}}]},{\"role\":\"user\""
        ",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\""
        ":\"one\"},{\"type\":\"tool_result\",\"tool_use_id\":\"c2\",\"content\":\"t"
        "wo\"},{\"type\":\"text\",\"text\":\"hurry\"}]},{\"role\":\"assistant\",\"c"
        "ontent\":[{\"type\":\"tool_use\",\"id\":\"c3\",\"name\":\"exec_command\","
        "\"input\":{}},{\"type\":\"text\",\"text\":\"wait\"}]},{\"role\":\"user\","
        "\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c3\",\"content\":"
        "\"three\"},{\"type\":\"text\",\"text\":\"b\"}]},{\"role\":\"assistant\",\""
        "content\":[{\"type\":\"text\",\"text\":\"so\"}]},{\"role\":\"user\",\"cont"
        "ent\":[{\"type\":\"text\",\"text\":\"Go on.\"}]}]");
}

static void one_id_used_twice_keeps_each_result_with_its_call(void **state)
{
    (void)state;
    assert_string_equal(
        messages_of(
            TURN(.model = SPAN("m"), MESSAGES(USER("a"), CALLED("c", "{}"), RESULT_OF("c", "one"),
                                              CALLED("c", "{}"), RESULT_OF("c", "two")))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"r"
        "ole\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\",\"nam"
        "e\":\"exec_command\",\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"ty"
        "pe\":\"tool_result\",\"tool_use_id\":\"c\",\"content\":\"one\"}]},{\"role"
        "\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\",\"name\""
        ":\"exec_command\",\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type"
        "\":\"tool_result\",\"tool_use_id\":\"c\",\"content\":\"two\"}]}]");
}

static void what_the_api_refuses_is_left_out(void **state)
{
    (void)state;
    assert_string_equal(
        messages_of(
            TURN(.model = SPAN("m"),
                 MESSAGES(SAID("first"), CALLED("unanswered", "{}"), USER("a"),
                          MESSAGE(BEACON_ROLE_ASSISTANT,
                                  PART(.type = BEACON_PART_REASONING, .text = SPAN("unsigned")),
                                  PART(.type = BEACON_PART_SERVER_TOOL, .name = SPAN("web_search")),
                                  PART(.type = 99, .text = SPAN("x"))),
                          RESULT_OF("nobody", "found"), RESULT_OF("nobody", "")))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"(The conver"
        "sation goes on.)\"}]},{\"role\":\"assistant\",\"content\":[{\"type\":\"tex"
        "t\",\"text\":\"first\"}]},{\"role\":\"user\",\"content\":[{\"type\":\"text"
        "\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"found\"},{\"type\":\"text"
        "\",\"text\":\"(no output)\"}]}]");
}

static void signed_thinking_goes_back_bit_by_bit_before_its_call(void **state)
{
    (void)state;
    assert_string_equal(
        messages_of(TURN(.model = SPAN("m"), MESSAGES(USER("a"), THINKING_STEP, CALLED("c1", "{}"),
                                                      RESULT_OF("c1", "b")))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
        "{\"role\":\"assistant\",\"content\":[" THOUGHT
        ",{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"exec_command\",\"input\":{}}]},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c1\","
        "\"content\":\"b\"}]}]");
}

static void thinking_is_never_the_last_word_of_the_model(void **state)
{
    (void)state;
    assert_string_equal(messages_of(TURN(.model = SPAN("m"), MESSAGES(USER("a"), THINKING_STEP))),
                        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}]");
    assert_string_equal(
        messages_of(TURN(.model = SPAN("m"), MESSAGES(USER("a"), THINKING_STEP, USER("b")))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
        "{\"role\":\"assistant\",\"content\":[" THOUGHT
        ",{\"type\":\"text\",\"text\":\"(interrupted)\"}]},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"b\"}]}]");
}

static void a_paused_answer_stays_the_last_word(void **state)
{
    (void)state;
    assert_string_equal(
        messages_of(
            TURN(.model = SPAN("m"),
                 MESSAGES(USER("a"),
                          MESSAGE(BEACON_ROLE_ASSISTANT,
                                  PART(.type = BEACON_PART_SERVER_TOOL,
                                       .opaque = SPAN("{\"type\":\"server_tool_use\"}")))))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"r"
        "ole\":\"assistant\",\"content\":[{\"type\":\"server_tool_use\"}]}]");
}

static void arguments_that_are_no_object_can_still_be_said(void **state)
{
    (void)state;
    assert_string_equal(
        messages_of(
            TURN(.model = SPAN("m"),
                 MESSAGES(USER("a"), CALLED("c1", "{cmd: \"ls\"}"), CALLED("c2", "[1]"),
                          CALLED("c3", "{\"a\":\"\xff\"}"),
                          MESSAGE(BEACON_ROLE_ASSISTANT,
                                  PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("c4"),
                                       .name = SPAN("apply_patch"), .flags = BEACON_PART_FREEFORM,
                                       .text = SPAN("*** \"x\"\n"))),
                          RESULT_OF("c1", ""), RESULT_OF("c2", ""), RESULT_OF("c3", ""),
                          RESULT_OF("c4", "")))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"r"
        "ole\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c1\",\"na"
        "me\":\"exec_command\",\"input\":{\"INVALID_JSON\":\"{cmd: \\\"ls\\\"}\"}},"
        "{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"exec_command\",\"input\":{"
        "\"INVALID_JSON\":\"[1]\"}},{\"type\":\"tool_use\",\"id\":\"c3\",\"name\":"
        "\"exec_command\",\"input\":{\"INVALID_JSON\":\"{\\\"a\\\":\\\""
        "\xef\xbf\xbd"
        "\\\"}\"}},{\"type\":\"tool_use\",\"id\":\"c4\",\"name\":\"apply_patch\",\""
        "input\":{\"input\":\"*** \\\"x\\\"\\n\"}}]},{\"role\":\"user\",\"content\""
        ":[{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\":\"\"},{\"ty"
        "pe\":\"tool_result\",\"tool_use_id\":\"c2\",\"content\":\"\"},{\"type\":\""
        "tool_result\",\"tool_use_id\":\"c3\",\"content\":\"\"},{\"type\":\"tool_re"
        "sult\",\"tool_use_id\":\"c4\",\"content\":\"\"}]}]");
}

static void a_result_has_its_pictures_and_says_that_it_failed(void **state)
{
    static const uint8_t bytes[] = {'P', 'N', 'G'};
    (void)state;
    assert_string_equal(
        messages_of(
            TURN(.model = SPAN("m"),
                 MESSAGES(USER("a"), CALLED("c1", "{}"), CALLED("c2", "{}"),
                          MESSAGE(BEACON_ROLE_TOOL,
                                  PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("c1"),
                                       .text = SPAN("seen")),
                                  PART(.type = BEACON_PART_BLOB, .media_type = SPAN("image/png"),
                                       .blob = {bytes, sizeof bytes}),
                                  PART(.type = BEACON_PART_BLOB,
                                       .url = SPAN("data:image/jpeg;base64,UE5H"))),
                          MESSAGE(BEACON_ROLE_TOOL,
                                  PART(.type = BEACON_PART_TOOL_RESULT, .call_id = SPAN("c2"),
                                       .flags = BEACON_PART_ERROR))))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"r"
        "ole\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c1\",\"na"
        "me\":\"exec_command\",\"input\":{}},{\"type\":\"tool_use\",\"id\":\"c2\","
        "\"name\":\"exec_command\",\"input\":{}}]},{\"role\":\"user\",\"content\":["
        "{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\":[{\"type\":\""
        "text\",\"text\":\"seen\"},{\"type\":\"image\",\"source\":{\"type\":\"base6"
        "4\",\"media_type\":\"image/png\",\"data\":\"UE5H\"}},{\"type\":\"image\","
        "\"source\":{\"type\":\"base64\",\"media_type\":\"image/jpeg\",\"data\":\"U"
        "E5H\"}}]},{\"type\":\"tool_result\",\"tool_use_id\":\"c2\",\"content\":\"("
        "no output)\",\"is_error\":true}]}]");
}

static void pictures_and_documents_are_sent_as_bytes_or_by_address(void **state)
{
    (void)state;
    assert_string_equal(
        messages_of(TURN(.model = SPAN("m"),
                         MESSAGES(MESSAGE(
                             BEACON_ROLE_USER,
                             PART(.type = BEACON_PART_BLOB, .url = SPAN("https://h.example/a.png")),
                             PART(.type = BEACON_PART_BLOB,
                                  .url = SPAN("data:application/pdf;base64,JVBE")),
                             PART(.type = BEACON_PART_BLOB, .media_type = SPAN("audio/wav")))))),
        "[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":"
        "\"url\",\"url\":\"https://h.example/a.png\"}},{\"type\":\"document\",\"sou"
        "rce\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"J"
        "VBE\"}},{\"type\":\"text\",\"text\":\"(a file of a type that this model ca"
        "nnot be sent)\"}]}]");
}

static void names_and_ids_with_other_letters_are_changed_alike(void **state)
{
    (void)state;
    const char *body = harness_body(
        &h, TURN(.model = SPAN("m"),
                 MESSAGES(USER("a"),
                          MESSAGE(BEACON_ROLE_ASSISTANT,
                                  PART(.type = BEACON_PART_TOOL_CALL, .call_id = SPAN("fn.x:0"),
                                       .name = SPAN("open page"), .ns = SPAN("mcp__docs"),
                                       .text = SPAN("{}"))),
                          RESULT_OF("fn.x:0", "b")),
                 TOOLS(TOOL(.name = SPAN("open page"), .ns = SPAN("mcp__docs"),
                            .parameters = SPAN(" { \"properties\": {} }")),
                       TOOL(.name = SPAN("close"), .ns = SPAN("mcp__docs"),
                            .parameters = SPAN("{}")))));
    const char *wire = strstr(body, "\"name\":\"mcp__docs__open_page_");
    assert_non_null(wire);
    char name[65];
    assert_int_equal(sscanf(wire, "\"name\":\"%64[^\"]\"", name), 1);
    assert_non_null(strstr(wire + 1, name));
    const char *id = strstr(body, "\"id\":\"fn_x_0_");
    assert_non_null(id);
    char wire_id[65];
    assert_int_equal(sscanf(id, "\"id\":\"%64[^\"]\"", wire_id), 1);
    assert_non_null(strstr(strstr(body, "tool_use_id"), wire_id));
    assert_non_null(strstr(body, "\"name\":\"mcp__docs__close\",\"input_schema\":{\"type\":"
                                 "\"object\"}}"));
    assert_non_null(strstr(body, "\"input_schema\":{\"type\":\"object\", \"properties\": {} }}"));
}

/* ---- cache breakpoints ---- */

static int count(const char *text, const char *part)
{
    int n = 0;
    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

static void breakpoints_are_at_most_four_and_on_the_newest_messages(void **state)
{
    (void)state;
    struct beacon_message hint = *USER("b");
    struct beacon_message model_hint = *SAID("x");
    hint.cache_hint = model_hint.cache_hint = BEACON_CACHE_BREAKPOINT;
    const char *body =
        harness_body(&h, TURN(.model = SPAN("m"),
                              MESSAGES(SYSTEM("s"), &hint, SAID("1"), &hint, SAID("2"), USER("c"),
                                       SAID("3"), USER("d"), USER("e")),
                              TOOLS(TOOL(.name = SPAN("t")))));
    assert_int_equal(count(body, MARK), 4);
    assert_non_null(strstr(body, "\"text\":\"s\"" MARK));
    assert_non_null(strstr(body, "\"text\":\"c\"" MARK));
    assert_non_null(strstr(body, "\"text\":\"e\"" MARK));
    assert_non_null(strstr(strstr(body, "\"text\":\"1\""), "\"text\":\"b\"" MARK));
    body = harness_body(&h, TURN(.model = SPAN("m"),
                                 MESSAGES(USER("a"), &model_hint, USER("b"), SAID("y"), USER("c")),
                                 TOOLS(TOOL(.name = SPAN("t")), TOOL(.name = SPAN("u")))));
    assert_int_equal(count(body, MARK), 4);
    assert_non_null(strstr(body, "\"text\":\"a\"" MARK));
    assert_int_equal(count(member_of(body, "tools"), MARK), 1);
}

/* Without breakpoints, in place. */
static char *unmarked(const char *body)
{
    char *copy = malloc(strlen(body) + 1), *to = copy;
    assert_non_null(copy);
    while (*body != '\0') {
        if (strncmp(body, MARK, strlen(MARK)) == 0) {
            body += strlen(MARK);
        } else {
            *to++ = *body++;
        }
    }
    *to = '\0';
    return copy;
}

#define STEPS 200

static void fill_step(size_t i, struct beacon_part *part, struct beacon_message *message)
{
    static const uint32_t types[] = {BEACON_PART_TEXT, BEACON_PART_REASONING, BEACON_PART_TOOL_CALL,
                                     BEACON_PART_TOOL_RESULT};
    static const uint32_t roles[] = {BEACON_ROLE_USER, BEACON_ROLE_ASSISTANT, BEACON_ROLE_ASSISTANT,
                                     BEACON_ROLE_TOOL};
    *part = (struct beacon_part){.struct_size = sizeof *part,
                                 .type = types[i % 4],
                                 .text = SPAN("{\"n\":1}"),
                                 .call_id = SPAN("c"),
                                 .name = SPAN("t")};
    part->opaque = types[i % 4] == BEACON_PART_REASONING ? beacon_text(THOUGHT) : beacon_text("");
    message->struct_size = sizeof *message;
    message->role = roles[i % 4];
    message->n_parts = 1;
}

/* Every request of a long session against the one before: the old bytes, and then more. */
static void a_longer_conversation_begins_with_the_bytes_of_the_shorter(void **state)
{
    static struct beacon_part parts[STEPS];
    static const struct beacon_part *lists[STEPS];
    static struct beacon_message messages[STEPS];
    static const struct beacon_message *list[STEPS];
    (void)state;
    char *before = NULL;
    for (size_t i = 0; i < STEPS; i++) {
        fill_step(i, &parts[i], &messages[i]);
        lists[i] = &parts[i];
        messages[i].parts = &lists[i];
        list[i] = &messages[i];
        struct beacon_turn turn =
            *TURN(.model = SPAN("m"), .effort = SPAN("high"), TOOLS(TOOL(.name = SPAN("t"))));
        turn.messages = list;
        turn.n_messages = i + 1;
        if (i % 4 != 0 && i % 4 != 3) { /* the model is speaking: nothing is asked */
            continue;
        }
        assert_ok(harness_open(&h, &turn), &h.err);
        const struct beacon_http_request *rq = harness_request(&h);
        char *body = calloc(1, rq->body.n + 1);
        assert_non_null(body);
        memcpy(body, rq->body.p, rq->body.n);
        assert_true(count(body, MARK) <= 4);
        char *now = unmarked(body);
        free(body);
        if (before != NULL) { /* up to the brackets that end the last message and the body */
            assert_memory_equal(now, before, strlen(before) - strlen("]}]}"));
        }
        free(before);
        before = now;
    }
    free(before);
}

static void without_breakpoints_not_one_byte_moves(void **state)
{
    (void)state;
    const char *shorter =
        harness_body(&h, TURN(.model = SPAN("m"), MESSAGES(SYSTEM("s"), USER("a")),
                              TOOLS(TOOL(.name = SPAN("t")))));
    const char *longer = harness_body(
        &h, TURN(.model = SPAN("m"), MESSAGES(SYSTEM("s"), USER("a"), SAID("b"), USER("c")),
                 TOOLS(TOOL(.name = SPAN("t")))));
    assert_int_equal(count(longer, "cache_control"), 0);
    assert_memory_equal(longer, shorter, strlen(shorter) - strlen("]}"));
}

#define IT(name)          cmocka_unit_test_setup_teardown(name, begin, end)
#define IT_UNMARKED(name) cmocka_unit_test_setup_teardown(name, begin_unmarked, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT_UNMARKED(roles_alternate_whatever_the_history_has),
        IT_UNMARKED(results_stand_first_behind_their_calls),
        IT_UNMARKED(one_id_used_twice_keeps_each_result_with_its_call),
        IT_UNMARKED(what_the_api_refuses_is_left_out),
        IT_UNMARKED(signed_thinking_goes_back_bit_by_bit_before_its_call),
        IT_UNMARKED(thinking_is_never_the_last_word_of_the_model),
        IT_UNMARKED(a_paused_answer_stays_the_last_word),
        IT_UNMARKED(arguments_that_are_no_object_can_still_be_said),
        IT_UNMARKED(a_result_has_its_pictures_and_says_that_it_failed),
        IT_UNMARKED(pictures_and_documents_are_sent_as_bytes_or_by_address),
        IT_UNMARKED(names_and_ids_with_other_letters_are_changed_alike),
        IT(breakpoints_are_at_most_four_and_on_the_newest_messages),
        IT(a_longer_conversation_begins_with_the_bytes_of_the_shorter),
        IT_UNMARKED(without_breakpoints_not_one_byte_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
