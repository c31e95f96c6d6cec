/* SPDX-License-Identifier: Apache-2.0
 * beacon/error.h - result codes and the one error type, shared by host and plugins.
 *
 * Every function that can fail returns a `beacon_rc` (0 is success) and takes a `struct beacon_error *`
 * last. The struct lives on the caller's stack; filling it allocates nothing and reads no errno, so it
 * crosses the ABI in both directions. Codes are never renumbered; an unknown one means BEACON_E_INTERNAL.
 */
#ifndef BEACON_ERROR_H
#define BEACON_ERROR_H
#include <stdint.h>

typedef int32_t beacon_rc;

#define BEACON_OK            0
#define BEACON_E_INVALID     (-1)  /* the caller's mistake, or a value a person typed       */
#define BEACON_E_UNSUPPORTED (-2)  /* not offered by this plugin or host; never fatal       */
#define BEACON_E_NOMEM       (-3)  /* plugins only: the host aborts instead                 */
#define BEACON_E_IO          (-4)  /* file, disk, pipe or socket                            */
#define BEACON_E_CANCELLED   (-5)  /* the person or the host asked to stop                  */
#define BEACON_E_DEADLINE    (-6)  /* a time limit passed                                   */
#define BEACON_E_AUTH        (-7)  /* credentials missing or rejected                       */
#define BEACON_E_PROTOCOL    (-8)  /* the peer spoke nonsense                               */
#define BEACON_E_REFUSED     (-9)  /* a rule, or a sandbox that cannot be had               */
#define BEACON_E_LIMIT       (-10) /* rate, quota, context window, or a size cap of ours    */
#define BEACON_E_INTERNAL    (-11) /* a bug on the side that reports it                     */
#define BEACON_E_BUSY        (-12) /* held by another process or object; later is fine      */
#define BEACON_E_NOT_FOUND   (-13) /* the thing that was named does not exist               */
#define BEACON_E_POLICY      (-14) /* an admin's policy or plugin lock forbids it           */

/* `message` says what happened and to which thing; `hint` says what the user can do next and is never
 * empty. Both are UTF-8, NUL-terminated, and cut to fit. `os_errno` is 0 when no system call failed.
 * A callee on the far side of the ABI sees `struct_size` first and writes through BEACON_SET. */
struct beacon_error {
    uint32_t struct_size;
    beacon_rc code;
    int32_t os_errno;
    uint32_t flags; /* 0 */
    char message[256];
    char hint[256];
};
#endif
