/* SPDX-License-Identifier: Apache-2.0 */
#include "usage_limit.h"

#include <beacon-sdk/json_string.h>
#include <time.h>

#define UPGRADE_URL "https://chatgpt.com/explore/pro"

/* " 3 hours", nothing for zero. */
static size_t add_unit(char *line, size_t capacity, size_t at, int64_t count, const char *unit)
{
    if (count == 0) {
        return at;
    }
    int n = snprintf(line + at, capacity - at, " %lld %s%s", (long long)count, unit,
                     count == 1 ? "" : "s");
    return n > 0 && (size_t)n < capacity - at ? at + (size_t)n : at;
}

/* "in 3 hours 32 minutes": minutes rounded up, the two largest units. */
static void write_wait(struct beacon_json_out *out, int64_t seconds)
{
    char line[96] = "in";
    size_t n = 2;
    const int64_t minutes = (seconds + 59) / 60;
    const int64_t days = minutes / 1440, hours = minutes / 60 % 24;
    n = add_unit(line, sizeof line, n, days, "day");
    n = add_unit(line, sizeof line, n, hours, "hour");
    if (days == 0) {
        n = add_unit(line, sizeof line, n, minutes % 60, "minute");
    }
    beacon_json_out_bytes(out, line, n);
    if (n == 2) {
        beacon_json_out_bytes(out, " a minute", 9);
    }
}

/* "at 2026-03-01 12:00 UTC". The zone of the person is not the plugin's to know. */
static bool write_date(struct beacon_json_out *out, int64_t unix_seconds)
{
    char line[64];
    struct tm date;
    const time_t when = (time_t)unix_seconds;
    if (unix_seconds <= 0 || gmtime_r(&when, &date) == NULL) {
        return false;
    }
    size_t n = strftime(line, sizeof line, "at %Y-%m-%d %H:%M UTC", &date);
    beacon_json_out_bytes(out, line, n);
    return n > 0;
}

static int64_t integer_member(struct beacon_str object, const char *key)
{
    struct beacon_str value;
    return beacon_json_member(object, key, &value) ? beacon_json_integer(value, -1) : -1;
}

void responses_write_usage_limit(struct beacon_json_out *out, struct beacon_str error)
{
    struct beacon_str plan = beacon_span(NULL, 0), text;
    (void)beacon_json_member_string(error, "plan_type", &plan);
    const int64_t seconds = integer_member(error, "resets_in_seconds");
    const int64_t date = integer_member(error, "resets_at");
    text = BEACON_STR("You’ve hit your usage limit. ");
    beacon_json_out_bytes(out, text.p, text.n);
    text = beacon_json_key_is(plan, "plus")
               ? BEACON_STR("Upgrade to Pro (" UPGRADE_URL ") or try again ")
               : BEACON_STR("Try again ");
    beacon_json_out_bytes(out, text.p, text.n);
    if (write_date(out, date)) {
        /* a date stays true when the message is read later */
    } else if (seconds >= 0 && seconds < INT64_C(1) << 40) {
        write_wait(out, seconds);
    } else {
        beacon_json_out_bytes(out, "later", 5);
    }
    beacon_json_out_bytes(out, ".", 1);
}
