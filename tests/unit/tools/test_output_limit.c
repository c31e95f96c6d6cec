/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "base/utf8.h"
#include "tools/output_limit.h"

#define HALF_BYTES (OUTPUT_KEPT_BYTES / 2)
#define TEXT_MAX   (16u << 20)

#define AUTO_OUTPUT __attribute__((cleanup(output_limit_finish)))

static void add_string(struct output_limit *output, const char *text)
{
    output_limit_add(output, text, strlen(text));
}

static void assert_rendered(const struct output_limit *output, uint32_t max_tokens,
                            const char *wanted)
{
    AUTO_TEXT struct text out;
    text_init(&out, TEXT_MAX);
    output_limit_render(output, max_tokens, &out);
    assert_string_equal(text_string(&out), wanted);
}

/* "1\n2\n…" as seq prints it, in pieces of `step` bytes. */
static void add_numbers(struct output_limit *output, int last, size_t step)
{
    AUTO_TEXT struct text all;
    text_init(&all, TEXT_MAX);
    for (int i = 1; i <= last; i++) {
        assert_true(text_addf(&all, "%d\n", i));
    }
    for (size_t at = 0; at < all.len; at += step) {
        output_limit_add(output, all.data + at, all.len - at < step ? all.len - at : step);
    }
}

static void what_fits_is_given_whole_and_without_a_header(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    assert_rendered(&output, 1, "");
    add_string(&output, "hi\n");
    assert_rendered(&output, 1, "hi\n");
    assert_int_equal(output_limit_tokens(&output), 1);
    add_string(&output, "ho");
    assert_int_equal(output_limit_tokens(&output), 2);
    assert_rendered(&output, 2, "hi\nho");
}

static void one_byte_too_many_is_cut_in_the_middle(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    add_string(&output, "abcdefghi");
    assert_rendered(&output, 2,
                    "Warning: truncated output (original token count: 3)\n"
                    "Total output lines: 1\n"
                    "\n"
                    "abcd…1 tokens truncated…fghi");
}

static void sixty_thousand_lines_are_cut_as_documented(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    add_numbers(&output, 60000, 4096);
    AUTO_TEXT struct text out;
    text_init(&out, TEXT_MAX);
    output_limit_render(&output, 500, &out);
    assert_non_null(strstr(out.data, "Warning: truncated output (original token count: 87224)\n"
                                     "Total output lines: 60000\n"
                                     "\n1\n2\n3\n"));
    assert_non_null(strstr(out.data, "\n276\n277\n…86724 tokens truncated…834\n59835\n"));
    assert_string_equal(out.data + out.len - 12, "59999\n60000\n");
    const char *head = strstr(out.data, "\n\n") + 2;
    assert_int_equal(strstr(head, "…86724") - head, 1000);
    const char *tail = strstr(out.data, "truncated…834") + strlen("truncated…");
    assert_int_equal(strlen(tail), 1000);
}

static void the_size_of_the_pieces_does_not_show(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 65536, HALF_BYTES - 1, HALF_BYTES + 1, TEXT_MAX};
    AUTO_OUTPUT struct output_limit whole = {0};
    add_numbers(&whole, 300000, TEXT_MAX);
    AUTO_TEXT struct text wanted;
    text_init(&wanted, TEXT_MAX);
    output_limit_copy(&whole, &wanted);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        AUTO_OUTPUT struct output_limit output = {0};
        AUTO_TEXT struct text got;
        text_init(&got, TEXT_MAX);
        add_numbers(&output, 300000, steps[i]);
        output_limit_copy(&output, &got);
        assert_string_equal(text_string(&got), text_string(&wanted));
    }
}

static void what_was_kept_is_head_and_tail_around_the_number_of_lost_bytes(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    AUTO_FREE char *bytes = alloc_zeroed(OUTPUT_KEPT_BYTES + 3);
    memset(bytes, 'a', HALF_BYTES);
    memset(bytes + HALF_BYTES, 'x', 3);
    memset(bytes + HALF_BYTES + 3, 'b', HALF_BYTES);
    output_limit_add(&output, bytes, OUTPUT_KEPT_BYTES + 3);
    AUTO_TEXT struct text out;
    text_init(&out, TEXT_MAX);
    output_limit_copy(&output, &out);
    const char *marker = "a\n…3 bytes omitted…\nb";
    assert_int_equal(out.len, OUTPUT_KEPT_BYTES + strlen(marker) - 2);
    assert_memory_equal(out.data + HALF_BYTES - 1, marker, strlen(marker));
    assert_null(strchr(out.data, 'x'));
}

static void a_full_buffer_has_no_marker(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    AUTO_FREE char *bytes = alloc_zeroed(OUTPUT_KEPT_BYTES);
    memset(bytes, 'a', OUTPUT_KEPT_BYTES);
    output_limit_add(&output, bytes, OUTPUT_KEPT_BYTES);
    AUTO_TEXT struct text out;
    text_init(&out, TEXT_MAX);
    output_limit_copy(&output, &out);
    assert_int_equal(out.len, OUTPUT_KEPT_BYTES);
}

static void a_gigabyte_needs_no_more_memory_than_a_megabyte(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    static char block[1u << 20];
    memset(block, '.', sizeof block);
    block[sizeof block - 1] = '\n';
    for (int i = 0; i < 1024; i++) {
        output_limit_add(&output, block, sizeof block);
    }
    assert_int_equal(output.total_bytes, 1u << 30);
    assert_int_equal(output.head_room + output.tail_room, OUTPUT_KEPT_BYTES);
    AUTO_TEXT struct text out;
    text_init(&out, TEXT_MAX);
    output_limit_render(&output, 1, &out);
    assert_string_equal(text_string(&out),
                        "Warning: truncated output (original token count: 268435456)\n"
                        "Total output lines: 1024\n"
                        "\n"
                        "..…268435455 tokens truncated….\n");
}

static void the_largest_budget_can_be_met(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    AUTO_FREE char *bytes = alloc_zeroed(4u << 20);
    memset(bytes, 'a', 4u << 20);
    output_limit_add(&output, bytes, 4u << 20);
    AUTO_TEXT struct text out;
    text_init(&out, TEXT_MAX);
    output_limit_render(&output, OUTPUT_TOKENS_MAX, &out);
    assert_in_range(out.len, OUTPUT_TOKENS_MAX * 4, OUTPUT_TOKENS_MAX * 4 + 200);
}

static void cuts_split_no_character(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    for (int i = 0; i < 100; i++) {
        add_string(&output, "€"); /* three bytes: neither half ends on one */
    }
    for (uint32_t tokens = 1; tokens < 75; tokens++) {
        AUTO_TEXT struct text out;
        text_init(&out, TEXT_MAX);
        output_limit_render(&output, tokens, &out);
        assert_true(utf8_valid(out.data, out.len));
        assert_null(strstr(out.data, "\xef\xbf\xbd"));
    }
}

static void each_run_of_bytes_that_are_no_characters_is_repaired(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    output_limit_add(&output,
                     "a\xff\xfe"
                     "b\xe2\x82",
                     6);
    assert_rendered(&output, 10,
                    "a\xef\xbf\xbd"
                    "b\xef\xbf\xbd");
}

static void a_character_that_arrives_in_two_pieces_stays_one(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    output_limit_add(&output, "\xe2\x82", 2);
    output_limit_add(&output, "\xac", 1);
    assert_rendered(&output, 10, "€");
}

static void megabytes_of_garbage_stay_within_the_promised_size(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    AUTO_FREE char *bytes = alloc_zeroed(2u << 20);
    memset(bytes, '\xff', 2u << 20);
    output_limit_add(&output, bytes, 2u << 20);
    AUTO_TEXT struct text out;
    text_init(&out, 1024 + 12u * 1000);
    output_limit_render(&output, 1000, &out);
    assert_true(utf8_valid(out.data, out.len));
    assert_int_equal(memcmp(out.data + out.len - 3, "\xef\xbf\xbd", 3), 0);
}

static void reset_forgets_everything(void **state)
{
    (void)state;
    AUTO_OUTPUT struct output_limit output = {0};
    add_numbers(&output, 300000, 65536);
    output_limit_reset(&output);
    assert_int_equal(output_limit_tokens(&output), 0);
    assert_rendered(&output, 1, "");
    add_string(&output, "new\n");
    assert_rendered(&output, 1, "new\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_given_whole_and_without_a_header),
        cmocka_unit_test(one_byte_too_many_is_cut_in_the_middle),
        cmocka_unit_test(sixty_thousand_lines_are_cut_as_documented),
        cmocka_unit_test(the_size_of_the_pieces_does_not_show),
        cmocka_unit_test(what_was_kept_is_head_and_tail_around_the_number_of_lost_bytes),
        cmocka_unit_test(a_full_buffer_has_no_marker),
        cmocka_unit_test(a_gigabyte_needs_no_more_memory_than_a_megabyte),
        cmocka_unit_test(the_largest_budget_can_be_met),
        cmocka_unit_test(cuts_split_no_character),
        cmocka_unit_test(each_run_of_bytes_that_are_no_characters_is_repaired),
        cmocka_unit_test(a_character_that_arrives_in_two_pieces_stays_one),
        cmocka_unit_test(megabytes_of_garbage_stay_within_the_promised_size),
        cmocka_unit_test(reset_forgets_everything),
    };
    return cmocka_run_group_tests_name("tools/output_limit", tests, NULL, NULL);
}
