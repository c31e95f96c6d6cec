/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/profile_values.h"
#include "config/toml_value.h"

#define WHOLE_DIGITS_MAX 6
#define FRACTION_DIGITS                                                                            \
    6 /* a millionth of a dollar per million tokens is one pico-dollar per token */

/* Digits, perhaps a point and up to six more, and nothing else. */
static bool parse(const char *text, int64_t *ret)
{
    int64_t pico = 0;
    int n_whole = 0, n_fraction = 0;
    for (; isdigit((unsigned char)*text); text++, n_whole++) {
        if (n_whole == WHOLE_DIGITS_MAX) {
            return false;
        }
        pico = pico * 10 + (*text - '0');
    }
    bool has_point = *text == '.';
    for (text += has_point ? 1 : 0; has_point && isdigit((unsigned char)*text);
         text++, n_fraction++) {
        if (n_fraction == FRACTION_DIGITS) {
            return false;
        }
        pico = pico * 10 + (*text - '0');
    }
    for (int i = n_fraction; i < FRACTION_DIGITS; i++) {
        pico *= 10;
    }
    if (n_whole == 0 || *text != '\0' || (has_point && n_fraction == 0)) {
        return false;
    }
    *ret = pico;
    return true;
}

/* A file's 0.15 is a double by now. Of up to 15 digits, and prices have 12, a double gives back each one:
 * the text with six of them behind the point is the number that was written, or it had more. */
static bool parse_number(double number, int64_t *ret)
{
    char text[64];
    if (!(number >= 0 && number < 1e6)) {
        return false;
    }
    (void)snprintf(text, sizeof text, "%.6f", number);
    return strtod(text, NULL) == number && parse(text, ret);
}

bool profile_price_of(const struct toml_value *value, int64_t *ret)
{
    switch (value->type) {
    case TOML_STRING:
        return strlen(value->string.data) == value->string.len && parse(value->string.data, ret);
    case TOML_INTEGER:
        if (value->integer < 0 || value->integer >= 1000000) {
            return false;
        }
        *ret = value->integer * 1000000;
        return true;
    case TOML_FLOAT:
        return parse_number(value->number, ret);
    default:
        return false;
    }
}
