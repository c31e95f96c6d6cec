/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void *checked(void *p)
{
    if (p == NULL) {
        (void)fputs("beacon-testhost: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *testhost_alloc(size_t n)
{
    return checked(calloc(1, n > 0 ? n : 1));
}

void *testhost_grow(void *p, size_t n)
{
    return checked(realloc(p, n > 0 ? n : 1));
}

char *testhost_copy(struct beacon_str s)
{
    char *p = testhost_alloc(s.n + 1);
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    return p;
}

static void make_room(struct buffer *b, size_t more)
{
    if (b->room - b->n <= more) {
        b->room = (b->n + more + 64) * 2;
        b->p = testhost_grow(b->p, b->room);
    }
}

void buffer_bytes(struct buffer *b, const void *p, size_t n)
{
    make_room(b, n);
    if (n > 0) {
        memcpy(b->p + b->n, p, n);
    }
    b->n += n;
    b->p[b->n] = '\0';
}

void buffer_add(struct buffer *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0) {
        make_room(b, (size_t)n);
        (void)vsnprintf(b->p + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

static void show_byte(struct buffer *b, unsigned char c)
{
    switch (c) {
    case '\n':
        buffer_bytes(b, "\\n", 2);
        break;
    case '\0':
        buffer_bytes(b, "\\0", 2);
        break;
    case '\\':
        buffer_bytes(b, "\\\\", 2);
        break;
    default:
        if (c < 0x20 || c == 0x7f) {
            buffer_add(b, "\\x%02x", c);
        } else {
            buffer_bytes(b, &c, 1);
        }
    }
}

void buffer_shown(struct buffer *b, struct beacon_str s)
{
    make_room(b, s.n);
    for (size_t i = 0; i < s.n; i++) {
        show_byte(b, (unsigned char)s.p[i]);
    }
    b->p[b->n] = '\0';
}

const char *buffer_text(const struct buffer *b)
{
    return b->p != NULL ? b->p : "";
}

void buffer_reset(struct buffer *b)
{
    b->n = 0;
    if (b->p != NULL) {
        b->p[0] = '\0';
    }
}

void buffer_free(struct buffer *b)
{
    free(b->p);
    memset(b, 0, sizeof *b);
}
