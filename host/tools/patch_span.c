/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_span.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

struct patch_span patch_span_of(const char *string)
{
    return (struct patch_span){string, strlen(string)};
}

bool patch_span_equal(struct patch_span a, struct patch_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

bool patch_span_is(struct patch_span span, const char *string)
{
    return patch_span_equal(span, patch_span_of(string));
}

bool patch_span_has_prefix(struct patch_span span, const char *prefix)
{
    size_t n = strlen(prefix);
    return span.n >= n && memcmp(span.at, prefix, n) == 0;
}

struct patch_span patch_span_after(struct patch_span span, size_t n)
{
    return (struct patch_span){span.at + n, span.n - n};
}

/* The character at `p`, `len` bytes long as utf8_length() said. */
static uint32_t decode(const char *p, size_t len)
{
    static const unsigned char lead_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t value = (unsigned char)p[0] & lead_mask[len];
    for (size_t i = 1; i < len; i++) {
        value = value << 6 | ((unsigned char)p[i] & 0x3Fu);
    }
    return value;
}

static bool is_blank(uint32_t c)
{
    if (c < 0x80) {
        return c == ' ' || (c >= 0x09 && c <= 0x0D);
    }
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static size_t blank_at_start(struct patch_span span)
{
    size_t len = utf8_length(span.at, span.n);
    return len > 0 && is_blank(decode(span.at, len)) ? len : 0;
}

static size_t blank_at_end(struct patch_span span)
{
    size_t start = span.n - 1;
    while (start > 0 && span.n - start < 4 && ((unsigned char)span.at[start] & 0xC0u) == 0x80u) {
        start--;
    }
    struct patch_span last = patch_span_after(span, start);
    return utf8_length(last.at, last.n) == last.n ? blank_at_start(last) : 0;
}

struct patch_span patch_span_trim_end(struct patch_span span)
{
    while (span.n > 0) {
        size_t blank = blank_at_end(span);
        if (blank == 0) {
            break;
        }
        span.n -= blank;
    }
    return span;
}

struct patch_span patch_span_trim(struct patch_span span)
{
    while (span.n > 0) {
        size_t blank = blank_at_start(span);
        if (blank == 0) {
            break;
        }
        span = patch_span_after(span, blank);
    }
    return patch_span_trim_end(span);
}

/* '\0' when the character stands for itself. */
static char folded(uint32_t c)
{
    if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212) {
        return '-';
    }
    if (c >= 0x2018 && c <= 0x201B) {
        return '\'';
    }
    if (c >= 0x201C && c <= 0x201F) {
        return '"';
    }
    bool is_space =
        c == 0xA0 || (c >= 0x2002 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000;
    return (char)(is_space ? ' ' : '\0');
}

size_t patch_span_fold(struct patch_span span, char *out)
{
    size_t written = 0;
    while (span.n > 0) {
        size_t len = utf8_length(span.at, span.n);
        len = len > 0 ? len : 1;
        char ascii = (char)(len > 1 ? folded(decode(span.at, len)) : '\0');
        if (ascii != '\0') {
            out[written++] = ascii;
        } else {
            memcpy(out + written, span.at, len);
            written += len;
        }
        span = patch_span_after(span, len);
    }
    return written;
}
