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

#include <beacon-sdk/json_scan.h>

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
    uint64_t left;    /* of stops[at], what was not yet stepped over */
    const char *base; /* the byte of its lowest bit */
    uint64_t stops[BEACON_MEMBERS_WORDS]; /* a bit per byte: it ends or interrupts a string */
    bool is_ascii;                        /* every byte is; false also when nobody looked */
};

/* Slices of the text: the key between its quotes, escapes kept; the value whole. */
struct beacon_member {
    struct beacon_str raw_key, raw_value;
};

#if defined(__SSE2__)
/* The stops among 64 bytes; the bytes themselves are added to *seen. */
BEACON_MEMBERS_HOT uint64_t beacon_members_look(const char *p, __m128i *seen)
{
    uint64_t stops = 0;
    for (unsigned i = 0; i < 64; i += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        stops |= (uint64_t)beacon_scan_stops(block) << i;
        *seen = _mm_or_si128(*seen, block);
    }
    return stops;
}

BEACON_MEMBERS_HOT void beacon_members_look_all(struct beacon_members *m, size_t n)
{
    if (n < 64 || n > BEACON_MEMBERS_WORDS * 64) {
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

/* Step over the next stop: a pointer to it, the end of the text when there is none. */
BEACON_MEMBERS_HOT const char *beacon_members_stop(struct beacon_members *m)
{
    while (m->left == 0) {
        if (m->at + 1 >= m->n) {
            return m->j.end;
        }
        m->left = m->stops[++m->at];
        m->base += 64;
    }
    const char *const stop = m->base + __builtin_ctzll(m->left);
    m->left &= m->left - 1;
    return stop;
}

/* After the long way, which the walk may have stepped ahead of: stops from `p` on. */
static inline void beacon_members_resume(struct beacon_members *m, const char *p)
{
    const size_t from = (size_t)(p - m->text);
    if (from / 64 < m->n) {
        m->at = (uint32_t)(from / 64);
        m->base = m->text + (from - from % 64);
        m->left = m->stops[m->at] & (UINT64_MAX << (from % 64));
    } else {
        m->at = m->n;
        m->left = 0;
    }
}

/* End of the value at `p` when it is a string without escapes, a whole number or an empty array;
 * NULL: look closer. */
BEACON_MEMBERS_HOT const char *beacon_members_value_end(struct beacon_members *m, const char *p)
{
    const char *const end = m->j.end;
    if (*p == '"') {
        const char *const open = beacon_members_stop(m), *const close = beacon_members_stop(m);
        return open == p && close < end && *close == '"' ? close + 1 : NULL;
    }
    if (*p == '[' && end - p > 1 && p[1] == ']') {
        return p + 2;
    }
    return beacon_scan_whole_number_end(p, end);
}

/* The member that stands next, when it is written as machines do: with at most a space after comma
 * and colon, and a value of the frequent kinds. NULL: look closer. */
BEACON_MEMBERS_HOT const char *beacon_members_frequent(struct beacon_members *m,
                                                       struct beacon_member *ret)
{
    const char *p = m->j.p, *const end = m->j.end;
    if (m->n == 0 || m->j.depth != 1 || end - p < 8 || (!m->j.fresh && *p != ',')) {
        return NULL;
    }
    const char *const open = beacon_members_stop(m), *const close = beacon_members_stop(m);
    p += m->j.fresh ? 0 : 1;
    if (*p == ' ') {
        p++;
    }
    if (open != p || *open != '"' || end - close < 4 || close[0] != '"' || close[1] != ':') {
        return NULL; /* the least that follows a key is `":1}` */
    }
    const char *const value = close[2] == ' ' ? close + 3 : close + 2;
    const char *const stop = beacon_members_value_end(m, value);
    if (stop != NULL) {
        ret->raw_key = beacon_span(open + 1, (size_t)(close - open - 1));
        ret->raw_value = beacon_span(value, (size_t)(stop - value));
    }
    return stop;
}

BEACON_MEMBERS_COLD bool beacon_members_any(struct beacon_json *j, struct beacon_member *ret)
{
    return beacon_json_next_key(j, &ret->raw_key) && beacon_json_skip(j, &ret->raw_value);
}

/* Consume one whole member. False: the object was left, or failed; *ret is then undefined. */
BEACON_MEMBERS_HOT bool beacon_members_next(struct beacon_members *m, struct beacon_member *ret)
{
    const char *const stop = beacon_members_frequent(m, ret);
    if (stop == NULL) { /* by copies, so that the originals need no memory */
        struct beacon_json j = m->j;
        struct beacon_member member = {{NULL, 0}, {NULL, 0}};
        const bool is_member = beacon_members_any(&j, &member);
        m->j = j;
        *ret = member;
        beacon_members_resume(m, j.p);
        return is_member;
    }
    m->j.p = stop;
    m->j.fresh = 0;
    return true;
}

/* True when the text was one object, now consumed, without a mistake. */
static inline bool beacon_members_finished(struct beacon_members *m)
{
    return beacon_json_finished(&m->j);
}

#endif
