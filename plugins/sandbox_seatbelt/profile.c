/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_ACCESS                                                                               \
    (BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC | BEACON_PATH_DENY | BEACON_PATH_SOFT)

/* What every program does before it does anything: start others, look at itself, ask how many
 * processors there are, use a terminal and semaphores of its own, look up user names. */
static const char always[] =
    "(version 1)\n"
    "(deny default)\n"
    "(allow process-fork)\n"
    "(allow signal (target same-sandbox))\n"
    "(allow process-info* (target same-sandbox))\n"
    "(allow sysctl-read\n"
    "  (sysctl-name-prefix \"hw.\")\n"
    "  (sysctl-name-prefix \"kern.os\")\n"
    "  (sysctl-name \"kern.argmax\") (sysctl-name \"kern.hostname\") (sysctl-name "
    "\"kern.version\")\n"
    "  (sysctl-name \"kern.maxfilesperproc\") (sysctl-name \"kern.ngroups\")\n"
    "  (sysctl-name \"kern.boottime\") (sysctl-name \"kern.secure_kernel\")\n"
    "  (sysctl-name \"sysctl.proc_translated\") (sysctl-name \"vm.loadavg\")\n"
    "  (sysctl-name-prefix \"machdep.cpu.\"))\n"
    "(allow ipc-posix-sem)\n"
    "(allow pseudo-tty)\n"
    "(allow file-read* file-write* file-ioctl (literal \"/dev/ptmx\") (literal \"/dev/tty\"))\n"
    "(allow file-read* file-write* file-ioctl\n"
    "  (require-all (regex #\"^/dev/ttys[0-9]+$\") (extension \"com.apple.sandbox.pty\")))\n"
    "(allow file-write-data (literal \"/dev/null\") (literal \"/dev/zero\"))\n"
    "(allow mach-lookup\n"
    "  (global-name \"com.apple.system.opendirectoryd.libinfo\")\n"
    "  (global-name \"com.apple.system.opendirectoryd.membership\")\n"
    "  (global-name \"com.apple.system.notification_center\")\n"
    "  (global-name \"com.apple.trustd\") (global-name \"com.apple.trustd.agent\"))\n";

static void add(struct profile *profile, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct profile *profile, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n =
        vsnprintf(profile->text + profile->n, PROFILE_TEXT_MAX - profile->n, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= PROFILE_TEXT_MAX - profile->n) {
        profile->is_too_large = true;
    } else {
        profile->n += (size_t)n;
    }
}

/* A path becomes the parameter NAME_i, where i counts all parameters. */
static void add_path(struct profile *profile, const char *filter, const char *name,
                     struct beacon_str path)
{
    const size_t i = profile->n_parameters;
    const size_t size = strlen(name) + path.n + 32;
    char *parameter = i < PROFILE_PARAMETERS_MAX ? malloc(size) : NULL;
    if (parameter == NULL) {
        profile->is_too_large = true;
        return;
    }
    (void)snprintf(parameter, size, "-D%s_%zu=%.*s", name, i, (int)path.n, path.p);
    profile->parameters[profile->n_parameters++] = parameter;
    add(profile, "(%s (param \"%s_%zu\"))", filter, name, i);
}

static bool is_beneath(struct beacon_str path, struct beacon_str root)
{
    if (root.n == 1) {
        return true;
    }
    return path.n > root.n && memcmp(path.p, root.p, root.n) == 0 && path.p[root.n] == '/';
}

static bool has_all(const struct beacon_path_rule *rule, uint32_t bits)
{
    return (rule->access & bits) == bits;
}

static bool is_grant(const struct beacon_path_rule *rule, uint32_t bit)
{
    return (rule->access & BEACON_PATH_DENY) == 0 && has_all(rule, bit);
}

/* "beneath this rule's path, but beneath none of those that take `bit` away again". What a rule further
 * down grants anew has an entry of its own. */
static void add_tree(struct profile *profile, const struct beacon_sandbox_policy *policy,
                     const struct beacon_path_rule *rule, uint32_t bit, const char *name)
{
    add(profile, "\n  (require-all ");
    add_path(profile, "subpath", name, rule->path);
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *other = policy->paths[i];
        if (has_all(other, BEACON_PATH_DENY | bit) && is_beneath(other->path, rule->path)) {
            add(profile, "\n    (require-not ");
            add_path(profile, "subpath", "DENY", other->path);
            add(profile, ")");
        }
    }
    add(profile, ")");
}

static void add_operation(struct profile *profile, const struct beacon_sandbox_policy *policy,
                          const char *operation, uint32_t bit, const char *name)
{
    bool is_begun = false;
    for (size_t i = 0; i < policy->n_paths; i++) {
        if (is_grant(policy->paths[i], bit)) {
            if (!is_begun) {
                add(profile, "(allow %s", operation);
                is_begun = true;
            }
            add_tree(profile, policy, policy->paths[i], bit, name);
        }
    }
    if (is_begun) {
        add(profile, ")\n");
    }
}

/* A directory that holds something protected must keep its name: renaming is an unlink to the kernel. */
static void add_pins(struct profile *profile, const struct beacon_path_rule *root,
                     struct beacon_str path)
{
    for (size_t n = path.n; n > root->path.n; n--) {
        if (path.p[n - 1] == '/' && n - 1 > root->path.n) {
            add(profile, "(deny file-write-unlink ");
            add_path(profile, "literal", "PIN", (struct beacon_str){path.p, n - 1});
            add(profile, ")\n");
        }
    }
}

static void add_all_pins(struct profile *profile, const struct beacon_sandbox_policy *policy)
{
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *denied = policy->paths[i];
        const struct beacon_path_rule *root = NULL;
        for (size_t k = 0; k < policy->n_paths; k++) { /* parents come first: the shortest */
            const struct beacon_path_rule *rule = policy->paths[k];
            if (root == NULL && is_grant(rule, BEACON_PATH_WRITE) &&
                is_beneath(denied->path, rule->path)) {
                root = rule;
            }
        }
        if (root != NULL && has_all(denied, BEACON_PATH_DENY | BEACON_PATH_WRITE)) {
            add_pins(profile, root, denied->path);
        }
    }
}

static void add_local_sockets(struct profile *profile, const struct beacon_sandbox_policy *policy)
{
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *rule = policy->paths[i];
        if (is_grant(rule, BEACON_PATH_WRITE)) {
            add(profile, "(allow network-outbound (remote unix-socket ");
            add_path(profile, "subpath", "SOCKETS", rule->path);
            add(profile, "))\n(allow network-bind (local unix-socket ");
            add_path(profile, "subpath", "SOCKETS", rule->path);
            add(profile, "))\n");
        }
    }
    for (size_t i = 0; i < policy->n_unix_allow; i++) {
        add(profile, "(allow network-outbound (remote unix-socket ");
        add_path(profile, "literal", "SOCKET", policy->unix_allow[i]);
        add(profile, "))\n");
    }
}

/* There is one loopback for the whole machine, so "within the sandbox only" cannot be had: what is not
 * meant for the proxy stays closed. */
static void add_network(struct profile *profile, const struct beacon_sandbox_policy *policy)
{
    if (policy->net == BEACON_NET_FULL) {
        add(profile, "(allow network*)\n(allow system-socket)\n"
                     "(allow mach-lookup (global-name \"com.apple.SystemConfiguration.configd\")\n"
                     "  (global-name \"com.apple.SystemConfiguration.DNSConfiguration\"))\n");
        return;
    }
    if (policy->net == BEACON_NET_ALLOW_LIST && policy->proxy_port != 0) {
        add(profile, "(allow network-outbound (remote ip \"localhost:%u\"))\n", policy->proxy_port);
    }
    add_local_sockets(profile, policy);
}

static beacon_rc check(const struct beacon_sandbox_policy *policy)
{
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *rule = policy->paths[i];
        if ((rule->access & ~KNOWN_ACCESS) != 0) {
            return BEACON_E_UNSUPPORTED;
        }
        if (rule->path.n == 0 || rule->path.p[0] != '/' ||
            memchr(rule->path.p, '\0', rule->path.n) != NULL) {
            return BEACON_E_INVALID;
        }
    }
    return policy->flags == 0 && policy->net <= BEACON_NET_FULL ? BEACON_OK : BEACON_E_UNSUPPORTED;
}

beacon_rc profile_make(const struct beacon_sandbox_policy *policy, struct profile *ret)
{
    *ret = (struct profile){0};
    beacon_rc rc = check(policy);
    if (rc != BEACON_OK) {
        return rc;
    }
    ret->text = malloc(PROFILE_TEXT_MAX);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a table of pointers */
    ret->parameters = calloc(PROFILE_PARAMETERS_MAX, sizeof *ret->parameters);
    if (ret->text == NULL || ret->parameters == NULL) {
        return BEACON_E_NOMEM;
    }
    add(ret, "%s", always);
    add_operation(ret, policy, "file-read*", BEACON_PATH_READ, "READ");
    add_operation(ret, policy, "file-write*", BEACON_PATH_WRITE, "WRITE");
    add_operation(ret, policy, "process-exec", BEACON_PATH_EXEC, "EXEC");
    add_network(ret, policy);
    add_all_pins(ret, policy);
    return ret->is_too_large ? BEACON_E_LIMIT : BEACON_OK;
}

void profile_finish(struct profile *profile)
{
    for (size_t i = 0; i < profile->n_parameters; i++) {
        free(profile->parameters[i]);
    }
    free(profile->parameters);
    free(profile->text);
    *profile = (struct profile){0};
}
