/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/text.h"
#include "policy/rule_scan.h"

struct literal {
    struct rule_scan *scan;
    struct text text;
    struct rule_place start;
    char quote;
    bool is_raw, is_triple;
};

static size_t left(const struct rule_scan *scan)
{
    return (size_t)(scan->end - scan->at);
}

static bool open_ended(struct literal *literal)
{
    return rule_fault(literal->scan->fault, literal->start, "this string has no end");
}

static bool put(struct literal *literal, const char *bytes, size_t n)
{
    return text_add(&literal->text, bytes, n) ||
           rule_fault(literal->scan->fault, literal->start, "this string is over %d bytes",
                      RULE_STRING_MAX);
}

/* U+0001 to U+10FFFF without surrogates, as UTF-8. */
static bool put_character(struct literal *literal, unsigned long code, struct rule_place place)
{
    char bytes[4];
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return rule_fault(literal->scan->fault, place, "this escape is no character of a command");
    }
    if (n == 1) {
        bytes[0] = (char)code;
    } else {
        static const unsigned leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = n - 1; i > 0; i--, code >>= 6) {
            bytes[i] = (char)(0x80 | (code & 0x3f));
        }
        bytes[0] = (char)(leads[n] | code);
    }
    return put(literal, bytes, n);
}

static unsigned digit_of(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                  : 99;
}

/* \xhh \uhhhh \Uhhhhhhhh, exactly so many digits; \ooo, up to three. */
static bool put_number(struct literal *literal, unsigned base, size_t min, size_t max,
                       struct rule_place place)
{
    struct rule_scan *scan = literal->scan;
    unsigned long code = 0;
    size_t n = 0;
    for (; n < max && left(scan) > 0 && digit_of(*scan->at) < base; n++) {
        code = code * base + digit_of(*scan->at);
        rule_scan_advance(scan, 1);
    }
    bool is_byte = max <= 3;
    if (n < min || (is_byte && code > 0x7f)) {
        return rule_fault(scan->fault, place, "%s",
                          n < min ? "this escape has too few digits"
                                  : "this escape is above \\x7f; write \\u and four digits");
    }
    return put_character(literal, code, place);
}

/* scan->at is behind the backslash. */
static bool put_escape(struct literal *literal)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    struct rule_scan *scan = literal->scan;
    struct rule_place place = scan->place;
    char c = *scan->at;
    const char *known = strchr(from, c);
    if (c >= '0' && c <= '7') {
        return put_number(literal, 8, 1, 3, place);
    }
    rule_scan_advance(scan, 1);
    if (c == 'x' || c == 'u' || c == 'U') {
        size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        return put_number(literal, 16, digits, digits, place);
    }
    if (c == '\n') {
        return true;
    }
    bool is_printable = c > ' ' && c < 0x7f;
    return known != NULL
               ? put(literal, &to[known - from], 1)
               : rule_fault(scan->fault, place, "unknown escape \\%.*s", is_printable ? 1 : 0, &c);
}

static bool put_backslash(struct literal *literal)
{
    struct rule_scan *scan = literal->scan;
    rule_scan_advance(scan, 1);
    if (left(scan) == 0) {
        return open_ended(literal);
    }
    if (left(scan) >= 2 && memcmp(scan->at, "\r\n", 2) == 0) {
        rule_scan_advance(scan, 1);
    }
    if (!literal->is_raw) {
        return put_escape(literal);
    }
    char both[] = {'\\', *scan->at};
    rule_scan_advance(scan, 1);
    return put(literal, both, 2);
}

static bool is_end(const struct literal *literal)
{
    const struct rule_scan *scan = literal->scan;
    const char quotes[] = {literal->quote, literal->quote, literal->quote};
    size_t n = literal->is_triple ? 3 : 1;
    return left(scan) >= n && memcmp(scan->at, quotes, n) == 0;
}

static bool put_body(struct literal *literal)
{
    struct rule_scan *scan = literal->scan;
    bool is_fine = true;
    while (is_fine && !is_end(literal)) {
        if (left(scan) == 0) {
            return open_ended(literal);
        }
        const char c = *scan->at;
        if (!literal->is_triple && (c == '\n' || c == '\r')) {
            return open_ended(literal);
        }
        if (c == '\\') {
            is_fine = put_backslash(literal);
            continue;
        }
        rule_scan_advance(scan, 1);
        if (c != '\r' || left(scan) == 0 || *scan->at != '\n') {
            is_fine = put(literal, &c, 1);
        }
    }
    return is_fine;
}

bool rule_scan_string(struct rule_scan *scan, bool is_raw, struct rule_token *ret)
{
    struct literal literal = {
        .scan = scan, .start = ret->place, .quote = *scan->at, .is_raw = is_raw};
    text_init(&literal.text, RULE_STRING_MAX);
    const char triple[] = {literal.quote, literal.quote, literal.quote};
    literal.is_triple = left(scan) >= 3 && memcmp(scan->at, triple, 3) == 0;
    rule_scan_advance(scan, literal.is_triple ? 3 : 1);
    bool is_fine = put_body(&literal);
    if (is_fine) {
        rule_scan_advance(scan, literal.is_triple ? 3 : 1);
        ret->kind = RULE_TOKEN_STRING;
        ret->n = literal.text.len;
        ret->text = arena_string_n(scan->arena, text_string(&literal.text), ret->n);
        is_fine = rule_scan_take(scan, ret->place, ret->n);
    }
    text_finish(&literal.text);
    return is_fine;
}
