/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/text.h"

static void note(struct rule_fault *fault, struct rule_place place, const char *format,
                 va_list args, const char *end)
{
    char sentence[2048];
    if (fault->cause->len > 0) {
        return;
    }
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    (void)text_addf(fault->cause, "%s:%u:%u: %s%s", fault->file, place.line, place.column, sentence,
                    end);
}

bool rule_fault(struct rule_fault *fault, struct rule_place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(fault, place, format, args, "");
    va_end(args);
    return false;
}

bool rule_unsupported(struct rule_fault *fault, struct rule_place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(fault, place, format, args, " is not supported; write the rule out");
    va_end(args);
    return false;
}

bool rule_scan_take(struct rule_scan *scan, struct rule_place place, size_t bytes)
{
    scan->values_bytes += bytes;
    return scan->values_bytes <= RULE_VALUES_MAX ||
           rule_fault(scan->fault, place, "the values of this file are over %u bytes",
                      RULE_VALUES_MAX);
}

void rule_scan_advance(struct rule_scan *scan, size_t n)
{
    for (; n > 0; n--, scan->at++) {
        if (*scan->at == '\n') {
            scan->place.line++;
            scan->place.column = 1;
        } else if (((unsigned char)*scan->at & 0xc0) != 0x80) {
            scan->place.column++;
        }
    }
}

static bool sees(const struct rule_scan *scan, const char *what)
{
    size_t n = strlen(what);
    return (size_t)(scan->end - scan->at) >= n && memcmp(scan->at, what, n) == 0;
}

static char peek(const struct rule_scan *scan)
{
    if (scan->at < scan->end) {
        return *scan->at;
    }
    return '\0';
}

static bool is_newline(const struct rule_scan *scan)
{
    return sees(scan, "\n") || sees(scan, "\r\n");
}

static void skip_newline(struct rule_scan *scan)
{
    rule_scan_advance(scan, sees(scan, "\r\n") ? 2 : 1);
    scan->is_line_start = true;
}

/* Blanks, comments, empty lines, and within brackets every line's end. */
static void skip_nothing(struct rule_scan *scan)
{
    while (scan->at < scan->end) {
        if (*scan->at == ' ' || *scan->at == '\t') {
            rule_scan_advance(scan, 1);
        } else if (*scan->at == '#') {
            while (scan->at < scan->end && *scan->at != '\n') {
                rule_scan_advance(scan, 1);
            }
        } else if (is_newline(scan) && (scan->brackets > 0 || scan->is_line_start)) {
            skip_newline(scan);
        } else if (sees(scan, "\\\n") || sees(scan, "\\\r\n")) {
            rule_scan_advance(scan, sees(scan, "\\\n") ? 2 : 3);
        } else {
            break;
        }
    }
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static size_t name_length(const struct rule_scan *scan)
{
    size_t n = 0;
    while (scan->at + n < scan->end && (is_letter(scan->at[n]) || is_digit(scan->at[n]))) {
        n++;
    }
    return n;
}

static bool scan_text(struct rule_scan *scan, enum rule_token_kind kind, size_t n,
                      struct rule_token *ret)
{
    if (n > RULE_STRING_MAX) {
        return rule_fault(scan->fault, scan->place, "a name or number of %zu bytes is too long", n);
    }
    ret->kind = kind;
    ret->text = arena_string_n(scan->arena, scan->at, n);
    ret->n = n;
    rule_scan_advance(scan, n);
    return rule_scan_take(scan, ret->place, n);
}

/* A name, or the prefix of a string. */
static bool scan_name(struct rule_scan *scan, struct rule_token *ret)
{
    size_t n = name_length(scan);
    bool is_prefix = n <= 2 && scan->at + n < scan->end && is_quote(scan->at[n]);
    if (!is_prefix) {
        return scan_text(scan, RULE_TOKEN_NAME, n, ret);
    }
    if (n == 1 && *scan->at == 'r') {
        rule_scan_advance(scan, 1);
        return rule_scan_string(scan, true, ret);
    }
    const char *what = memchr(scan->at, 'f', n) != NULL   ? "an f-string"
                       : memchr(scan->at, 'b', n) != NULL ? "a byte string"
                                                          : "this string prefix";
    return rule_unsupported(scan->fault, scan->place, "%s", what);
}

static bool scan_number(struct rule_scan *scan, struct rule_token *ret)
{
    size_t n = name_length(scan);
    if (scan->at + n < scan->end && scan->at[n] == '.') {
        return rule_unsupported(scan->fault, scan->place, "a floating-point number");
    }
    return scan_text(scan, RULE_TOKEN_INT, n, ret);
}

static bool scan_unknown(struct rule_scan *scan)
{
    unsigned char c = (unsigned char)*scan->at;
    if (c > 0x20 && c < 0x7f) {
        return rule_unsupported(scan->fault, scan->place, "`%c`", c);
    }
    return rule_fault(scan->fault, scan->place, "unexpected character (byte 0x%02x)", c);
}

static bool scan_sign(struct rule_scan *scan, struct rule_token *ret)
{
    static const char signs[] = "()[],=+.{}:*-%<>/|&^~@!";
    char c = *scan->at;
    if (strchr(signs, c) == NULL) {
        return scan_unknown(scan);
    }
    scan->brackets += c == '(' || c == '[' ? 1 : 0;
    scan->brackets -= (c == ')' || c == ']') && scan->brackets > 0 ? 1 : 0;
    ret->kind = RULE_TOKEN_SIGN;
    ret->sign = c;
    rule_scan_advance(scan, 1);
    return true;
}

/* The end of a line or of the file. */
static bool scan_end(struct rule_scan *scan, struct rule_token *ret)
{
    if (scan->at == scan->end) {
        ret->kind = RULE_TOKEN_END;
    } else {
        ret->kind = RULE_TOKEN_NEWLINE;
        if (*scan->at == ';') {
            rule_scan_advance(scan, 1);
        } else {
            skip_newline(scan);
        }
    }
    return true;
}

bool rule_scan_next(struct rule_scan *scan, struct rule_token *ret)
{
    skip_nothing(scan);
    *ret = (struct rule_token){.place = scan->place};
    char c = peek(scan);
    if (scan->at == scan->end || is_newline(scan) || c == ';') {
        return scan_end(scan, ret);
    }
    if (scan->is_line_start && scan->brackets == 0 && scan->place.column > 1) {
        return rule_unsupported(scan->fault, scan->place, "indentation");
    }
    scan->is_line_start = false;
    if (is_letter(c)) {
        return scan_name(scan, ret);
    }
    if (is_digit(c)) {
        return scan_number(scan, ret);
    }
    return is_quote(c) ? rule_scan_string(scan, false, ret) : scan_sign(scan, ret);
}
