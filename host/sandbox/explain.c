/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/sandbox.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/sandbox_backend.h"
#include "sandbox/hold.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox_parts.h"

static bool describe_policy(const struct sandbox *sandbox, struct text *out)
{
    static const char *const modes[] = {
        [SANDBOX_READ_ONLY] = "read-only: read and run anything, write to devices only",
        [SANDBOX_WORKSPACE_WRITE] = "workspace-write: read and run anything, write beneath",
        [SANDBOX_DANGER_FULL_ACCESS] = "danger-full-access: no restriction at all",
    };
    bool is_whole = text_addf(out, "Backend: %s\n", sandbox_backend_label(sandbox));
    if (sandbox->passed_over != NULL) {
        is_whole =
            is_whole && text_addf(out, "         nothing stronger: %s\n", sandbox->passed_over);
    }
    is_whole = is_whole && text_addf(out, "Mode:    %s", modes[sandbox->mode]);
    for (size_t i = 0; i < sandbox_root_count(sandbox); i++) {
        is_whole = is_whole && text_addf(out, "\n           %s", sandbox_root_path(sandbox, i));
    }
    for (size_t i = 0; i < sandbox->places.n; i++) {
        const struct place *place = &sandbox->places.list[i];
        const uint32_t given = place->access & (BEACON_PATH_WRITE | BEACON_PATH_DENY);
        if (given == BEACON_PATH_WRITE && !place->is_root) {
            is_whole = is_whole && text_addf(out, "\n           %s", place->path);
        }
    }
    static const char *const networks[] = {
        [BEACON_NET_NONE] = "off",
        [BEACON_NET_LOOPBACK] = "off; a localhost of its own where the backend has one",
        [BEACON_NET_ALLOW_LIST] = "only the hosts that the configuration names",
        [BEACON_NET_FULL] = "open",
    };
    return is_whole && text_addf(out, "\nNetwork: %s\n", networks[sandbox->policy.net]);
}

static bool describe_promises(const struct sandbox *sandbox, const struct plan *plan,
                              struct text *out)
{
    uint32_t wanted = sandbox->policy.require | sandbox->policy.prefer;
    return text_add_string(out, "Enforced: ") && plan_name_promises(plan_promised(plan), out) &&
           text_add_string(out, "\nWanted but not enforced: ") &&
           plan_name_promises(wanted & ~plan_promised(plan), out) && text_add_char(out, '\n');
}

/* Roots and names the policy does not speak of, though somebody might think it does. */
static bool describe_left_out(const struct sandbox *sandbox, struct text *out)
{
    bool is_whole = true;
    for (size_t i = 0; i < sandbox->places.n_notes; i++) {
        is_whole = is_whole && text_addf(out, "Note: %s.\n", sandbox->places.notes[i]);
    }
    return is_whole;
}

/* A backend that cannot take a path out of a tree it allows promises no reads either. */
static bool describe_home(const struct sandbox *sandbox, const struct plan *plan, struct text *out)
{
    const bool is_closed = (plan_promised(plan) & BEACON_SB_FS_READ) != 0;
    for (size_t i = 0; !is_closed && sandbox->home != NULL && i < sandbox_root_count(sandbox);
         i++) {
        if (path_is_beneath(sandbox->home, sandbox_root_path(sandbox, i))) {
            return text_addf(out,
                             "Warning: %s, where the configuration and the plugins of the next "
                             "session are, lies beneath a writable directory.\n",
                             sandbox->home);
        }
    }
    return true;
}

/* What an ordinary command would get. Nothing of it is run. */
static int plan_ordinary(struct sandbox *sandbox, struct plan *plan, struct beacon_error *err)
{
    static const char *const argv[] = {"true", NULL};
    static const char *const env[] = {NULL};
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    void *cookie = NULL;
    int rc = sandbox_hold_begin(sandbox, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = sandbox_prepare(sandbox, &command, plan, &cookie, err);
    if (rc == BEACON_OK) {
        sandbox_backend_release(sandbox->backend, cookie);
    }
    sandbox_hold_end(sandbox, NULL);
    return rc;
}

int sandbox_promise(struct sandbox *sandbox, uint32_t *ret, struct beacon_error *err)
{
    struct plan *plan = plan_create();
    int rc = plan_ordinary(sandbox, plan, err);
    *ret = rc == BEACON_OK ? plan_promised(plan) : 0;
    plan_destroy(plan);
    return rc;
}

int sandbox_explain(struct sandbox *sandbox, struct text *out, struct beacon_error *err)
{
    struct plan *plan = plan_create();
    int rc = plan_ordinary(sandbox, plan, err);
    if (rc == BEACON_OK) {
        if (!describe_policy(sandbox, out) || !describe_promises(sandbox, plan, out) ||
            !plan_describe(plan, out) || !describe_home(sandbox, plan, out) ||
            !describe_left_out(sandbox, out)) {
            rc = error_set(err, BEACON_E_LIMIT, "report this as a bug",
                           "the plan is too long to show");
        }
    }
    plan_destroy(plan);
    return rc;
}
