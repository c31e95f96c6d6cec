/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/sandbox_backend.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox_parts.h"

static bool describe_policy(const struct sandbox *sandbox, struct text *out)
{
    static const char *const modes[] = {
        [SANDBOX_READ_ONLY] = "read-only: read and run anything, write to devices only",
        [SANDBOX_WORKSPACE_WRITE] = "workspace-write: read and run anything, write beneath",
        [SANDBOX_DANGER_FULL_ACCESS] = "danger-full-access: no restriction at all",
    };
    bool is_whole = text_addf(out, "Backend: %s\nMode:    %s", sandbox_backend_label(sandbox),
                              modes[sandbox->mode]);
    for (size_t i = 0; i < sandbox_root_count(sandbox); i++) {
        is_whole = is_whole && text_addf(out, "\n           %s", sandbox_root_path(sandbox, i));
    }
    for (size_t i = 0; i < sandbox->places.n; i++) {
        const struct place *place = &sandbox->places.list[i];
        if ((place->access & BEACON_PATH_WRITE) != 0 && !place->is_root) {
            is_whole = is_whole && text_addf(out, "\n           %s", place->path);
        }
    }
    bool is_open = sandbox->policy.net == BEACON_NET_FULL;
    return is_whole && text_addf(out, "\nNetwork: %s\n", is_open ? "open" : "off");
}

static bool describe_promises(const struct sandbox *sandbox, const struct plan *plan,
                              struct text *out)
{
    uint32_t wanted = sandbox->policy.require | sandbox->policy.prefer;
    return text_add_string(out, "Enforced: ") && plan_name_promises(plan_promised(plan), out) &&
           text_add_string(out, "\nWanted but not enforced: ") &&
           plan_name_promises(wanted & ~plan_promised(plan), out) && text_add_char(out, '\n');
}

/* No backend here can take a path out of a tree it allows. */
static bool describe_home(const struct sandbox *sandbox, struct text *out)
{
    for (size_t i = 0; sandbox->home != NULL && i < sandbox_root_count(sandbox); i++) {
        if (path_is_beneath(sandbox->home, sandbox_root_path(sandbox, i))) {
            return text_addf(out,
                             "Warning: %s, where the configuration and the plugins of the next "
                             "session are, lies beneath a writable directory.\n",
                             sandbox->home);
        }
    }
    return true;
}

int sandbox_explain(struct sandbox *sandbox, struct text *out, struct beacon_error *err)
{
    static const char *const argv[] = {"true", NULL};
    static const char *const env[] = {NULL};
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    void *cookie = NULL;
    struct plan *plan = plan_create();
    int rc = sandbox_prepare(sandbox, &command, plan, &cookie, err);
    if (rc == BEACON_OK) {
        sandbox_backend_release(sandbox->backend, cookie);
        if (!describe_policy(sandbox, out) || !describe_promises(sandbox, plan, out) ||
            !plan_describe(plan, out) || !describe_home(sandbox, out)) {
            rc = error_set(err, BEACON_E_LIMIT, "report this as a bug",
                           "the plan is too long to show");
        }
    }
    plan_destroy(plan);
    return rc;
}
