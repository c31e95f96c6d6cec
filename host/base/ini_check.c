/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ini_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/ini_file.h"
#include "base/utf8.h"

#define BOM       "\xef\xbb\xbf"
#define BOM_BYTES 3

/* One file on its way through the checks. */
struct check {
    struct ini_cursor cursor;
    const char *name;
    bool has_key; /* an indented line would continue it */
    struct beacon_error *err;
};

struct ini_cursor ini_cursor_start(const char *text, size_t n)
{
    const bool has_bom = n >= BOM_BYTES && memcmp(text, BOM, BOM_BYTES) == 0;
    const char *end = n > 0 ? text + n : text;
    return (struct ini_cursor){.at = has_bom ? text + BOM_BYTES : text, .end = end};
}

bool ini_cursor_next(struct ini_cursor *cursor)
{
    if (cursor->at == cursor->end) {
        return false;
    }
    size_t left = (size_t)(cursor->end - cursor->at);
    const char *newline = memchr(cursor->at, '\n', left);
    cursor->text = cursor->at;
    cursor->n = newline == NULL ? left : (size_t)(newline - cursor->at);
    cursor->at = newline == NULL ? cursor->end : newline + 1;
    if (cursor->n > 0 && cursor->text[cursor->n - 1] == '\r') {
        cursor->n--;
    }
    cursor->line++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(const struct ini_cursor *cursor, size_t at)
{
    while (at < cursor->n && is_blank(cursor->text[at])) {
        at++;
    }
    return at;
}

size_t ini_cursor_comment(const struct ini_cursor *cursor, size_t from)
{
    for (size_t i = from + 1; i < cursor->n; i++) {
        if (cursor->text[i] == ';' && is_blank(cursor->text[i - 1])) {
            return i;
        }
    }
    return cursor->n;
}

/* Where the first of the bytes `any_of` stands from `at` on, before any comment; the length of the
 * line when none does. */
static size_t find_before_comment(const struct ini_cursor *cursor, size_t at, const char *any_of)
{
    const size_t end = ini_cursor_comment(cursor, at);
    for (size_t i = at; i < end; i++) {
        if (strchr(any_of, cursor->text[i]) != NULL) {
            return i;
        }
    }
    return cursor->n;
}

bool ini_cursor_section(const struct ini_cursor *cursor, const char **ret, size_t *ret_n)
{
    size_t at = skip_blanks(cursor, 0);
    if (at == cursor->n || cursor->text[at] != '[') {
        return false;
    }
    *ret = cursor->text + at + 1;
    *ret_n = find_before_comment(cursor, at + 1, "]") - (at + 1);
    return true;
}

static int refuse(const struct check *check, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(const struct check *check, const char *hint, const char *format, ...)
{
    char what[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return error_set(check->err, BEACON_E_INVALID, hint, "%s:%u: %s", check->name,
                     check->cursor.line, what);
}

static int check_bytes(const struct check *check)
{
    const struct ini_cursor *cursor = &check->cursor;
    if (cursor->n > INI_LINE_MAX_BYTES) {
        return refuse(check, "break the list: each further line begins with blanks",
                      "the line has %zu bytes, at most %d are read", cursor->n, INI_LINE_MAX_BYTES);
    }
    for (size_t i = 0; i < cursor->n; i++) {
        unsigned char c = (unsigned char)cursor->text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return refuse(check, "remove it; the file must be plain text",
                          "byte %zu of the line is the control character 0x%02x", i + 1, c);
        }
    }
    if (!utf8_valid(cursor->text, cursor->n)) {
        return refuse(check, "save the file as UTF-8", "the line is not UTF-8");
    }
    return BEACON_OK;
}

static int check_section(struct check *check, size_t at)
{
    const struct ini_cursor *cursor = &check->cursor;
    const size_t start = at + 1;
    const size_t close = find_before_comment(cursor, start, "]");
    if (close == cursor->n) {
        return refuse(check, "write the section as [name] on a line of its own",
                      "the section has no ]");
    }
    const size_t n = close - start;
    if (n > INI_SECTION_MAX_BYTES) {
        return refuse(check, "shorten the name between the brackets",
                      "the section name has %zu bytes, at most %d are read", n,
                      INI_SECTION_MAX_BYTES);
    }
    if (n == 0 || is_blank(cursor->text[start]) || is_blank(cursor->text[close - 1])) {
        return refuse(check, "write the section as [name], without blanks inside the brackets",
                      "the section name is %s", n == 0 ? "empty" : "surrounded by blanks");
    }
    const size_t after = skip_blanks(cursor, close + 1);
    const bool is_comment = after < cursor->n && after > close + 1 && cursor->text[after] == ';';
    if (after < cursor->n && !is_comment) {
        return refuse(check, "put what follows ] on a line of its own",
                      "there is text behind the ] of the section");
    }
    check->has_key = false;
    return BEACON_OK;
}

static int check_key(struct check *check, size_t at)
{
    const struct ini_cursor *cursor = &check->cursor;
    const size_t separator = find_before_comment(cursor, at, "=:");
    if (separator == cursor->n) {
        return refuse(check, "write it as `key = value`, or begin a comment with #",
                      "the line has no =");
    }
    size_t n = separator - at;
    while (n > 0 && is_blank(cursor->text[at + n - 1])) {
        n--;
    }
    if (n == 0) {
        return refuse(check, "write it as `key = value`", "there is no key before the =");
    }
    if (n > INI_KEY_MAX_BYTES) {
        return refuse(check, "write one of the documented keys",
                      "the key has %zu bytes, at most %d are read", n, INI_KEY_MAX_BYTES);
    }
    check->has_key = true;
    return BEACON_OK;
}

/* `deny = x` and `deny=x` do; base64 that ends in = does not. */
static bool looks_like_key(const struct ini_cursor *cursor, size_t at)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t i = at;
    while (i < cursor->n && strchr(word, cursor->text[i]) != NULL) {
        i++;
    }
    const size_t separator = skip_blanks(cursor, i);
    if (i == at || separator == cursor->n || cursor->text[separator] != '=') {
        return false;
    }
    return separator > i || (separator + 1 < cursor->n && cursor->text[separator + 1] != '=');
}

static int check_continuation(const struct check *check, size_t at)
{
    if (check->cursor.text[at] == '[' || looks_like_key(&check->cursor, at)) {
        return refuse(check, "remove the blanks at the start of the line",
                      "the line is indented and would become part of the value above");
    }
    return BEACON_OK;
}

/* One is skipped with the file's beginning; inih would skip another at the start of its text. */
static int check_mark(const struct check *check)
{
    const struct ini_cursor *cursor = &check->cursor;
    if (cursor->line == 1 && cursor->n >= BOM_BYTES && memcmp(cursor->text, BOM, BOM_BYTES) == 0) {
        return refuse(check, "save the file as UTF-8, without a mark",
                      "the file begins with two byte order marks");
    }
    return BEACON_OK;
}

static int check_line(struct check *check)
{
    int rc = check_bytes(check);
    rc = rc == BEACON_OK ? check_mark(check) : rc;
    if (rc != BEACON_OK) {
        return rc;
    }
    const size_t at = skip_blanks(&check->cursor, 0);
    if (at == check->cursor.n || strchr("#;", check->cursor.text[at]) != NULL) {
        return BEACON_OK;
    }
    if (at > 0 && check->has_key) {
        return check_continuation(check, at);
    }
    return check->cursor.text[at] == '[' ? check_section(check, at) : check_key(check, at);
}

int ini_check(const char *text, size_t n, const char *name, struct beacon_error *err)
{
    struct check check = {.cursor = ini_cursor_start(text, n), .name = name, .err = err};
    int rc = BEACON_OK;
    while (rc == BEACON_OK && ini_cursor_next(&check.cursor)) {
        rc = check_line(&check);
    }
    return rc;
}
