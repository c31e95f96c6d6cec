/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces.h"

#include <beacon-sdk/error.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capabilities.h"
#include "filter.h"
#include "mount_table.h"
#include "mounts.h"
#include "namespaces_denial.h"
#include "namespaces_policy.h"
#include "namespaces_probe.h"
#include "policy.h"
#include "ruleset_cache.h"

#define PROCESSES_MAX 4096u

/* One session sends the same policy with every command: what was made for it is kept. */
struct instance {
    uint32_t level; /* of Landlock; 0: none, the mounts stand alone */
    struct ruleset_cache cache;
    int dev_fd; /* O_PATH of /dev; -1: not opened yet */
    struct mount_table table;
    struct mount_list mounts;
    struct policy_key key; /* what `mounts` and `denial` were made for; empty: nothing */
    struct namespaces_denial *denial;
};

static void forget_mounts(struct instance *instance)
{
    mount_list_finish(&instance->mounts);
    policy_key_finish(&instance->key);
    namespaces_denial_release(instance->denial);
    instance->denial = NULL;
}

static struct beacon_str path_of(int fd, char *to, size_t n)
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = fd >= 0 ? readlink(link, to, n) : -1;
    return len > 0 && to[0] == '/' ? beacon_span(to, (size_t)len) : BEACON_STR("/");
}

static beacon_rc make_mounts(struct instance *instance, const struct beacon_sandbox_policy *policy,
                             struct beacon_error *err)
{
    char cwd[PATH_MAX];
    bool is_stable = false;
    forget_mounts(instance);
    beacon_rc rc = mounts_plan(policy, &instance->table, &instance->mounts, &is_stable, err);
    if (rc != BEACON_OK) {
        forget_mounts(instance);
        return rc;
    }
    instance->denial = namespaces_denial_create(policy, path_of(policy->cwd_fd, cwd, sizeof cwd));
    if (is_stable) {
        policy_key_set(&instance->key, policy);
    }
    return BEACON_OK;
}

static beacon_rc have_mounts(struct instance *instance, const struct beacon_sandbox_policy *policy,
                             struct beacon_error *err)
{
    bool has_changed = false;
    if (!mount_table_refresh(&instance->table, &has_changed)) {
        return beacon_error_fill(err, BEACON_E_REFUSED, "check that /proc is mounted",
                                 "the mounts of this machine cannot be read from "
                                 "/proc/self/mountinfo");
    }
    if (!has_changed && policy_key_fits(&instance->key, policy)) {
        return BEACON_OK;
    }
    return make_mounts(instance, policy, err);
}

/* Terminals and shared memory are mounted when the command starts: Landlock knows them only as something
 * in /dev. What else is there the mounts keep closed. */
static struct beacon_path_rule device_rule(struct instance *instance)
{
    if (instance->dev_fd < 0) {
        instance->dev_fd = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    return (struct beacon_path_rule){
        .struct_size = sizeof(struct beacon_path_rule),
        .access = BEACON_PATH_READ | BEACON_PATH_WRITE,
        .path = BEACON_STR("/dev"),
        .fd = instance->dev_fd,
    };
}

static beacon_rc have_ruleset(struct instance *instance, const struct beacon_sandbox_policy *policy,
                              const struct namespaces_view *view, struct beacon_error *err)
{
    if (instance->level < LANDLOCK_LEVEL_NEEDED) {
        return BEACON_OK;
    }
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is what the ABI wants */
    const struct beacon_path_rule **paths = calloc(policy->n_paths + 1, sizeof *paths);
    if (paths == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "free some memory", "out of memory");
    }
    for (size_t i = 0; i < policy->n_paths; i++) {
        paths[i] = policy->paths[i];
    }
    const struct beacon_path_rule devices = device_rule(instance);
    size_t n = policy->n_paths;
    if (devices.fd >= 0) {
        paths[n++] = &devices;
    }
    const struct ruleset_wish wish = {
        .paths = paths,
        .n_paths = n,
        .has_network = view->has_sockets,
        .is_read_limited = view->is_read_limited,
        .is_exec_limited = view->is_exec_limited,
    };
    beacon_rc rc = ruleset_cache_renew(&instance->cache, &wish, instance->level, err);
    free(paths);
    return rc;
}

static beacon_rc add(const struct beacon_plan *plan, struct beacon_op op)
{
    op.struct_size = sizeof op;
    return plan->op(plan, &op);
}

static beacon_rc plan_mounts(const struct instance *instance, const struct beacon_plan *plan)
{
    beacon_rc rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < instance->mounts.n; i++) {
        const struct mount_op *mount = &instance->mounts.ops[i];
        rc = add(plan,
                 (struct beacon_op){
                     .op = mount->op, .fd = -1, .data = &mount->mount, .n = sizeof mount->mount});
    }
    return rc;
}

static beacon_rc plan_network(const struct beacon_sandbox_policy *policy,
                              const struct beacon_plan *plan)
{
    beacon_rc rc = BEACON_OK;
    if (policy->net == BEACON_NET_LOOPBACK || policy->net == BEACON_NET_ALLOW_LIST) {
        rc = add(plan, (struct beacon_op){.op = BEACON_OP_LOOPBACK_UP, .fd = -1});
    }
    if (rc == BEACON_OK && policy->net == BEACON_NET_ALLOW_LIST) {
        rc = add(plan, (struct beacon_op){
                           .op = BEACON_OP_LISTEN_TO_HOST, .fd = -1, .a = policy->proxy_port});
    }
    return rc;
}

/* Counted within the sandbox, whose user namespace is its own; root is beyond it. */
static beacon_rc plan_limits(const struct beacon_plan *plan)
{
    struct rlimit now = {0};
    beacon_rc rc =
        add(plan, (struct beacon_op){.op = BEACON_OP_RLIMIT, .fd = -1, .a = RLIMIT_CORE});
    if (rc == BEACON_OK && getrlimit(RLIMIT_NPROC, &now) == 0) {
        uint64_t most = now.rlim_max < PROCESSES_MAX ? now.rlim_max : PROCESSES_MAX;
        rc = add(plan,
                 (struct beacon_op){
                     .op = BEACON_OP_RLIMIT, .fd = -1, .a = RLIMIT_NPROC, .b = most, .c = most});
    }
    return rc;
}

static beacon_rc plan_filter(const struct namespaces_view *view, const struct beacon_plan *plan)
{
    size_t n = 0;
    const struct sock_filter *program =
        filter_find(FILTER_IN_NAMESPACES | (view->has_sockets ? 0 : FILTER_NO_NETWORK), &n);
    if (program == NULL) {
        return BEACON_E_INTERNAL;
    }
    return add(plan,
               (struct beacon_op){
                   .op = BEACON_OP_SECCOMP, .fd = -1, .data = program, .n = n * sizeof *program});
}

/* What the command itself is shut in with, after the mounts. */
static beacon_rc plan_walls(const struct instance *instance, const struct namespaces_view *view,
                            const struct beacon_plan *plan)
{
    const uint64_t kept = geteuid() == 0 ? KEPT_CAPABILITIES : 0;
    beacon_rc rc = plan_limits(plan);
    if (rc == BEACON_OK) {
        rc = add(plan, (struct beacon_op){.op = BEACON_OP_NO_NEW_PRIVS, .fd = -1});
    }
    if (rc == BEACON_OK) {
        rc = add(plan, (struct beacon_op){.op = BEACON_OP_CAPABILITIES, .fd = -1, .a = kept});
    }
    if (rc == BEACON_OK && instance->level >= LANDLOCK_LEVEL_NEEDED) {
        rc = add(plan, (struct beacon_op){.op = BEACON_OP_LANDLOCK, .fd = instance->cache.ruleset});
    }
    return rc == BEACON_OK ? plan_filter(view, plan) : rc;
}

/* The mounts and the network need the powers of the first user namespace, which the second one takes
 * away. The filter comes last, so that it need not allow what the other operations do. */
static beacon_rc plan_operations(const struct instance *instance,
                                 const struct beacon_sandbox_policy *policy,
                                 const struct namespaces_view *view, const struct beacon_plan *plan)
{
    const uint32_t network = policy->net == BEACON_NET_FULL ? 0 : CLONE_NEWNET;
    const struct beacon_op namespaces = {.op = BEACON_OP_NAMESPACES,
                                         .fd = -1,
                                         .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                                  CLONE_NEWIPC | network,
                                         .a = geteuid(),
                                         .b = getegid()};
    beacon_rc rc = add(plan, namespaces);
    rc = rc == BEACON_OK ? plan_mounts(instance, plan) : rc;
    rc = rc == BEACON_OK ? plan_network(policy, plan) : rc;
    rc =
        rc == BEACON_OK ? add(plan, (struct beacon_op){.op = BEACON_OP_LOCK_USERNS, .fd = -1}) : rc;
    return rc == BEACON_OK ? plan_walls(instance, view, plan) : rc;
}

static beacon_rc plan_notes(const struct instance *instance, const struct namespaces_view *view,
                            const struct beacon_plan *plan)
{
    beacon_rc rc = plan->note(plan, beacon_text(namespaces_note(view)));
    for (size_t i = 0; rc == BEACON_OK && i < instance->mounts.n_notes; i++) {
        rc = plan->note(plan, beacon_text(instance->mounts.notes[i]));
    }
    if (rc == BEACON_OK && instance->level < LANDLOCK_LEVEL_NEEDED) {
        rc = plan->note(plan, BEACON_STR("This kernel has no Landlock to stand behind the mounts: "
                                         "named pipes outside the writable directories can be "
                                         "written."));
    }
    return rc;
}

static beacon_rc probe(void *state, const struct beacon_host *host,
                       struct beacon_sandbox_report *out, struct beacon_error *err)
{
    (void)state;
    (void)host;
    (void)err;
    char detail[NAMESPACES_DETAIL_BYTES];
    uint32_t level = landlock_level();
    bool is_there = namespaces_are_there(detail, sizeof detail);
    BEACON_SET(out, can_enforce, is_there ? namespaces_can_enforce(level) : 0);
    BEACON_SET(out, flags, 0);
    BEACON_SET(out, abi_level, level);
    if (BEACON_HAS(out, detail)) {
        beacon_error_copy(out->detail, sizeof out->detail, detail);
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
    instance->dev_fd = -1;
    mount_table_init(&instance->table);
    instance->level = landlock_level();
    *inst = instance;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    struct instance *instance = inst;
    if (instance != NULL) {
        forget_mounts(instance);
        mount_table_finish(&instance->table);
        ruleset_cache_finish(&instance->cache);
        if (instance->dev_fd >= 0) {
            (void)close(instance->dev_fd);
        }
        free(instance);
    }
}

static beacon_rc prepare(void *inst, const struct beacon_sandbox_policy *policy,
                         const struct beacon_exec *exec, const struct beacon_plan *plan,
                         void **cookie, struct beacon_error *err)
{
    (void)exec;
    struct instance *instance = inst;
    struct namespaces_view view;
    beacon_rc rc = namespaces_read(policy, instance->level, &view, err);
    rc = rc == BEACON_OK ? have_mounts(instance, policy, err) : rc;
    rc = rc == BEACON_OK ? have_ruleset(instance, policy, &view, err) : rc;
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = plan_operations(instance, policy, &view, plan);
    rc = rc == BEACON_OK ? plan_notes(instance, &view, plan) : rc;
    rc = rc == BEACON_OK ? plan->promise(plan, namespaces_promise(&view, instance->level)) : rc;
    if (rc != BEACON_OK) {
        return beacon_error_fill(err, rc,
                                 rc == BEACON_E_LIMIT
                                     ? "name fewer writable directories, or use --backend landlock"
                                     : "update the host and its plugins together",
                                 "the host does not take the namespaces backend's plan of %zu "
                                 "mounts",
                                 instance->mounts.n);
    }
    *cookie = namespaces_denial_share(instance->denial);
    return BEACON_OK;
}

static void release(void *inst, void *cookie)
{
    (void)inst;
    namespaces_denial_release(cookie);
}

static beacon_rc diagnose(void *inst, void *cookie, int32_t wait_status, struct beacon_bytes tail,
                          const struct beacon_sink *out)
{
    (void)inst;
    return namespaces_denial_diagnose(cookie, wait_status, tail, out);
}

const struct beacon_sandbox namespaces_backend = {
    .struct_size = sizeof namespaces_backend,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .prepare = prepare,
    .release = release,
    .diagnose = diagnose,
};
