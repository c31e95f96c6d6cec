/* SPDX-License-Identifier: Apache-2.0 */
#include "limits.h"

#include <beacon-sdk/json_string.h>

#define VALUE_MAX 64u /* bytes of a header that is worth reading */

struct headers {
    const struct beacon_kv *at;
    size_t n;
};

/* The value of anthropic-ratelimit-{group}-{what}; empty: not sent, or too long to mean something. */
static struct beacon_str find(struct headers headers, const char *group, const char *what)
{
    char name[96];
    (void)snprintf(name, sizeof name, "anthropic-ratelimit-%s-%s", group, what);
    for (size_t i = 0; i < headers.n; i++) {
        if (beacon_span_is_nocase(headers.at[i].k, name)) {
            return headers.at[i].v.n <= VALUE_MAX ? headers.at[i].v : beacon_span(NULL, 0);
        }
    }
    return beacon_span(NULL, 0);
}

static bool put_count(struct beacon_json_out *out, const char *key, struct beacon_str value)
{
    const int64_t count = beacon_json_integer(value, -1);
    if (count >= 0) {
        beacon_json_key(out, key);
        beacon_json_put_int(out, count);
    }
    return count >= 0;
}

/* Undo what was begun when nothing came into it. */
static bool end_group(struct beacon_json_out *out, size_t n, uint16_t comma_due, bool has_any)
{
    beacon_json_end_object(out);
    if (!has_any) {
        out->n = n;
        out->comma_due = comma_due;
    }
    return has_any;
}

static bool put_minute(struct beacon_json_out *out, struct headers headers, const char *group,
                       const char *key)
{
    const size_t n = out->n;
    const uint16_t comma_due = out->comma_due;
    const struct beacon_str reset = find(headers, group, "reset");
    beacon_json_key(out, key);
    beacon_json_begin_object(out);
    bool has_any = put_count(out, "limit", find(headers, group, "limit"));
    has_any |= put_count(out, "remaining", find(headers, group, "remaining"));
    if (reset.n > 0) {
        beacon_json_put_member(out, "resets_at", reset);
        has_any = true;
    }
    return end_group(out, n, comma_due, has_any);
}

/* "0.4231" as 42.31: the used part of a window, moved by two digits. False: it is no such number. */
static bool put_percent(struct beacon_json_out *out, struct beacon_str part)
{
    struct beacon_json j;
    struct beacon_str number;
    int64_t percent = 0, hundredths = 0;
    beacon_json_init(&j, part);
    if (beacon_json_peek(&j) != BEACON_JSON_NUMBER || !beacon_json_skip(&j, &number) ||
        !beacon_json_finished(&j) || number.p[0] == '-' || number.n > 12) {
        return false;
    }
    const char *const end = number.p + number.n, *p = number.p;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        percent = percent * 10 + (*p - '0');
    }
    if (p < end && *p != '.') { /* an exponent: nobody sends that */
        return false;
    }
    p += p < end;
    for (int i = 0; i < 4; i++) {
        hundredths = hundredths * 10 + (p < end && *p >= '0' && *p <= '9' ? *p++ - '0' : 0);
    }
    char digits[48];
    const int64_t all = percent * 10000 + hundredths;
    (void)snprintf(digits, sizeof digits, "%lld.%02lld", (long long)(all / 100),
                   (long long)(all % 100));
    beacon_json_key(out, "used_percent");
    beacon_json_put_raw(out, beacon_text(digits));
    return true;
}

static bool put_window(struct beacon_json_out *out, struct headers headers, const char *group,
                       const char *key, int minutes)
{
    const size_t n = out->n;
    const uint16_t comma_due = out->comma_due;
    beacon_json_key(out, key);
    beacon_json_begin_object(out);
    const bool has_any = put_percent(out, find(headers, group, "utilization"));
    beacon_json_key(out, "window_minutes");
    beacon_json_put_int(out, minutes);
    (void)put_count(out, "resets_at", find(headers, group, "reset"));
    return end_group(out, n, comma_due, has_any);
}

bool messages_limits_put(struct beacon_json_out *out, const struct beacon_kv *at, size_t n)
{
    const struct headers headers = {at, n};
    const size_t before = out->n;
    beacon_json_begin_object(out);
    bool has_any = put_minute(out, headers, "requests", "requests");
    has_any |= put_minute(out, headers, "tokens", "tokens");
    has_any |= put_minute(out, headers, "input-tokens", "input_tokens");
    has_any |= put_minute(out, headers, "output-tokens", "output_tokens");
    has_any |= put_window(out, headers, "unified-5h", "primary", 5 * 60);
    has_any |= put_window(out, headers, "unified-7d", "secondary", 7 * 24 * 60);
    beacon_json_end_object(out);
    if (!has_any) {
        out->n = before;
    }
    return has_any;
}
