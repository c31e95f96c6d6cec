/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
    if (p == NULL) {
        static const char said[] = "beacon: out of memory\n";
        (void)fwrite(said, 1, sizeof said - 1, stderr);
        abort();
    }
    return p;
}

void *alloc_zeroed(size_t size)
{
    return checked(calloc(1, size > 0 ? size : 1));
}

void *alloc_array(size_t count, size_t size)
{
    return checked(calloc(count > 0 ? count : 1, size));
}

void *alloc_grow(void *old, size_t count, size_t size)
{
    return checked(reallocarray(old, count > 0 ? count : 1, size));
}

void *alloc_copy(const void *from, size_t size)
{
    void *to = checked(malloc(size > 0 ? size : 1));
    if (size > 0) {
        memcpy(to, from, size);
    }
    return to;
}

char *alloc_string(const char *from)
{
    return alloc_copy(from, strlen(from) + 1);
}

char *alloc_string_n(const char *from, size_t n)
{
    char *to = checked(malloc(n + 1));
    if (n > 0) {
        memcpy(to, from, n);
    }
    to[n] = '\0';
    return to;
}

char *alloc_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *made = NULL;
    int len = vasprintf(&made, format, args);
    va_end(args);
    return checked(len < 0 ? NULL : made);
}
