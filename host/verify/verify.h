/* verify.h - does the sandbox hold? About fifty small forbidden things, tried live.
 *
 * Each canary is tried twice by a process of its own: first without any sandbox, then as a command of a
 * session would run. What cannot be done even without one does not apply here. The verdict is found
 * outside wherever there is something to see there: the file that changed, the listener that heard, the
 * process that is gone. Everything happens to things made for it, in a temporary folder that is removed.
 * Thread: [main].
 */
#ifndef HOST_VERIFY_VERIFY_H
#define HOST_VERIFY_VERIFY_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/sandbox.h"

struct plugin_set;

enum verify_state {
    VERIFY_ENFORCED,
    VERIFY_NOT_ENFORCED,
    VERIFY_NOT_APPLICABLE,
};

struct verify_result {
    const char *id;   /* "files.create", stable */
    const char *what; /* "create a file outside of the writable folders" */
    enum verify_state state;
    bool is_promised;   /* the plan promises it: NOT_ENFORCED is then a fault */
    bool must_work;     /* something everyday: ENFORCED means that it works */
    const char *detail; /* why it does not apply, or what happened; "" */
};

typedef void (*verify_result_fn)(void *ctx, const struct verify_result *result);

struct verify_request {
    struct plugin_set *plugins;
    enum sandbox_mode mode; /* one that restricts */
    const char *backend;
    const char *const *program; /* what to run before "NAME ARGUMENT": NULL-terminated words */
    uint32_t admin_require;
    const char *admin_where;
};

struct verify_report {
    char backend[64];
    uint32_t promised; /* BEACON_SB_* */
    size_t n_enforced, n_open, n_not_applicable;
    size_t n_broken; /* promised, and not enforced */
};

/* Every canary in the order of the table; `on_result` (may be NULL) hears of each. BEACON_E_REFUSED and
 * so on when the sandbox cannot be made; IO when the stage cannot. */
int verify_run(const struct verify_request *request, verify_result_fn on_result, void *ctx,
               struct verify_report *ret, struct beacon_error *err);

const char *verify_state_name(enum verify_state state); /* "enforced", … */

#endif
