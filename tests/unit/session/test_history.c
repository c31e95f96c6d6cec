/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/text.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "session/history.h"

#define USER                                                                                       \
    "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"      \
    "\"hi\"}]}"
#define CALL_1 "{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"a\",\"arguments\":\"{}\"}"
#define CALL_2 "{\"type\":\"custom_tool_call\",\"call_id\":\"2\",\"name\":\"b\",\"input\":\"x\"}"
#define OUT_1  "{\"type\":\"function_call_output\",\"call_id\":\"1\",\"output\":\"one\"}"
#define OUT_2  "{\"type\":\"custom_tool_call_output\",\"call_id\":\"2\",\"output\":\"two\"}"

struct bench {
    struct history *history;
    struct arena *arena;
    const struct beacon_message *const *messages;
    size_t n;
};

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){.history = history_create(), .arena = arena_create()};
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    history_destroy(bench->history);
    arena_destroy(bench->arena);
    return 0;
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void add(struct bench *bench, const char *item)
{
    struct beacon_error err = {0};
    assert_ok(history_append(bench->history, item, strlen(item), &err), &err);
}

static void build(struct bench *bench, const char *ns)
{
    struct beacon_error err = {0};
    assert_ok(
        history_build_messages(bench->history, ns, bench->arena, &bench->messages, &bench->n, &err),
        &err);
}

/* The messages in short: U user, C call, R result, A anything else; with call id and result text. */
static void assert_shape(struct bench *bench, const char *expected)
{
    struct text shape;
    text_init(&shape, 4096);
    build(bench, "openai");
    for (size_t i = 0; i < bench->n; i++) {
        const struct beacon_part *part = bench->messages[i]->parts[0];
        const char *letter = part->type == BEACON_PART_TOOL_CALL            ? "C"
                             : part->type == BEACON_PART_TOOL_RESULT        ? "R"
                             : bench->messages[i]->role == BEACON_ROLE_USER ? "U"
                                                                            : "A";
        assert_true(text_addf(&shape, "%s%.*s", letter, (int)part->call_id.n,
                              part->call_id.n > 0 ? part->call_id.p : ""));
        if (part->type == BEACON_PART_TOOL_RESULT) {
            assert_true(text_addf(&shape, "=%.*s", (int)part->text.n, part->text.p));
        }
        assert_true(text_add_char(&shape, ' '));
    }
    assert_string_equal(text_string(&shape), expected);
    text_finish(&shape);
}

static void items_become_messages_in_order(void **state)
{
    add(*state, USER);
    add(*state, CALL_1);
    add(*state, CALL_2);
    add(*state, OUT_2);
    add(*state, OUT_1);
    assert_shape(*state, "U C1 C2 R2=two R1=one ");
}

static void an_empty_history_has_no_messages(void **state)
{
    assert_shape(*state, "");
}

static void a_call_without_an_output_is_answered_as_aborted(void **state)
{
    struct bench *bench = *state;
    add(bench, CALL_1);
    add(bench, CALL_2);
    add(bench, OUT_1);
    assert_shape(bench, "C1 C2 R2=aborted R1=one ");
    assert_int_equal(bench->messages[2]->role, BEACON_ROLE_TOOL);
    assert_int_equal(bench->messages[2]->parts[0]->flags, BEACON_PART_FREEFORM | BEACON_PART_ERROR);
}

static void the_first_of_two_outputs_stays(void **state)
{
    add(*state, CALL_1);
    add(*state, OUT_1);
    add(*state, "{\"type\":\"function_call_output\",\"call_id\":\"1\",\"output\":\"again\"}");
    assert_shape(*state, "C1 R1=one ");
}

static void an_output_without_a_call_before_it_is_left_out(void **state)
{
    add(*state, OUT_1);
    add(*state, OUT_2);
    add(*state, CALL_1);
    assert_shape(*state, "C1 R1=aborted ");
}

static void a_call_id_used_twice_has_two_outputs(void **state)
{
    add(*state, CALL_1);
    add(*state, OUT_1);
    add(*state, CALL_1);
    add(*state, OUT_1);
    assert_shape(*state, "C1 R1=one C1 R1=one ");
}

static void items_of_unknown_type_are_not_sent(void **state)
{
    add(*state, "{\"type\":\"ghost_snapshot\"}");
    add(*state, USER);
    assert_shape(*state, "U ");
}

static void opaque_data_goes_only_to_its_own_family(void **state)
{
    struct bench *bench = *state;
    add(bench, "{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"e\"}");
    add(bench, "{\"type\":\"reasoning\",\"summary\":[],\"beacon\":{\"opaque_ns\":\"anthropic\","
               "\"opaque\":{\"s\":1}}}");
    build(bench, "openai");
    assert_true(
        beacon_span_equal(bench->messages[0]->parts[0]->opaque, history_item(bench->history, 0)));
    assert_int_equal(bench->messages[1]->parts[0]->opaque.n, 0);
    build(bench, "anthropic");
    assert_int_equal(bench->messages[0]->parts[0]->opaque.n, 0);
    assert_true(beacon_span_is(bench->messages[1]->parts[0]->opaque, "{\"s\":1}"));
}

static void images_of_a_result_are_parts_only_where_the_item_is_not_sent_itself(void **state)
{
    struct bench *bench = *state;
    add(bench, CALL_1);
    add(bench, "{\"type\":\"function_call_output\",\"call_id\":\"1\",\"output\":[{\"type\":"
               "\"input_image\",\"image_url\":\"data:image/png;base64,QQ==\"}]}");
    build(bench, "openai");
    assert_int_equal(bench->messages[1]->n_parts, 1);
    build(bench, "anthropic");
    assert_int_equal(bench->messages[1]->n_parts, 2);
    assert_int_equal(bench->messages[1]->parts[1]->type, BEACON_PART_BLOB);
}

static void everything_handed_out_tells_its_size(void **state)
{
    struct bench *bench = *state;
    add(bench, CALL_1);
    build(bench, "anthropic");
    for (size_t i = 0; i < bench->n; i++) {
        assert_int_equal(bench->messages[i]->struct_size, sizeof(struct beacon_message));
        assert_int_equal(bench->messages[i]->parts[0]->struct_size, sizeof(struct beacon_part));
    }
}

static void what_is_no_item_is_not_kept(void **state)
{
    struct bench *bench = *state;
    const char *const bad[] = {"", "7", "{\"type\":1}", "{\"type\":\"x\",}",
                               "{\"type\":\"x\",\"y\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct beacon_error err = {0};
        assert_refused(history_append(bench->history, bad[i], strlen(bad[i]), &err),
                       BEACON_E_INVALID, &err);
    }
    assert_int_equal(history_count(bench->history), 0);
    assert_int_equal(history_bytes(bench->history), 0);
}

static void a_cleared_history_is_empty_and_usable(void **state)
{
    struct bench *bench = *state;
    add(bench, USER);
    assert_int_equal(history_bytes(bench->history), strlen(USER));
    history_clear(bench->history);
    assert_int_equal(history_bytes(bench->history), 0);
    add(bench, USER);
    assert_shape(bench, "U ");
}

static void ten_thousand_calls_are_paired(void **state)
{
    struct bench *bench = *state;
    char item[128];
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(item, sizeof item, "{\"type\":\"function_call\",\"call_id\":\"%d\"}", i);
        add(bench, item);
    }
    for (int i = 9999; i > 0; i--) {
        (void)snprintf(item, sizeof item,
                       "{\"type\":\"function_call_output\",\"call_id\":\"%d\",\"output\":\"\"}", i);
        add(bench, item);
    }
    build(bench, "openai");
    assert_int_equal(bench->n, 20000);
    assert_true(beacon_span_is(bench->messages[1]->parts[0]->text, "aborted"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(items_become_messages_in_order),
        ON_BENCH(an_empty_history_has_no_messages),
        ON_BENCH(a_call_without_an_output_is_answered_as_aborted),
        ON_BENCH(the_first_of_two_outputs_stays),
        ON_BENCH(an_output_without_a_call_before_it_is_left_out),
        ON_BENCH(a_call_id_used_twice_has_two_outputs),
        ON_BENCH(items_of_unknown_type_are_not_sent),
        ON_BENCH(opaque_data_goes_only_to_its_own_family),
        ON_BENCH(images_of_a_result_are_parts_only_where_the_item_is_not_sent_itself),
        ON_BENCH(everything_handed_out_tells_its_size),
        ON_BENCH(what_is_no_item_is_not_kept),
        ON_BENCH(a_cleared_history_is_empty_and_usable),
        ON_BENCH(ten_thousand_calls_are_paired),
    };
    return cmocka_run_group_tests_name("session/history", tests, NULL, NULL);
}
