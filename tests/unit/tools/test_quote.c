/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "tools/quote.h"

static void assert_quoted(const char *word, const char *wanted)
{
    const char *const argv[] = {"echo", word, NULL};
    AUTO_FREE char *line = quote_argv(argv);
    AUTO_FREE char *whole = alloc_printf("echo %s", wanted);
    assert_string_equal(line, whole);
}

static void plain_words_stand_as_they_are(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "a", "nosuchcmd_zz", "--color=auto", "src/a-b.c", "a:b@c,d", "50%", "]", "x+y"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        assert_quoted(plain[i], plain[i]);
    }
}

static void a_script_is_one_word_in_single_quotes(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/bash", "-lc", "echo hi; exit 3", NULL};
    AUTO_FREE char *line = quote_argv(argv);
    assert_string_equal(line, "/bin/bash -lc 'echo hi; exit 3'");
}

static void an_apostrophe_is_put_in_double_quotes_where_that_is_enough(void **state)
{
    (void)state;
    assert_quoted("it's", "\"it's\"");
    assert_quoted("it's $5", "'it'\\''s $5'");
    assert_quoted("'", "\"'\"");
}

static void empty_words_are_seen(void **state)
{
    (void)state;
    assert_quoted("", "''");
    const char *const nothing[] = {NULL};
    AUTO_FREE char *line = quote_argv(nothing);
    assert_string_equal(line, "");
}

static void a_program_with_an_equals_sign_is_no_assignment(void **state)
{
    (void)state;
    const char *const argv[] = {"A=1", "b=2", NULL};
    AUTO_FREE char *line = quote_argv(argv);
    assert_string_equal(line, "'A=1' b=2");
}

/* Every byte and every pair with the awkward ones, read back by a real shell. */
static void a_shell_reads_back_what_was_quoted(void **state)
{
    (void)state;
    static const char awkward[] = " '\"\\$`!*?[]{}()<>|&;#~=\n\t^%-/a";
    enum { AWKWARD = sizeof awkward - 1 };
    char words[AWKWARD * AWKWARD + 255][3];
    const char *argv[sizeof words / sizeof words[0] + 4] = {"printf", "%s\\001", ""};
    size_t n = 0, before = 3;
    for (int c = 1; c < 256; c++) {
        words[n][0] = (char)c;
        words[n++][1] = '\0';
    }
    for (size_t i = 0; i < AWKWARD; i++) {
        for (size_t j = 0; j < AWKWARD; j++) {
            words[n][0] = awkward[i];
            words[n][1] = awkward[j];
            words[n++][2] = '\0';
        }
    }
    for (size_t i = 0; i < n; i++) {
        argv[before + i] = words[i];
    }
    argv[before + n] = NULL;
    AUTO_FREE char *line = quote_argv(argv);
    const char *const shell[] = {"bash", NULL};
    const char *out = NULL;
    assert_int_equal(run_program(shell, line, &out, NULL), 0);
    assert_int_equal(*out++, '\001');
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(words[i]);
        assert_memory_equal(out, words[i], len);
        assert_int_equal(out[len], '\001');
        out += len + 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_stand_as_they_are),
        cmocka_unit_test(a_script_is_one_word_in_single_quotes),
        cmocka_unit_test(an_apostrophe_is_put_in_double_quotes_where_that_is_enough),
        cmocka_unit_test(empty_words_are_seen),
        cmocka_unit_test(a_program_with_an_equals_sign_is_no_assignment),
        cmocka_unit_test(a_shell_reads_back_what_was_quoted),
    };
    return cmocka_run_group_tests_name("tools/quote", tests, NULL, NULL);
}
