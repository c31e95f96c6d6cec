/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/sandbox.h>
#include <stdio.h>

#include "sandbox_none_manifest.h"

static beacon_rc probe(void *state, const struct beacon_host *host,
                       struct beacon_sandbox_report *out, struct beacon_error *err)
{
    (void)state;
    (void)host;
    (void)err;
    BEACON_SET(out, can_enforce, 0);
    BEACON_SET(out, flags, 0);
    BEACON_SET(out, abi_level, 0);
    if (BEACON_HAS(out, detail)) {
        (void)snprintf(out->detail, sizeof out->detail, "this backend restricts nothing");
    }
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

/* No operation and no promise: a host that requires anything refuses this plan. */
static beacon_rc prepare(void *inst, const struct beacon_sandbox_policy *policy,
                         const struct beacon_exec *exec, const struct beacon_plan *plan,
                         void **cookie, struct beacon_error *err)
{
    static const char text[] = "Nothing is enforced: the command runs with all your rights.";
    (void)inst;
    (void)policy;
    (void)exec;
    (void)err;
    *cookie = NULL;
    return plan->note(plan, (struct beacon_str){text, sizeof text - 1});
}

static void release(void *inst, void *cookie)
{
    (void)inst;
    (void)cookie;
}

static const struct beacon_sandbox backend = {
    .struct_size = sizeof backend,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .prepare = prepare,
    .release = release,
};

static const struct beacon_component none = {
    .struct_size = sizeof none,
    .kind = BEACON_KIND_SANDBOX,
    .name = "none",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &backend,
};

static const struct beacon_component *const components[] = {&none, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(sandbox_none, &plugin)
