/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/error.h>
#include <beacon/sandbox.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "capabilities.h"
#include "diagnose.h"
#include "filter.h"
#include "namespaces.h"
#include "policy.h"
#include "ruleset_cache.h"
#include "sandbox_landlock_manifest.h"

struct instance {
    uint32_t level;
    struct ruleset_cache cache;
};

static beacon_rc have_ruleset(struct instance *instance, const struct beacon_sandbox_policy *policy,
                              const struct policy_view *view, struct beacon_error *err)
{
    const struct ruleset_wish wish = {
        .paths = policy->paths,
        .n_paths = policy->n_paths,
        .has_network = view->has_network,
        .is_read_limited = view->is_read_limited,
        .is_exec_limited = view->is_exec_limited,
    };
    return ruleset_cache_renew(&instance->cache, &wish, instance->level, err);
}

static beacon_rc plan_filter(struct instance *instance, const struct policy_view *view,
                             const struct beacon_plan *plan)
{
    bool is_old = instance->level < LANDLOCK_LEVEL_TRUNCATE;
    uint32_t variant = (view->has_network ? 0 : FILTER_NO_NETWORK) |
                       (view->is_read_only ? FILTER_NO_METADATA : 0) |
                       (is_old ? FILTER_NO_TRUNCATE : 0);
    size_t n = 0;
    const struct sock_filter *program = filter_find(variant, &n);
    if (program == NULL) {
        return BEACON_E_INTERNAL;
    }
    const struct beacon_op op = {
        .struct_size = sizeof op,
        .op = BEACON_OP_SECCOMP,
        .fd = -1,
        .data = program,
        .n = n * sizeof *program,
    };
    return plan->op(plan, &op);
}

/* no_new_privs first: without it an ordinary user may do neither of the other two. The filter comes
 * last, so that it need not allow what the other operations do. */
static beacon_rc plan_operations(struct instance *instance, const struct policy_view *view,
                                 const struct beacon_plan *plan)
{
    const struct beacon_op no_core = {
        .struct_size = sizeof no_core, .op = BEACON_OP_RLIMIT, .fd = -1, .a = RLIMIT_CORE};
    const struct beacon_op no_new_privs = {
        .struct_size = sizeof no_new_privs, .op = BEACON_OP_NO_NEW_PRIVS, .fd = -1};
    const struct beacon_op landlock = {
        .struct_size = sizeof landlock, .op = BEACON_OP_LANDLOCK, .fd = instance->cache.ruleset};
    const struct beacon_op capabilities = {.struct_size = sizeof capabilities,
                                           .op = BEACON_OP_CAPABILITIES,
                                           .fd = -1,
                                           .a = KEPT_CAPABILITIES};
    beacon_rc rc = plan->op(plan, &no_core);
    rc = rc == BEACON_OK ? plan->op(plan, &no_new_privs) : rc;
    rc = rc == BEACON_OK ? plan->op(plan, &capabilities) : rc;
    rc = rc == BEACON_OK ? plan->op(plan, &landlock) : rc;
    return rc == BEACON_OK ? plan_filter(instance, view, plan) : rc;
}

static const char always_open[] =
    "Not prevented: connecting to local sockets by path (docker, ssh-agent), System V IPC, reading "
    "command lines and states in /proc, changing the priority of the person's processes, writing "
    "to "
    "the person's other terminals.";
static const char metadata_open[] =
    "Not prevented outside the writable directories: changes of mode, owner, times and extended "
    "attributes (no content is changed by them).";
static const char planting_open[] =
    "Not prevented in the writable directories: planting code that git, an editor or an agent runs "
    "later (.git/hooks, .git/config, .vscode, .envrc, .code).";
static const char scopes_open[] =
    "Not prevented on this kernel: signals to processes outside, and abstract local sockets; Linux "
    "6.12 and newer can. Below 6.10 nor are ioctl calls on device files that can be opened.";

static beacon_rc note_unhidden(const struct beacon_plan *plan, struct beacon_str path)
{
    char text[512];
    struct beacon_str shown = beacon_utf8_cut(path, 300);
    (void)snprintf(text, sizeof text, "Not prevented: reading %.*s.", (int)shown.n, shown.p);
    return plan->note(plan, beacon_text(text));
}

/* What a reader of the policy might believe, and should not. */
static beacon_rc plan_notes(const struct instance *instance, const struct policy_view *view,
                            const struct beacon_plan *plan)
{
    beacon_rc rc = plan->note(plan, beacon_text(always_open));
    if (rc == BEACON_OK && !view->is_read_only) {
        rc = plan->note(plan, beacon_text(planting_open));
        rc = rc == BEACON_OK ? plan->note(plan, beacon_text(metadata_open)) : rc;
    }
    if (rc == BEACON_OK && view->unhidden != NULL) {
        rc = note_unhidden(plan, view->unhidden->path);
    }
    if (rc == BEACON_OK && instance->level < 6) {
        rc = plan->note(plan, beacon_text(scopes_open));
    }
    return rc;
}

static void explain_kernel(uint32_t level, char *to, size_t n)
{
    if (!filter_is_supported()) {
        (void)snprintf(to, n, "no system call filter for this machine's architecture");
    } else if (level == 0) {
        (void)snprintf(to, n, "this kernel has no Landlock, or it is not in its lsm= list");
    } else if (level < LANDLOCK_LEVEL_NEEDED) {
        (void)snprintf(to, n, "Landlock level %u, level %u is needed (Linux 5.19)", level,
                       LANDLOCK_LEVEL_NEEDED);
    } else {
        (void)snprintf(to, n, "Landlock level %u", level);
    }
}

static beacon_rc probe(void *state, const struct beacon_host *host,
                       struct beacon_sandbox_report *out, struct beacon_error *err)
{
    (void)state;
    (void)host;
    (void)err;
    uint32_t level = landlock_level();
    BEACON_SET(out, can_enforce, filter_is_supported() ? policy_can_enforce(level) : 0);
    BEACON_SET(out, flags, 0);
    BEACON_SET(out, abi_level, level);
    if (BEACON_HAS(out, detail)) {
        explain_kernel(level, out->detail, sizeof out->detail);
    }
    return BEACON_OK;
}

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    (void)state;
    (void)host;
    (void)config;
    struct instance *instance = calloc(1, sizeof *instance);
    if (instance == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "free some memory", "out of memory");
    }
    ruleset_cache_init(&instance->cache);
    instance->level = landlock_level();
    *inst = instance;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    struct instance *instance = inst;
    if (instance != NULL) {
        ruleset_cache_finish(&instance->cache);
        free(instance);
    }
}

static beacon_rc prepare(void *inst, const struct beacon_sandbox_policy *policy,
                         const struct beacon_exec *exec, const struct beacon_plan *plan,
                         void **cookie, struct beacon_error *err)
{
    (void)exec;
    struct instance *instance = inst;
    struct policy_view view;
    if (!filter_is_supported() || instance->level < LANDLOCK_LEVEL_NEEDED) {
        char why[128];
        explain_kernel(instance->level, why, sizeof why);
        return beacon_error_fill(err, BEACON_E_REFUSED, "use Linux 5.19 or newer with Landlock",
                                 "%s", why);
    }
    beacon_rc rc = policy_read(policy, &view, err);
    if (rc == BEACON_OK) {
        rc = have_ruleset(instance, policy, &view, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = plan_operations(instance, &view, plan);
    rc = rc == BEACON_OK ? plan_notes(instance, &view, plan) : rc;
    rc = rc == BEACON_OK ? plan->promise(plan, policy_promise(&view, instance->level)) : rc;
    if (rc != BEACON_OK) {
        return beacon_error_fill(err, rc, "update the host and its plugins together",
                                 "the host does not take the landlock backend's plan");
    }
    *cookie = denial_create(policy, view.has_network);
    return BEACON_OK;
}

static void release(void *inst, void *cookie)
{
    (void)inst;
    denial_destroy(cookie);
}

static beacon_rc diagnose(void *inst, void *cookie, int32_t wait_status, struct beacon_bytes tail,
                          const struct beacon_sink *out)
{
    (void)inst;
    return denial_diagnose(cookie, wait_status, tail, out);
}

static const struct beacon_sandbox backend = {
    .struct_size = sizeof backend,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .prepare = prepare,
    .release = release,
    .diagnose = diagnose,
};

static const struct beacon_component landlock = {
    .struct_size = sizeof landlock,
    .kind = BEACON_KIND_SANDBOX,
    .name = "landlock",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &backend,
};

static const struct beacon_component namespaces = {
    .struct_size = sizeof namespaces,
    .kind = BEACON_KIND_SANDBOX,
    .name = "namespaces",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &namespaces_backend,
};

static const struct beacon_component *const components[] = {&namespaces, &landlock, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(sandbox_landlock, &plugin)
