/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/json_write.h - writes JSON into one growable buffer that the plugin owns.
 *
 * Commas are placed by the writer; the caller keeps brackets and key/value pairs balanced. Text is
 * escaped, NUL included, and bytes that are not UTF-8 become U+FFFD, so whatever goes in, JSON comes
 * out. When memory ends or the cap is reached `failed` is set, further calls do nothing, and the
 * caller tests it once at the end. Functions named beacon_write_ are the writer's own. Thread: [any], one writer per buffer.
 */
#ifndef BEACON_SDK_JSON_WRITE_H
#define BEACON_SDK_JSON_WRITE_H

#include <beacon-sdk/json_token.h>
#include <beacon-sdk/text.h>
#include <stdio.h>
#include <stdlib.h>

struct beacon_json_out {
    char *p; /* n bytes of text, no NUL; freed by beacon_json_out_finish() */
    size_t n, capacity, max;
    uint16_t failed;
    uint16_t comma_due;
    uint32_t reserved0;
};

/* An empty buffer that will never hold more than `max` bytes. Allocates nothing yet. */
static inline void beacon_json_out_init(struct beacon_json_out *o, size_t max)
{
    memset(o, 0, sizeof *o);
    o->max = max;
}

static inline void beacon_json_out_finish(struct beacon_json_out *o)
{
    free(o->p);
    memset(o, 0, sizeof *o);
}

/* Forget the text, keep the memory. */
static inline void beacon_json_out_reset(struct beacon_json_out *o)
{
    o->n = 0;
    o->failed = 0;
    o->comma_due = 0;
}

/* What was written so far; valid until the next call that writes. */
static inline struct beacon_str beacon_json_out_text(const struct beacon_json_out *o)
{
    return beacon_span(o->p, o->n);
}

/* Room for `more` bytes at the end, NULL when there is none to be had. The caller fills it and adds
 * to o->n what it used. */
static inline char *beacon_json_out_reserve(struct beacon_json_out *o, size_t more)
{
    if (o->failed || more > o->max || o->n > o->max - more) {
        o->failed = 1;
        return NULL;
    }
    if (o->capacity - o->n < more) {
        size_t want = o->n + more, grown = o->capacity < 128 ? 256 : o->capacity * 2;
        want = want > grown ? want : grown;
        want = want > o->max ? o->max : want;
        char *p = (char *)realloc(o->p, want);
        if (p == NULL) {
            o->failed = 1;
            return NULL;
        }
        o->p = p;
        o->capacity = want;
    }
    return o->p + o->n;
}

/* Bytes as they are, outside the grammar: no comma, no escaping. */
static inline void beacon_json_out_bytes(struct beacon_json_out *o, const char *p, size_t n)
{
    char *room = n > 0 ? beacon_json_out_reserve(o, n) : NULL;
    if (room != NULL) {
        memcpy(room, p, n);
        o->n += n;
    }
}

static inline void beacon_write_value(struct beacon_json_out *o)
{
    if (o->comma_due) {
        beacon_json_out_bytes(o, ",", 1);
    }
    o->comma_due = 1;
}

static inline void beacon_write_begin(struct beacon_json_out *o, const char *bracket)
{
    beacon_write_value(o);
    beacon_json_out_bytes(o, bracket, 1);
    o->comma_due = 0;
}

static inline void beacon_write_end(struct beacon_json_out *o, const char *bracket)
{
    beacon_json_out_bytes(o, bracket, 1);
    o->comma_due = 1;
}

static inline void beacon_json_begin_object(struct beacon_json_out *o)
{
    beacon_write_begin(o, "{");
}

static inline void beacon_json_end_object(struct beacon_json_out *o)
{
    beacon_write_end(o, "}");
}

static inline void beacon_json_begin_array(struct beacon_json_out *o)
{
    beacon_write_begin(o, "[");
}

static inline void beacon_json_end_array(struct beacon_json_out *o)
{
    beacon_write_end(o, "]");
}

/* Bytes from `p` before the first that is not ASCII, or that ends or interrupts a string. */
static inline size_t beacon_write_ascii_run(const char *p, size_t n)
{
    size_t run = 0;
#if defined(__SSE2__)
    for (; n - run >= 16; run += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(p + run));
        const unsigned stops = beacon_scan_stops(block) | (unsigned)_mm_movemask_epi8(block);
        if (stops != 0) {
            return run + (unsigned)__builtin_ctz(stops);
        }
    }
#endif
    while (run < n && (unsigned char)p[run] < 0x80 && beacon_scan_is_plain(p[run])) {
        run++;
    }
    return run;
}

/* Bytes from `p` that stand in a string unchanged: valid UTF-8 without quote, backslash, control. */
static inline size_t beacon_write_plain_run(const char *p, size_t n)
{
    size_t run = 0;
    while (run < n) {
        run += beacon_write_ascii_run(p + run, n - run);
        if (run == n || (unsigned char)p[run] < 0x80) {
            break;
        }
        do {
            const size_t step = beacon_utf8_length(p + run, n - run);
            if (step == 0) {
                return run;
            }
            run += step;
        } while (run < n && (unsigned char)p[run] >= 0x80);
    }
    return run;
}

/* The letter after the backslash; 0 when it takes the long form. */
static inline char beacon_write_escape_letter(unsigned char c)
{
    switch (c) {
    case '\n':
        return 'n';
    case '\t':
        return 't';
    case '\r':
        return 'r';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '"':
    case '\\':
        return (char)c;
    default:
        return 0;
    }
}

static inline void beacon_write_escape(struct beacon_json_out *o, unsigned char c)
{
    char escape[8] = {'\\', beacon_write_escape_letter(c)};
    if (c >= 0x80) {
        beacon_json_out_bytes(o, "\xef\xbf\xbd", 3);
    } else if (escape[1] != 0) {
        beacon_json_out_bytes(o, escape, 2);
    } else {
        (void)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
        beacon_json_out_bytes(o, escape, 6);
    }
}

/* A piece of a string: escaped, repaired, without quotes or comma. */
static inline void beacon_json_out_escaped(struct beacon_json_out *o, struct beacon_str s)
{
    size_t i = 0;
    while (i < s.n && !o->failed) {
        size_t run = beacon_write_plain_run(s.p + i, s.n - i);
        beacon_json_out_bytes(o, s.p + i, run);
        i += run;
        if (i < s.n) {
            beacon_write_escape(o, (unsigned char)s.p[i]);
            i++;
        }
    }
}

/* A string in pieces: begin, any number of beacon_json_out_escaped(), end. */
static inline void beacon_json_begin_string(struct beacon_json_out *o)
{
    beacon_write_value(o);
    beacon_json_out_bytes(o, "\"", 1);
}

static inline void beacon_json_end_string(struct beacon_json_out *o)
{
    beacon_json_out_bytes(o, "\"", 1);
}

static inline void beacon_json_put_str(struct beacon_json_out *o, struct beacon_str s)
{
    beacon_json_begin_string(o);
    beacon_json_out_escaped(o, s);
    beacon_json_end_string(o);
}

/* The key of the member whose value is written next. */
static inline void beacon_json_key_str(struct beacon_json_out *o, struct beacon_str key)
{
    beacon_json_put_str(o, key);
    beacon_json_out_bytes(o, ":", 1);
    o->comma_due = 0;
}

/* The same for a C string. */
static inline void beacon_json_key(struct beacon_json_out *o, const char *key)
{
    beacon_json_key_str(o, beacon_text(key));
}

/* End a line of JSON Lines: what follows is a document of its own. */
static inline void beacon_json_end_line(struct beacon_json_out *o)
{
    beacon_json_out_bytes(o, "\n", 1);
    o->comma_due = 0;
}

/* A whole value as JSON text, spliced in byte for byte. The caller knows that it is valid. */
static inline void beacon_json_put_raw(struct beacon_json_out *o, struct beacon_str json)
{
    beacon_write_value(o);
    beacon_json_out_bytes(o, json.p, json.n);
}

static inline void beacon_json_put_int(struct beacon_json_out *o, int64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)value);
    beacon_json_put_raw(o, beacon_span(digits, n > 0 ? (size_t)n : 0));
}

static inline void beacon_json_put_bool(struct beacon_json_out *o, bool value)
{
    beacon_json_put_raw(o, value ? BEACON_STR("true") : BEACON_STR("false"));
}

static inline void beacon_json_put_null(struct beacon_json_out *o)
{
    beacon_json_put_raw(o, BEACON_STR("null"));
}

/* key and string value in one call, the most common pair. */
static inline void beacon_json_put_member(struct beacon_json_out *o, const char *key,
                                          struct beacon_str value)
{
    beacon_json_key(o, key);
    beacon_json_put_str(o, value);
}

/* A string made of `prefix` and the base64 form of `bytes` (a data URL, mostly). */
static inline void beacon_json_put_base64(struct beacon_json_out *o, struct beacon_str prefix,
                                          struct beacon_bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    beacon_json_begin_string(o);
    beacon_json_out_escaped(o, prefix);
    char *out = bytes.n <= o->max ? beacon_json_out_reserve(o, (bytes.n + 2) / 3 * 4) : NULL;
    if (out == NULL) {
        o->failed = o->failed || bytes.n > 0;
    }
    for (size_t i = 0; out != NULL && i < bytes.n; i += 3) {
        const size_t left = bytes.n - i;
        uint32_t word = (uint32_t)bytes.p[i] << 16;
        word |= left > 1 ? (uint32_t)bytes.p[i + 1] << 8 : 0;
        word |= left > 2 ? (uint32_t)bytes.p[i + 2] : 0;
        *out++ = digits[word >> 18];
        *out++ = digits[(word >> 12) & 63];
        *out++ = (char)(left > 1 ? digits[(word >> 6) & 63] : '=');
        *out++ = (char)(left > 2 ? digits[word & 63] : '=');
        o->n += 4;
    }
    beacon_json_end_string(o);
}

#endif
