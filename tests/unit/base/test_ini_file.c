/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/ini_file.h"

/* The bytes as one file, which must be good; the caller destroys it. */
static struct ini_file *parsed(const char *text)
{
    struct beacon_error err = {0};
    struct ini_file *file = NULL;
    assert_ok(ini_file_parse(text, strlen(text), "a.ini", &file, &err), &err);
    return file;
}

/* The bytes are refused with exactly this message. */
static void assert_bad(const char *text, size_t n, const char *message)
{
    struct beacon_error err = {0};
    struct ini_file *file = NULL;
    assert_refused(ini_file_parse(text, n, "a.ini", &file, &err), BEACON_E_INVALID, &err);
    assert_null(file);
    assert_string_equal(err.message, message);
}

static void assert_bad_text(const char *text, const char *message)
{
    assert_bad(text, strlen(text), message);
}

static void assert_entry(const struct ini_file *file, size_t i, const char *section,
                         const char *key, const char *value, uint32_t line)
{
    const struct ini_entry *entry = ini_file_entry(file, i);
    assert_string_equal(entry->section, section);
    assert_string_equal(entry->key, key);
    assert_string_equal(entry->value, value);
    assert_int_equal(entry->line, line);
}

/* `prefix`, then `n` times `c`, then `suffix`. */
static char *stretched(const char *prefix, char c, size_t n, const char *suffix)
{
    char *text = calloc(1, strlen(prefix) + n + strlen(suffix) + 1);
    assert_non_null(text);
    memcpy(text, prefix, strlen(prefix));
    memset(text + strlen(prefix), c, n);
    memcpy(text + strlen(prefix) + n, suffix, strlen(suffix));
    return text;
}

static void entries_carry_section_key_value_and_line(void **state)
{
    (void)state;
    struct ini_file *file = parsed("first = 1\n\n# note\n[com.acme.llm]\npath = /opt/a b.so\n"
                                   "; note\nenabled=yes\n[other]\nkey : value\n");
    assert_int_equal(ini_file_count(file), 4);
    assert_entry(file, 0, "", "first", "1", 1);
    assert_entry(file, 1, "com.acme.llm", "path", "/opt/a b.so", 5);
    assert_entry(file, 2, "com.acme.llm", "enabled", "yes", 7);
    assert_entry(file, 3, "other", "key", "value", 9);
    assert_string_equal(ini_file_name(file), "a.ini");
    ini_file_destroy(file);
}

static void a_repeated_key_and_a_continuation_line_append(void **state)
{
    (void)state;
    struct ini_file *file = parsed("[p]\nallow = a\n  b, c\n\n\td ; why\nallow = e\n");
    assert_int_equal(ini_file_count(file), 4);
    assert_entry(file, 0, "p", "allow", "a", 2);
    assert_entry(file, 1, "p", "allow", "b, c", 3);
    assert_entry(file, 2, "p", "allow", "d", 5);
    assert_entry(file, 3, "p", "allow", "e", 6);
    ini_file_destroy(file);
}

static void comments_end_values_only_behind_a_blank(void **state)
{
    (void)state;
    struct ini_file *file = parsed("[s] ; note\na = 1 ; note\nb = 1;2\nc = x # kept\nd = ; all\n");
    assert_entry(file, 0, "s", "a", "1", 2);
    assert_entry(file, 1, "s", "b", "1;2", 3);
    assert_entry(file, 2, "s", "c", "x # kept", 4);
    assert_entry(file, 3, "s", "d", "", 5);
    ini_file_destroy(file);
}

static void crlf_a_byte_order_mark_and_a_missing_last_newline_do_not_matter(void **state)
{
    (void)state;
    struct ini_file *file = parsed("\xef\xbb\xbf[s]\r\na = 1\r\n\r\nb = 2");
    assert_int_equal(ini_file_count(file), 2);
    assert_entry(file, 0, "s", "a", "1", 2);
    assert_entry(file, 1, "s", "b", "2", 4);
    ini_file_destroy(file);
}

static void a_second_byte_order_mark_is_refused(void **state)
{
    (void)state;
    assert_bad("\xef\xbb\xbf\xef\xbb\xbf:\t ", 9,
               "a.ini:1: the file begins with two byte order marks");
}

static void an_indented_key_at_the_start_of_a_section_is_a_key(void **state)
{
    (void)state;
    struct ini_file *file = parsed("[s]\n  a = 1\n");
    assert_entry(file, 0, "s", "a", "1", 2);
    ini_file_destroy(file);
}

static void nothing_is_an_empty_file(void **state)
{
    (void)state;
    struct ini_file *file = parsed("");
    assert_int_equal(ini_file_count(file), 0);
    assert_int_equal(ini_file_section_count(file), 0);
    ini_file_destroy(file);
    ini_file_destroy(NULL);
}

static void sections_are_listed_once_with_their_first_line(void **state)
{
    (void)state;
    uint32_t line = 0;
    struct ini_file *file = parsed("[empty]\n[a]\nx = 1\n[b]\n[a]\nx = 2\n");
    assert_int_equal(ini_file_section_count(file), 3);
    assert_string_equal(ini_file_section(file, 0, &line), "empty");
    assert_int_equal(line, 1);
    assert_string_equal(ini_file_section(file, 1, &line), "a");
    assert_int_equal(line, 2);
    assert_string_equal(ini_file_section(file, 2, NULL), "b");
    assert_entry(file, 1, "a", "x", "2", 6);
    ini_file_destroy(file);
}

static void a_line_of_190_bytes_is_whole_and_one_of_191_refused(void **state)
{
    (void)state;
    AUTO_FREE char *longest = stretched("k = ", 'v', 186, "\r\nnext = 1\n");
    struct ini_file *file = parsed(longest);
    assert_int_equal(strlen(ini_file_entry(file, 0)->value), 186);
    assert_entry(file, 1, "", "next", "1", 2);
    ini_file_destroy(file);
    AUTO_FREE char *longer = stretched("a = 1\nk = ", 'v', 187, "\n");
    assert_bad_text(longer, "a.ini:2: the line has 191 bytes, at most 190 are read");
    AUTO_FREE char *comment = stretched("#", 'x', 190, "");
    assert_bad_text(comment, "a.ini:1: the line has 191 bytes, at most 190 are read");
    AUTO_FREE char *huge = stretched("k = ", 'v', 100000, "");
    assert_bad_text(huge, "a.ini:1: the line has 100004 bytes, at most 190 are read");
}

static void a_section_of_48_bytes_is_whole_and_one_of_49_refused(void **state)
{
    (void)state;
    AUTO_FREE char *longest = stretched("[", 's', 48, "]\nk = v\n");
    struct ini_file *file = parsed(longest);
    assert_int_equal(strlen(ini_file_entry(file, 0)->section), 48);
    ini_file_destroy(file);
    AUTO_FREE char *longer = stretched("[", 's', 49, "]\nk = v\n");
    assert_bad_text(longer, "a.ini:1: the section name has 49 bytes, at most 48 are read");
}

static void a_key_of_48_bytes_is_whole_and_one_of_49_refused(void **state)
{
    (void)state;
    AUTO_FREE char *longest = stretched("", 'k', 48, " = 1\n  2\n");
    struct ini_file *file = parsed(longest);
    assert_int_equal(strlen(ini_file_entry(file, 0)->key), 48);
    assert_int_equal(strlen(ini_file_entry(file, 1)->key), 48);
    ini_file_destroy(file);
    AUTO_FREE char *longer = stretched("", 'k', 49, " = v\n");
    assert_bad_text(longer, "a.ini:1: the key has 49 bytes, at most 48 are read");
}

static void text_behind_a_section_is_refused(void **state)
{
    (void)state;
    assert_bad_text("[a] x\n", "a.ini:1: there is text behind the ] of the section");
    assert_bad_text("[a]]\n", "a.ini:1: there is text behind the ] of the section");
    assert_bad_text("\n[a]k = v\n", "a.ini:2: there is text behind the ] of the section");
    assert_bad_text("[a];x\n", "a.ini:1: there is text behind the ] of the section");
}

static void a_section_without_an_end_or_a_name_is_refused(void **state)
{
    (void)state;
    assert_bad_text("[a\n", "a.ini:1: the section has no ]");
    assert_bad_text("[a ;]\n", "a.ini:1: the section has no ]");
    assert_bad_text("[", "a.ini:1: the section has no ]");
    assert_bad_text("[]\n", "a.ini:1: the section name is empty");
    assert_bad_text("[ a]\n", "a.ini:1: the section name is surrounded by blanks");
    assert_bad_text("[a\t]\n", "a.ini:1: the section name is surrounded by blanks");
}

static void nul_and_other_control_bytes_are_refused(void **state)
{
    (void)state;
    assert_bad("a = 1\nb\0 = 2\n", 13, "a.ini:2: byte 2 of the line is the control character 0x00");
    assert_bad("# \0\n", 4, "a.ini:1: byte 3 of the line is the control character 0x00");
    assert_bad_text("a = \x1b[m\n", "a.ini:1: byte 5 of the line is the control character 0x1b");
    assert_bad_text("a\r = 1\n", "a.ini:1: byte 2 of the line is the control character 0x0d");
    assert_bad_text("a = 1\r\r\n", "a.ini:1: byte 6 of the line is the control character 0x0d");
    assert_bad_text("a = \x7f", "a.ini:1: byte 5 of the line is the control character 0x7f");
    assert_bad_text("a = \xff\n", "a.ini:1: the line is not UTF-8");
}

static void a_line_that_is_neither_key_nor_section_is_refused(void **state)
{
    (void)state;
    assert_bad_text("a = 1\nword\n", "a.ini:2: the line has no =");
    assert_bad_text("word ; a = 1\n", "a.ini:1: the line has no =");
    assert_bad_text("= 1\n", "a.ini:1: there is no key before the =");
    assert_bad_text(" : 1\n", "a.ini:1: there is no key before the =");
}

static void an_indented_key_or_section_does_not_join_the_list_above(void **state)
{
    (void)state;
    const char *message = "a.ini:3: the line is indented and would become part of the value above";
    assert_bad_text("[p]\nallow = a\n  deny = b\n", message);
    assert_bad_text("[p]\nallow = a\n  deny=b\n", message);
    assert_bad_text("[p]\nallow = a\n  deny =\n", message);
    assert_bad_text("[p]\nallow = a\n  [q]\n", message);
    struct ini_file *file = parsed("signers = a:RWQx==\n  b:RWQy=\n  RWQz==\n");
    assert_entry(file, 2, "", "signers", "RWQz==", 3);
    ini_file_destroy(file);
}

static void a_file_at_the_limit_is_read_and_one_byte_more_refused(void **state)
{
    struct beacon_error err = {0};
    struct ini_file *file = NULL;
    AUTO_FREE char *text = stretched("a = 1\n", '\n', INI_FILE_MAX_BYTES - 6, "\n");
    assert_ok(ini_file_parse(text, INI_FILE_MAX_BYTES, "a.ini", &file, &err), &err);
    assert_int_equal(ini_file_count(file), 1);
    ini_file_destroy(file);
    assert_refused(ini_file_parse(text, INI_FILE_MAX_BYTES + 1, "a.ini", &file, &err),
                   BEACON_E_LIMIT, &err);
    write_text(temp_path(state, "b.ini"), text);
    AUTO_CLOSE int fd = open(temp_path(state, "b.ini"), O_RDONLY | O_CLOEXEC);
    assert_refused(ini_file_read(fd, "b.ini", &file, &err), BEACON_E_LIMIT, &err);
}

static void too_many_sections_are_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct ini_file *file = NULL;
    AUTO_FREE char *text = calloc(1, (INI_SECTIONS_MAX + 1) * 8 + 1);
    for (size_t i = 0; i <= INI_SECTIONS_MAX; i++) {
        (void)snprintf(text + 8 * i, 9, "[%05zu]\n", i);
    }
    assert_ok(ini_file_parse(text, 8 * INI_SECTIONS_MAX, "a.ini", &file, &err), &err);
    assert_int_equal(ini_file_section_count(file), INI_SECTIONS_MAX);
    ini_file_destroy(file);
    assert_refused(ini_file_parse(text, strlen(text), "a.ini", &file, &err), BEACON_E_LIMIT, &err);
    assert_string_equal(err.message, "a.ini:1025: there are more than 1024 sections");
}

static void an_open_file_is_read_and_stays_open(void **state)
{
    struct beacon_error err = {0};
    struct ini_file *file = NULL;
    write_text(temp_path(state, "a.ini"), "[s]\nk = v\n");
    AUTO_CLOSE int fd = open(temp_path(state, "a.ini"), O_RDONLY | O_CLOEXEC);
    assert_ok(ini_file_read(fd, "a.ini", &file, &err), &err);
    assert_entry(file, 0, "s", "k", "v", 2);
    ini_file_destroy(file);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    AUTO_CLOSE int folder = open(temp_dir(state), O_RDONLY | O_CLOEXEC);
    assert_refused(ini_file_read(folder, "a.ini", &file, &err), BEACON_E_IO, &err);
}

static void a_file_cut_anywhere_is_read_or_refused_with_its_line(void **state)
{
    (void)state;
    const char *text = "[com.acme.llm]\r\npath = /a ; x\n  more\nenabled = yes\n";
    for (size_t n = 0; n <= strlen(text); n++) {
        struct beacon_error err = {0};
        struct ini_file *file = NULL;
        char *cut = malloc(n == 0 ? 1 : n); /* exact: the sanitizer sees reads behind it */
        assert_non_null(cut);
        memcpy(cut, text, n);
        if (ini_file_parse(cut, n, "a.ini", &file, &err) != BEACON_OK) {
            assert_int_equal(strncmp(err.message, "a.ini:", 6), 0);
        }
        ini_file_destroy(file);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_carry_section_key_value_and_line),
        cmocka_unit_test(a_repeated_key_and_a_continuation_line_append),
        cmocka_unit_test(comments_end_values_only_behind_a_blank),
        cmocka_unit_test(crlf_a_byte_order_mark_and_a_missing_last_newline_do_not_matter),
        cmocka_unit_test(a_second_byte_order_mark_is_refused),
        cmocka_unit_test(an_indented_key_at_the_start_of_a_section_is_a_key),
        cmocka_unit_test(nothing_is_an_empty_file),
        cmocka_unit_test(sections_are_listed_once_with_their_first_line),
        cmocka_unit_test(a_line_of_190_bytes_is_whole_and_one_of_191_refused),
        cmocka_unit_test(a_section_of_48_bytes_is_whole_and_one_of_49_refused),
        cmocka_unit_test(a_key_of_48_bytes_is_whole_and_one_of_49_refused),
        cmocka_unit_test(text_behind_a_section_is_refused),
        cmocka_unit_test(a_section_without_an_end_or_a_name_is_refused),
        cmocka_unit_test(nul_and_other_control_bytes_are_refused),
        cmocka_unit_test(a_line_that_is_neither_key_nor_section_is_refused),
        cmocka_unit_test(an_indented_key_or_section_does_not_join_the_list_above),
        in_temp_dir(a_file_at_the_limit_is_read_and_one_byte_more_refused),
        cmocka_unit_test(too_many_sections_are_refused),
        in_temp_dir(an_open_file_is_read_and_stays_open),
        cmocka_unit_test(a_file_cut_anywhere_is_read_or_refused_with_its_line),
    };
    return cmocka_run_group_tests_name("base/ini_file", tests, NULL, NULL);
}
