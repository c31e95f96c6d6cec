/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

struct code_row {
    enum exit_status exit_status;
    int jsonrpc;
    const char *type;
};

static const struct code_row rows[] = {
    [-BEACON_OK] = {EXIT_STATUS_OK, 0, "ok"},
    [-BEACON_E_INVALID] = {EXIT_STATUS_FAILED, -32602, "invalid"},
    [-BEACON_E_UNSUPPORTED] = {EXIT_STATUS_FAILED, -32601, "unsupported"},
    [-BEACON_E_NOMEM] = {EXIT_STATUS_FAILED, -32603, "out_of_memory"},
    [-BEACON_E_IO] = {EXIT_STATUS_FAILED, -32603, "io"},
    [-BEACON_E_CANCELLED] = {EXIT_STATUS_INTERRUPTED, -32600, "cancelled"},
    [-BEACON_E_DEADLINE] = {EXIT_STATUS_TIME_LIMIT, -32603, "deadline"},
    [-BEACON_E_AUTH] = {EXIT_STATUS_FAILED, -32600, "auth"},
    [-BEACON_E_PROTOCOL] = {EXIT_STATUS_FAILED, -32603, "protocol"},
    [-BEACON_E_REFUSED] = {EXIT_STATUS_DENIED, -32600, "refused"},
    [-BEACON_E_LIMIT] = {EXIT_STATUS_FAILED, -32603, "limit"},
    [-BEACON_E_INTERNAL] = {EXIT_STATUS_FAILED, -32603, "internal"},
    [-BEACON_E_BUSY] = {EXIT_STATUS_FAILED, -32600, "busy"},
    [-BEACON_E_NOT_FOUND] = {EXIT_STATUS_FAILED, -32600, "not_found"},
    [-BEACON_E_POLICY] = {EXIT_STATUS_POLICY, -32600, "policy"},
};

/* Codes count down from 0, so their rows can be found by number. */
static const struct code_row *row_of(beacon_rc code)
{
    bool is_known = code <= 0 && code > -(beacon_rc)(sizeof rows / sizeof rows[0]);
    return &rows[is_known ? -code : -BEACON_E_INTERNAL];
}

/* A cut in the middle of a character would make the whole message invalid UTF-8 for a JSON client. */
static void cut_at_character(char *s, size_t capacity, int wanted)
{
    if (wanted >= 0 && (size_t)wanted >= capacity) {
        s[utf8_cut(s, capacity - 1)] = '\0';
    }
}

/* Names of files, repositories' configuration and servers end up in messages, and messages on a terminal:
 * what would steer it becomes question marks, and so does what is no UTF-8. */
static void disarm(char *s)
{
    for (size_t left = strlen(s); left > 0;) {
        const unsigned char first = (unsigned char)s[0];
        const size_t n = utf8_length(s, left);
        const size_t taken = n > 0 ? n : 1;
        const bool is_c1 = n == 2 && first == 0xc2 && (unsigned char)s[1] < 0xa0;
        const bool is_control = (first < 0x20 && first != '\n' && first != '\t') || first == 0x7f;
        if (n == 0 || is_c1 || is_control) {
            memset(s, '?', taken);
        }
        s += taken;
        left -= taken;
    }
}

static int fill(struct beacon_error *err, beacon_rc code, const char *hint, const char *format,
                va_list args)
{
    assert(code != BEACON_OK);
    assert(hint != NULL && hint[0] != '\0');
    if (err == NULL) {
        return code;
    }
    char message[sizeof err->message];
    int wanted = vsnprintf(message, sizeof message, format, args);
    cut_at_character(message, sizeof message, wanted);
    char advice[sizeof err->hint]; /* `hint` and the arguments may point into `err` itself */
    wanted = snprintf(advice, sizeof advice, "%s", hint);
    cut_at_character(advice, sizeof advice, wanted);
    disarm(message);
    disarm(advice);
    memcpy(err->message, message, sizeof message);
    memcpy(err->hint, advice, sizeof advice);
    err->struct_size = (uint32_t)sizeof *err;
    err->code = code;
    err->os_errno = 0;
    err->flags = 0;
    return code;
}

int error_set(struct beacon_error *err, beacon_rc code, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = fill(err, code, hint, format, args);
    va_end(args);
    return rc;
}

int error_set_errno(struct beacon_error *err, beacon_rc code, int os_errno, const char *hint,
                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = fill(err, code, hint, format, args);
    va_end(args);
    if (err != NULL) {
        err->os_errno = os_errno;
    }
    return rc;
}

int error_wrap(struct beacon_error *err, const char *format, ...)
{
    if (err == NULL) {
        return BEACON_E_INTERNAL;
    }
    char inner[sizeof err->message];
    memcpy(inner, err->message, sizeof inner);
    char prefix[sizeof err->message];
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    cut_at_character(prefix, sizeof prefix, wanted);
    disarm(prefix);
    wanted = snprintf(err->message, sizeof err->message, "%s: %s", prefix, inner);
    cut_at_character(err->message, sizeof err->message, wanted);
    return err->code;
}

enum exit_status error_exit_status(beacon_rc code)
{
    return row_of(code)->exit_status;
}

int error_jsonrpc_code(beacon_rc code)
{
    return row_of(code)->jsonrpc;
}

const char *error_type(beacon_rc code)
{
    return row_of(code)->type;
}
