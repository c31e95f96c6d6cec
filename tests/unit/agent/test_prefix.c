/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon/provider.h>
#include <string.h>

#include "agent/estimate.h"
#include "agent/prefix.h"

#define MESSAGES 6

/* A request whose words the tests change. */
struct request {
    struct beacon_turn turn;
    struct beacon_tool tools[2];
    const struct beacon_tool *tool_list[2];
    struct beacon_part parts[MESSAGES];
    const struct beacon_part *part_list[MESSAGES][1];
    struct beacon_message messages[MESSAGES];
    const struct beacon_message *message_list[MESSAGES];
};

static struct beacon_str str(const char *text)
{
    return (struct beacon_str){text, strlen(text)};
}

static void make(struct request *request, size_t n)
{
    static const char *const words[MESSAGES] = {"Be good.",
                                                "<environment_context>here</environment_context>",
                                                "# AGENTS.md instructions for /w\n\nBe brief.",
                                                "go",
                                                "gone",
                                                "again"};
    memset(request, 0, sizeof *request);
    for (size_t i = 0; i < 2; i++) {
        request->tools[i].name = str(i == 0 ? "exec" : "patch");
        request->tools[i].description = str("does it");
        request->tool_list[i] = &request->tools[i];
    }
    for (size_t i = 0; i < MESSAGES; i++) {
        request->parts[i] = (struct beacon_part){.type = BEACON_PART_TEXT, .text = str(words[i])};
        request->part_list[i][0] = &request->parts[i];
        request->messages[i] = (struct beacon_message){.role = i == 0   ? BEACON_ROLE_SYSTEM
                                                               : i == 4 ? BEACON_ROLE_ASSISTANT
                                                                        : BEACON_ROLE_USER,
                                                       .parts = request->part_list[i],
                                                       .n_parts = 1};
        request->message_list[i] = &request->messages[i];
    }
    request->turn = (struct beacon_turn){.model = str("m"),
                                         .messages = request->message_list,
                                         .n_messages = n,
                                         .tools = request->tool_list,
                                         .n_tools = 2};
}

/* After a request of four messages, what is said of `next`. */
static void assert_break(const struct request *next, const char *label)
{
    struct request first;
    struct prefix prefix = {0};
    make(&first, 4);
    prefix_take(&prefix, &first.turn, "p");
    assert_string_equal(prefix.broken_at, "");
    prefix_take(&prefix, &next->turn, "p");
    assert_string_equal(prefix.broken_at, label);
    prefix_finish(&prefix);
}

static void a_history_that_grows_breaks_nothing(void **state)
{
    (void)state;
    struct request next;
    make(&next, 4);
    assert_break(&next, "");
    make(&next, 6);
    assert_break(&next, "");
}

static void the_first_block_that_changed_is_named(void **state)
{
    static const char *const labels[] = {"instructions", "environment", "AGENTS.md", "message 3"};
    (void)state;
    struct request next;
    for (size_t i = 0; i < 4; i++) {
        make(&next, 6);
        next.parts[i].text.n--;
        next.parts[3].text = str("changed as well");
        assert_break(&next, labels[i]);
    }
    make(&next, 6);
    next.turn.model = str("other");
    next.parts[0].text = str("changed as well");
    assert_break(&next, "model");
    make(&next, 6);
    next.turn.output_schema = str("{}");
    assert_break(&next, "output schema");
}

static void tools_that_change_places_or_words_break_it(void **state)
{
    (void)state;
    struct request next;
    make(&next, 6);
    next.tool_list[0] = &next.tools[1];
    next.tool_list[1] = &next.tools[0];
    assert_break(&next, "tools");
    make(&next, 6);
    next.turn.n_tools = 1;
    assert_break(&next, "tools");
    make(&next, 6);
    next.tools[1].description = str("does it not");
    assert_break(&next, "tools");
}

static void where_a_word_ends_counts(void **state)
{
    (void)state;
    struct request next;
    make(&next, 4);
    next.parts[3].text = str("g");
    next.parts[3].call_id = str("o");
    assert_break(&next, "message 3");
}

static void a_shorter_history_is_a_compaction(void **state)
{
    (void)state;
    struct request next;
    make(&next, 3);
    next.parts[1].text = str("a summary");
    assert_break(&next, "compaction");
}

static void a_compaction_that_is_told_has_its_name_whatever_its_length(void **state)
{
    (void)state;
    struct request request;
    struct prefix prefix = {0};
    make(&request, 3);
    prefix_take(&prefix, &request.turn, "p");
    prefix_compacted(&prefix);
    make(&request, 6);
    request.parts[2].text = str("a summary");
    prefix_take(&prefix, &request.turn, "p");
    assert_string_equal(prefix.broken_at, "compaction");
    prefix_told(&prefix);
    assert_string_equal(prefix.broken_at, "");
    request.parts[2].text = str("another");
    prefix_take(&prefix, &request.turn, "p"); /* it was told of one only */
    assert_string_equal(prefix.broken_at, "message 2");
    prefix_finish(&prefix);
}

static void another_provider_is_another_cache(void **state)
{
    (void)state;
    struct request request;
    struct prefix prefix = {0};
    make(&request, 4);
    prefix_take(&prefix, &request.turn, "p");
    prefix_take(&prefix, &request.turn, "q");
    assert_string_equal(prefix.broken_at, "model");
    prefix_finish(&prefix);
}

static void a_break_is_remembered_until_it_was_told(void **state)
{
    (void)state;
    struct request request;
    struct prefix prefix = {0};
    make(&request, 4);
    prefix_take(&prefix, &request.turn, "p");
    prefix_told(&prefix);
    request.parts[0].text = str("changed");
    prefix_take(&prefix, &request.turn, "p");
    prefix_take(&prefix, &request.turn, "p"); /* tried again */
    assert_string_equal(prefix.broken_at, "instructions");
    assert_int_equal(prefix.n_known, 3);
    prefix_finish(&prefix);
}

static void a_resumed_session_is_compared_with_where_it_stopped(void **state)
{
    (void)state;
    struct request request;
    struct prefix before = {0}, after = {0};
    make(&request, 4);
    prefix_take(&before, &request.turn, "p");
    prefix_resume(&after, before.blocks, before.n_blocks);
    make(&request, 6);
    prefix_take(&after, &request.turn, "p");
    assert_string_equal(after.broken_at, "");
    assert_int_equal(after.n_known, before.n_blocks);
    assert_string_not_equal(after.hash, before.hash);
    prefix_finish(&after);
    prefix_resume(&after, before.blocks, before.n_blocks);
    request.tools[0].name = str("other");
    prefix_take(&after, &request.turn, "p");
    assert_string_equal(after.broken_at, "tools");
    prefix_finish(&after);
    prefix_finish(&before);
}

static void tokens_are_guessed_by_one_rule(void **state)
{
    (void)state;
    struct request request;
    make(&request, 1);
    assert_int_equal(estimate_text(0), 0);
    assert_int_equal(estimate_text(1), 1);
    assert_int_equal(estimate_text(8), 2);
    /* Two tools of 11 and 12 bytes, one message of 8, and their frames. */
    assert_int_equal(estimate_turn(&request.turn), (4 + 3) + (4 + 3) + (4 + 2));
    request.parts[0] = (struct beacon_part){.type = BEACON_PART_BLOB, .url = {"data:", 1u << 20}};
    assert_int_equal(estimate_turn(&request.turn), 14 + 4 + ESTIMATE_PICTURE_TOKENS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_that_grows_breaks_nothing),
        cmocka_unit_test(the_first_block_that_changed_is_named),
        cmocka_unit_test(tools_that_change_places_or_words_break_it),
        cmocka_unit_test(where_a_word_ends_counts),
        cmocka_unit_test(a_shorter_history_is_a_compaction),
        cmocka_unit_test(a_compaction_that_is_told_has_its_name_whatever_its_length),
        cmocka_unit_test(another_provider_is_another_cache),
        cmocka_unit_test(a_break_is_remembered_until_it_was_told),
        cmocka_unit_test(a_resumed_session_is_compared_with_where_it_stopped),
        cmocka_unit_test(tokens_are_guessed_by_one_rule),
    };
    return cmocka_run_group_tests_name("agent/prefix", tests, NULL, NULL);
}
