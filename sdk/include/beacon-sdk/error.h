/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/error.h - filling struct beacon_error from a plugin.
 *
 * Thread: [any].
 */
#ifndef BEACON_SDK_ERROR_H
#define BEACON_SDK_ERROR_H

#include <beacon-sdk/log.h>
#include <beacon-sdk/text.h>
#include <stdarg.h>
#include <stdio.h>

/* Copy a C string into a fixed array, cut at a character. */
static inline void beacon_error_copy(char *to, size_t capacity, const char *from)
{
    struct beacon_str cut = beacon_utf8_cut(beacon_text(from), capacity - 1);
    memcpy(to, cut.p, cut.n);
    to[cut.n] = '\0';
}

/* Fill `err` (NULL is fine) through what its struct_size allows, and return `code`. `hint` is what
 * the person can do next and never empty; `format` says what happened to which thing. */
static inline beacon_rc beacon_error_fill(struct beacon_error *err, beacon_rc code,
                                          const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static inline beacon_rc beacon_error_fill(struct beacon_error *err, beacon_rc code,
                                          const char *hint, const char *format, ...)
{
    if (err == NULL) {
        return code;
    }
    char message[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    /* A host that zeroes the struct but forgets its size is this header's version of it. */
    if (err->struct_size == 0) {
        err->struct_size = (uint32_t)sizeof *err;
    }
    BEACON_SET(err, code, code);
    BEACON_SET(err, os_errno, 0);
    if (BEACON_HAS(err, message)) {
        beacon_error_copy(err->message, sizeof err->message, message);
    }
    if (BEACON_HAS(err, hint)) {
        beacon_error_copy(err->hint, sizeof err->hint, hint);
    }
    return code;
}

#endif
