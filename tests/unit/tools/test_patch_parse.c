/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "tools/patch_parse.h"

static struct patch *parsed(const char *text)
{
    struct beacon_error err = {0};
    struct patch *patch = NULL;
    assert_ok(patch_parse(text, strlen(text), &patch, NULL, &err), &err);
    return patch;
}

/* The sentence a patch of these bytes is refused with. */
static void assert_why(const char *text, size_t n, const char *expected)
{
    struct beacon_error err = {0};
    struct patch *patch = NULL;
    AUTO_TEXT struct text why;
    text_init(&why, PATCH_WHY_MAX);
    assert_refused(patch_parse(text, n, &patch, &why, &err), BEACON_E_INVALID, &err);
    assert_null(patch);
    assert_string_equal(text_string(&why), expected);
}

static void assert_why_of(const char *text, const char *expected)
{
    assert_why(text, strlen(text), expected);
}

static void assert_span(struct patch_span span, const char *expected)
{
    assert_int_equal(span.n, strlen(expected));
    assert_memory_equal(span.at, expected, span.n);
}

static void an_update_has_its_chunks_with_their_lines(void **state)
{
    (void)state;
    struct patch *patch = parsed("*** Begin Patch\n*** Update File: a b\n*** Move to: c\n"
                                 "@@ class X:  \n keep\n-old\n+new\n\n*** End of File\n"
                                 "@@\n+more\n*** End Patch");
    assert_int_equal(patch->n_sections, 1);
    const struct patch_section *section = &patch->sections[0];
    assert_int_equal(section->kind, PATCH_UPDATE);
    assert_string_equal(section->path, "a b");
    assert_string_equal(section->move_path, "c");
    assert_int_equal(section->n_chunks, 2);
    assert_span(section->chunks[0].context, "class X:");
    assert_int_equal(section->chunks[0].n_lines, 4);
    assert_true(section->chunks[0].is_at_end);
    assert_int_equal(section->lines[1].kind, '-');
    assert_span(section->lines[1].text, "old");
    assert_int_equal(section->lines[3].kind, ' ');
    assert_span(section->lines[3].text, "");
    assert_false(section->chunks[1].has_context);
    assert_int_equal(section->chunks[1].first_line, 4);
    patch_destroy(patch);
}

static void an_end_of_file_mark_before_any_chunk_says_nothing(void **state)
{
    (void)state;
    struct patch *patch =
        parsed("*** Begin Patch\n*** Update File: a\n*** End of File\n-x\n*** End Patch");
    assert_false(patch->sections[0].chunks[0].is_at_end);
    patch_destroy(patch);
}

static void two_carriage_returns_belong_to_the_line_ending(void **state)
{
    (void)state;
    struct patch *patch =
        parsed("*** Begin Patch\r\n*** Add File: a\r\n+x\r\r\r\n*** End Patch\r\n");
    assert_string_equal(patch->sections[0].path, "a");
    assert_span(patch->sections[0].lines[0].text, "x\r");
    patch_destroy(patch);
}

static void blanks_of_unicode_around_the_marks_are_trimmed(void **state)
{
    (void)state;
    struct patch *patch = parsed("\u00a0*** Begin Patch\u3000\n\u2003*** Add File: a\u00a0\n"
                                 "*** End Patch\u2028");
    assert_string_equal(patch->sections[0].path, "a");
    patch_destroy(patch);
}

static void environment_id_is_accepted_once_and_not_empty(void **state)
{
    (void)state;
    patch_destroy(parsed("*** Begin Patch\n*** Environment ID: x\n*** End Patch"));
    assert_why_of("*** Begin Patch\n*** Environment ID: \n*** End Patch",
                  "Invalid patch: apply_patch environment_id cannot be empty");
    assert_why_of("*** Begin Patch\n*** Environment ID: x\n*** Environment ID: x\n*** End Patch",
                  "Invalid patch: apply_patch environment_id cannot be specified more than once");
}

static void text_after_the_end_mark_is_an_error(void **state)
{
    (void)state;
    assert_why_of("*** Begin Patch\n*** Add File: a\n*** End Patch\nx\n*** End Patch",
                  "Invalid patch: The last line of the patch must be '*** End Patch'");
    patch_destroy(parsed("*** Begin Patch\n*** Add File: a\n*** End Patch\n\n*** End Patch"));
}

static void nothing_is_a_patch_without_its_last_line(void **state)
{
    (void)state;
    assert_why_of("", "Invalid patch: The last line of the patch must be '*** End Patch'");
    assert_why_of(" \n ", "Invalid patch: The last line of the patch must be '*** End Patch'");
}

static void a_heredoc_needs_four_lines_and_its_word(void **state)
{
    (void)state;
    const char *first = "Invalid patch: The first line of the patch must be '*** Begin Patch'";
    assert_why_of("<<EOF\n*** Begin Patch\nEOF", first);
    assert_why_of("<<EOF\n*** Begin Patch\n*** End Patch", first);
    assert_why_of("<<EOF\n\n*** Begin Patch\n*** End Patch\nEOF", first);
    patch_destroy(parsed("<<'EOF'\n*** Begin Patch\n*** End Patch\n  EOF"));
}

static void lines_in_errors_are_counted_inside_of_a_heredoc(void **state)
{
    (void)state;
    assert_why_of("<<EOF\n*** Begin Patch\n*** Update File: a\n*** End Patch\nEOF",
                  "Invalid patch hunk on line 2: Update file hunk for path 'a' is empty");
}

static void a_long_line_is_quoted_whole(void **state)
{
    (void)state;
    AUTO_TEXT struct text text, expected;
    text_init(&text, 1u << 20);
    text_init(&expected, 1u << 20);
    AUTO_FREE char *line = alloc_zeroed(5001);
    memset(line, '%', 5000);
    (void)text_addf(&text, "*** Begin Patch\n*** Update File: a\n%s\n*** End Patch", line);
    (void)text_addf(&expected,
                    "Invalid patch hunk on line 3: Unexpected line found in update hunk: '%s'. "
                    "Every line should start with ' ' (context line), '+' (added line), or '-' "
                    "(removed line)",
                    line);
    assert_why_of(text_string(&text), text_string(&expected));
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    assert_why_of("*** Begin Patch\n\xff\n*** End Patch", "Invalid patch: it is not valid UTF-8");
}

static void a_path_with_a_nul_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "*** Begin Patch\n*** Delete File: a\0b\n*** End Patch";
    assert_why(text, sizeof text - 1, "Invalid patch hunk on line 2: the path has a NUL byte");
}

static void a_line_that_is_a_nul_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "*** Begin Patch\n*** Update File: a\n\0\n*** End Patch";
    struct beacon_error err = {0};
    struct patch *patch = NULL;
    assert_refused(patch_parse(text, sizeof text - 1, &patch, NULL, &err), BEACON_E_INVALID, &err);
}

static void a_patch_over_the_cap_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct patch *patch = NULL;
    AUTO_FREE char *text = alloc_zeroed(PATCH_TEXT_MAX + 1);
    assert_refused(patch_parse(text, PATCH_TEXT_MAX + 1, &patch, NULL, &err), BEACON_E_LIMIT, &err);
}

static void every_truncation_is_refused_or_parsed(void **state)
{
    (void)state;
    const char *whole = "<<EOF\n*** Begin Patch\n*** Environment ID: e\n*** Add File: a\n+x\n"
                        "*** Delete File: b\n*** Update File: c\n*** Move to: d\n@@ f\n-g\n+h\n i\n"
                        "*** End of File\n\n@@\n+j\n*** End Patch\nEOF\n";
    for (size_t n = 0; n <= strlen(whole); n++) {
        AUTO_FREE char *cut = alloc_copy(whole, n > 0 ? n : 1); /* sanitizers see its end */
        struct beacon_error err = {0};
        struct patch *patch = NULL;
        int rc = patch_parse(cut, n, &patch, NULL, &err);
        assert_int_equal(rc == BEACON_OK, n >= strlen(whole) - 1);
        patch_destroy(patch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_has_its_chunks_with_their_lines),
        cmocka_unit_test(an_end_of_file_mark_before_any_chunk_says_nothing),
        cmocka_unit_test(two_carriage_returns_belong_to_the_line_ending),
        cmocka_unit_test(blanks_of_unicode_around_the_marks_are_trimmed),
        cmocka_unit_test(environment_id_is_accepted_once_and_not_empty),
        cmocka_unit_test(text_after_the_end_mark_is_an_error),
        cmocka_unit_test(nothing_is_a_patch_without_its_last_line),
        cmocka_unit_test(a_heredoc_needs_four_lines_and_its_word),
        cmocka_unit_test(lines_in_errors_are_counted_inside_of_a_heredoc),
        cmocka_unit_test(a_long_line_is_quoted_whole),
        cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
        cmocka_unit_test(a_path_with_a_nul_byte_is_refused),
        cmocka_unit_test(a_line_that_is_a_nul_byte_is_refused),
        cmocka_unit_test(a_patch_over_the_cap_is_refused),
        cmocka_unit_test(every_truncation_is_refused_or_parsed),
    };
    return cmocka_run_group_tests_name("tools/patch_parse", tests, NULL, NULL);
}
