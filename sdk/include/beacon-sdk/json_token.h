/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/json_token.h - where a token of JSON ends, by pointers alone.
 *
 * Part of json_scan.h, which includes it. `end` is the end of the text, beyond which nothing is read.
 * Functions named beacon_scan_ are the scanner's own. Thread: [pure].
 */
#ifndef BEACON_SDK_JSON_TOKEN_H
#define BEACON_SDK_JSON_TOKEN_H

#include <beacon-sdk/json_escape.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* In what machines send, one comparison says that there is none. */
static inline const char *beacon_scan_space(const char *p, const char *end)
{
    while (p < end && (unsigned char)*p <= ' ' &&
           (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

static inline bool beacon_scan_is_plain(char c)
{
    return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

#if defined(__SSE2__)
/* A bit for each byte of `block` that ends or interrupts a string. */
static inline unsigned beacon_scan_stops(__m128i block)
{
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    const __m128i mark = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                      _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(mark, control));
}

/* First byte at or after `p` that ends or interrupts a string: quote, backslash, control. */
static inline const char *beacon_scan_plain_end(const char *p, const char *end)
{
    for (; end - p >= 16; p += 16) {
        const unsigned stops = beacon_scan_stops(_mm_loadu_si128((const __m128i *)(const void *)p));
        if (stops != 0) {
            return p + (unsigned)__builtin_ctz(stops);
        }
    }
    while (p < end && beacon_scan_is_plain(*p)) {
        p++;
    }
    return p;
}
#else
/* Eight at a time, up to the eight that hold the byte looked for. */
static inline const char *beacon_scan_plain_end(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        const uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
        const uint64_t hit =
            ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word);
        if ((hit & tops) != 0) {
            break;
        }
    }
    while (p < end && beacon_scan_is_plain(*p)) {
        p++;
    }
    return p;
}
#endif

/* From a backslash to the quote that ends the string, or NULL. */
static inline const char *beacon_scan_escapes(const char *p, const char *end)
{
    while (p < end && *p == '\\') {
        const size_t step = beacon_scan_escape_length(p, end);
        if (step == 0) {
            return NULL;
        }
        p = beacon_scan_plain_end(p + step, end);
    }
    return p < end && *p == '"' ? p : NULL;
}

/* The quote that ends the string whose first byte is at `p`, or NULL. */
static inline const char *beacon_scan_string_end(const char *p, const char *end)
{
    p = beacon_scan_plain_end(p, end);
    return p < end && *p == '"' ? p : beacon_scan_escapes(p, end);
}

static inline const char *beacon_scan_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

/* End of the number that begins at `p`, NULL when there is none. */
static inline const char *beacon_scan_number_end(const char *p, const char *end)
{
    p += p < end && *p == '-' ? 1 : 0;
    const char *whole = p;
    p = beacon_scan_digits(p, end);
    if (p == whole || (*whole == '0' && p - whole > 1)) {
        return NULL;
    }
    if (p < end && *p == '.') {
        const char *fraction = p + 1;
        p = beacon_scan_digits(fraction, end);
        if (p == fraction) {
            return NULL;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p += 1 + (end - p > 1 && (p[1] == '+' || p[1] == '-') ? 1 : 0);
        const char *exponent = p;
        p = beacon_scan_digits(exponent, end);
        if (p == exponent) {
            return NULL;
        }
    }
    return p;
}

/* End of the whole number without a sign at `p`; NULL for anything else, right or wrong. */
static inline const char *beacon_scan_whole_number_end(const char *p, const char *end)
{
    const char *const stop = beacon_scan_digits(p, end);
    const bool is_whole = stop > p && (*p != '0' || stop == p + 1) && stop < end && *stop != '.' &&
                          (*stop | 0x20) != 'e';
    return is_whole ? stop : NULL;
}

#endif
