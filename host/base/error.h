/* error.h - filling struct beacon_error on the host's side, and what each code means to a caller.
 *
 * The only place where a code becomes an exit status, a JSON-RPC code or a telemetry type.
 * Thread: [any].
 */
#ifndef HOST_BASE_ERROR_H
#define HOST_BASE_ERROR_H

#include <beacon/error.h>

/* Exit statuses of the program, as documented in docs/exit-codes.md. */
enum exit_status {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_FAILED = 1, /* the turn failed, or could not begin */
    EXIT_STATUS_USAGE = 2,
    EXIT_STATUS_DENIED = 3, /* an admin rule, or no sandbox to be had */
    EXIT_STATUS_BUDGET = 4,
    EXIT_STATUS_TIME_LIMIT = 5,
    EXIT_STATUS_POLICY = 78,
    EXIT_STATUS_SANDBOX_SETUP = 126, /* `beacon sandbox` only */
    EXIT_STATUS_INTERRUPTED = 130,
    EXIT_STATUS_TERMINATED = 143,
};

/* Fill `err` (may be NULL) and return `code`. `hint` is the next action of the person, never empty;
 * `format` says what happened to which thing. Both are cut to the size of the struct at a character. */
int error_set(struct beacon_error *err, beacon_rc code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* As error_set, with the errno that caused it kept in err->os_errno. */
int error_set_errno(struct beacon_error *err, beacon_rc code, int os_errno, const char *hint,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Put "prefix: " before the message of an error that crosses a room border; returns err->code. */
int error_wrap(struct beacon_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum exit_status error_exit_status(beacon_rc code);
int error_jsonrpc_code(beacon_rc code);
const char *error_type(beacon_rc code); /* lower_snake_case, for telemetry; static */

#endif
