/* SPDX-License-Identifier: Apache-2.0
 *
 * Backends that say they can do everything. The liar promises nothing when it comes to it, the
 * stranger plans an operation no host knows and carries on, the clumsy one plans what must fail, the
 * boaster promises everything and plans nothing.
 */
#include <beacon/sandbox.h>
#include <fcntl.h>
#include <unistd.h>

#include "fake_backends_manifest.h"

static beacon_rc probe(void *state, const struct beacon_host *host,
                       struct beacon_sandbox_report *out, struct beacon_error *err)
{
    (void)state;
    (void)host;
    (void)err;
    BEACON_SET(out, can_enforce, UINT32_MAX);
    return BEACON_OK;
}

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    (void)state;
    (void)host;
    (void)config;
    (void)err;
    *inst = NULL;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    (void)inst;
}

static void release(void *inst, void *cookie)
{
    (void)inst;
    (void)cookie;
}

static beacon_rc lie(void *inst, const struct beacon_sandbox_policy *policy,
                     const struct beacon_exec *exec, const struct beacon_plan *plan, void **cookie,
                     struct beacon_error *err)
{
    (void)inst;
    (void)policy;
    (void)exec;
    (void)err;
    *cookie = NULL;
    return plan->promise(plan, BEACON_SB_FS_WRITE);
}

static beacon_rc plan_strangely(void *inst, const struct beacon_sandbox_policy *policy,
                                const struct beacon_exec *exec, const struct beacon_plan *plan,
                                void **cookie, struct beacon_error *err)
{
    const struct beacon_op op = {.struct_size = sizeof op, .op = 999, .fd = -1};
    (void)inst;
    (void)policy;
    (void)exec;
    (void)err;
    (void)plan->op(plan, &op);
    *cookie = NULL;
    return plan->promise(plan, UINT32_MAX);
}

static beacon_rc plan_clumsily(void *inst, const struct beacon_sandbox_policy *policy,
                               const struct beacon_exec *exec, const struct beacon_plan *plan,
                               void **cookie, struct beacon_error *err)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const struct beacon_op first = {
        .struct_size = sizeof first, .op = BEACON_OP_NO_NEW_PRIVS, .fd = -1};
    const struct beacon_op second = {
        .struct_size = sizeof second, .op = BEACON_OP_FCHDIR, .fd = null};
    (void)inst;
    (void)policy;
    (void)exec;
    (void)err;
    (void)plan->op(plan, &first);
    (void)plan->op(plan, &second);
    (void)close(null);
    *cookie = NULL;
    return plan->promise(plan, UINT32_MAX);
}

static beacon_rc boast(void *inst, const struct beacon_sandbox_policy *policy,
                       const struct beacon_exec *exec, const struct beacon_plan *plan,
                       void **cookie, struct beacon_error *err)
{
    (void)inst;
    (void)policy;
    (void)exec;
    (void)err;
    *cookie = NULL;
    return plan->promise(plan, UINT32_MAX);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): names of variables */
#define BACKEND(variable, plan_slot)                                                               \
    static const struct beacon_sandbox variable##_table = {.struct_size = sizeof variable##_table, \
                                                           .probe = probe,                         \
                                                           .create = create,                       \
                                                           .destroy = destroy,                     \
                                                           .prepare = (plan_slot),                 \
                                                           .release = release};                    \
    static const struct beacon_component variable = {.struct_size = sizeof variable,               \
                                                     .kind = BEACON_KIND_SANDBOX,                  \
                                                     .name = #variable,                            \
                                                     .iface = BEACON_SANDBOX_IFACE,                \
                                                     .vtable = &variable##_table}
/* NOLINTEND(bugprone-macro-parentheses) */

BACKEND(liar, lie);
BACKEND(stranger, plan_strangely);
BACKEND(clumsy, plan_clumsily);
BACKEND(boaster, boast);

static const struct beacon_component *const components[] = {&liar, &stranger, &clumsy, &boaster,
                                                            NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(fake_backends, &plugin)
