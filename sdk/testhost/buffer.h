/* SPDX-License-Identifier: Apache-2.0
 * buffer.h - text that grows, always with a NUL behind it.
 *
 * Memory that ends ends the program: this is a test. Thread: [any], one writer per buffer.
 */
#ifndef TESTHOST_BUFFER_H
#define TESTHOST_BUFFER_H

#include <beacon-sdk/text.h>

struct buffer {
    char *p; /* NULL until something was added; see buffer_text() */
    size_t n, room;
};

void buffer_bytes(struct buffer *b, const void *p, size_t n);
void buffer_add(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Control characters as \n, \0, \x1b, the backslash doubled: one line of text comes out. */
void buffer_shown(struct buffer *b, struct beacon_str s);

const char *buffer_text(const struct buffer *b); /* "" when nothing was added */
void buffer_reset(struct buffer *b);
void buffer_free(struct buffer *b);

/* malloc() and friends that end the program instead of failing. */
void *testhost_alloc(size_t n); /* zeroed */
void *testhost_grow(void *p, size_t n);
char *testhost_copy(struct beacon_str s); /* with a NUL behind it */

#endif
