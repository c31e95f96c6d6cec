/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/printable.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/utf8.h"

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && (unsigned char)c < 0x7f;
}

/* One character that is not plain ASCII; returns how many bytes it took. */
static size_t write_special(FILE *to, const char *p, size_t n)
{
    static const char replacement[] = "\xef\xbf\xbd";
    unsigned char c = (unsigned char)*p;
    if (c == '\n' || c == '\t') {
        (void)fputc(c, to);
    } else if (c < 0x80 && !(c == '\r' && n > 1 && p[1] == '\n')) {
        (void)fprintf(to, "^%c", c ^ 0x40);
    }
    if (c < 0x80) {
        return 1;
    }
    size_t length = utf8_length(p, n);
    bool is_control = length == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0;
    if (length == 0 || is_control) {
        (void)fputs(replacement, to);
    } else {
        (void)fwrite(p, 1, length, to);
    }
    return length > 0 ? length : 1;
}

void printable_write(FILE *to, const char *p, size_t n)
{
    while (n > 0) {
        size_t plain = 0;
        while (plain < n && is_plain(p[plain])) {
            plain++;
        }
        (void)fwrite(p, 1, plain, to);
        p += plain;
        n -= plain;
        if (n > 0) {
            size_t taken = write_special(to, p, n);
            p += taken;
            n -= taken;
        }
    }
}

void printable_print(FILE *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    AUTO_FREE char *text = NULL;
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        abort();
    }
    printable_write(to, text, (size_t)n);
}
