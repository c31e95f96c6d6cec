/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/json_escape.h - the escapes inside JSON strings: how long they are, what they mean.
 *
 * Part of json_scan.h, which includes it. Functions named beacon_scan_ are its own. Thread: [pure].
 */
#ifndef BEACON_SDK_JSON_ESCAPE_H
#define BEACON_SDK_JSON_ESCAPE_H

#include <beacon-sdk/text.h>

static inline int beacon_scan_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of four hex digits, or -1. */
static inline int32_t beacon_scan_hex4(const char *p, const char *end)
{
    if (end - p < 4) {
        return -1;
    }
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = beacon_scan_hex_digit(p[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/* Bytes of the escape at `p` (which points at the backslash), 0 when it is none. */
static inline size_t beacon_scan_escape_length(const char *p, const char *end)
{
    if (end - p < 2) {
        return 0;
    }
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return 2;
    case 'u':
        return beacon_scan_hex4(p + 2, end) >= 0 ? 6 : 0;
    default:
        return 0;
    }
}

/* What the letter after a backslash stands for. */
static inline char beacon_scan_escaped(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default: /* itself */
        return letter;
    }
}

static inline size_t beacon_scan_put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (c >> 18));
    out[1] = (char)(0x80 | ((c >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((c >> 6) & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The character of the \u escape at *p, whose low surrogate is consumed with it. */
static inline uint32_t beacon_scan_unicode(const char **p, const char *end)
{
    uint32_t c = (uint32_t)beacon_scan_hex4(*p + 2, end);
    *p += 6;
    if (c < 0xd800 || c > 0xdfff) {
        return c;
    }
    if (c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        int32_t low = beacon_scan_hex4(*p + 2, end);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *p += 6;
            return 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
        }
    }
    return 0xfffd;
}

/* Write the value of a raw string to `out`, which has room for raw.n bytes and may be raw.p itself;
 * returns its length, never more than raw.n. A lone surrogate becomes U+FFFD; what is no escape
 * is copied as it stands. No NUL is added. */
static inline size_t beacon_json_unescape(struct beacon_str raw, char *out)
{
    const char *p = raw.p, *end = raw.n > 0 ? raw.p + raw.n : raw.p;
    size_t n = 0;
    while (p < end) {
        const char *slash = (const char *)memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((slash != NULL ? slash : end) - p);
        memmove(out + n, p, plain);
        n += plain;
        p += plain;
        if (slash == NULL) {
            break;
        }
        size_t step = beacon_scan_escape_length(p, end);
        if (step == 6) {
            uint32_t c = beacon_scan_unicode(&p, end);
            n += beacon_scan_put_utf8(c, out + n);
        } else if (step == 2) {
            out[n++] = beacon_scan_escaped(p[1]);
            p += 2;
        } else {
            out[n++] = *p++;
        }
    }
    return n;
}

#endif
