/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "roman.h"

static int n_failed;

static void check_parse(const char *name, const char *text, int expected)
{
    int value = roman_parse(text);
    if (value == expected) {
        printf("ok   - %s\n", name);
    } else {
        printf("FAIL - %s: roman_parse(\"%s\") is %d, expected %d\n", name, text, value, expected);
        n_failed++;
    }
}

static void check_format(const char *name, int value, const char *expected)
{
    char text[16];
    if (strcmp(roman_format(value, text), expected) == 0) {
        printf("ok   - %s\n", name);
    } else {
        printf("FAIL - %s: roman_format(%d) is \"%s\", expected \"%s\"\n", name, value, text,
               expected);
        n_failed++;
    }
}

int main(void)
{
    check_parse("a single digit", "X", 10);
    check_parse("descending digits add up", "MDCLXVI", 1666);
    check_parse("a smaller digit before a larger one is subtracted", "MCMXCIV", 1994);
    check_parse("equal digits add up", "XXIII", 23);
    check_parse("what is no numeral is refused", "XQ", -1);
    check_format("a number becomes its shortest numeral", 1994, "MCMXCIV");
    printf("%d failed\n", n_failed);
    return n_failed == 0 ? 0 : 1;
}
