/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/printable.h"

static void assert_printed(const char *bytes, size_t n, const char *wanted)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    printable_write(to, bytes, n);
    assert_int_equal(fclose(to), 0);
    assert_true(utf8_valid(text, len));
    assert_string_equal(text, wanted);
    free(text);
}

static void words_pass_unchanged(void **state)
{
    (void)state;
    static const char words[] = "a b\n\tü € 😀~";
    assert_printed(words, sizeof words - 1, words);
    assert_printed("", 0, "");
}

static void control_characters_are_shown(void **state)
{
    (void)state;
    assert_printed("a\x1b[1mb\0c\x7f\b", 10, "a^[[1mb^@c^?^H");
    assert_printed("one\r\ntwo\rthree\r", 15, "one\ntwo^Mthree^M");
    assert_printed("\xc2\x80\xc2\x9f\xc2\xa0", 6, "\xef\xbf\xbd\xef\xbf\xbd\xc2\xa0");
}

static void what_is_no_text_is_replaced(void **state)
{
    (void)state;
    assert_printed("a\xff\x9b"
                   "b\xe2\x82",
                   6,
                   "a\xef\xbf\xbd\xef\xbf\xbd"
                   "b\xef\xbf\xbd\xef\xbf\xbd");
}

static void formats_are_made_printable_as_a_whole(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    printable_print(to, "%s in %d\n", "\x1b[31mred", 5);
    assert_int_equal(fclose(to), 0);
    assert_string_equal(text, "^[[31mred in 5\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_pass_unchanged),
        cmocka_unit_test(control_characters_are_shown),
        cmocka_unit_test(what_is_no_text_is_replaced),
        cmocka_unit_test(formats_are_made_printable_as_a_whole),
    };
    return cmocka_run_group_tests_name("cli/printable", tests, NULL, NULL);
}
