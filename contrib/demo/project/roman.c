/* SPDX-License-Identifier: Apache-2.0 */
#include "roman.h"

#include <string.h>

static int digit_value(char c)
{
    static const char digits[] = "IVXLCDM";
    static const int values[] = {1, 5, 10, 50, 100, 500, 1000};
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? values[at - digits] : -1;
}

/* A digit before a larger one is subtracted: IV is 4, XC is 90. */
int roman_parse(const char *text)
{
    int total = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        int value = digit_value(text[i]);
        int next = digit_value(text[i + 1]);
        if (value < 0) {
            return -1;
        }
        if (value <= next) {
            total -= value;
        } else {
            total += value;
        }
    }
    return total > 0 ? total : -1;
}

char *roman_format(int value, char out[16])
{
    static const struct {
        int value;
        const char *text;
    } steps[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                 {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                 {5, "V"},    {4, "IV"},   {1, "I"}};
    size_t n = 0;
    if (value < 1 || value > 3999) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        for (; value >= steps[i].value; value -= steps[i].value) {
            const size_t length = strlen(steps[i].text);
            memcpy(out + n, steps[i].text, length);
            n += length;
        }
    }
    out[n] = '\0';
    return out;
}
