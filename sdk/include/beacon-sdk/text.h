/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/text.h - borrowed spans: making, comparing, cutting; UTF-8 validity.
 *
 * Nothing here allocates or owns. A span is never NUL-terminated by contract. Thread: [pure].
 */
#ifndef BEACON_SDK_TEXT_H
#define BEACON_SDK_TEXT_H

#include <beacon/plugin.h>
#include <stdbool.h>
#include <string.h>

/* A span over `n` bytes at `p`. */
static inline struct beacon_str beacon_span(const char *p, size_t n)
{
    struct beacon_str s;
    s.p = p;
    s.n = n;
    return s;
}

/* A span over a C string; NULL gives the empty span. */
static inline struct beacon_str beacon_text(const char *s)
{
    return beacon_span(s, s != NULL ? strlen(s) : 0);
}

/* BEACON_STR("literal"): a span whose length the compiler knows. */
#define BEACON_STR(literal) beacon_span("" literal, sizeof(literal) - 1)

static inline bool beacon_span_equal(struct beacon_str a, struct beacon_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool beacon_span_is(struct beacon_str a, const char *literal)
{
    return beacon_span_equal(a, beacon_text(literal));
}

/* ASCII only, as HTTP header names need it. */
static inline bool beacon_span_is_nocase(struct beacon_str a, const char *literal)
{
    size_t n = strlen(literal);
    if (a.n != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char x = (unsigned char)a.p[i], y = (unsigned char)literal[i];
        x = (unsigned char)(x >= 'A' && x <= 'Z' ? x + 32 : x);
        y = (unsigned char)(y >= 'A' && y <= 'Z' ? y + 32 : y);
        if (x != y) {
            return false;
        }
    }
    return true;
}

static inline bool beacon_span_starts(struct beacon_str a, const char *literal)
{
    size_t n = strlen(literal);
    return a.n >= n && memcmp(a.p, literal, n) == 0;
}

/* Nothing but spaces, tabs and line ends. */
static inline bool beacon_span_is_blank(struct beacon_str a)
{
    for (size_t i = 0; i < a.n; i++) {
        if (a.p[i] != ' ' && a.p[i] != '\t' && a.p[i] != '\r' && a.p[i] != '\n') {
            return false;
        }
    }
    return true;
}

/* True when `needle` (not empty) occurs in `a`. */
static inline bool beacon_span_contains(struct beacon_str a, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t i = 0; n > 0 && a.n >= n && i <= a.n - n; i++) {
        const char *hit = (const char *)memchr(a.p + i, needle[0], a.n - n - i + 1);
        if (hit == NULL) {
            return false;
        }
        i = (size_t)(hit - a.p);
        if (memcmp(hit, needle, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Bytes of the valid character at `p` (at most `n` left), 0 when there is none: overlong forms,
 * surrogates, values over U+10FFFF and cut characters are not valid. */
static inline size_t beacon_utf8_length(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    if (n == 0) {
        return 0;
    }
    if (u[0] < 0x80) {
        return 1;
    }
    size_t want = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    if (u[0] < 0xc2 || u[0] > 0xf4 || n < want) {
        return 0;
    }
    unsigned char low = u[0] == 0xe0 ? 0xa0 : u[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = u[0] == 0xed ? 0x9f : u[0] == 0xf4 ? 0x8f : 0xbf;
    if (u[1] < low || u[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < want; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return want;
}

/* The eight bytes at `p`, in the order of the machine. */
static inline uint64_t beacon_utf8_word(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Length of the leading run of `p` that is ASCII, at least up to the last 32 bytes before a byte
 * that is not; equal to `n` when all of it is. */
static inline size_t beacon_utf8_ascii_run(const char *p, size_t n)
{
    const uint64_t tops = UINT64_C(0x8080808080808080);
    size_t i = 0;
    for (; n - i >= 32; i += 32) {
        const uint64_t any = beacon_utf8_word(p + i) | beacon_utf8_word(p + i + 8) |
                             beacon_utf8_word(p + i + 16) | beacon_utf8_word(p + i + 24);
        if ((any & tops) != 0) {
            return i;
        }
    }
    for (; n - i >= 8; i += 8) {
        if ((beacon_utf8_word(p + i) & tops) != 0) {
            return i;
        }
    }
    if (i < n && n >= 8) { /* the last eight, some of them seen before */
        return (beacon_utf8_word(p + n - 8) & tops) == 0 ? n : i;
    }
    while (i < n && ((unsigned char)p[i] & 0x80) == 0) {
        i++;
    }
    return i;
}

/* Length of the leading run of `p` that is valid UTF-8; equal to `n` when all of it is. */
static inline size_t beacon_utf8_valid_run(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        i += beacon_utf8_ascii_run(p + i, n - i);
        for (size_t stop = n - i > 32 ? i + 32 : n; i < stop;) {
            const size_t step = beacon_utf8_length(p + i, n - i);
            if (step == 0) {
                return i;
            }
            i += step;
        }
    }
    return i;
}

static inline bool beacon_utf8_is_valid(struct beacon_str s)
{
    return beacon_utf8_valid_run(s.p, s.n) == s.n;
}

/* `s` cut to at most `max` bytes without splitting a character. */
static inline struct beacon_str beacon_utf8_cut(struct beacon_str s, size_t max)
{
    if (s.n <= max) {
        return s;
    }
    size_t n = max;
    while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80 && max - n < 3) {
        n--;
    }
    return beacon_span(s.p, n);
}

#endif
