/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces_policy.h"

#include <beacon-sdk/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mount_table.h"
#include "ruleset.h"

#define KNOWN_ACCESS                                                                               \
    (BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC | BEACON_PATH_DENY | BEACON_PATH_SOFT)
#define KNOWN_BITS                                                                                 \
    (BEACON_SB_FS_WRITE | BEACON_SB_FS_READ | BEACON_SB_NET | BEACON_SB_NET_ALLOWLIST |            \
     BEACON_SB_PROC | BEACON_SB_IPC | BEACON_SB_SYSCALLS | BEACON_SB_EXEC | BEACON_SB_RESOURCES)

static const char choose_another[] =
    "choose another sandbox backend, or leave this out of the configuration";

static bool is_granted_everywhere(const struct beacon_sandbox_policy *policy, uint32_t bit)
{
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *rule = policy->paths[i];
        if ((rule->access & BEACON_PATH_DENY) == 0 && (rule->access & bit) != 0 &&
            beacon_span_is(rule->path, "/")) {
            return true;
        }
    }
    return false;
}

static beacon_rc refuse(struct beacon_error *err, const char *what)
{
    return beacon_error_fill(err, BEACON_E_UNSUPPORTED, choose_another,
                             "the namespaces backend cannot %s", what);
}

static beacon_rc check_switches(const struct beacon_sandbox_policy *policy,
                                struct beacon_error *err)
{
    if (policy->net > BEACON_NET_FULL || policy->git > BEACON_GIT_WRITABLE || policy->flags != 0 ||
        ((policy->require | policy->prefer) & ~KNOWN_BITS) != 0) {
        return refuse(err, "hold a policy that is newer than the plugin");
    }
    if (policy->net == BEACON_NET_ALLOW_LIST &&
        (policy->proxy_port == 0 || policy->proxy_port > UINT16_MAX)) {
        return refuse(err, "allow single hosts without the host's proxy");
    }
    return BEACON_OK;
}

beacon_rc namespaces_read(const struct beacon_sandbox_policy *policy, uint32_t level,
                          struct namespaces_view *ret, struct beacon_error *err)
{
    for (size_t i = 0; i < policy->n_paths; i++) {
        if ((policy->paths[i]->access & ~KNOWN_ACCESS) != 0) {
            return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "update the sandbox plugin",
                                     "the policy speaks of an access (0x%x) this backend does not "
                                     "know",
                                     policy->paths[i]->access);
        }
    }
    const struct namespaces_view view = {
        .net = policy->net,
        .has_sockets = policy->net != BEACON_NET_NONE,
        .is_read_limited = !is_granted_everywhere(policy, BEACON_PATH_READ),
        .is_exec_limited = !is_granted_everywhere(policy, BEACON_PATH_EXEC),
    };
    if ((view.is_read_limited || view.is_exec_limited) && level < LANDLOCK_LEVEL_NEEDED) {
        return refuse(err, "limit what may be read or run: this kernel has no Landlock for it");
    }
    beacon_rc rc = check_switches(policy, err);
    if (rc == BEACON_OK) {
        *ret = view;
    }
    return rc;
}

/* Processes are counted in the user namespace, but root is beyond that limit. */
uint32_t namespaces_can_enforce(uint32_t level)
{
    uint32_t can = BEACON_SB_FS_WRITE | BEACON_SB_FS_READ | BEACON_SB_NET |
                   BEACON_SB_NET_ALLOWLIST | BEACON_SB_PROC | BEACON_SB_IPC | BEACON_SB_SYSCALLS;
    can |= level >= LANDLOCK_LEVEL_NEEDED ? BEACON_SB_EXEC : 0;
    return geteuid() == 0 ? can : can | BEACON_SB_RESOURCES;
}

uint32_t namespaces_promise(const struct namespaces_view *view, uint32_t level)
{
    uint32_t promise = namespaces_can_enforce(level);
    if (view->net == BEACON_NET_FULL) {
        promise &= ~BEACON_SB_NET;
    }
    if (view->net != BEACON_NET_ALLOW_LIST) {
        promise &= ~BEACON_SB_NET_ALLOWLIST;
    }
    if (!view->is_exec_limited) {
        promise &= ~BEACON_SB_EXEC;
    }
    return promise;
}

const char *namespaces_note(const struct namespaces_view *view)
{
    return view->net == BEACON_NET_FULL
               ? "The command has its own mounts, processes, shared memory, terminals and message "
                 "queues, and shares the machine's network: servers that listen on this machine "
                 "can be reached."
               : "The command has its own mounts, processes, network, shared memory, terminals and "
                 "message queues; nothing of it is left when it ends.";
}

static void put(char *to, size_t *n, const void *from, size_t len)
{
    if (to != NULL && len > 0) {
        memcpy(to + *n, from, len);
    }
    *n += len;
}

/* NULL: only measure. */
static size_t write_key(const struct beacon_sandbox_policy *policy, char *to)
{
    size_t n = 0;
    put(to, &n, &policy->net, sizeof policy->net);
    put(to, &n, &policy->cwd_fd, sizeof policy->cwd_fd);
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *rule = policy->paths[i];
        put(to, &n, &rule->access, sizeof rule->access);
        put(to, &n, &rule->fd, sizeof rule->fd);
        put(to, &n, &rule->path.n, sizeof rule->path.n);
        put(to, &n, rule->path.p, rule->path.n);
    }
    return n;
}

void policy_key_set(struct policy_key *key, const struct beacon_sandbox_policy *policy)
{
    policy_key_finish(key);
    size_t n = write_key(policy, NULL);
    key->bytes = malloc(n);
    if (key->bytes != NULL) {
        key->n = write_key(policy, key->bytes);
    }
}

bool policy_key_fits(const struct policy_key *key, const struct beacon_sandbox_policy *policy)
{
    size_t n = key->n > 0 ? write_key(policy, NULL) : 0;
    char *now = n > 0 && n == key->n ? malloc(n) : NULL;
    if (now == NULL) {
        return false;
    }
    (void)write_key(policy, now);
    bool is_same = memcmp(now, key->bytes, n) == 0;
    free(now);
    return is_same;
}

void policy_key_finish(struct policy_key *key)
{
    free(key->bytes);
    *key = (struct policy_key){0};
}
