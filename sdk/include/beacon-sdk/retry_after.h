/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/retry_after.h - how long a server asks to be left alone.
 *
 * Read from a Retry-After header (seconds, or a date in any of its spellings) or out of the words of
 * an error message. Used by provider plugins for their verdict, and by the host. Text that says
 * nothing gives BEACON_RETRY_AFTER_NONE, an absurd number BEACON_RETRY_AFTER_MAX_MS; whether a wait
 * is too long is the caller's decision. No locale, no allocation, no clock: `now` is a parameter.
 * Thread: [pure].
 */
#ifndef BEACON_SDK_RETRY_AFTER_H
#define BEACON_SDK_RETRY_AFTER_H

#include <beacon-sdk/text.h>

#define BEACON_RETRY_AFTER_NONE   INT64_C(-1)
#define BEACON_RETRY_AFTER_MAX_MS (INT64_C(366) * 24 * 3600 * 1000)

/* What is left of a text that is read from the front. */
struct beacon_retry_cursor {
    const char *p, *end;
};

struct beacon_retry_number {
    int64_t whole, millionths;
};

struct beacon_retry_date {
    int year, month, day, hour, minute, second;
    int millisecond, offset_minutes; /* east of UTC */
};

static inline bool beacon_retry_at_digit(const struct beacon_retry_cursor *c)
{
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static inline bool beacon_retry_at_letter(const struct beacon_retry_cursor *c)
{
    return c->p < c->end && ((*c->p >= 'a' && *c->p <= 'z') || (*c->p >= 'A' && *c->p <= 'Z'));
}

/* Step over `literal`, given in lower case, whatever the case of the text. False: not there. */
static inline bool beacon_retry_skip(struct beacon_retry_cursor *c, const char *literal)
{
    const char *p = c->p;
    for (; *literal != '\0'; literal++, p++) {
        if (p == c->end) {
            return false;
        }
        char lower = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
        if (lower != *literal) {
            return false;
        }
    }
    c->p = p;
    return true;
}

static inline bool beacon_retry_skip_spaces(struct beacon_retry_cursor *c)
{
    const char *from = c->p;
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t')) {
        c->p++;
    }
    return c->p > from;
}

/* `min` to `max` digits (max ≤ 9). */
static inline bool beacon_retry_digits(struct beacon_retry_cursor *c, int min, int max, int *ret)
{
    int value = 0, n = 0;
    for (; n < max && beacon_retry_at_digit(c); n++) {
        value = value * 10 + (*c->p++ - '0');
    }
    if (n < min) {
        return false;
    }
    *ret = value;
    return true;
}

/* The digits after a decimal point, as millionths; further places are read and dropped. */
static inline int64_t beacon_retry_fraction(struct beacon_retry_cursor *c)
{
    int64_t millionths = 0;
    for (int64_t place = 100000; beacon_retry_at_digit(c); place /= 10) {
        millionths += (*c->p++ - '0') * place;
    }
    return millionths;
}

/* "20" or "1.5", saturated. */
static inline bool beacon_retry_decimal(struct beacon_retry_cursor *c,
                                        struct beacon_retry_number *ret)
{
    struct beacon_retry_number number = {0, 0};
    if (!beacon_retry_at_digit(c)) {
        return false;
    }
    while (beacon_retry_at_digit(c)) {
        number.whole = number.whole * 10 + (*c->p++ - '0');
        if (number.whole > BEACON_RETRY_AFTER_MAX_MS) {
            number.whole = BEACON_RETRY_AFTER_MAX_MS;
        }
    }
    if (beacon_retry_skip(c, ".")) {
        number.millionths = beacon_retry_fraction(c);
    }
    *ret = number;
    return true;
}

/* Rounded up, so that nobody comes back too early. */
static inline int64_t beacon_retry_ms(const struct beacon_retry_number *number, int64_t unit_ms)
{
    int64_t ms = number->whole * unit_ms + (number->millionths * unit_ms + 999999) / 1000000;
    return ms < BEACON_RETRY_AFTER_MAX_MS ? ms : BEACON_RETRY_AFTER_MAX_MS;
}

static inline bool beacon_retry_month(struct beacon_retry_cursor *c, int *ret)
{
    static const char names[12][4] = {"jan", "feb", "mar", "apr", "may", "jun",
                                      "jul", "aug", "sep", "oct", "nov", "dec"};
    for (int i = 0; i < 12; i++) {
        if (beacon_retry_skip(c, names[i])) {
            *ret = i + 1;
            return true;
        }
    }
    return false;
}

/* "08:49:37" or "08:49". */
static inline bool beacon_retry_time(struct beacon_retry_cursor *c, struct beacon_retry_date *date)
{
    if (!beacon_retry_digits(c, 2, 2, &date->hour) || !beacon_retry_skip(c, ":") ||
        !beacon_retry_digits(c, 2, 2, &date->minute)) {
        return false;
    }
    return !beacon_retry_skip(c, ":") || beacon_retry_digits(c, 2, 2, &date->second);
}

/* "Z", "GMT", "UTC", "UT", "+0200" or "-08:00". */
static inline bool beacon_retry_zone(struct beacon_retry_cursor *c, struct beacon_retry_date *date)
{
    if (beacon_retry_skip(c, "z") || beacon_retry_skip(c, "gmt") || beacon_retry_skip(c, "utc") ||
        beacon_retry_skip(c, "ut")) {
        return true;
    }
    int hours = 0, minutes = 0;
    bool is_west = beacon_retry_skip(c, "-");
    if ((!is_west && !beacon_retry_skip(c, "+")) || !beacon_retry_digits(c, 2, 2, &hours)) {
        return false;
    }
    (void)beacon_retry_skip(c, ":");
    if (!beacon_retry_digits(c, 2, 2, &minutes)) {
        return false;
    }
    date->offset_minutes = (hours * 60 + minutes) * (is_west ? -1 : 1);
    return true;
}

/* RFC 3339: "2025-01-02T03:04:05.678Z". */
static inline bool beacon_retry_iso_date(struct beacon_retry_cursor *c,
                                         struct beacon_retry_date *date)
{
    if (!beacon_retry_digits(c, 4, 4, &date->year) || !beacon_retry_skip(c, "-") ||
        !beacon_retry_digits(c, 2, 2, &date->month) || !beacon_retry_skip(c, "-") ||
        !beacon_retry_digits(c, 2, 2, &date->day)) {
        return false;
    }
    if ((!beacon_retry_skip(c, "t") && !beacon_retry_skip(c, " ")) || !beacon_retry_time(c, date)) {
        return false;
    }
    if (beacon_retry_skip(c, ".")) {
        date->millisecond = (int)(beacon_retry_fraction(c) / 1000);
    }
    return beacon_retry_zone(c, date);
}

/* What follows the day's name: "06 Nov 1994 08:49:37 GMT" or, of RFC 850, "06-Nov-94 08:49:37 GMT". */
static inline bool beacon_retry_mail_date(struct beacon_retry_cursor *c,
                                          struct beacon_retry_date *date)
{
    if (!beacon_retry_digits(c, 1, 2, &date->day) ||
        (!beacon_retry_skip(c, "-") && !beacon_retry_skip_spaces(c)) ||
        !beacon_retry_month(c, &date->month) ||
        (!beacon_retry_skip(c, "-") && !beacon_retry_skip_spaces(c))) {
        return false;
    }
    const char *year_at = c->p;
    if (!beacon_retry_digits(c, 2, 4, &date->year)) {
        return false;
    }
    if (c->p - year_at == 2) {
        date->year += date->year < 70 ? 2000 : 1900;
    }
    return beacon_retry_skip_spaces(c) && beacon_retry_time(c, date) &&
           beacon_retry_skip_spaces(c) && beacon_retry_zone(c, date);
}

/* asctime() after the day's name: "Nov  6 08:49:37 1994", always UTC. */
static inline bool beacon_retry_c_date(struct beacon_retry_cursor *c,
                                       struct beacon_retry_date *date)
{
    return beacon_retry_month(c, &date->month) && beacon_retry_skip_spaces(c) &&
           beacon_retry_digits(c, 1, 2, &date->day) && beacon_retry_skip_spaces(c) &&
           beacon_retry_time(c, date) && beacon_retry_skip_spaces(c) &&
           beacon_retry_digits(c, 4, 4, &date->year);
}

static inline bool beacon_retry_date_is_real(const struct beacon_retry_date *date)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date->month < 1 || date->month > 12 || date->year < 1970) {
        return false;
    }
    bool is_leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
    int last = days[date->month - 1] + (date->month == 2 && is_leap ? 1 : 0);
    return date->day >= 1 && date->day <= last && date->hour <= 23 && date->minute <= 59 &&
           date->second <= 60;
}

static inline int64_t beacon_retry_unix_ms(const struct beacon_retry_date *date)
{
    static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    /* Leap days of all Februaries that are over: count in years that end with February. */
    int64_t y = date->month > 2 ? date->year : date->year - 1;
    int64_t leap_days = y / 4 - y / 100 + y / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    int64_t days = (date->year - 1970) * INT64_C(365) + leap_days + before[date->month - 1];
    int64_t minutes = ((days + date->day - 1) * 24 + date->hour) * 60 + date->minute;
    return (minutes - date->offset_minutes) * 60000 + date->second * INT64_C(1000) +
           date->millisecond;
}

static inline bool beacon_retry_any_date(struct beacon_retry_cursor *c,
                                         struct beacon_retry_date *date)
{
    const char *from = c->p;
    if (beacon_retry_at_digit(c) && beacon_retry_iso_date(c, date)) {
        return true;
    }
    c->p = from;
    while (beacon_retry_at_letter(c)) { /* the name of the day says nothing new */
        c->p++;
    }
    (void)beacon_retry_skip(c, ",");
    (void)beacon_retry_skip_spaces(c);
    return beacon_retry_at_digit(c) ? beacon_retry_mail_date(c, date)
                                    : beacon_retry_c_date(c, date);
}

/* Milliseconds from `now` that the value of a Retry-After header names; a date that is past gives 0.
 * BEACON_RETRY_AFTER_NONE when it is none of: whole or decimal seconds, the three HTTP dates,
 * RFC 3339, RFC 2822. */
static inline int64_t beacon_retry_after_header(struct beacon_str value, int64_t now_unix_ms)
{
    struct beacon_retry_cursor c = {value.p, value.n > 0 ? value.p + value.n : value.p};
    struct beacon_retry_number seconds;
    struct beacon_retry_date date = {0, 0, 0, 0, 0, 0, 0, 0};
    (void)beacon_retry_skip_spaces(&c);
    struct beacon_retry_cursor start = c;
    if (beacon_retry_decimal(&c, &seconds)) {
        (void)beacon_retry_skip_spaces(&c);
        if (c.p == c.end) {
            return beacon_retry_ms(&seconds, 1000);
        }
    }
    c = start;
    if (!beacon_retry_any_date(&c, &date) || !beacon_retry_date_is_real(&date)) {
        return BEACON_RETRY_AFTER_NONE;
    }
    (void)beacon_retry_skip_spaces(&c);
    int64_t wait_ms = beacon_retry_unix_ms(&date) - now_unix_ms;
    if (c.p != c.end) {
        return BEACON_RETRY_AFTER_NONE;
    }
    wait_ms = wait_ms > 0 ? wait_ms : 0;
    return wait_ms < BEACON_RETRY_AFTER_MAX_MS ? wait_ms : BEACON_RETRY_AFTER_MAX_MS;
}

/* "in 1.5s", "after 20 seconds": what follows "try" or "try again". */
static inline int64_t beacon_retry_delay_phrase(struct beacon_retry_cursor *c)
{
    static const char *const units[] = {"milliseconds", "ms",  "seconds", "second",
                                        "secs",         "sec", "s"};
    struct beacon_retry_number number;
    if ((!beacon_retry_skip(c, "in") && !beacon_retry_skip(c, "after")) ||
        !beacon_retry_skip_spaces(c) || !beacon_retry_decimal(c, &number)) {
        return BEACON_RETRY_AFTER_NONE;
    }
    (void)beacon_retry_skip_spaces(c);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct beacon_retry_cursor after = *c;
        if (beacon_retry_skip(&after, units[i]) && !beacon_retry_at_letter(&after)) {
            return beacon_retry_ms(&number, i < 2 ? 1 : 1000);
        }
    }
    return BEACON_RETRY_AFTER_NONE;
}

/* Milliseconds out of a sentence such as "Rate limit reached. Please try again in 1.2s.": the first
 * of (please try again|try again|please retry|retry|try) (in|after) <number><ms|s|sec|seconds>, in
 * any case, the number decimal, a space before the unit optional. */
static inline int64_t beacon_retry_after_text(struct beacon_str text)
{
    struct beacon_retry_cursor c = {text.p, text.n > 0 ? text.p + text.n : text.p};
    while (c.p < c.end) {
        /* Each of the five beginnings ends in "try" or "try again". */
        if (!beacon_retry_skip(&c, "try")) {
            c.p++;
            continue;
        }
        struct beacon_retry_cursor phrase = c;
        bool is_word = beacon_retry_skip_spaces(&phrase);
        if (is_word && beacon_retry_skip(&phrase, "again")) {
            is_word = beacon_retry_skip_spaces(&phrase);
        }
        int64_t ms = is_word ? beacon_retry_delay_phrase(&phrase) : BEACON_RETRY_AFTER_NONE;
        if (ms != BEACON_RETRY_AFTER_NONE) {
            return ms;
        }
    }
    return BEACON_RETRY_AFTER_NONE;
}

#endif
