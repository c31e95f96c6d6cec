/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "tools/patch_diff.h"

static bool diff(const char *before, const char *after, struct text *out)
{
    const struct patch_diff_side a = {"a/f", before, strlen(before)};
    const struct patch_diff_side b = {"b/f", after, strlen(after)};
    return patch_diff(&a, &b, out);
}

static void assert_diff(const char *before, const char *after, const char *expected)
{
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    assert_true(diff(before, after, &out));
    assert_string_equal(text_string(&out), expected);
}

static void equal_texts_have_no_diff(void **state)
{
    (void)state;
    assert_diff("", "", "");
    assert_diff("a\n", "a\n", "");
}

static void a_change_has_three_lines_around_it(void **state)
{
    (void)state;
    assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
                "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
}

static void near_changes_share_a_hunk_and_far_ones_do_not(void **state)
{
    (void)state;
    assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n",
                "--- a/f\n+++ b/f\n@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n");
    assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
                "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n"
                "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n");
}

static void an_empty_side_is_named_by_line_zero(void **state)
{
    (void)state;
    assert_diff("", "a\nb\n", "--- a/f\n+++ b/f\n@@ -0,0 +1,2 @@\n+a\n+b\n");
    assert_diff("a\n", "", "--- a/f\n+++ b/f\n@@ -1,1 +0,0 @@\n-a\n");
}

static void a_missing_newline_at_the_end_is_told(void **state)
{
    (void)state;
    assert_diff("a", "a\n",
                "--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

static void repeated_lines_are_compared_by_fewest_differences(void **state)
{
    (void)state;
    assert_diff("a\nb\na\nb\na\nb\n", "a\nb\nb\na\nb\n",
                "--- a/f\n+++ b/f\n@@ -1,6 +1,5 @@\n a\n b\n-a\n b\n a\n b\n");
}

static void moved_blocks_are_removed_and_added(void **state)
{
    (void)state;
    assert_diff("1\n2\n3\n4\n", "3\n4\n1\n2\n",
                "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-1\n-2\n 3\n 4\n+1\n+2\n");
}

static void texts_beyond_the_limit_still_give_a_diff_of_every_line(void **state)
{
    (void)state;
    AUTO_TEXT struct text before, after, out;
    text_init(&before, 1u << 20);
    text_init(&after, 1u << 20);
    text_init(&out, 1u << 20);
    for (int i = 0; i < 4000; i++) { /* no line stands once on both sides, no two agree */
        (void)text_add_string(&before, i % 2 != 0 ? "a\n" : "b\n");
        (void)text_add_string(&after, i % 2 != 0 ? "c\n" : "d\n");
    }
    assert_true(diff(text_string(&before), text_string(&after), &out));
    assert_int_equal(out.len,
                     strlen("--- a/f\n+++ b/f\n@@ -1,4000 +1,4000 @@\n") + (size_t)8000 * 3);
}

static void a_cap_cuts_at_a_whole_line(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    text_init(&out, strlen("--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\n-"));
    assert_false(diff("a\nb\n", "c\nd\n", &out));
    assert_string_equal(text_string(&out), "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_have_no_diff),
        cmocka_unit_test(a_change_has_three_lines_around_it),
        cmocka_unit_test(near_changes_share_a_hunk_and_far_ones_do_not),
        cmocka_unit_test(an_empty_side_is_named_by_line_zero),
        cmocka_unit_test(a_missing_newline_at_the_end_is_told),
        cmocka_unit_test(repeated_lines_are_compared_by_fewest_differences),
        cmocka_unit_test(moved_blocks_are_removed_and_added),
        cmocka_unit_test(texts_beyond_the_limit_still_give_a_diff_of_every_line),
        cmocka_unit_test(a_cap_cuts_at_a_whole_line),
    };
    return cmocka_run_group_tests_name("tools/patch_diff", tests, NULL, NULL);
}
