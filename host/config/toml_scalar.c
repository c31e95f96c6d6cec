/* SPDX-License-Identifier: Apache-2.0 */
#include "config/toml_scalar.h"

#include <math.h>
#include <string.h>

#include "config/toml_scan.h"

/* Characters that can be part of a number, a date, or a word somebody forgot to quote. */
static bool is_word_character(char c)
{
    return toml_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '+' || c == '-' || c == '.' || c == ':';
}

static const char *word_end(const struct toml_scan *scan, const char *p)
{
    while (p < scan->end && is_word_character(*p)) {
        p++;
    }
    return p;
}

/* A date may be followed by one space and a time. */
static const char *with_time_behind(const struct toml_scan *scan, const char *end)
{
    const char *word = scan->p;
    bool is_date = end - word == 10 && word[4] == '-' && word[7] == '-';
    bool is_time_next = scan->end - end >= 4 && end[0] == ' ' && toml_is_digit(end[1]) &&
                        toml_is_digit(end[2]) && end[3] == ':';
    return is_date && is_time_next ? word_end(scan, end + 1) : end;
}

struct word_row {
    double number;
    const char *word;
    enum toml_type type;
    bool boolean;
};

static const struct word_row words[] = {
    {0, "true", TOML_BOOL, true},           {0, "false", TOML_BOOL, false},
    {INFINITY, "inf", TOML_FLOAT, false},   {INFINITY, "+inf", TOML_FLOAT, false},
    {-INFINITY, "-inf", TOML_FLOAT, false}, {NAN, "nan", TOML_FLOAT, false},
    {NAN, "+nan", TOML_FLOAT, false},       {NAN, "-nan", TOML_FLOAT, false},
};

static bool is_known_word(const char *word, size_t len, struct toml_value *ret)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].word) == len && memcmp(words[i].word, word, len) == 0) {
            ret->type = words[i].type;
            if (ret->type == TOML_BOOL) {
                ret->boolean = words[i].boolean;
            } else {
                ret->number = words[i].number;
            }
            return true;
        }
    }
    return false;
}

static bool looks_like_time(const char *word, size_t len)
{
    return (len > 2 && toml_is_digit(word[0]) && toml_is_digit(word[1]) && word[2] == ':') ||
           (len > 4 && toml_is_digit(word[0]) && toml_is_digit(word[3]) && word[4] == '-');
}

static bool read_word(struct toml_scan *scan, const char *word, size_t len, struct toml_value *ret)
{
    if (is_known_word(word, len, ret)) {
        return true;
    }
    if (looks_like_time(word, len)) {
        return toml_read_time(scan, word, len, ret);
    }
    if (toml_is_digit(word[0]) || word[0] == '+' || word[0] == '-' || word[0] == '.') {
        return toml_read_number(scan, word, len, ret);
    }
    return toml_fail(scan, "`%.*s` is not a value; a string needs quotes", len > 40 ? 40 : (int)len,
                     word);
}

struct toml_value *toml_read_scalar(struct toml_scan *scan)
{
    const char *word = scan->p;
    const char *end = with_time_behind(scan, word_end(scan, word));
    if (end == word) {
        (void)toml_fail_found(scan, "a value");
        return NULL;
    }
    struct toml_value *value = toml_value_create(scan->arena, TOML_BOOL, toml_scan_place(scan));
    if (!read_word(scan, word, (size_t)(end - word), value)) {
        return NULL;
    }
    scan->p = end;
    return value;
}
