/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "config/toml_scalar.h"
#include "config/toml_scan.h"

/* What is left of the word. */
struct word {
    const char *p, *end;
};

static bool is_digit_of(char c, int base)
{
    if (base == 16) {
        return toml_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }
    return c >= '0' && c < '0' + base;
}

static bool is_at(const struct word *word, char c)
{
    return word->p < word->end && *word->p == c;
}

/* One digit or more, single underscores only between two of them. False: there is no digit. */
static bool skip_digits(struct word *word, int base)
{
    if (word->p == word->end || !is_digit_of(*word->p, base)) {
        return false;
    }
    while (word->p < word->end) {
        if (is_digit_of(*word->p, base)) {
            word->p++;
        } else if (*word->p == '_' && word->end - word->p >= 2 && is_digit_of(word->p[1], base)) {
            word->p += 2;
        } else {
            break;
        }
    }
    return true;
}

static void skip_sign(struct word *word)
{
    if (is_at(word, '+') || is_at(word, '-')) {
        word->p++;
    }
}

/* The digits without underscores, NUL-terminated, in the scratch text. */
static const char *plain_digits(struct toml_scan *scan, const char *from, const char *end)
{
    text_reset(&scan->scratch);
    for (; from < end; from++) {
        if (*from != '_') {
            bool is_kept = text_add_char(&scan->scratch, *from);
            assert(is_kept);
            (void)is_kept;
        }
    }
    return text_string(&scan->scratch);
}

static bool set_integer(struct toml_scan *scan, const char *digits, int base,
                        struct toml_value *ret)
{
    errno = 0;
    long long value = strtoll(digits, NULL, base);
    if (errno == ERANGE) {
        return toml_fail(scan, "the integer does not fit in 64 bits");
    }
    ret->type = TOML_INTEGER;
    ret->integer = value;
    return true;
}

static bool fail_number(struct toml_scan *scan, const char *word, size_t len)
{
    return toml_fail(scan, "`%.*s` is not a number", len > 40 ? 40 : (int)len, word);
}

static int base_of_prefix(const struct word *word)
{
    if (word->end - word->p < 2 || word->p[0] != '0') {
        return 10;
    }
    switch (word->p[1]) {
    case 'x':
        return 16;
    case 'o':
        return 8;
    case 'b':
        return 2;
    default:
        return 10;
    }
}

/* ".5", "e-3", ".5e-3"; true when all of the word was one of these. */
static bool skip_fraction_and_exponent(struct word *word)
{
    if (is_at(word, '.')) {
        word->p++;
        if (!skip_digits(word, 10)) {
            return false;
        }
    }
    if (is_at(word, 'e') || is_at(word, 'E')) {
        word->p++;
        skip_sign(word);
        if (!skip_digits(word, 10)) {
            return false;
        }
    }
    return word->p == word->end;
}

bool toml_read_number(struct toml_scan *scan, const char *word, size_t len, struct toml_value *ret)
{
    struct word left = {word, word + len};
    int base = base_of_prefix(&left);
    if (base != 10) {
        left.p += 2;
        const char *digits = left.p;
        if (!skip_digits(&left, base) || left.p != left.end) {
            return fail_number(scan, word, len);
        }
        return set_integer(scan, plain_digits(scan, digits, left.end), base, ret);
    }
    skip_sign(&left);
    const char *first = left.p;
    if (!skip_digits(&left, 10)) {
        return fail_number(scan, word, len);
    }
    if (*first == '0' && left.p - first > 1) {
        return toml_fail(scan, "a number must not begin with 0");
    }
    if (left.p == left.end) {
        return set_integer(scan, plain_digits(scan, word, left.end), 10, ret);
    }
    if (!skip_fraction_and_exponent(&left)) {
        return fail_number(scan, word, len);
    }
    ret->type = TOML_FLOAT;
    /* The host never sets LC_NUMERIC, so the decimal point is a point. */
    ret->number = strtod(plain_digits(scan, word, left.end), NULL);
    return true;
}
