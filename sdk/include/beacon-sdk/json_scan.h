/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/json_scan.h - a pull scanner over JSON text somebody else owns.
 *
 * For the event that comes ten thousand times a turn: no tree, no allocation, one pass. Every
 * result is a slice of the text, so it lives as long as the text does. The scanner checks the
 * grammar of what it walks over; it does not check UTF-8 (beacon_utf8_is_valid() does). The first
 * mistake sets `failed`, after which every function returns false and peek says ERROR, so a caller
 * may walk a whole object and test beacon_json_finished() once. Never reads outside the text.
 * Functions named beacon_scan_ are the scanner's own. Thread: [pure].
 *
 *     struct beacon_str key, delta = {0};
 *     beacon_json_init(&j, text);
 *     beacon_json_enter_object(&j);
 *     while (beacon_json_next_key(&j, &key)) {
 *         if (beacon_json_key_is(key, "delta")) {
 *             beacon_json_string(&j, &delta);
 *         } else {
 *             beacon_json_skip(&j, NULL);
 *         }
 *     }
 *     if (beacon_json_finished(&j)) …
 */
#ifndef BEACON_SDK_JSON_SCAN_H
#define BEACON_SDK_JSON_SCAN_H

#include <beacon-sdk/json_token.h>
#include <beacon-sdk/text.h>

#define BEACON_JSON_DEPTH_MAX 128u /* deeper nesting is a failure, not a stack overflow */

enum beacon_json_kind {
    BEACON_JSON_END, /* only white space is left */
    BEACON_JSON_OBJECT,
    BEACON_JSON_ARRAY,
    BEACON_JSON_STRING,
    BEACON_JSON_NUMBER,
    BEACON_JSON_TRUE,
    BEACON_JSON_FALSE,
    BEACON_JSON_NULL,
    BEACON_JSON_ERROR, /* failed before, or no value can begin here */
};

struct beacon_json {
    const char *p, *end;
    uint32_t depth;  /* containers entered and not yet left */
    uint16_t failed; /* 1 after the first mistake */
    uint16_t fresh;  /* 1 between an opening bracket and its first member: no comma is due */
};

static inline void beacon_json_init(struct beacon_json *j, struct beacon_str text)
{
    j->p = text.p;
    j->end = text.n > 0 ? text.p + text.n : text.p;
    j->depth = 0;
    j->failed = 0;
    j->fresh = 0;
}

static inline bool beacon_json_fail(struct beacon_json *j)
{
    j->failed = 1;
    j->p = j->end;
    return false;
}

static inline void beacon_scan_skip_space(struct beacon_json *j)
{
    j->p = beacon_scan_space(j->p, j->end);
}

/* What comes next; nothing but white space is consumed. */
static inline enum beacon_json_kind beacon_json_peek(struct beacon_json *j)
{
    if (j->failed) {
        return BEACON_JSON_ERROR;
    }
    beacon_scan_skip_space(j);
    if (j->p == j->end) {
        return j->depth == 0 ? BEACON_JSON_END : BEACON_JSON_ERROR;
    }
    switch (*j->p) {
    case '{':
        return BEACON_JSON_OBJECT;
    case '[':
        return BEACON_JSON_ARRAY;
    case '"':
        return BEACON_JSON_STRING;
    case 't':
        return BEACON_JSON_TRUE;
    case 'f':
        return BEACON_JSON_FALSE;
    case 'n':
        return BEACON_JSON_NULL;
    default:
        return *j->p == '-' || (*j->p >= '0' && *j->p <= '9') ? BEACON_JSON_NUMBER
                                                              : BEACON_JSON_ERROR;
    }
}

/* True when the whole text was one value, now consumed, without a mistake. */
static inline bool beacon_json_finished(struct beacon_json *j)
{
    return j->depth == 0 && beacon_json_peek(j) == BEACON_JSON_END;
}

static inline bool beacon_scan_enter(struct beacon_json *j, char bracket)
{
    beacon_scan_skip_space(j);
    if (j->failed || j->p == j->end || *j->p != bracket || j->depth >= BEACON_JSON_DEPTH_MAX) {
        return beacon_json_fail(j);
    }
    j->p++;
    j->depth++;
    j->fresh = 1;
    return true;
}

/* Step over `{` or `[`. Anything else there is a failure: peek first when unsure. */
static inline bool beacon_json_enter_object(struct beacon_json *j)
{
    return beacon_scan_enter(j, '{');
}

static inline bool beacon_json_enter_array(struct beacon_json *j)
{
    return beacon_scan_enter(j, '[');
}

/* Step over the comma that is due, or leave the container at `closer` and return false. */
static inline bool beacon_scan_next(struct beacon_json *j, char closer)
{
    const char *const end = j->end, *p = beacon_scan_space(j->p, end);
    if (p == end || j->depth == 0) { /* also after a failure */
        return beacon_json_fail(j);
    }
    if (*p == closer) {
        j->p = p + 1;
        j->depth--;
        j->fresh = 0;
        return false;
    }
    if (!j->fresh) {
        if (*p != ',') {
            return beacon_json_fail(j);
        }
        p = beacon_scan_space(p + 1, end);
        if (p < end && *p == closer) {
            return beacon_json_fail(j);
        }
    }
    j->p = p;
    j->fresh = 0;
    return true;
}

/* True: an element stands next and must be consumed. False: the array was left, or failed. */
static inline bool beacon_json_next_element(struct beacon_json *j)
{
    return beacon_scan_next(j, ']');
}

/* Consume a string. *raw (may be NULL): what stood between the quotes, escapes kept; when it holds
 * no backslash it is the value itself, else beacon_json_unescape() makes the value. */
static inline bool beacon_json_string(struct beacon_json *j, struct beacon_str *raw)
{
    const char *const p = beacon_scan_space(j->p, j->end);
    const char *const stop = p < j->end && *p == '"' ? beacon_scan_string_end(p + 1, j->end) : NULL;
    if (stop == NULL) { /* also after a failure */
        return beacon_json_fail(j);
    }
    if (raw != NULL) {
        *raw = beacon_span(p + 1, (size_t)(stop - p - 1));
    }
    j->p = stop + 1;
    return true;
}

/* True: *raw_key is a key (escapes kept) and its value stands next and must be consumed.
 * False: the object was left, or failed. */
static inline bool beacon_json_next_key(struct beacon_json *j, struct beacon_str *raw_key)
{
    if (!beacon_scan_next(j, '}') || !beacon_json_string(j, raw_key)) {
        return false;
    }
    const char *const p = beacon_scan_space(j->p, j->end);
    if (p == j->end || *p != ':') {
        return beacon_json_fail(j);
    }
    j->p = p + 1;
    return true;
}

static inline bool beacon_scan_word(struct beacon_json *j, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(j->end - j->p) < n || memcmp(j->p, word, n) != 0) {
        return beacon_json_fail(j);
    }
    j->p += n;
    return true;
}

/* Consume a value that is neither object nor array. */
static inline bool beacon_scan_scalar(struct beacon_json *j)
{
    const char *end;
    switch (beacon_json_peek(j)) {
    case BEACON_JSON_STRING:
        return beacon_json_string(j, NULL);
    case BEACON_JSON_NUMBER:
        end = beacon_scan_number_end(j->p, j->end);
        j->p = end != NULL ? end : j->p;
        return end != NULL || beacon_json_fail(j);
    case BEACON_JSON_TRUE:
        return beacon_scan_word(j, "true");
    case BEACON_JSON_FALSE:
        return beacon_scan_word(j, "false");
    case BEACON_JSON_NULL:
        return beacon_scan_word(j, "null");
    default:
        return beacon_json_fail(j);
    }
}

/* Consume an integer. A fraction, an exponent or a value outside int64_t is a failure. */
static inline bool beacon_json_int64(struct beacon_json *j, int64_t *ret)
{
    if (beacon_json_peek(j) != BEACON_JSON_NUMBER) {
        return beacon_json_fail(j);
    }
    const char *start = j->p;
    if (!beacon_scan_scalar(j)) {
        return false;
    }
    const bool is_negative = *start == '-';
    int64_t value = 0; /* kept negative: INT64_MIN has no positive twin */
    for (const char *p = start + is_negative; p < j->p; p++) {
        if (*p < '0' || *p > '9' || value < (INT64_MIN + (*p - '0')) / 10) {
            return beacon_json_fail(j);
        }
        value = value * 10 - (*p - '0');
    }
    if (!is_negative && value == INT64_MIN) {
        return beacon_json_fail(j);
    }
    *ret = is_negative ? value : -value;
    return true;
}

static inline bool beacon_json_bool(struct beacon_json *j, bool *ret)
{
    enum beacon_json_kind kind = beacon_json_peek(j);
    if ((kind != BEACON_JSON_TRUE && kind != BEACON_JSON_FALSE) || !beacon_scan_scalar(j)) {
        return beacon_json_fail(j);
    }
    *ret = kind == BEACON_JSON_TRUE;
    return true;
}

/* Consume a value without inside, or step into a container and note what closes it. */
static inline bool beacon_scan_begin_value(struct beacon_json *j, char *closers)
{
    enum beacon_json_kind kind = beacon_json_peek(j);
    if (kind != BEACON_JSON_OBJECT && kind != BEACON_JSON_ARRAY) {
        return beacon_scan_scalar(j);
    }
    if (!beacon_scan_enter(j, *j->p)) {
        return false;
    }
    closers[j->depth - 1] = kind == BEACON_JSON_OBJECT ? '}' : ']';
    return true;
}

/* Leave every container that ends here, down to `outer`. True: a member's value stands next. */
static inline bool beacon_scan_member_follows(struct beacon_json *j, const char *closers,
                                              uint32_t outer)
{
    while (!j->failed && j->depth > outer) {
        if (closers[j->depth - 1] == '}' ? beacon_json_next_key(j, NULL)
                                         : beacon_json_next_element(j)) {
            return true;
        }
    }
    return false;
}

/* Not recursive: `closers` remembers what closes each container that was entered. */
static inline bool beacon_scan_container(struct beacon_json *j)
{
    char closers[BEACON_JSON_DEPTH_MAX]; /* only what was written is read */
    const uint32_t outer = j->depth;
    do {
        if (!beacon_scan_begin_value(j, closers)) {
            return false;
        }
    } while (beacon_scan_member_follows(j, closers, outer));
    return !j->failed;
}

/* Consume one whole value of any kind. *raw_value (may be NULL) is its exact source text, with
 * nothing before or after it. */
static inline bool beacon_json_skip(struct beacon_json *j, struct beacon_str *raw_value)
{
    beacon_scan_skip_space(j);
    const char *start = j->p;
    if (j->failed || start == j->end) {
        return beacon_json_fail(j);
    }
    const bool is_skipped = *start == '"'                    ? beacon_json_string(j, NULL)
                            : *start == '{' || *start == '[' ? beacon_scan_container(j)
                                                             : beacon_scan_scalar(j);
    if (is_skipped && raw_value != NULL) {
        *raw_value = beacon_span(start, (size_t)(j->p - start));
    }
    return is_skipped;
}

/* Compare a raw key, or a raw string, with a plain literal; escapes in `raw` are understood when it
 * is at most 128 bytes long. */
static inline bool beacon_json_key_is(struct beacon_str raw, const char *literal)
{
    if (beacon_span_is(raw, literal)) {
        return true;
    }
    char value[128];
    if (raw.n == 0 || raw.n > sizeof value || memchr(raw.p, '\\', raw.n) == NULL) {
        return false;
    }
    size_t n = beacon_json_unescape(raw, value);
    return beacon_span_is(beacon_span(value, n), literal);
}

/* Look up one member. The whole object must be well formed; of equal keys the last wins, as in a
 * tree. *raw_value is left alone when false is returned. */
static inline bool beacon_json_member(struct beacon_str object_text, const char *key,
                                      struct beacon_str *raw_value)
{
    struct beacon_json j;
    struct beacon_str name, value, found = beacon_span(NULL, 0);
    beacon_json_init(&j, object_text);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &name) && beacon_json_skip(&j, &value)) {
        if (beacon_json_key_is(name, key)) {
            found = value;
        }
    }
    if (!beacon_json_finished(&j) || found.p == NULL) {
        return false;
    }
    *raw_value = found;
    return true;
}

/* As beacon_json_member, for a member that must be a string: *raw is what stands between its
 * quotes. */
static inline bool beacon_json_member_string(struct beacon_str object_text, const char *key,
                                             struct beacon_str *raw)
{
    struct beacon_str value;
    if (!beacon_json_member(object_text, key, &value) || value.p[0] != '"') {
        return false;
    }
    *raw = beacon_span(value.p + 1, value.n - 2);
    return true;
}

#endif
