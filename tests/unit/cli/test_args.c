/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/args.h"

enum { FLAG = 1, VALUE, CHOICE, FILES };

static const struct args_option options[] = {
    {FLAG, 'f', "flag", "also-flag", ARGS_FLAG, NULL, NULL, "A flag"},
    {VALUE, 'v', "value", NULL, ARGS_VALUE, "VALUE", NULL, "A value"},
    {CHOICE, 0, "choice", NULL, ARGS_VALUE, "WHICH", "one|two|three", "One of three"},
    {FILES, 'i', "files", NULL, ARGS_FILES, "FILE", NULL, "Files"},
};

static const struct args_table table = {"prog [OPTIONS]", options,
                                        sizeof options / sizeof options[0]};

/* "id=value " for each thing found; a positional "stop" fails. */
static int write_down(void *ctx, int id, const char *value, struct beacon_error *err)
{
    (void)text_addf(ctx, "%d=%s ", id, value != NULL ? value : "");
    return value != NULL && strcmp(value, "stop") == 0
               ? error_set(err, BEACON_E_LIMIT, "go on", "stopped")
               : BEACON_OK;
}

static int parse(const char *const *words, size_t n, struct text *seen, struct beacon_error *err)
{
    return args_parse(&table, (int)n, (char **)words, write_down, seen, err);
}

#define WORDS(...) ((const char *const[]){"prog", __VA_ARGS__, NULL})

static size_t count(const char *const *words)
{
    size_t n = 0;
    while (words[n] != NULL) {
        n++;
    }
    return n;
}

static void assert_parsed(const char *found, const char *const *words)
{
    AUTO_TEXT struct text seen;
    struct beacon_error err = {0};
    text_init(&seen, 65536);
    assert_ok(parse(words, count(words), &seen, &err), &err);
    assert_string_equal(text_string(&seen), found);
}

static void assert_wrong(const char *why, const char *const *words)
{
    AUTO_TEXT struct text seen;
    struct beacon_error err = {0};
    text_init(&seen, 65536);
    assert_refused(parse(words, count(words), &seen, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, why);
}

static void options_and_words_come_in_their_order(void **state)
{
    (void)state;
    assert_parsed("0=a 1= 0=b 2=x 0=- ", WORDS("a", "--flag", "b", "--value", "x", "-"));
}

static void a_value_may_stand_in_the_same_word(void **state)
{
    (void)state;
    assert_parsed("2=x 2=x 2=x 2=x ", WORDS("--value=x", "-vx", "-v=x", "-v", "x"));
    assert_parsed("2=a=b 2= 2=--flag 2=-1 ",
                  WORDS("--value=a=b", "--value=", "--value=--flag", "-v-1"));
}

static void letters_may_be_put_together(void **state)
{
    (void)state;
    assert_parsed("1= 1= 2=x ", WORDS("-ffvx"));
    assert_parsed("1= 2=x ", WORDS("-fv", "x"));
}

static void another_name_is_as_good(void **state)
{
    (void)state;
    assert_parsed("1= ", WORDS("--also-flag"));
}

static void behind_two_dashes_everything_is_a_word(void **state)
{
    (void)state;
    assert_parsed("1= 0=--flag 0=-v 0=-- 0=x ", WORDS("-f", "--", "--flag", "-v", "--", "x"));
    assert_parsed("", WORDS("--"));
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    const char *const words[] = {"prog", NULL};
    assert_parsed("", words);
    assert_parsed("0= ", WORDS(""));
}

static void unknown_options_are_named_as_written(void **state)
{
    (void)state;
    assert_wrong("unexpected argument '--nope=1' found", WORDS("--nope=1"));
    assert_wrong("unexpected argument '-fx' found", WORDS("-fx"));
    assert_wrong("unexpected argument '--fla' found", WORDS("--fla"));
    assert_wrong("unexpected argument '--flags' found", WORDS("--flags"));
    assert_wrong("unexpected argument '-=' found", WORDS("-="));
}

static void a_missing_value_is_told(void **state)
{
    (void)state;
    static const char why[] = "a value is required for '--value <VALUE>' but none was supplied";
    assert_wrong(why, WORDS("--value"));
    assert_wrong(why, WORDS("-v"));
    assert_wrong(why, WORDS("--value", "--flag"));
    assert_wrong(why, WORDS("-v", "--", "x"));
    assert_parsed("2=- ", WORDS("-v", "-"));
}

static void a_flag_takes_no_value(void **state)
{
    (void)state;
    assert_wrong("unexpected value 'x' for '--flag' found; no more were expected",
                 WORDS("--flag=x"));
}

static void only_listed_values_are_taken(void **state)
{
    (void)state;
    assert_parsed("3=one 3=two 3=three ",
                  WORDS("--choice=one", "--choice", "two", "--choice=three"));
    static const char *const wrong[] = {"four", "on", "ones", "one|two", "|"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        AUTO_TEXT struct text seen;
        struct beacon_error err = {0};
        text_init(&seen, 65536);
        assert_refused(parse(WORDS("--choice", wrong[i]), 3, &seen, &err), BEACON_E_INVALID, &err);
        assert_non_null(strstr(err.message, "[possible values: one, two, three]"));
    }
    assert_wrong("invalid value '' for '--choice <WHICH>'\n  [possible values: one, two, three]",
                 WORDS("--choice="));
}

static void files_take_the_words_behind_that_are_files(void **state)
{
    write_text(temp_path(state, "a.png"), "");
    write_text(temp_path(state, "b.png"), "");
    const char *a = temp_path(state, "a.png"), *b = temp_path(state, "b.png");
    AUTO_TEXT struct text wanted;
    text_init(&wanted, 65536);
    (void)text_addf(&wanted, "4=%s 4=%s 0=look at them ", a, b);
    assert_parsed(text_string(&wanted), WORDS("-i", a, b, "look at them"));
    text_reset(&wanted);
    (void)text_addf(&wanted, "4=missing.png 0=words 0=%s ", b);
    assert_parsed(text_string(&wanted), WORDS("--files", "missing.png", "words", b));
    text_reset(&wanted);
    (void)text_addf(&wanted, "4=%s 0=%s ", a, b);
    assert_parsed(text_string(&wanted), WORDS("--files", a, "--", b));
    text_reset(&wanted);
    (void)text_addf(&wanted, "4=%s 1= 0=%s ", a, b);
    assert_parsed(text_string(&wanted), WORDS("--files", a, "-f", b));
}

static void what_the_caller_refuses_stops_the_reading(void **state)
{
    (void)state;
    AUTO_TEXT struct text seen;
    struct beacon_error err = {0};
    text_init(&seen, 65536);
    assert_refused(parse(WORDS("a", "stop", "b"), 4, &seen, &err), BEACON_E_LIMIT, &err);
    assert_string_equal(text_string(&seen), "0=a 0=stop ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_come_in_their_order),
        cmocka_unit_test(a_value_may_stand_in_the_same_word),
        cmocka_unit_test(letters_may_be_put_together),
        cmocka_unit_test(another_name_is_as_good),
        cmocka_unit_test(behind_two_dashes_everything_is_a_word),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(unknown_options_are_named_as_written),
        cmocka_unit_test(a_missing_value_is_told),
        cmocka_unit_test(a_flag_takes_no_value),
        cmocka_unit_test(only_listed_values_are_taken),
        in_temp_dir(files_take_the_words_behind_that_are_files),
        cmocka_unit_test(what_the_caller_refuses_stops_the_reading),
    };
    return cmocka_run_group_tests_name("cli/args", tests, NULL, NULL);
}
