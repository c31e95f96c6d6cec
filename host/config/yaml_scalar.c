/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define NUMBER_MAX 40 /* characters; a longer one is a string */

static bool is_one_of(const char *text, size_t n, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strlen(*words) == n && memcmp(*words, text, n) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_null(const char *text, size_t n)
{
    static const char *const words[] = {"~", "null", "Null", "NULL", NULL};
    return n == 0 || is_one_of(text, n, words);
}

/* C0 but tab and line feed, DEL, and C1 (U+0080 to U+009F, two bytes). The reader checked that it is UTF-8. */
static bool has_control(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_c1 = c == 0xC2 && i + 1 < n && (unsigned char)text[i + 1] < 0xA0;
        if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7F || is_c1) {
            return true;
        }
    }
    return false;
}

const char *yaml_scalar_refusal(const char *text, size_t n, bool is_plain)
{
    if (memchr(text, '\0', n) != NULL) {
        return "contains a NUL character";
    }
    if (has_control(text, n)) {
        return "contains a control character";
    }
    return is_plain && is_null(text, n) ? "has no value" : NULL;
}

static size_t digits(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && isdigit((unsigned char)text[i])) {
        i++;
    }
    return i;
}

enum shape { SHAPE_TEXT, SHAPE_INTEGER, SHAPE_NUMBER };

/* The numbers of YAML 1.2's core schema that YAML 1.1 reads the same way. */
static enum shape shape_of(const char *text, size_t n)
{
    size_t sign = n > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    const char *p = text + sign;
    size_t left = n - sign;
    size_t whole = digits(p, left);
    if (n > NUMBER_MAX || whole == 0 || (whole > 1 && p[0] == '0')) {
        return SHAPE_TEXT;
    }
    if (whole == left) {
        return SHAPE_INTEGER;
    }
    p += whole;
    left -= whole;
    if (p[0] == '.') {
        size_t part = digits(p + 1, left - 1);
        if (part == 0) {
            return SHAPE_TEXT;
        }
        p += part + 1;
        left -= part + 1;
    }
    if (left > 0 && (p[0] == 'e' || p[0] == 'E')) {
        size_t skip = left > 1 && (p[1] == '-' || p[1] == '+') ? 2 : 1;
        size_t part = digits(p + skip, left - skip);
        left = part > 0 ? left - skip - part : left;
    }
    return left == 0 ? SHAPE_NUMBER : SHAPE_TEXT;
}

static bool take_integer(const char *text, struct toml_value *value)
{
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    if (errno != 0) {
        return false;
    }
    value->type = TOML_INTEGER;
    value->integer = number;
    return true;
}

static bool take_number(const char *text, struct toml_value *value)
{
    double number = strtod(text, NULL);
    if (!isfinite(number)) {
        return false;
    }
    value->type = TOML_FLOAT;
    value->number = number;
    return true;
}

static bool take_bool(const char *text, size_t n, struct toml_value *value)
{
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};
    bool is_yes = is_one_of(text, n, yes);
    if (!is_yes && !is_one_of(text, n, no)) {
        return false;
    }
    value->type = TOML_BOOL;
    value->boolean = is_yes;
    return true;
}

static bool take_plain(const char *text, size_t n, struct toml_value *value)
{
    if (take_bool(text, n, value)) {
        return true;
    }
    switch (shape_of(text, n)) {
    case SHAPE_INTEGER:
        return take_integer(text, value);
    case SHAPE_NUMBER:
        return take_number(text, value);
    default:
        return false;
    }
}

struct toml_value *yaml_scalar_value(struct arena *arena, struct toml_span text, bool is_plain,
                                     struct toml_place place)
{
    struct toml_value *value = toml_value_create(arena, TOML_STRING, place);
    const char *copy = arena_string_n(arena, text.data, text.len);
    if (!is_plain || !take_plain(copy, text.len, value)) {
        value->string = (struct toml_span){copy, text.len};
    }
    return value;
}
