/* SPDX-License-Identifier: Apache-2.0 */
/* A sandbox backend that plans one of several operations and uses every call of the plan. */
#include <beacon/sandbox.h>
#include <stdlib.h>
#include <string.h>

#include "golden_sandbox_manifest.h"

static struct beacon_str str(const char *s)
{
    struct beacon_str span = {s, strlen(s)};
    return span;
}

static beacon_rc golden_probe(void *plugin_state, const struct beacon_host *h,
                              struct beacon_sandbox_report *out, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    (void)e;
    BEACON_SET(out, can_enforce, BEACON_SB_FS_WRITE | BEACON_SB_SYSCALLS);
    BEACON_SET(out, abi_level, 7);
    if (BEACON_HAS(out, detail)) {
        strncpy(out->detail, "golden walls", sizeof out->detail - 1);
    }
    return BEACON_OK;
}

static beacon_rc golden_create(void *plugin_state, const struct beacon_host *h,
                               struct beacon_str config, void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    (void)config;
    (void)e;
    *inst = calloc(1, 1);
    return *inst != NULL ? BEACON_OK : BEACON_E_NOMEM;
}

static void golden_destroy(void *inst)
{
    free(inst);
}

static beacon_rc plan_operations(const struct beacon_plan *plan, struct beacon_str target)
{
    struct beacon_mount mount = BEACON_INIT(struct beacon_mount);
    struct beacon_op op = BEACON_INIT(struct beacon_op);
    op.op = BEACON_OP_CAPABILITIES;
    op.fd = -1;
    op.a = 6;
    beacon_rc rc = plan->op(plan, &op);
    mount.target = target;
    mount.source_fd = -1;
    op.op = BEACON_OP_MASK;
    op.a = 0;
    op.data = &mount;
    op.n = sizeof mount;
    return rc == BEACON_OK ? plan->op(plan, &op) : rc;
}

static beacon_rc golden_prepare(void *inst, const struct beacon_sandbox_policy *pol,
                                const struct beacon_exec *ex, const struct beacon_plan *plan,
                                void **cookie, struct beacon_error *e)
{
    const struct beacon_str prefix = str("wrapper");
    (void)e;
    if (pol->n_paths != 1 || ex->argc != 2 || pol->net != BEACON_NET_LOOPBACK ||
        pol->git != BEACON_GIT_SAFE || pol->cwd_fd != -1) {
        return BEACON_E_UNSUPPORTED;
    }
    beacon_rc rc = plan->wrap(plan, &prefix, 1);
    rc = rc == BEACON_OK ? plan->env_set(plan, str("A"), str("1")) : rc;
    rc = rc == BEACON_OK ? plan->env_unset(plan, str("B")) : rc;
    rc = rc == BEACON_OK ? plan_operations(plan, pol->paths[0]->path) : rc;
    rc = rc == BEACON_OK ? plan->promise(plan, pol->require) : rc;
    rc = rc == BEACON_OK ? plan->note(plan, str("golden plan")) : rc;
    *cookie = inst;
    return rc;
}

static void golden_release(void *inst, void *cookie)
{
    (void)inst;
    (void)cookie;
}

static beacon_rc golden_diagnose(void *inst, void *cookie, int32_t wait_status,
                                 struct beacon_bytes err_tail, const struct beacon_sink *out)
{
    (void)cookie;
    (void)inst;
    return wait_status != 0 ? out->put(out, err_tail.p, err_tail.n) : BEACON_E_UNSUPPORTED;
}

static beacon_rc golden_on_notify(void *inst, void *cookie, const struct beacon_sb_notice *n,
                                  struct beacon_sb_answer *out)
{
    (void)inst;
    (void)cookie;
    (void)n;
    BEACON_SET(out, error, 1);
    return BEACON_OK;
}

static const struct beacon_sandbox table = {
    .struct_size = (uint32_t)sizeof table,
    .probe = golden_probe,
    .create = golden_create,
    .destroy = golden_destroy,
    .prepare = golden_prepare,
    .release = golden_release,
    .diagnose = golden_diagnose,
    .on_notify = golden_on_notify,
};

static const struct beacon_component component = {
    .struct_size = (uint32_t)sizeof component,
    .kind = BEACON_KIND_SANDBOX,
    .name = "golden-jail",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &table,
};
static const struct beacon_component *const components[] = {&component, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(golden_sandbox, &plugin)
