/* roman.h - Roman numerals to numbers and back, 1 to 3999. */
#ifndef ROMAN_H
#define ROMAN_H

#include <stddef.h>

/* The value of a numeral such as "MCMXCIV", or -1 when `text` is none. */
int roman_parse(const char *text);

/* Write `value` to `out`, 16 bytes at least; returns `out`, or NULL outside 1 to 3999. */
char *roman_format(int value, char out[16]);

#endif
