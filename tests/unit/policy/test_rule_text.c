/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "policy/rule_text.h"

/* NOLINTNEXTLINE(misc-no-recursion): the reader bounds the depth of lists */
static void add_value(struct text *out, const struct rule_value *value)
{
    static const char *const words[] = {[RULE_NONE] = "None", [RULE_INT] = "int"};
    if (value->kind == RULE_STRING) {
        assert_int_equal(strlen(value->string), value->n);
        (void)text_addf(out, "'%s'", value->string);
    } else if (value->kind == RULE_LIST) {
        (void)text_add_char(out, '[');
        for (size_t i = 0; i < value->n; i++) {
            (void)text_add_string(out, i > 0 ? " " : "");
            add_value(out, &value->items[i]);
        }
        (void)text_add_char(out, ']');
    } else {
        (void)text_add_string(out, value->kind == RULE_BOOL ? (value->is_true ? "True" : "False")
                                                            : words[value->kind]);
    }
}

static bool note_call(void *ctx, const struct rule_call *call, struct rule_fault *fault)
{
    struct text *out = ctx;
    (void)fault;
    (void)text_addf(out, "%s%s:%u:%u", out->len > 0 ? ";" : "", call->function, call->place.line,
                    call->place.column);
    for (size_t i = 0; i < call->n; i++) {
        (void)text_addf(
            out, " %s=", call->arguments[i].keyword != NULL ? call->arguments[i].keyword : "");
        add_value(out, &call->arguments[i].value);
    }
    return true;
}

/* The calls of `text`, or its problem. */
static const char *read_as(const char *text, size_t n)
{
    static char out[70000];
    struct text calls, cause;
    struct arena *arena = arena_create();
    text_init(&calls, sizeof out - 1);
    text_init(&cause, 4096);
    struct rule_fault fault = {.file = "F", .cause = &cause};
    bool is_read = rule_text_read(text, n, arena, &fault, note_call, &calls);
    assert_true(is_read == (cause.len == 0));
    (void)snprintf(out, sizeof out, "%s", is_read ? text_string(&calls) : text_string(&cause));
    text_finish(&calls);
    text_finish(&cause);
    arena_destroy(arena);
    return out;
}

struct row {
    const char *text, *wanted;
};

static void assert_rows(const struct row *rows, size_t n, const char *before, const char *after)
{
    char wanted[1024];
    for (size_t i = 0; i < n; i++) {
        const char *got = read_as(rows[i].text, strlen(rows[i].text));
        (void)snprintf(wanted, sizeof wanted, "%s%s%s", before, rows[i].wanted, after);
        if (strcmp(got, wanted) != 0) {
            fail_msg("%s\nread as: %s\nwanted:  %s", rows[i].text, got, wanted);
        }
    }
}

static void calls_are_read_with_their_places(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {"\n\n# nothing\n   \n\t# more\n", ""},
        {"prefix_rule()", "prefix_rule:1:1"},
        {"prefix_rule(['a'])\n\nprefix_rule(['b'])\n",
         "prefix_rule:1:1 =['a'];prefix_rule:3:1 =['b']"},
        {"prefix_rule(['a']); host_executable('x', [])",
         "prefix_rule:1:1 =['a'];host_executable:1:21 ='x' =[]"},
        {"network_rule(host='h', protocol='http', decision='deny')",
         "network_rule:1:1 host='h' protocol='http' decision='deny'"},
        {"prefix_rule(\n  pattern = [\n    'a', # c\n    ['b', 'c',],\n  ],\n  decision = "
         "'allow',\n)\n",
         "prefix_rule:1:1 pattern=['a' ['b' 'c']] decision='allow'"},
        {"prefix_rule(True, False, None, 1, 0x1f)", "prefix_rule:1:1 =True =False =None =int =int"},
        {"prefix_rule(['a']) # end", "prefix_rule:1:1 =['a']"},
        {"prefix_rule (\r\n['a']\r\n)\r\n", "prefix_rule:1:1 =['a']"},
        {"prefix_rule(\\\n['a'])", "prefix_rule:1:1 =['a']"},
        {"x = 'a'\nprefix_rule([x, x])", "prefix_rule:2:1 =['a' 'a']"},
        {"a = ['x']\nb = a + ['y'] + a\nprefix_rule(b)", "prefix_rule:3:1 =['x' 'y' 'x']"},
        {"prefix_rule('a' + 'b' + \"c\")", "prefix_rule:1:1 ='abc'"},
        {"git = 'git';prefix_rule([git] + ['push'])", "prefix_rule:1:13 =['git' 'push']"},
    };
    assert_rows(rows, sizeof rows / sizeof *rows, "", "");
}

static void strings_are_read_as_starlark_does(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"prefix_rule('')", "''"},
        {"prefix_rule(\"it's\")", "'it's'"},
        {"prefix_rule('''a\n'b' ''')", "'a\n'b' '"},
        {"prefix_rule(\"\"\"a\"\"b\r\nc\"\"\")", "'a\"\"b\nc'"},
        {"prefix_rule('\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"')", "'\a\b\f\n\r\t\v\\'\"'"},
        {"prefix_rule('\\x41\\101\\7')", "'AA\7'"},
        {"prefix_rule('\\u00e4\\u20ac\\U0001F600')", "'\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80'"},
        {"prefix_rule('a\\\nb')", "'ab'"},
        {"prefix_rule('a\\\r\nb')", "'ab'"},
        {"prefix_rule(r'\\n\\'x')", "'\\n\\'x'"},
        {"prefix_rule(r\"\"\"\\d\"\"\")", "'\\d'"},
        {"prefix_rule('#;')", "'#;'"},
    };
    assert_rows(rows, sizeof rows / sizeof *rows, "prefix_rule:1:1 =", "");
}

static void every_other_construct_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"def f():\n  pass", "1:1: `def`"},
        {"for x in y: z", "1:1: `for`"},
        {"if True: x", "1:1: `if`"},
        {"while True: x", "1:1: `while`"},
        {"load('a', 'b')", "1:1: `load`"},
        {"pass", "1:1: `pass`"},
        {"x = [a for a in b]", "1:8: a comprehension"},
        {"x = [1 for a in b]", "1:8: a comprehension"},
        {"x = f'a'", "1:5: an f-string"},
        {"x = b'a'", "1:5: a byte string"},
        {"x = rb'a'", "1:5: a byte string"},
        {"x = u'a'", "1:5: this string prefix"},
        {"x = 1.5", "1:5: a floating-point number"},
        {"x = {}", "1:5: a dictionary"},
        {"x = ('a')", "1:5: a value in parentheses"},
        {"x = -1", "1:5: a number with a sign"},
        {"x = 1 if True else 2", "1:7: a conditional expression"},
        {"x = 'a' if True else 'b'", "1:9: a conditional expression"},
        {"x = lambda: 1", "1:5: `lambda`"},
        {"x = not True", "1:5: `not`"},
        {"x = True and False", "1:10: `and`"},
        {"x = 'a' in ['a']", "1:9: `in`"},
        {"x = 'a' * 2", "1:9: the operator `*`"},
        {"x = 'a' % 2", "1:9: the operator `%`"},
        {"x = ['a'][0]", "1:10: indexing"},
        {"x = 'a'.upper()", "1:8: access to an attribute"},
        {"x = len('a')", "1:5: a call of len"},
        {"prefix_rule(['a'], match=range(3))", "1:26: a call of range"},
        {"print('a')", "1:1: a call of print"},
        {"x += 1", "1:3: the operator `+`"},
        {"x, y = 1", "1:1: unpacking"},
        {"'doc'", "1:1: a value as a statement"},
        {"['a']", "1:1: a value as a statement"},
        {"x", "1:1: a value as a statement"},
        {"prefix_rule(*a)", "1:13: an argument with `*`"},
        {"x = 1\nx = 2", "2:1: a second value of x"},
        {"prefix_rule = 1", "1:1: another meaning of prefix_rule"},
        {"True = 1", "1:1: another meaning of True"},
        {"x = 1 + 1", "1:7: `+` between int and int"},
        {"x = 'a' + ['b']", "1:9: `+` between string and list"},
        {" x = 1", "1:2: indentation"},
        {"x = 1\n\ty = 2", "2:2: indentation"},
        {"prefix_rule([])()", "1:16: a call within a value"},
        {"a ? b", "1:3: `?`"},
    };
    assert_rows(rows, sizeof rows / sizeof *rows, "F:", " is not supported; write the rule out");
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"prefix_rule(['a'", "1:17: unexpected end of file, there should be `,`"},
        {"prefix_rule(['a')", "1:17: unexpected `)`, there should be `,`"},
        {"prefix_rule('a' 'b')", "1:17: unexpected string, there should be `,`"},
        {"prefix_rule(['a']) x", "1:20: unexpected x"},
        {"x = ", "1:5: unexpected end of file"},
        {"x = \n'a'", "1:5: unexpected end of line"},
        {"x = y", "1:5: y has no value here"},
        {"x = 'a", "1:5: this string has no end"},
        {"x = 'a\nb'", "1:5: this string has no end"},
        {"x = '''a", "1:5: this string has no end"},
        {"x = 'a\\", "1:5: this string has no end"},
        {"x = '\\q'", "1:7: unknown escape \\q"},
        {"x = '\\xz'", "1:7: this escape has too few digits"},
        {"x = '\\u12'", "1:7: this escape has too few digits"},
        {"x = '\\xff'", "1:7: this escape is above \\x7f; write \\u and four digits"},
        {"x = '\\0'", "1:7: this escape is no character of a command"},
        {"x = '\\ud800'", "1:7: this escape is no character of a command"},
        {"x = '\\U00110000'", "1:7: this escape is no character of a command"},
        {"prefix_rule(pattern=['a'], 'allow')", "1:28: a positional argument follows a named one"},
        {"# \xc3\xa4\xc3\xa4\nx = '\xc3\xa4' y", "2:9: unexpected y"},
        {"x = '\xff'", "1:6: this byte is not valid UTF-8"},
        {"\xef\xbb\xbfx = 1", "1:1: unexpected character (byte 0xef)"},
        {"x = \x01", "1:5: unexpected character (byte 0x01)"},
        {"x = [[[[[[[[['a']]]]]]]]]", "1:13: lists are nested more than 8 deep"},
    };
    assert_rows(rows, sizeof rows / sizeof *rows, "F:", "");
    assert_string_equal(read_as("x = 'a\0b'", 9), "F:1:7: a NUL byte");
}

static char *filled(const char *before, const char *unit, size_t count, const char *after)
{
    size_t n = strlen(unit);
    char *out = malloc(strlen(before) + n * count + strlen(after) + 1);
    assert_non_null(out);
    char *at = stpcpy(out, before);
    for (size_t i = 0; i < count; i++) {
        at = stpcpy(at, unit);
    }
    (void)stpcpy(at, after);
    return out;
}

static void what_grows_has_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *before, *unit;
        size_t count;
        const char *after, *wanted;
    } rows[] = {
        {"x = '", "a", RULE_STRING_MAX + 1, "'", "string is over 16384 bytes"},
        {"x = ''", " + 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", 600, "", "string is over 16384 bytes"},
        {"x = [", "'a',", RULE_LIST_MAX + 1, "]", "a list of more than 1024 values"},
        {"x = []", " + ['a']", RULE_LIST_MAX + 1, "", "a list of more than 1024 values"},
        {"prefix_rule(", "'a',", RULE_ARGUMENTS_MAX + 1, ")", "more than 16 arguments"},
        {"x = ", "[", 100000, "", "lists are nested more than 8 deep"},
        {"", "a", RULE_STRING_MAX + 1, " = 1", "is too long"},
        {"a = "
         "['1','2','3','4','5','6','7','8']\nb=a+a+a+a+a+a+a+a\nc=b+b+b+b+b+b+b+b\nprefix_rule([",
         "c+c,", 60000, "", "the values of this file are over"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = filled(rows[i].before, rows[i].unit, rows[i].count, rows[i].after);
        const char *got = read_as(text, strlen(text));
        if (strstr(got, rows[i].wanted) == NULL) {
            fail_msg("%zu: %.200s", i, got);
        }
        free(text);
    }
}

static void at_most_256_names_have_values(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 1u << 20);
    for (int i = 0; i <= RULE_NAMES_MAX; i++) {
        (void)text_addf(&text, "x%d = 'a'\n", i);
    }
    assert_string_equal(read_as(text_string(&text), text.len), "F:257:1: more than 256 names");
    text_finish(&text);
}

static void a_megabyte_on_one_line_is_read(void **state)
{
    (void)state;
    char *text = filled("", "prefix_rule(['a']);", 50000, "");
    assert_true(strlen(text) > 900000);
    assert_int_equal(
        strncmp(read_as(text, strlen(text)), "prefix_rule:1:1 =['a'];prefix_rule:1:20", 39), 0);
    free(text);
}

static void a_file_cut_at_any_byte_is_read_or_refused(void **state)
{
    (void)state;
    static const char whole[] =
        "# \xc3\xa4\nx = ['a', r'b\\'', '''c\n''']\nprefix_rule(pattern = x + [\"d\\u00e4\"], "
        "decision='prompt',\n match=[None, True, 12],)\nhost_executable('a', [])\n";
    size_t n_read = 0;
    for (size_t n = 0; n < sizeof whole; n++) {
        n_read += strncmp(read_as(whole, n), "F:", 2) != 0 ? 1 : 0;
    }
    assert_true(n_read > 5 && n_read < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_read_with_their_places),
        cmocka_unit_test(strings_are_read_as_starlark_does),
        cmocka_unit_test(every_other_construct_is_named_with_its_place),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(what_grows_has_a_limit),
        cmocka_unit_test(at_most_256_names_have_values),
        cmocka_unit_test(a_megabyte_on_one_line_is_read),
        cmocka_unit_test(a_file_cut_at_any_byte_is_read_or_refused),
    };
    return cmocka_run_group_tests_name("policy/rule_text", tests, NULL, NULL);
}
