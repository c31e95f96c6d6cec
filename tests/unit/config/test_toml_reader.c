/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/text.h"
#include "config/toml_reader.h"

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_create();
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct toml_source source_of(const char *text)
{
    return (struct toml_source){"t.toml", text, strlen(text)};
}

static struct toml_value *read_good(const char *text)
{
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    struct toml_source source = source_of(text);
    assert_ok(toml_read(&source, arena, &root, NULL, &err), &err);
    return root;
}

static void assert_message(const char *text, size_t len, const char *message)
{
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    struct toml_source source = {"t.toml", text, len};
    assert_refused(toml_read(&source, arena, &root, NULL, &err), BEACON_E_INVALID, &err);
    assert_null(root);
    assert_string_equal(err.message, message);
}

static void assert_says(const char *text, const char *message)
{
    assert_message(text, strlen(text), message);
}

static void assert_shown(const char *text, const char *shown)
{
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    struct toml_place where = {0};
    AUTO_TEXT struct text out = {0};
    struct toml_source source = source_of(text);
    text_init(&out, 4096);
    assert_refused(toml_read(&source, arena, &root, &where, &err), BEACON_E_INVALID, &err);
    toml_show_error(&source, where, &err, &out);
    assert_string_equal(text_string(&out), shown);
}

static void keys_and_values_know_their_line_and_column(void **state)
{
    (void)state;
    struct toml_value *root = read_good("# é\n[a]\n  \"ü\" = 'x'\n");
    const struct toml_value *table = toml_table_get(root, "a");
    const struct toml_member *member = toml_table_find(table, "ü", strlen("ü"));
    assert_int_equal(table->place.line, 2);
    assert_int_equal(table->place.column, 2);
    assert_int_equal(member->place.line, 3);
    assert_int_equal(member->place.column, 3);
    assert_int_equal(member->value->place.column, 9);
}

static void tables_keep_the_order_of_the_file(void **state)
{
    (void)state;
    const struct toml_value *root = read_good("z = 1\na = 2\nm = 3\n");
    assert_int_equal(root->table->count, 3);
    assert_string_equal(root->table->items[0].key, "z");
    assert_string_equal(root->table->items[1].key, "a");
    assert_string_equal(root->table->items[2].key, "m");
}

static void line_ends_in_long_strings_are_one_newline(void **state)
{
    (void)state;
    const struct toml_value *root = read_good("a = \"\"\"\r\none\r\ntwo\"\"\"\r\n");
    assert_string_equal(toml_table_get(root, "a")->string.data, "one\ntwo");
}

static void times_are_kept_in_one_spelling(void **state)
{
    (void)state;
    const struct toml_value *root =
        read_good("a = 1987-07-05 17:45:00.5z\nb = 07:32:00.1234567891\n");
    assert_string_equal(toml_table_get(root, "a")->string.data, "1987-07-05T17:45:00.500Z");
    assert_string_equal(toml_table_get(root, "b")->string.data, "07:32:00.123456789");
}

static void errors_say_file_line_column_and_what_was_found(void **state)
{
    (void)state;
    assert_says("a = 1\nb = \n", "t.toml:2:5: expected a value, found the end of the line");
    assert_says("model = o3\n", "t.toml:1:9: `o3` is not a value; a string needs quotes");
    assert_says("a = 1\n\na = 2\n", "t.toml:3:1: key `a` is already defined");
    assert_says("[a]\nb=1\n[a]\n", "t.toml:3:2: key `a` is already defined");
    assert_says("a = 9223372036854775808\n", "t.toml:1:5: the integer does not fit in 64 bits");
    assert_says("a = \"\\ud800\"", "t.toml:1:12: U+D800 is not a character");
    assert_says("a", "t.toml:1:2: expected `=` after the key, found the end of the file");
}

static void a_key_in_an_error_cannot_write_to_the_terminal(void **state)
{
    (void)state;
    assert_says("\"\\u001b[2J\" = 1\n\"\\u001b[2J\" = 2\n",
                "t.toml:2:1: key `\"\\u001B[2J\"` is already defined");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    assert_message("a = \"\xC3(\"", 8, "t.toml:1:6: byte 0xC3 is not UTF-8");
    assert_message("a = \"\0\"", 7,
                   "t.toml:1:6: control character U+0000 in a string; write it as an escape");
    assert_message("a = 1 \r b = 2", 13,
                   "t.toml:1:7: expected the end of the line, found the control character U+000D");
    assert_message("\xFF\xFE"
                   "a",
                   3, "t.toml:1:1: byte 0xFF is not UTF-8");
}

static void an_error_shows_the_line_and_a_caret(void **state)
{
    (void)state;
    assert_shown("# one\n\nmodel = \"\n", "t.toml:3:9: unterminated string\n"
                                          "    3 | model = \"\n"
                                          "      |         ^\n");
}

static void control_characters_are_not_shown(void **state)
{
    (void)state;
    assert_shown("a\t= \x1B[2J",
                 "t.toml:1:5: expected a value, found the control character U+001B\n"
                 "    1 | a = ?[2J\n"
                 "      |     ^\n");
}

static void of_a_long_line_only_the_part_around_the_place_is_shown(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    struct toml_place where = {0};
    AUTO_TEXT struct text out = {0};
    AUTO_FREE char *text = alloc_printf("a = [%*d, x]", 100000, 1);
    struct toml_source source = source_of(text);
    text_init(&out, 4096);
    assert_refused(toml_read(&source, arena, &root, &where, &err), BEACON_E_INVALID, &err);
    toml_show_error(&source, where, &err, &out);
    assert_true(out.len < 400);
    assert_non_null(strstr(text_string(&out), "1, x]\n"));
}

static char *repeated(const char *part, size_t count, const char *end)
{
    struct text out = {0};
    text_init(&out, TOML_SIZE_MAX * 2);
    for (size_t i = 0; i < count; i++) {
        assert_true(text_add_string(&out, part));
    }
    assert_true(text_add_string(&out, end));
    return text_take(&out);
}

static void assert_too_deep(const char *begin, const char *part)
{
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    AUTO_FREE char *nested = repeated(part, 100000, "");
    AUTO_FREE char *text = alloc_printf("%s%s", begin, nested);
    struct toml_source source = source_of(text);
    assert_refused(toml_read(&source, arena, &root, NULL, &err), BEACON_E_LIMIT, &err);
}

static void nesting_without_end_is_refused(void **state)
{
    (void)state;
    assert_too_deep("a = ", "[");
    assert_too_deep("a = ", "{a=");
    assert_too_deep("", "a.");
    assert_too_deep("[", "a.");
    assert_too_deep("[[", "a.");
}

static void tables_may_be_as_deep_as_the_limit(void **state)
{
    (void)state;
    AUTO_FREE char *open = repeated("[", TOML_DEPTH_MAX, "");
    AUTO_FREE char *close = repeated("]", TOML_DEPTH_MAX, "");
    AUTO_FREE char *text = alloc_printf("a = %s%s", open, close);
    assert_non_null(read_good(text));
}

static void a_document_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    AUTO_FREE char *text = repeated("#aaaaaaaaaaaaaaa", TOML_SIZE_MAX / 16, "a");
    struct toml_source source = source_of(text);
    assert_refused(toml_read(&source, arena, &root, NULL, &err), BEACON_E_LIMIT, &err);
}

static void a_hundred_thousand_keys_are_all_found(void **state)
{
    (void)state;
    struct text text = {0};
    text_init(&text, TOML_SIZE_MAX);
    for (int i = 0; i < 100000; i++) {
        assert_true(text_addf(&text, "key_%d = %d\n", i, i));
    }
    const struct toml_value *root = read_good(text_string(&text));
    assert_int_equal(root->table->count, 100000);
    assert_int_equal(toml_table_get(root, "key_0")->integer, 0);
    assert_int_equal(toml_table_get(root, "key_99999")->integer, 99999);
    assert_null(toml_table_get(root, "key_100000"));
    text_finish(&text);
}

static void a_key_defined_twice_is_found_among_many(void **state)
{
    (void)state;
    AUTO_FREE char *text = repeated("[[a]]\nb = 1\n", 50, "[a.c]\n[a.c]\n");
    assert_says(text, "t.toml:102:4: key `c` is already defined");
}

static void every_prefix_of_a_document_is_read_or_refused(void **state)
{
    (void)state;
    static const char whole[] =
        "a.\"b\" = {c = [1, 2.5, 1979-05-27T07:32:00Z], d = '''x\n'''}\n"
        "[[e.f]] # comment\ng = \"\\u00e9\"\n[e.h]\ni = \"\"\"\\\n  j\"\"\"\n";
    for (size_t len = 0; len <= sizeof whole - 1; len++) {
        struct beacon_error err = {0};
        struct toml_value *root = NULL;
        AUTO_FREE char *part = alloc_copy(whole, len); /* exact, so that a read behind it is seen */
        struct toml_source source = {"t.toml", part, len};
        int rc = toml_read(&source, arena, &root, NULL, &err);
        assert_true(rc == BEACON_OK ? root != NULL : err.message[0] != '\0');
    }
}

static void one_value_alone_is_read(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct toml_value *value = NULL;
    struct toml_source source = source_of(" [1, \"two\"] ");
    assert_ok(toml_read_value(&source, arena, &value, &err), &err);
    assert_int_equal(value->array->count, 2);
}

static void something_behind_a_value_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct toml_value *value = NULL;
    struct toml_source source = source_of("1 2");
    assert_refused(toml_read_value(&source, arena, &value, &err), BEACON_E_INVALID, &err);
    source = source_of("");
    assert_refused(toml_read_value(&source, arena, &value, &err), BEACON_E_INVALID, &err);
    assert_null(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values_know_their_line_and_column),
        cmocka_unit_test(tables_keep_the_order_of_the_file),
        cmocka_unit_test(line_ends_in_long_strings_are_one_newline),
        cmocka_unit_test(times_are_kept_in_one_spelling),
        cmocka_unit_test(errors_say_file_line_column_and_what_was_found),
        cmocka_unit_test(a_key_in_an_error_cannot_write_to_the_terminal),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(an_error_shows_the_line_and_a_caret),
        cmocka_unit_test(control_characters_are_not_shown),
        cmocka_unit_test(of_a_long_line_only_the_part_around_the_place_is_shown),
        cmocka_unit_test(nesting_without_end_is_refused),
        cmocka_unit_test(tables_may_be_as_deep_as_the_limit),
        cmocka_unit_test(a_document_over_the_limit_is_refused),
        cmocka_unit_test(a_hundred_thousand_keys_are_all_found),
        cmocka_unit_test(a_key_defined_twice_is_found_among_many),
        cmocka_unit_test(every_prefix_of_a_document_is_read_or_refused),
        cmocka_unit_test(one_value_alone_is_read),
        cmocka_unit_test(something_behind_a_value_is_refused),
    };
    return cmocka_run_group_tests_name("config/toml_reader", tests, make_arena, drop_arena);
}
