/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/json_string.h - from what the scanner returns to text: unescaped and valid UTF-8.
 *
 * Thread: that of the buffers.
 */
#ifndef BEACON_SDK_JSON_STRING_H
#define BEACON_SDK_JSON_STRING_H

#include <beacon-sdk/json_scan.h>
#include <beacon-sdk/json_write.h>

/* Append `s`, each byte that is not UTF-8 as U+FFFD. */
static inline void beacon_json_out_repaired(struct beacon_json_out *o, struct beacon_str s)
{
    size_t i = 0;
    while (i < s.n && !o->failed) {
        size_t run = beacon_utf8_valid_run(s.p + i, s.n - i);
        beacon_json_out_bytes(o, s.p + i, run);
        i += run;
        if (i < s.n) {
            beacon_json_out_bytes(o, "\xef\xbf\xbd", 3);
            i++;
        }
    }
}

/* Append the value of a raw string; UTF-8 when `raw` is. */
static inline void beacon_json_out_unescaped(struct beacon_json_out *o, struct beacon_str raw)
{
    char *room = raw.n > 0 ? beacon_json_out_reserve(o, raw.n) : NULL;
    if (room != NULL) {
        o->n += beacon_json_unescape(raw, room);
    }
}

/* The value of a raw string: `raw` itself when nothing is escaped, else appended to `scratch`, in
 * which case it lives until scratch grows beyond what was reserved. Empty when scratch failed. */
static inline struct beacon_str beacon_json_value(struct beacon_str raw,
                                                  struct beacon_json_out *scratch)
{
    if (raw.n == 0 || memchr(raw.p, '\\', raw.n) == NULL) {
        return raw;
    }
    const size_t start = scratch->n;
    beacon_json_out_unescaped(scratch, raw);
    return scratch->failed ? beacon_span(NULL, 0)
                           : beacon_span(scratch->p + start, scratch->n - start);
}

/* The value of the member `key`, when that is a string; else empty. As beacon_json_value(): several
 * results stay valid together when there is room for the whole object in `scratch` beforehand. */
static inline struct beacon_str beacon_json_member_text(struct beacon_str object_text,
                                                        const char *key,
                                                        struct beacon_json_out *scratch)
{
    struct beacon_str raw = beacon_span(NULL, 0);
    return beacon_json_member_string(object_text, key, &raw) ? beacon_json_value(raw, scratch)
                                                             : raw;
}

/* True: `raw_value` is digits and no more, few enough to need no check, and *ret their value. */
static inline bool beacon_scan_plain_count(struct beacon_str raw_value, int64_t *ret)
{
    int64_t value = 0;
    if (raw_value.n == 0 || raw_value.n > 18 || (raw_value.p[0] == '0' && raw_value.n > 1)) {
        return false;
    }
    for (size_t i = 0; i < raw_value.n; i++) {
        const unsigned digit = (unsigned)(unsigned char)raw_value.p[i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

static inline int64_t beacon_scan_integer(struct beacon_str raw_value, int64_t otherwise)
{
    struct beacon_json j;
    int64_t value = 0;
    beacon_json_init(&j, raw_value);
    return beacon_json_int64(&j, &value) && beacon_json_finished(&j) ? value : otherwise;
}

/* A raw value as an integer, `otherwise` when it is none. */
static inline int64_t beacon_json_integer(struct beacon_str raw_value, int64_t otherwise)
{
    int64_t count;
    return beacon_scan_plain_count(raw_value, &count) ? count
                                                      : beacon_scan_integer(raw_value, otherwise);
}

/* True when `text` is one well-formed value whose first byte is `first` ('{', '[', '"'). */
static inline bool beacon_json_is_whole(struct beacon_str text, char first)
{
    struct beacon_json j;
    beacon_json_init(&j, text);
    (void)beacon_json_peek(&j);
    return j.p < j.end && *j.p == first && beacon_json_skip(&j, NULL) && beacon_json_finished(&j);
}

#endif
