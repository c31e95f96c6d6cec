/* SPDX-License-Identifier: Apache-2.0 */
/* A sandbox backend that promises little and keeps it, unless it is compiled with one of the FAULT_X
 * names: then it is wrong in exactly one way. What a kernel has to enforce is left to Landlock. */
#include <beacon-sdk/error.h>
#include <beacon-sdk/sized.h>
#include <beacon/sandbox.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broken_manifest.h"

#define FAULT_NONE        0
#define FAULT_X_PROBE     1
#define FAULT_X_PROMISE   2
#define FAULT_X_ORDINARY  3
#define FAULT_X_UNKNOWN   4
#define FAULT_X_REFUSED   5
#define FAULT_X_LEAK      6
#define FAULT_X_MEMORY    7
#define FAULT_X_SHORT     8
#define FAULT_X_LONG      9
#define FAULT_X_DIAGNOSE  10
#define FAULT_X_WRITE     11
#define FAULT_X_READ      12
#define FAULT_X_NET       13
#define FAULT_X_PROC      14
#define FAULT_X_IPC       15
#define FAULT_X_SYSCALLS  16
#define FAULT_X_EXEC      17
#define FAULT_X_KERNEL    18
#define FAULT_IS(which)   (FAULT == (which))
#define HAS_LANDLOCK      (FAULT_IS(FAULT_X_WRITE) || FAULT_IS(FAULT_X_KERNEL))
#define KNOWN_ACCESS      15u
#define KNOWN_REQUIREMENT 511u

#define EMPTYING (UINT64_C(1) << 14) /* LANDLOCK_ACCESS_FS_TRUNCATE, not in every header */

/* One fault has a hole: emptying a file is not among them. */
#define WRITES                                                                                     \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                               \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |  \
     LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER |                                      \
     (FAULT_IS(FAULT_X_WRITE) ? 0 : EMPTYING))

/* What the faults promise besides, without doing anything for it. */
static const struct {
    int fault;
    uint32_t bit;
} empty_promises[] = {
    {FAULT_X_READ, BEACON_SB_FS_READ}, {FAULT_X_NET, BEACON_SB_NET},
    {FAULT_X_PROC, BEACON_SB_PROC},    {FAULT_X_IPC, BEACON_SB_IPC},
    {FAULT_X_EXEC, BEACON_SB_EXEC},    {FAULT_X_SYSCALLS, BEACON_SB_SYSCALLS},
};

static uint32_t promise_of_fault(void)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof empty_promises / sizeof empty_promises[0]; i++) {
        bits |= FAULT_IS(empty_promises[i].fault) ? empty_promises[i].bit : 0;
    }
    return bits;
}

static int landlock_level(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static beacon_rc probe(void *state, const struct beacon_host *host,
                       struct beacon_sandbox_report *out, struct beacon_error *err)
{
    static uint32_t n_calls;
    (void)state;
    (void)host;
    (void)err;
    if (FAULT_IS(FAULT_X_SHORT)) {
        memset((char *)out + sizeof(uint32_t), 0, sizeof *out - sizeof(uint32_t));
    }
    const uint32_t odd = FAULT_IS(FAULT_X_PROBE) && ++n_calls > 1 ? BEACON_SB_NET_ALLOWLIST : 0;
    const uint32_t writes =
        FAULT_IS(FAULT_X_KERNEL) || (HAS_LANDLOCK && landlock_level() > 1) ? BEACON_SB_FS_WRITE : 0;
    BEACON_SET(out, can_enforce, BEACON_SB_RESOURCES | promise_of_fault() | odd | writes);
    if (BEACON_HAS(out, detail)) {
        beacon_error_copy(out->detail, sizeof out->detail, "core files are switched off");
    }
    return BEACON_OK;
}

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    static int instance;
    (void)state;
    (void)host;
    (void)config;
    (void)err;
    *inst = &instance;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    (void)inst;
}

struct cookie {
    int ruleset;
};

static int has_unknown(const struct beacon_sandbox_policy *policy)
{
    for (size_t i = 0; i < policy->n_paths; i++) {
        if ((policy->paths[i]->access & ~KNOWN_ACCESS) != 0) {
            return 1;
        }
    }
    return policy->flags != 0 || policy->net > BEACON_NET_FULL ||
           ((policy->require | policy->prefer) & ~KNOWN_REQUIREMENT) != 0;
}

static int make_ruleset(const struct beacon_sandbox_policy *policy)
{
    const struct landlock_ruleset_attr attr = {.handled_access_fs = WRITES};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    for (size_t i = 0; ruleset >= 0 && i < policy->n_paths; i++) {
        const struct landlock_path_beneath_attr beneath = {.allowed_access = WRITES,
                                                           .parent_fd = policy->paths[i]->fd};
        if ((policy->paths[i]->access & BEACON_PATH_WRITE) != 0) {
            (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
        }
    }
    return ruleset;
}

static beacon_rc plan_landlock(const struct beacon_plan *plan, int ruleset)
{
    const struct beacon_op first = {
        .struct_size = sizeof first, .op = BEACON_OP_NO_NEW_PRIVS, .fd = -1};
    const struct beacon_op second = {
        .struct_size = sizeof second, .op = BEACON_OP_LANDLOCK, .fd = ruleset};
    beacon_rc rc = ruleset >= 0 ? plan->op(plan, &first) : BEACON_OK;
    rc = rc == BEACON_OK && ruleset >= 0 ? plan->op(plan, &second) : rc;
    return rc == BEACON_OK ? plan->promise(plan, BEACON_SB_FS_WRITE) : rc;
}

static beacon_rc plan_all(const struct beacon_sandbox_policy *policy,
                          const struct beacon_plan *plan)
{
    const struct beacon_op limit = {.struct_size = sizeof limit,
                                    .op = BEACON_OP_RLIMIT,
                                    .fd = -1,
                                    .a = FAULT_IS(FAULT_X_ORDINARY) ? RLIMIT_FSIZE : RLIMIT_CORE};
    beacon_rc rc = plan->op(plan, &limit);
    if (FAULT_IS(FAULT_X_REFUSED)) {
        rc = BEACON_OK;
    }
    if (FAULT_IS(FAULT_X_LONG) && policy->struct_size > sizeof *policy) {
        return rc;
    }
    const uint32_t odd = FAULT_IS(FAULT_X_PROMISE) ? BEACON_SB_NET_ALLOWLIST : 0;
    return rc == BEACON_OK ? plan->promise(plan, BEACON_SB_RESOURCES | promise_of_fault() | odd)
                           : rc;
}

static void release(void *inst, void *cookie)
{
    struct cookie *c = cookie;
    (void)inst;
    if (c->ruleset >= 0) {
        (void)close(c->ruleset);
    }
    if (!FAULT_IS(FAULT_X_LEAK)) {
        free(c);
    }
}

static beacon_rc prepare(void *inst, const struct beacon_sandbox_policy *policy,
                         const struct beacon_exec *exec, const struct beacon_plan *plan, void **ret,
                         struct beacon_error *err)
{
    (void)exec;
    if (has_unknown(policy) && !FAULT_IS(FAULT_X_UNKNOWN)) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "update the plugin",
                                 "the policy has a bit that this backend does not know");
    }
    struct cookie *cookie = malloc(sizeof *cookie);
    if (cookie == NULL && !FAULT_IS(FAULT_X_MEMORY)) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    cookie->ruleset = HAS_LANDLOCK ? make_ruleset(policy) : -1;
    if (FAULT_IS(FAULT_X_WRITE) && cookie->ruleset < 0) {
        release(inst, cookie);
        return beacon_error_fill(err, BEACON_E_REFUSED, "use a kernel with Landlock",
                                 "this kernel has no Landlock");
    }
    beacon_rc rc = plan_all(policy, plan);
    rc = rc == BEACON_OK && HAS_LANDLOCK ? plan_landlock(plan, cookie->ruleset) : rc;
    if (rc != BEACON_OK) {
        release(inst, cookie);
        return beacon_error_fill(err, rc, "update the host", "the host does not take the plan");
    }
    *ret = cookie;
    return BEACON_OK;
}

static beacon_rc diagnose(void *inst, void *cookie, int32_t wait_status, struct beacon_bytes tail,
                          const struct beacon_sink *out)
{
    (void)inst;
    (void)cookie;
    (void)wait_status;
    if (FAULT_IS(FAULT_X_DIAGNOSE)) {
        return out->put(out, tail.p, strlen((const char *)tail.p));
    }
    return BEACON_E_UNSUPPORTED;
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

static const struct beacon_component component = {
    .struct_size = sizeof component,
    .kind = BEACON_KIND_SANDBOX,
    .name = "broken",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &backend,
};

static const struct beacon_component *const components[] = {&component, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(broken, &plugin)
