/* SPDX-License-Identifier: Apache-2.0 */
#include "config/toml_string.h"

#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/toml_scan.h"

static void keep(struct toml_scan *scan, const char *from, size_t n)
{
    bool is_kept = text_add(&scan->scratch, from, n);
    assert(is_kept);
    (void)is_kept;
}

static bool finish(struct toml_scan *scan, struct toml_span *ret)
{
    ret->len = scan->scratch.len;
    ret->data = arena_string_n(scan->arena, text_string(&scan->scratch), ret->len);
    return true;
}

/* Move over what stands for itself inside quotes of this kind, keeping it. */
static void keep_plain(struct toml_scan *scan, char quote)
{
    const char *start = scan->p;
    while (scan->p < scan->end && *scan->p != quote && !toml_is_control(*scan->p) &&
           (*scan->p != '\\' || quote == '\'')) {
        scan->p++;
    }
    keep(scan, start, (size_t)(scan->p - start));
}

static bool fail_control(struct toml_scan *scan)
{
    return toml_fail(scan, "control character U+%04X in a string; write it as an escape",
                     (unsigned)(unsigned char)*scan->p);
}

static void keep_character(struct toml_scan *scan, uint32_t c)
{
    char bytes[4];
    size_t n = 0;
    if (c < 0x80) {
        bytes[n++] = (char)c;
    } else if (c < 0x800) {
        bytes[n++] = (char)(0xC0u | (c >> 6));
    } else if (c < 0x10000) {
        bytes[n++] = (char)(0xE0u | (c >> 12));
        bytes[n++] = (char)(0x80u | ((c >> 6) & 0x3Fu));
    } else {
        bytes[n++] = (char)(0xF0u | (c >> 18));
        bytes[n++] = (char)(0x80u | ((c >> 12) & 0x3Fu));
        bytes[n++] = (char)(0x80u | ((c >> 6) & 0x3Fu));
    }
    if (c >= 0x80) {
        bytes[n++] = (char)(0x80u | (c & 0x3Fu));
    }
    keep(scan, bytes, n);
}

static int hex_value(char c)
{
    if (toml_is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The cursor is at the first of `digits` hexadecimal digits. */
static bool read_code_point(struct toml_scan *scan, int digits)
{
    uint32_t c = 0;
    for (int i = 0; i < digits; i++, scan->p++) {
        int value = scan->p < scan->end ? hex_value(*scan->p) : -1;
        if (value < 0) {
            return toml_fail(scan, "a \\%c escape takes %d hexadecimal digits",
                             digits == 4 ? 'u' : 'U', digits);
        }
        c = c << 4 | (uint32_t)value;
    }
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        return toml_fail(scan, "U+%04X is not a character", c);
    }
    keep_character(scan, c);
    return true;
}

/* The cursor is at the backslash. */
static bool read_escape(struct toml_scan *scan)
{
    static const char escapes[] = "btnfr\"\\";
    static const char meanings[] = "\b\t\n\f\r\"\\";
    const struct toml_place where = toml_scan_place(scan);
    scan->p++;
    char c = '\0';
    if (scan->p < scan->end) {
        c = *scan->p;
    }
    if (c == 'u' || c == 'U') {
        scan->p++;
        return read_code_point(scan, c == 'u' ? 4 : 8);
    }
    for (size_t i = 0; c != '\0' && escapes[i] != '\0'; i++) {
        if (escapes[i] == c) {
            keep(scan, &meanings[i], 1);
            scan->p++;
            return true;
        }
    }
    if (c > 0x20 && c < 0x7F) {
        return toml_fail_at(scan, where,
                            "unknown escape \\%c; a plain backslash is \\\\, or use '…'", c);
    }
    return toml_fail_at(scan, where, "a backslash must be followed by an escape character");
}

static bool read_single(struct toml_scan *scan, char quote, struct toml_span *ret)
{
    const struct toml_place start = toml_scan_place(scan);
    text_reset(&scan->scratch);
    scan->p++;
    for (;;) {
        keep_plain(scan, quote);
        if (scan->p == scan->end || *scan->p == '\n' || *scan->p == '\r') {
            return toml_fail_at(scan, start, "unterminated string");
        }
        if (*scan->p == quote) {
            scan->p++;
            return finish(scan, ret);
        }
        if (*scan->p != '\\') {
            return fail_control(scan);
        }
        if (!read_escape(scan)) {
            return false;
        }
    }
}

/* The cursor is at a backslash: is nothing but blanks between it and the end of the line? Then move
 * to the next character that is neither blank nor line end. */
static bool skip_line_ending(struct toml_scan *scan)
{
    const char *p = scan->p + 1;
    while (p < scan->end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    bool is_line_end =
        p < scan->end && (*p == '\n' || (*p == '\r' && p + 1 < scan->end && p[1] == '\n'));
    if (!is_line_end) {
        return false;
    }
    scan->p = p;
    while (toml_scan_newline(scan)) {
        toml_scan_blank(scan);
    }
    return true;
}

/* The cursor is at a quote. Up to two quotes belong to the text, also right before the closing
 * three. True: the string is closed. */
static bool close_multi(struct toml_scan *scan, char quote)
{
    size_t n = 0;
    while (n < 5 && scan->p + n < scan->end && scan->p[n] == quote) {
        n++;
    }
    keep(scan, scan->p, n >= 3 ? n - 3 : n);
    scan->p += n;
    return n >= 3;
}

static bool read_multi(struct toml_scan *scan, char quote, struct toml_span *ret)
{
    const struct toml_place start = toml_scan_place(scan);
    text_reset(&scan->scratch);
    scan->p += 3;
    (void)toml_scan_newline(scan);
    for (;;) {
        keep_plain(scan, quote);
        const char *here = scan->p;
        if (here == scan->end) {
            return toml_fail_at(scan, start, "unterminated string; it ends with three quotes");
        }
        if (*here == quote) {
            if (close_multi(scan, quote)) {
                return finish(scan, ret);
            }
        } else if (*here == '\\') {
            if (!skip_line_ending(scan) && !read_escape(scan)) {
                return false;
            }
        } else if (toml_scan_newline(scan)) {
            keep(scan, "\n", 1); /* whatever line end the file has */
        } else {
            return fail_control(scan);
        }
    }
}

bool toml_read_line_string(struct toml_scan *scan, struct toml_span *ret)
{
    return read_single(scan, *scan->p, ret);
}

bool toml_read_string(struct toml_scan *scan, struct toml_span *ret)
{
    char quote = *scan->p;
    bool is_multi = scan->end - scan->p >= 3 && scan->p[1] == quote && scan->p[2] == quote;
    return is_multi ? read_multi(scan, quote, ret) : read_single(scan, quote, ret);
}
