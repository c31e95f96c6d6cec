/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "base/arena.h"
#include "config/toml_scalar.h"
#include "config/toml_scan.h"

#define FRACTION_DIGITS_MAX 9 /* kept; more are cut off, as the specification wants */
#define FRACTION_DIGITS_MIN 3 /* shorter ones are filled up with zeros */

/* What is left of the word. */
struct word {
    const char *p, *end;
};

/* Exactly `digits` digits with a value of low…high. */
static bool take_number(struct word *word, int digits, int low, int high, int *ret)
{
    int value = 0;
    if (word->end - word->p < digits) {
        return false;
    }
    for (int i = 0; i < digits; i++) {
        if (!toml_is_digit(word->p[i])) {
            return false;
        }
        value = value * 10 + (word->p[i] - '0');
    }
    word->p += digits;
    *ret = value;
    return value >= low && value <= high;
}

static bool take(struct word *word, char c)
{
    bool is_there = word->p < word->end && *word->p == c;
    word->p += is_there ? 1 : 0;
    return is_there;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

static void keep(struct text *out, const char *from, size_t n)
{
    bool is_kept = text_add(out, from, n);
    assert(is_kept);
    (void)is_kept;
}

static bool take_date(struct word *word, struct text *out)
{
    const char *start = word->p;
    int year = 0, month = 0, day = 0;
    bool is_date = take_number(word, 4, 0, 9999, &year) && take(word, '-') &&
                   take_number(word, 2, 1, 12, &month) && take(word, '-') &&
                   take_number(word, 2, 1, days_of(year, month), &day);
    if (is_date) {
        keep(out, start, (size_t)(word->p - start));
    }
    return is_date;
}

static bool take_fraction(struct word *word, struct text *out)
{
    const char *start = word->p;
    while (word->p < word->end && toml_is_digit(*word->p)) {
        word->p++;
    }
    size_t digits = (size_t)(word->p - start);
    keep(out, ".", 1);
    keep(out, start, digits < FRACTION_DIGITS_MAX ? digits : FRACTION_DIGITS_MAX);
    keep(out, "000", digits < FRACTION_DIGITS_MIN ? FRACTION_DIGITS_MIN - digits : 0);
    return digits > 0;
}

static bool take_clock(struct word *word, struct text *out)
{
    const char *start = word->p;
    int hour = 0, minute = 0, second = 0;
    bool is_clock = take_number(word, 2, 0, 23, &hour) && take(word, ':') &&
                    take_number(word, 2, 0, 59, &minute) && take(word, ':') &&
                    take_number(word, 2, 0, 60, &second);
    if (!is_clock) {
        return false;
    }
    keep(out, start, (size_t)(word->p - start));
    return !take(word, '.') || take_fraction(word, out);
}

static bool take_offset(struct word *word, struct text *out)
{
    if (take(word, 'Z') || take(word, 'z')) {
        keep(out, "Z", 1);
        return true;
    }
    const char *start = word->p;
    int hour = 0, minute = 0;
    bool is_offset = (take(word, '+') || take(word, '-')) && take_number(word, 2, 0, 23, &hour) &&
                     take(word, ':') && take_number(word, 2, 0, 59, &minute);
    if (is_offset) {
        keep(out, start, (size_t)(word->p - start));
    }
    return is_offset;
}

static bool take_all(struct word *word, struct text *out, enum toml_type *ret)
{
    if (word->end - word->p > 2 && word->p[2] == ':') {
        *ret = TOML_LOCAL_TIME;
        return take_clock(word, out) && word->p == word->end;
    }
    if (!take_date(word, out)) {
        return false;
    }
    *ret = TOML_LOCAL_DATE;
    if (word->p == word->end) {
        return true;
    }
    if (!take(word, 'T') && !take(word, 't') && !take(word, ' ')) {
        return false;
    }
    keep(out, "T", 1);
    if (!take_clock(word, out)) {
        return false;
    }
    *ret = TOML_LOCAL_DATETIME;
    if (word->p == word->end) {
        return true;
    }
    *ret = TOML_OFFSET_DATETIME;
    return take_offset(word, out) && word->p == word->end;
}

bool toml_read_time(struct toml_scan *scan, const char *word, size_t len, struct toml_value *ret)
{
    struct word left = {word, word + len};
    enum toml_type type = TOML_LOCAL_TIME;
    text_reset(&scan->scratch);
    if (!take_all(&left, &scan->scratch, &type)) {
        return toml_fail(scan, "`%.*s` is not a date or time", len > 40 ? 40 : (int)len, word);
    }
    ret->type = type;
    ret->string.len = scan->scratch.len;
    ret->string.data = arena_string_n(scan->arena, text_string(&scan->scratch), scan->scratch.len);
    return true;
}
