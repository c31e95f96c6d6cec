/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/json_members.h - the members of one object, one after the other, fast.
 *
 * For the loop that sees every event of a stream. The same answers as beacon_json_next_key() and
 * beacon_json_skip() give, in any order of the members and with any white space; but of a text of
 * usual size every byte is looked at once, sixteen together, and a mask remembers which of them end
 * or interrupt a string. What machines write most, strings without escapes and whole numbers, is
 * then found by stepping from bit to bit. Inlined where it is called, so call it from one place.
 * Never reads outside the text. Thread: [pure].
 *
 *     struct beacon_members walk;
 *     struct beacon_member member;
 *     beacon_members_begin(&walk, text);
 *     while (beacon_members_next(&walk, &member)) …
 *     if (beacon_members_finished(&walk)) …
 */
#ifndef BEACON_SDK_JSON_MEMBERS_H
#define BEACON_SDK_JSON_MEMBERS_H

#include <beacon-sdk/json_string.h>

/* Inlined, so that the walk stays in registers; kept away, so that it can. */
#if defined(__GNUC__)
#define BEACON_MEMBERS_HOT  static inline __attribute__((always_inline))
#define BEACON_MEMBERS_COLD static __attribute__((noinline, unused))
#else
#define BEACON_MEMBERS_HOT  static inline
#define BEACON_MEMBERS_COLD static inline
#endif

#define BEACON_MEMBERS_WORDS ((size_t)8) /* of 64 bytes each; a longer text takes the long way */

struct beacon_members {
    struct beacon_json j;
    const char *text;
    uint32_t n, at;   /* words there are, 0 = the long way; and the one being stepped through */
    uint64_t left;    /* of stops[at], what was not yet stepped over: all from j.p on */
    const char *base; /* the byte of its lowest bit */
    uint64_t stops[BEACON_MEMBERS_WORDS]; /* a bit per byte: it ends or interrupts a string */
    bool is_ascii;                        /* every byte is; false also when nobody looked */
};

/* One member. The spans are slices of the text: the key between its quotes, escapes kept, and the
 * whole value. */
struct beacon_member {
    struct beacon_str raw_key, raw_value;
    int64_t count; /* what the value counts, when that was seen on the way; -1: nobody looked */
    bool is_plain; /* the value is a string in which nothing is escaped; false: nobody looked */
};

#if defined(__SSE2__)
/* The stops among 64 bytes; the bytes themselves are added to *seen. */
BEACON_MEMBERS_HOT uint64_t beacon_members_look(const char *p, __m128i *seen)
{
    const __m128i *const blocks = (const __m128i *)(const void *)p;
    const __m128i a = _mm_loadu_si128(blocks), b = _mm_loadu_si128(blocks + 1);
    const __m128i c = _mm_loadu_si128(blocks + 2), d = _mm_loadu_si128(blocks + 3);
    *seen = _mm_or_si128(*seen, _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d)));
    const unsigned low = beacon_scan_stops(a) | beacon_scan_stops(b) << 16;
    const unsigned high = beacon_scan_stops(c) | beacon_scan_stops(d) << 16;
    return (uint64_t)high << 32 | low;
}

/* Look at a text between braces: its last byte then ends every search, and none need ask for the end
 * of the text. */
BEACON_MEMBERS_HOT void beacon_members_look_all(struct beacon_members *m, size_t n)
{
    if (n < 64 || n > BEACON_MEMBERS_WORDS * 64 || m->text[0] != '{' || m->text[n - 1] != '}') {
        return;
    }
    __m128i seen = _mm_setzero_si128();
    size_t i = 0;
    for (; n - i >= 64; i += 64) {
        m->stops[m->n++] = beacon_members_look(m->text + i, &seen);
    }
    if (i < n) { /* the last 64, without those seen before */
        m->stops[m->n++] = beacon_members_look(m->text + n - 64, &seen) >> (64 - (n - i));
    }
    m->left = m->stops[0];
    m->is_ascii = _mm_movemask_epi8(seen) == 0;
}
#else
static inline void beacon_members_look_all(struct beacon_members *m, size_t n)
{
    (void)m;
    (void)n;
}
#endif

BEACON_MEMBERS_HOT void beacon_members_begin(struct beacon_members *m, struct beacon_str text)
{
    beacon_json_init(&m->j, text);
    m->text = m->base = text.p;
    m->n = m->at = 0;
    m->left = 0;
    m->is_ascii = false;
    beacon_members_look_all(m, text.n);
    (void)beacon_json_enter_object(&m->j);
}

/* Step over the next stop: a pointer to it, or to the last byte, a brace, when there is none. */
BEACON_MEMBERS_HOT const char *beacon_members_stop(struct beacon_members *m)
{
    while (m->left == 0) {
        if (m->at + 1 >= m->n) {
            return m->j.end - 1;
        }
        m->left = m->stops[++m->at];
        m->base += 64;
    }
    const char *const stop = m->base + __builtin_ctzll(m->left);
    m->left &= m->left - 1;
    return stop;
}

/* End of the string that stands next, when nothing in it is escaped; NULL: look closer. */
BEACON_MEMBERS_HOT const char *beacon_members_string_end(struct beacon_members *m)
{
    (void)beacon_members_stop(m); /* the quote itself */
    const char *const stop = beacon_members_stop(m);
    return *stop == '"' ? stop + 1 : NULL;
}

/* End of the whole number at `p`, with its value. */
BEACON_MEMBERS_HOT const char *beacon_members_count_end(const char *p, int64_t *ret)
{
    uint64_t count = 0;
    const char *stop = p;
    while (*stop >= '0' && *stop <= '9') {
        count = count * 10 + (unsigned)(*stop - '0');
        stop++;
    }
    if (stop == p || stop - p > 18 || (*p == '0' && stop != p + 1)) {
        return NULL;
    }
    *ret = (int64_t)count;
    return *stop == ',' || *stop == '}' ? stop : NULL;
}

/* Where the value begins behind the comma or brace at `p`, when that is written as machines do: with
 * at most a space after comma and colon. */
BEACON_MEMBERS_HOT const char *beacon_members_value_begin(struct beacon_members *m, const char *p,
                                                          struct beacon_str *ret_raw_key)
{
    p++;
    if (*p == ' ') {
        p++;
    }
    const char *const key_end = *p == '"' ? beacon_members_string_end(m) : NULL;
    if (key_end == NULL || *key_end != ':') {
        return NULL;
    }
    *ret_raw_key = beacon_span(p + 1, (size_t)(key_end - p - 2));
    return key_end[1] == ' ' ? key_end + 2 : key_end + 1;
}

/* End of the value at `p` when it is such a string or number, or an empty array. */
BEACON_MEMBERS_HOT const char *beacon_members_scalar_end(struct beacon_members *m, const char *p,
                                                         int64_t *ret_count)
{
    if (*p == '"') {
        return beacon_members_string_end(m);
    }
    if (*p == '[') {
        return p[1] == ']' ? p + 2 : NULL;
    }
    return beacon_members_count_end(p, ret_count);
}

/* End of the object at `p`, when such values are all that is in it. The brace that ends the text ends
 * the object around it. */
BEACON_MEMBERS_HOT const char *beacon_members_flat_end(struct beacon_members *m, const char *p)
{
    struct beacon_str raw_key;
    int64_t count;
    do {
        p = beacon_members_value_begin(m, p, &raw_key);
        p = p != NULL ? beacon_members_scalar_end(m, p, &count) : NULL;
    } while (p != NULL && *p == ',');
    return p != NULL && *p == '}' && p + 1 < m->j.end ? p + 1 : NULL;
}

/* The member behind the comma (the brace, the first time) at `p`, when its value is of a frequent
 * kind. */
BEACON_MEMBERS_HOT const char *beacon_members_frequent(struct beacon_members *m, const char *p,
                                                       struct beacon_member *ret)
{
    const char *const value = beacon_members_value_begin(m, p, &ret->raw_key);
    if (value == NULL) {
        return NULL;
    }
    ret->count = -1;
    ret->is_plain = *value == '"';
    const char *const stop = *value == '{' ? beacon_members_flat_end(m, value)
                                           : beacon_members_scalar_end(m, value, &ret->count);
    if (stop != NULL) {
        ret->raw_value = beacon_span(value, (size_t)(stop - value));
    }
    return stop;
}

/* After the long way, which the short one may have stepped ahead of: stops from j.p on. */
static inline void beacon_members_resume(struct beacon_members *m, bool is_member)
{
    const size_t from = (size_t)(m->j.p - m->text);
    m->n = is_member && m->j.p < m->j.end ? m->n : 0;
    if (m->n > 0) {
        m->at = (uint32_t)(from / 64);
        m->base = m->text + (from - from % 64);
        m->left = m->stops[m->at] & (UINT64_MAX << (from % 64));
    }
}

BEACON_MEMBERS_COLD bool beacon_members_any(struct beacon_json *j, struct beacon_member *ret)
{
    return beacon_json_next_key(j, &ret->raw_key) && beacon_json_skip(j, &ret->raw_value);
}

/* By copies, so that the originals need no memory. */
BEACON_MEMBERS_HOT bool beacon_members_long_way(struct beacon_members *m, struct beacon_member *ret)
{
    struct beacon_json j = m->j;
    struct beacon_member member = {{NULL, 0}, {NULL, 0}, -1, false};
    const bool is_member = beacon_members_any(&j, &member);
    m->j = j;
    *ret = member;
    beacon_members_resume(m, is_member);
    return is_member;
}

/* Consume one whole member. False: the object was left, or failed; *ret is then undefined. */
BEACON_MEMBERS_HOT bool beacon_members_next(struct beacon_members *m, struct beacon_member *ret)
{
    if (m->n == 0) {
        return beacon_members_long_way(m, ret);
    }
    const char *const p = m->j.p - m->j.fresh; /* at the comma, or at the first brace */
    if (*p == '}' && p + 1 == m->j.end) {
        m->j.p = m->j.end;
        m->j.depth = 0;
        m->n = 0;
        return false;
    }
    const char *const stop = *p == ',' || m->j.fresh ? beacon_members_frequent(m, p, ret) : NULL;
    if (stop == NULL) {
        return beacon_members_long_way(m, ret);
    }
    m->j.p = stop;
    m->j.fresh = 0;
    return true;
}

/* The value as an integer, `otherwise` when it is none. */
static inline int64_t beacon_member_integer(const struct beacon_member *member, int64_t otherwise)
{
    return member->count >= 0 ? member->count : beacon_json_integer(member->raw_value, otherwise);
}

/* True when the text was one object, now consumed, without a mistake. */
static inline bool beacon_members_finished(struct beacon_members *m)
{
    return beacon_json_finished(&m->j);
}

#endif
