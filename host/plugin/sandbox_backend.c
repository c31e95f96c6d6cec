/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/sandbox_backend.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/breadcrumb.h"
#include "plugin/loader.h"
#include "plugin/outcome.h"
#include "plugin/sized.h"

#define AUTHOR_HINT "update the plugin, or report this to its author"

struct sandbox_backend {
    struct plugin_component component;
    struct beacon_sandbox table; /* complete: every slot is there */
    void *inst;
};

/* The host's plan behind one that completes operations and remembers the first refusal. */
struct plan_relay {
    struct beacon_plan table;
    const struct beacon_plan *to;
    beacon_rc failed;
};

/* Every call of a slot stands between enter() and breadcrumb_leave(). */
static struct breadcrumb enter(const struct sandbox_backend *backend, const char *slot)
{
    return breadcrumb_enter(plugin_id(backend->component.plugin), slot);
}

static beacon_rc no_diagnose(void *inst, void *cookie, int32_t wait_status,
                             struct beacon_bytes err_tail, const struct beacon_sink *out)
{
    (void)inst;
    (void)cookie;
    (void)wait_status;
    (void)err_tail;
    (void)out;
    return BEACON_E_UNSUPPORTED;
}

static beacon_rc no_notify(void *inst, void *cookie, const struct beacon_sb_notice *n,
                           struct beacon_sb_answer *out)
{
    (void)inst;
    (void)cookie;
    (void)n;
    (void)out;
    return BEACON_E_UNSUPPORTED;
}

static const struct sized_slot mandatory[] = {
    SIZED_SLOT(beacon_sandbox, probe),   SIZED_SLOT(beacon_sandbox, create),
    SIZED_SLOT(beacon_sandbox, destroy), SIZED_SLOT(beacon_sandbox, prepare),
    SIZED_SLOT(beacon_sandbox, release),
};

static int complete_table(struct sandbox_backend *backend, struct beacon_error *err)
{
    struct beacon_sandbox *table = &backend->table;
    char what[128];
    (void)snprintf(what, sizeof what, "the sandbox table of %s",
                   plugin_id(backend->component.plugin));
    int rc = sized_copy(table, sizeof *table, backend->component.vtable, what, err);
    if (rc == BEACON_OK) {
        rc = sized_require(table, mandatory, sizeof mandatory / sizeof mandatory[0], what, err);
    }
    table->diagnose = table->diagnose != NULL ? table->diagnose : no_diagnose;
    table->on_notify = table->on_notify != NULL ? table->on_notify : no_notify;
    return rc;
}

int sandbox_backend_open(struct plugin_set *set, const char *component, const char *config_json,
                         struct sandbox_backend **ret, struct beacon_error *err)
{
    struct sandbox_backend *backend = alloc_zeroed(sizeof *backend);
    int rc = plugin_open_component(set, BEACON_KIND_SANDBOX, component, &backend->component, err);
    if (rc == BEACON_OK) {
        rc = complete_table(backend, err);
    }
    if (rc == BEACON_OK) {
        rc = outcome_create(backend->component.plugin, backend->table.create, config_json,
                            &backend->inst, err);
    }
    if (rc != BEACON_OK) {
        free(backend);
        return rc;
    }
    *ret = backend;
    return BEACON_OK;
}

void sandbox_backend_close(struct sandbox_backend *backend)
{
    if (backend != NULL) {
        const struct breadcrumb before = enter(backend, "destroy");
        backend->table.destroy(backend->inst);
        breadcrumb_leave(before);
        free(backend);
    }
}

const char *sandbox_backend_name(const struct sandbox_backend *backend)
{
    return backend->component.name;
}

int sandbox_backend_probe(struct sandbox_backend *backend, struct beacon_sandbox_report *ret,
                          struct beacon_error *err)
{
    const struct plugin *plugin = backend->component.plugin;
    struct beacon_sandbox_report report = {.struct_size = (uint32_t)sizeof report};
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(backend, "probe");
    beacon_rc answer =
        backend->table.probe(plugin_state(plugin), plugin_host(plugin), &report, &theirs);
    breadcrumb_leave(before);
    int rc = outcome_of(plugin, "probe", answer, &theirs, err);
    if (rc == BEACON_OK) {
        report.struct_size = (uint32_t)sizeof report;
        report.detail[sizeof report.detail - 1] = '\0';
        *ret = report;
    }
    return rc;
}

static struct plan_relay *relay_of(const struct beacon_plan *plan)
{
    return plan->ctx;
}

static beacon_rc noted(struct plan_relay *relay, beacon_rc rc)
{
    if (rc < BEACON_OK && relay->failed == BEACON_OK) {
        relay->failed = outcome_code(rc);
    }
    return rc;
}

static beacon_rc plan_wrap(const struct beacon_plan *plan, const struct beacon_str *prefix,
                           size_t n)
{
    struct plan_relay *relay = relay_of(plan);
    return noted(relay, relay->to->wrap(relay->to, prefix, n));
}

static beacon_rc plan_env_set(const struct beacon_plan *plan, struct beacon_str k,
                              struct beacon_str v)
{
    struct plan_relay *relay = relay_of(plan);
    return noted(relay, relay->to->env_set(relay->to, k, v));
}

static beacon_rc plan_env_unset(const struct beacon_plan *plan, struct beacon_str k)
{
    struct plan_relay *relay = relay_of(plan);
    return noted(relay, relay->to->env_unset(relay->to, k));
}

static beacon_rc plan_give_fd(const struct beacon_plan *plan, int32_t parent_fd, int32_t child_fd)
{
    struct plan_relay *relay = relay_of(plan);
    return noted(relay, relay->to->give_fd(relay->to, parent_fd, child_fd));
}

static bool has_mount(uint32_t op)
{
    return op == BEACON_OP_BIND || op == BEACON_OP_MOUNT || op == BEACON_OP_MASK ||
           op == BEACON_OP_MOUNT_ATTR || op == BEACON_OP_SYMLINK;
}

static beacon_rc plan_op(const struct beacon_plan *plan, const struct beacon_op *theirs)
{
    struct plan_relay *relay = relay_of(plan);
    struct beacon_op op;
    struct beacon_mount mount;
    int rc = sized_copy(&op, sizeof op, theirs, "an operation", NULL);
    if (rc == BEACON_OK && !outcome_is_span(op.data, op.n)) {
        rc = BEACON_E_INVALID;
    }
    if (rc == BEACON_OK && has_mount(op.op)) {
        uint32_t claimed = 0;
        if (op.n >= sizeof claimed) {
            memcpy(&claimed, op.data, sizeof claimed);
        }
        rc = claimed == 0 || claimed > op.n
                 ? BEACON_E_INVALID
                 : sized_copy(&mount, sizeof mount, op.data, "a mount", NULL);
        op.data = &mount;
        op.n = sizeof mount;
    }
    return noted(relay, rc == BEACON_OK ? relay->to->op(relay->to, &op) : rc);
}

static beacon_rc plan_promise(const struct beacon_plan *plan, uint32_t enforced)
{
    struct plan_relay *relay = relay_of(plan);
    return noted(relay, relay->to->promise(relay->to, enforced));
}

static beacon_rc plan_note(const struct beacon_plan *plan, struct beacon_str human)
{
    struct plan_relay *relay = relay_of(plan);
    return noted(relay, relay->to->note(relay->to, human));
}

static void plan_relay_init(struct plan_relay *relay, const struct beacon_plan *to)
{
    *relay = (struct plan_relay){
        .table = {.struct_size = (uint32_t)sizeof relay->table,
                  .flags = to->flags,
                  .ctx = relay,
                  .wrap = plan_wrap,
                  .env_set = plan_env_set,
                  .env_unset = plan_env_unset,
                  .give_fd = plan_give_fd,
                  .op = plan_op,
                  .promise = plan_promise,
                  .note = plan_note},
        .to = to,
    };
}

int sandbox_backend_prepare(struct sandbox_backend *backend,
                            const struct beacon_sandbox_policy *policy,
                            const struct beacon_exec *exec, const struct beacon_plan *plan,
                            void **ret_cookie, struct beacon_error *err)
{
    struct plan_relay relay;
    struct beacon_error theirs;
    void *cookie = NULL;
    plan_relay_init(&relay, plan);
    outcome_init(&theirs);
    const struct breadcrumb before = enter(backend, "prepare");
    beacon_rc answer =
        backend->table.prepare(backend->inst, policy, exec, &relay.table, &cookie, &theirs);
    breadcrumb_leave(before);
    int rc = outcome_of(backend->component.plugin, "prepare", answer, &theirs, err);
    if (rc == BEACON_OK && relay.failed != BEACON_OK) {
        sandbox_backend_release(backend, cookie);
        return error_set(err, relay.failed, AUTHOR_HINT,
                         "plugin %s went on after a part of its sandbox plan was refused",
                         plugin_id(backend->component.plugin));
    }
    if (rc == BEACON_OK) {
        *ret_cookie = cookie;
    }
    return rc;
}

void sandbox_backend_release(struct sandbox_backend *backend, void *cookie)
{
    const struct breadcrumb before = enter(backend, "release");
    backend->table.release(backend->inst, cookie);
    breadcrumb_leave(before);
}

int sandbox_backend_diagnose(struct sandbox_backend *backend, void *cookie, int32_t wait_status,
                             struct beacon_bytes tail, const struct beacon_sink *sink)
{
    const struct breadcrumb before = enter(backend, "diagnose");
    beacon_rc answer = backend->table.diagnose(backend->inst, cookie, wait_status, tail, sink);
    breadcrumb_leave(before);
    return outcome_code(answer);
}

int sandbox_backend_notify(struct sandbox_backend *backend, void *cookie,
                           const struct beacon_sb_notice *notice, struct beacon_sb_answer *ret)
{
    struct beacon_sb_answer answer = {.struct_size = sizeof answer, .fd = -1};
    const struct breadcrumb before = enter(backend, "on_notify");
    beacon_rc rc = backend->table.on_notify(backend->inst, cookie, notice, &answer);
    breadcrumb_leave(before);
    if (rc == BEACON_OK) {
        answer.struct_size = sizeof answer;
        *ret = answer;
    }
    return outcome_code(rc);
}
