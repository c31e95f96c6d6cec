/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <beacon-sdk/error.h>
#include <sys/stat.h>

#include "ruleset.h"

#define KNOWN_ACCESS                                                                               \
    (BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC | BEACON_PATH_DENY | BEACON_PATH_SOFT)
#define KNOWN_BITS                                                                                 \
    (BEACON_SB_FS_WRITE | BEACON_SB_FS_READ | BEACON_SB_NET | BEACON_SB_NET_ALLOWLIST |            \
     BEACON_SB_PROC | BEACON_SB_IPC | BEACON_SB_SYSCALLS | BEACON_SB_EXEC | BEACON_SB_RESOURCES)

static const char choose_another[] =
    "choose another sandbox backend, or leave this out of the configuration";

bool policy_is_beneath(struct beacon_str path, struct beacon_str root)
{
    if (root.n == 1 && root.p[0] == '/') {
        return path.n > 0 && path.p[0] == '/';
    }
    return path.n >= root.n && memcmp(path.p, root.p, root.n) == 0 &&
           (path.n == root.n || path.p[root.n] == '/');
}

/* Does some rule grant one of `bits` to a tree that `path` is in? */
static bool is_granted(const struct beacon_sandbox_policy *policy, struct beacon_str path,
                       uint32_t bits)
{
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *rule = policy->paths[i];
        if ((rule->access & BEACON_PATH_DENY) == 0 && (rule->access & bits) != 0 &&
            policy_is_beneath(path, rule->path)) {
            return true;
        }
    }
    return false;
}

bool policy_is_writable_tree(const struct beacon_path_rule *rule)
{
    struct stat st;
    bool is_granted_write =
        (rule->access & (BEACON_PATH_WRITE | BEACON_PATH_DENY)) == BEACON_PATH_WRITE;
    if (!is_granted_write || beacon_span_is(rule->path, "/dev/pts")) {
        return false; /* in the latter nothing can be made */
    }
    return rule->fd < 0 || (fstat(rule->fd, &st) == 0 && S_ISDIR(st.st_mode));
}

static void keep_rule(const struct beacon_path_rule *list[POLICY_SHOWN], size_t *n,
                      const struct beacon_path_rule *rule)
{
    if (*n < POLICY_SHOWN) {
        list[*n] = rule;
    }
    (*n)++;
}

/* A rule cannot take away what a rule above it gave: Landlock only adds up. A soft one is told of. */
static beacon_rc read_denial(const struct beacon_sandbox_policy *policy,
                             const struct beacon_path_rule *rule, struct policy_view *view,
                             struct beacon_error *err)
{
    const bool is_soft = (rule->access & BEACON_PATH_SOFT) != 0;
    const uint32_t taken = rule->access & (BEACON_PATH_WRITE | BEACON_PATH_EXEC);
    if (!is_soft && is_granted(policy, rule->path, taken)) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, choose_another,
                                 "Landlock cannot take away a path inside a tree it allows: %.*s",
                                 (int)(rule->path.n < 200 ? rule->path.n : 200), rule->path.p);
    }
    if (is_granted(policy, rule->path, taken)) {
        keep_rule(view->unprotected, &view->n_unprotected, rule);
    }
    if (is_granted(policy, rule->path, rule->access & BEACON_PATH_READ)) {
        keep_rule(view->unhidden, &view->n_unhidden, rule);
    }
    return BEACON_OK;
}

static beacon_rc read_rule(const struct beacon_sandbox_policy *policy,
                           const struct beacon_path_rule *rule, struct policy_view *view,
                           struct beacon_error *err)
{
    if ((rule->access & ~KNOWN_ACCESS) != 0) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "update the sandbox plugin",
                                 "the policy speaks of an access (0x%x) this backend does not know",
                                 rule->access);
    }
    if ((rule->access & BEACON_PATH_DENY) != 0) {
        return read_denial(policy, rule, view, err);
    }
    if (policy_is_writable_tree(rule)) {
        view->is_read_only = false;
    }
    return BEACON_OK;
}

static beacon_rc refuse(struct beacon_error *err, const char *what)
{
    return beacon_error_fill(err, BEACON_E_UNSUPPORTED, choose_another,
                             "the landlock backend cannot %s", what);
}

/* Network and git: loopback alone is more than this backend gives, and no more is given. What git = says
 * is in the path rules. */
static beacon_rc read_switches(const struct beacon_sandbox_policy *policy, struct policy_view *view,
                               struct beacon_error *err)
{
    if (policy->net == BEACON_NET_ALLOW_LIST || policy->net > BEACON_NET_FULL) {
        return refuse(err, "allow a part of the network: it is off or open");
    }
    if (policy->proxy_port != 0 || policy->n_net_allow != 0) {
        return refuse(err, "lead the network through a proxy");
    }
    if (policy->flags != 0 || policy->git > BEACON_GIT_WRITABLE ||
        ((policy->require | policy->prefer) & ~KNOWN_BITS) != 0) {
        return refuse(err, "hold a policy that is newer than the plugin");
    }
    view->has_network = policy->net == BEACON_NET_FULL;
    view->lacks_loopback = policy->net == BEACON_NET_LOOPBACK;
    return BEACON_OK;
}

beacon_rc policy_read(const struct beacon_sandbox_policy *policy, struct policy_view *ret,
                      struct beacon_error *err)
{
    const struct beacon_str top = BEACON_STR("/");
    struct policy_view view = {.is_read_only = true};
    for (size_t i = 0; i < policy->n_paths; i++) {
        beacon_rc rc = read_rule(policy, policy->paths[i], &view, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    view.is_read_limited = !is_granted(policy, top, BEACON_PATH_READ);
    view.is_exec_limited = !is_granted(policy, top, BEACON_PATH_EXEC);
    beacon_rc rc = read_switches(policy, &view, err);
    if (rc == BEACON_OK) {
        *ret = view;
    }
    return rc;
}

uint32_t policy_can_enforce(uint32_t level)
{
    if (level < LANDLOCK_LEVEL_NEEDED) {
        return 0;
    }
    uint32_t can = BEACON_SB_FS_WRITE | BEACON_SB_FS_READ | BEACON_SB_NET | BEACON_SB_SYSCALLS |
                   BEACON_SB_EXEC;
    return level >= 6 ? can | BEACON_SB_PROC : can;
}

uint32_t policy_promise(const struct policy_view *view, uint32_t level)
{
    uint32_t promise = policy_can_enforce(level);
    if (view->has_network) {
        promise &= ~BEACON_SB_NET;
    }
    if (!view->is_read_limited || view->n_unhidden > 0) {
        promise &= ~BEACON_SB_FS_READ;
    }
    if (!view->is_exec_limited) {
        promise &= ~BEACON_SB_EXEC;
    }
    return promise;
}
