/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/error.h>
#include <beacon/sandbox.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "landlock.h"

#include "capabilities.h"
#include "diagnose.h"
#include "filter.h"
#include "guard.h"
#include "listener.h"
#include "mediate.h"
#include "notes.h"
#include "policy.h"
#include "ruleset_cache.h"

struct instance {
    uint32_t level;
    bool may_ask; /* the supervisor can be asked */
    struct ruleset_cache cache;
    struct guard *guard; /* of the cached ruleset; NULL: not made yet, or nothing is asked */
};

/* What a running command is known by. */
struct command {
    struct denial *denial;
    struct guard *guard;
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
        .are_devices_limited = true,
    };
    return ruleset_cache_renew(&instance->cache, &wish, instance->level, err);
}

static uint32_t choose_variant(const struct instance *instance, const struct policy_view *view)
{
    uint32_t asked = FILTER_ASK_CONNECT | (view->is_read_only ? 0 : FILTER_ASK_METADATA);
    return (view->has_network ? 0 : FILTER_NO_NETWORK) |
           (view->is_read_only ? FILTER_NO_METADATA : 0) |
           (instance->level < LANDLOCK_LEVEL_TRUNCATE ? FILTER_NO_TRUNCATE : 0) |
           (instance->may_ask ? asked : 0);
}

static beacon_rc plan_filter(struct instance *instance, const struct policy_view *view,
                             const struct beacon_plan *plan)
{
    size_t n = 0;
    const struct sock_filter *program = filter_find(choose_variant(instance, view), &n);
    if (program == NULL) {
        return BEACON_E_INTERNAL;
    }
    const struct beacon_op op = {
        .struct_size = sizeof op,
        .op = BEACON_OP_SECCOMP,
        .fd = -1,
        .flags = instance->may_ask ? BEACON_SECCOMP_NOTIFY : 0,
        .data = program,
        .n = n * sizeof *program,
    };
    return plan->op(plan, &op);
}

/* See guard_mark(). */
static beacon_rc plan_mark(const struct instance *instance, const struct beacon_plan *plan)
{
    uint64_t mark = instance->guard != NULL ? guard_mark(instance->guard) : 0;
    const struct beacon_op op = {.struct_size = sizeof op,
                                 .op = BEACON_OP_RLIMIT,
                                 .fd = -1,
                                 .a = RLIMIT_MSGQUEUE,
                                 .b = mark,
                                 .c = mark};
    return mark == 0 ? BEACON_OK : plan->op(plan, &op);
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
    rc = rc == BEACON_OK ? plan_mark(instance, plan) : rc;
    rc = rc == BEACON_OK ? plan->op(plan, &no_new_privs) : rc;
    rc = rc == BEACON_OK ? plan->op(plan, &capabilities) : rc;
    rc = rc == BEACON_OK ? plan->op(plan, &landlock) : rc;
    return rc == BEACON_OK ? plan_filter(instance, view, plan) : rc;
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
    instance->may_ask = listener_is_possible();
    *inst = instance;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    struct instance *instance = inst;
    if (instance != NULL) {
        ruleset_cache_finish(&instance->cache);
        guard_release(instance->guard);
        free(instance);
    }
}

static beacon_rc have_guard(struct instance *instance, const struct beacon_sandbox_policy *policy,
                            struct beacon_error *err)
{
    if (!instance->may_ask || (instance->guard != NULL && guard_fits(instance->guard, policy))) {
        return BEACON_OK;
    }
    guard_release(instance->guard);
    instance->guard = guard_create(policy);
    return instance->guard != NULL
               ? BEACON_OK
               : beacon_error_fill(err, BEACON_E_LIMIT, "raise the limit of 'ulimit -n'",
                                   "cannot hold the writable directories open for a command");
}

static beacon_rc know_command(struct instance *instance, const struct beacon_sandbox_policy *policy,
                              bool has_network, void **ret)
{
    struct command *command = calloc(1, sizeof *command);
    if (command == NULL) {
        return BEACON_E_NOMEM;
    }
    command->denial = denial_create(policy, has_network);
    command->guard = guard_share(instance->guard);
    *ret = command;
    return BEACON_OK;
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
    if (rc == BEACON_OK) {
        rc = have_guard(instance, policy, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = plan_operations(instance, &view, plan);
    rc = rc == BEACON_OK ? notes_write(&view, instance->level, instance->may_ask, plan) : rc;
    rc = rc == BEACON_OK ? plan->promise(plan, policy_promise(&view, instance->level)) : rc;
    if (rc != BEACON_OK) {
        return beacon_error_fill(err, rc, "update the host and its plugins together",
                                 "the host does not take the landlock backend's plan");
    }
    rc = know_command(instance, policy, view.has_network, cookie);
    return rc == BEACON_OK ? rc : beacon_error_fill(err, rc, "free some memory", "out of memory");
}

static void release(void *inst, void *cookie)
{
    struct command *command = cookie;
    (void)inst;
    if (command != NULL) {
        denial_destroy(command->denial);
        guard_release(command->guard);
        free(command);
    }
}

static beacon_rc diagnose(void *inst, void *cookie, int32_t wait_status, struct beacon_bytes tail,
                          const struct beacon_sink *out)
{
    const struct command *command = cookie;
    (void)inst;
    return denial_diagnose(command->denial, wait_status, tail, out);
}

/* On the supervisor's thread, beside prepare(): touches the command only. */
static beacon_rc on_notify(void *inst, void *cookie, const struct beacon_sb_notice *notice,
                           struct beacon_sb_answer *out)
{
    const struct command *command = cookie;
    (void)inst;
    BEACON_SET(out, value, 0);
    BEACON_SET(out, error, mediate(command->guard, notice));
    return BEACON_OK;
}

const struct beacon_sandbox landlock_backend = {
    .struct_size = sizeof landlock_backend,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .prepare = prepare,
    .release = release,
    .diagnose = diagnose,
    .on_notify = on_notify,
};
