/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "tools/patch_match.h"
#include "tools/patch_parse.h"

/* Patch `old` by the lines of an Update section; `out` and `why` are initialised here. */
static int match(const char *body, const char *old, size_t n, struct text *out, struct text *why)
{
    struct beacon_error err = {0};
    struct patch *patch = NULL;
    AUTO_TEXT struct text text;
    text_init(&text, PATCH_TEXT_MAX);
    text_init(out, PATCH_FILE_MAX);
    text_init(why, PATCH_WHY_MAX);
    (void)text_addf(&text, "*** Begin Patch\n*** Update File: f\n%s\n*** End Patch", body);
    assert_ok(patch_parse(text_string(&text), text.len, &patch, NULL, &err), &err);
    struct patch_file file = {"/f", old, n};
    int rc = patch_match(&patch->sections[0], &file, out, why, &err);
    patch_destroy(patch);
    return rc;
}

static void assert_becomes(const char *old, const char *body, const char *expected)
{
    AUTO_TEXT struct text out, why;
    assert_int_equal(match(body, old, strlen(old), &out, &why), BEACON_OK);
    assert_string_equal(text_string(&out), expected);
}

static void assert_why(const char *old, const char *body, const char *expected)
{
    AUTO_TEXT struct text out, why;
    assert_int_equal(match(body, old, strlen(old), &out, &why), BEACON_E_INVALID);
    assert_string_equal(text_string(&why), expected);
}

static void each_looser_way_is_tried_only_after_the_stricter_ones_failed(void **state)
{
    (void)state;
    assert_becomes("a\u2013b \n  a-b\na-b \na-b\n", "@@\n-a-b\n+x", "a\u2013b \n  a-b\na-b \nx\n");
    assert_becomes("a\u2013b \n  a-b\na-b \n", "@@\n-a-b\n+x", "a\u2013b \n  a-b\nx\n");
    assert_becomes("a\u2013b \n  a-b\n", "@@\n-a-b\n+x", "a\u2013b \nx\n");
    assert_becomes("a\u2013b \n", "@@\n-a-b\n+x", "x\n");
}

static void every_folded_character_matches_its_ascii_look(void **state)
{
    (void)state;
    assert_becomes("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\n", "@@\n--------\n+x", "x\n");
    assert_becomes("\u2018\u2019\u201a\u201b\n", "@@\n-''''\n+x", "x\n");
    assert_becomes("\u201c\u201d\u201e\u201f\n", "@@\n-\"\"\"\"\n+x", "x\n");
    assert_becomes("a\u00a0\u2002\u200a\u202f\u205f\u3000b\n", "@@\n-a      b\n+x", "x\n");
}

static void other_characters_are_not_folded(void **state)
{
    (void)state;
    assert_why("a\u2001b\n", "@@\n-a b\n+x", "Failed to find expected lines in /f:\na b");
    assert_why("\u2016\n", "@@\n--\n+x", "Failed to find expected lines in /f:\n-");
}

static void loosely_matched_context_keeps_the_text_of_the_file(void **state)
{
    (void)state;
    assert_becomes("  a \nb\r\n\u2013\n", "@@\n a\n-b\n+c\n -", "  a \nc\n\u2013\n");
}

static void untouched_lines_keep_their_endings_and_new_ones_get_the_first(void **state)
{
    (void)state;
    assert_becomes("a\r\nb\nc\rd", "@@\n c\n+x\n d", "a\r\nb\nc\rx\r\nd\r\n");
    assert_becomes("a\rb\n", "@@\n-b\n+c", "a\rc\r");
    assert_becomes("", "@@\n+a", "a\n");
}

static void appended_lines_come_in_patch_order_behind_everything(void **state)
{
    (void)state;
    assert_becomes("a\nb\n", "@@\n+1\n@@\n-a\n+A\n b\n+2\n@@\n+3", "A\nb\n1\n2\n3\n");
}

static void an_empty_last_line_the_file_has_not_is_dropped(void **state)
{
    (void)state;
    assert_becomes("a\nb\n", "@@\n-a\n+A\n ", "A\nb\n");
    assert_becomes("a\nb\n", "@@\n-a\n-\n+A\n+", "A\nb\n");
    assert_becomes("a\nb\n", "@@\n a\n \n+x", "a\n\nx\nb\n");
    assert_why("a\nb\n", "@@\n-a\n+A\n \n ", "Failed to find expected lines in /f:\na\n\n");
}

static void a_dropped_new_line_is_dropped_also_when_its_context_was_found(void **state)
{
    (void)state;
    assert_becomes("\n", "@@\n+a\n \n-", "a\n");
}

static void the_end_mark_never_looks_before_the_cursor(void **state)
{
    (void)state;
    assert_why("a\nb\n", "@@\n a\n b\n+X\n@@\n b\n+Y\n*** End of File",
               "Failed to find expected lines in /f:\nb");
}

static void context_moves_the_cursor_also_for_an_appending_chunk(void **state)
{
    (void)state;
    assert_why("a\nb\n", "@@ b\n+1\n@@\n-a\n+A", "Failed to find expected lines in /f:\na");
    assert_why("a\n", "@@   b  \n-a", "Failed to find context '  b' in /f");
}

static void bytes_that_are_no_text_are_told_by_their_place(void **state)
{
    (void)state;
    const char *prefix = "Failed to read file to update /f: ";
    static const struct {
        const char *old, *why;
    } rows[] = {{"a\n\xff", "invalid utf-8 sequence of 1 bytes from index 2"},
                {"a\n\xe2\x82", "incomplete utf-8 byte sequence from index 2"},
                {"a\n\xe2\x82z", "invalid utf-8 sequence of 2 bytes from index 2"},
                {"a\n\xf0\x9f\x98z", "invalid utf-8 sequence of 3 bytes from index 2"},
                {"a\n\xed\xa0\x80z", "invalid utf-8 sequence of 1 bytes from index 2"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_TEXT struct text expected;
        text_init(&expected, 1000);
        (void)text_addf(&expected, "%s%s", prefix, rows[i].why);
        assert_why(rows[i].old, "@@\n-a\n+b", text_string(&expected));
    }
}

static void a_result_over_the_cap_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct patch *patch = NULL;
    static const char text[] = "*** Begin Patch\n*** Update File: f\n+abc\n*** End Patch";
    assert_ok(patch_parse(text, sizeof text - 1, &patch, NULL, &err), &err);
    AUTO_TEXT struct text out;
    text_init(&out, 5);
    struct patch_file file = {"/f", "xy", 2};
    assert_refused(patch_match(&patch->sections[0], &file, &out, NULL, &err), BEACON_E_LIMIT, &err);
    patch_destroy(patch);
}

/* 10 MB, a thousand chunks, every other one found only by the loosest way. */
static void a_thousand_chunks_in_a_large_file_are_all_applied(void **state)
{
    (void)state;
    AUTO_TEXT struct text old, body, expected, out, why;
    text_init(&old, PATCH_FILE_MAX);
    text_init(&body, PATCH_TEXT_MAX);
    text_init(&expected, PATCH_FILE_MAX);
    for (int i = 0; i < 250000; i++) {
        (void)text_addf(&old, "    call(\u201c%d\u201d, something_long);\n}\n", i);
        if (i % 250 == 0) {
            (void)text_add_string(&body, i > 0 ? "\n@@\n" : "@@\n");
            (void)text_addf(&body,
                            i % 500 == 0 ? "-call(\"%d\", something_long);\n"
                                         : "-    call(\u201c%d\u201d, something_long);\n",
                            i);
            (void)text_addf(&body, "+changed %d\n }", i);
            (void)text_addf(&expected, "changed %d\n}\n", i);
        } else {
            (void)text_addf(&expected, "    call(\u201c%d\u201d, something_long);\n}\n", i);
        }
    }
    assert_int_equal(match(text_string(&body), old.data, old.len, &out, &why), BEACON_OK);
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(out.data, expected.data, out.len);
}

static void lines_that_repeat_without_end_do_not_hold_up_the_search(void **state)
{
    (void)state;
    AUTO_TEXT struct text old, body, out, why;
    text_init(&old, PATCH_FILE_MAX);
    text_init(&body, PATCH_TEXT_MAX);
    for (int i = 0; i < 500000; i++) {
        (void)text_add_string(&old, i % 1000 == 999 ? "b\n" : "a\n");
    }
    (void)text_add_string(&body, "@@\n");
    for (int i = 0; i < 1500; i++) {
        (void)text_add_string(&body, "-a\n");
    }
    (void)text_add_string(&body, "-b");
    assert_int_equal(match(text_string(&body), old.data, old.len, &out, &why), BEACON_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_looser_way_is_tried_only_after_the_stricter_ones_failed),
        cmocka_unit_test(every_folded_character_matches_its_ascii_look),
        cmocka_unit_test(other_characters_are_not_folded),
        cmocka_unit_test(loosely_matched_context_keeps_the_text_of_the_file),
        cmocka_unit_test(untouched_lines_keep_their_endings_and_new_ones_get_the_first),
        cmocka_unit_test(appended_lines_come_in_patch_order_behind_everything),
        cmocka_unit_test(an_empty_last_line_the_file_has_not_is_dropped),
        cmocka_unit_test(a_dropped_new_line_is_dropped_also_when_its_context_was_found),
        cmocka_unit_test(the_end_mark_never_looks_before_the_cursor),
        cmocka_unit_test(context_moves_the_cursor_also_for_an_appending_chunk),
        cmocka_unit_test(bytes_that_are_no_text_are_told_by_their_place),
        cmocka_unit_test(a_result_over_the_cap_is_refused),
        cmocka_unit_test(a_thousand_chunks_in_a_large_file_are_all_applied),
        cmocka_unit_test(lines_that_repeat_without_end_do_not_hold_up_the_search),
    };
    return cmocka_run_group_tests_name("tools/patch_match", tests, NULL, NULL);
}
