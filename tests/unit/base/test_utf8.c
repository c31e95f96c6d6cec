/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"

static void every_length_is_recognised_at_its_borders(void **state)
{
    (void)state;
    assert_int_equal(utf8_length("\x7F", 1), 1);
    assert_int_equal(utf8_length("", 1), 1); /* NUL is a character */
    assert_int_equal(utf8_length("\xC2\x80", 2), 2);
    assert_int_equal(utf8_length("\xDF\xBF", 2), 2);
    assert_int_equal(utf8_length("\xE0\xA0\x80", 3), 3);
    assert_int_equal(utf8_length("\xED\x9F\xBF", 3), 3);
    assert_int_equal(utf8_length("\xEE\x80\x80", 3), 3);
    assert_int_equal(utf8_length("\xEF\xBF\xBF", 3), 3);
    assert_int_equal(utf8_length("\xF0\x90\x80\x80", 4), 4);
    assert_int_equal(utf8_length("\xF4\x8F\xBF\xBF", 4), 4);
}

static void what_is_not_a_character_has_no_length(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xBF", /* continuation alone */
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x9F\xBF",     /* overlong */
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xED\xA0\x80",
        "\xED\xBF\xBF", /* surrogates */
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF", /* over U+10FFFF */
        "\xC2"
        "A",
        "\xE2\x82"
        "A",
        "\xF0\x9F\x98"
        "A",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(utf8_length(bad[i], strlen(bad[i])), 0);
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    }
}

static void a_truncated_character_is_not_read_beyond(void **state)
{
    (void)state;
    static const char whole[] = "\xF0\x9F\x98\x80";
    for (size_t n = 0; n < 4; n++) {
        char *exact = test_malloc(n + 1);
        memcpy(exact, whole, n);
        assert_int_equal(utf8_length(exact, n), 0);
        test_free(exact);
    }
}

static void mixed_text_is_valid_as_a_whole(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z", 11));
    assert_false(utf8_valid("a\xC3\xA9\xE2\x82", 5));
}

static void a_cut_never_splits_a_character(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    for (size_t max = 0; max < sizeof cuts / sizeof cuts[0]; max++) {
        assert_int_equal(utf8_cut(text, max), cuts[max]);
    }
}

static void a_cut_in_garbage_stays_within_reach(void **state)
{
    (void)state;
    assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80\x80", 6), 6);
    assert_int_equal(utf8_cut("\x80", 1), 1);
}

static void assert_repaired(const char *from, size_t n, const char *to)
{
    AUTO_TEXT struct text text;
    text_init(&text, 1000);
    assert_true(utf8_add_lossy(&text, from, n));
    assert_string_equal(text_string(&text), to);
}

static void a_bad_run_becomes_one_replacement(void **state)
{
    (void)state;
    assert_repaired("", 0, "");
    assert_repaired("plain", 5, "plain");
    assert_repaired("a\xFF\xFE\x80z", 5, "a" REPLACEMENT "z");
    assert_repaired("\xFF"
                    "a\xFF",
                    3, REPLACEMENT "a" REPLACEMENT);
    assert_repaired("ok\xE2\x82", 4, "ok" REPLACEMENT);
    assert_repaired("\xED\xA0\x80\xC3\xA9", 5, REPLACEMENT "\xC3\xA9");
}

static void repair_stops_at_the_cap(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 4);
    assert_false(utf8_add_lossy(&text, "ab\xFF", 3));
    assert_true(utf8_valid(text_string(&text), text.len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_is_recognised_at_its_borders),
        cmocka_unit_test(what_is_not_a_character_has_no_length),
        cmocka_unit_test(a_truncated_character_is_not_read_beyond),
        cmocka_unit_test(mixed_text_is_valid_as_a_whole),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(a_cut_in_garbage_stays_within_reach),
        cmocka_unit_test(a_bad_run_becomes_one_replacement),
        cmocka_unit_test(repair_stops_at_the_cap),
    };
    return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
