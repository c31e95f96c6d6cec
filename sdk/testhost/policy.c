/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "json_read.h"

static const struct beacon_str *lend_texts(struct testhost *t, struct beacon_str array,
                                           size_t *ret_n)
{
    struct beacon_str *all = NULL;
    struct json_walk walk;
    size_t n = 0;
    if (json_walk_start(&walk, array)) {
        while (json_walk_next(&walk)) {
            all = testhost_grow(all, (n + 1) * sizeof *all);
            all[n++] = json_lend(t, walk.raw);
        }
    }
    void *lent = n > 0 ? testhost_lend(t, all, n * sizeof *all) : NULL;
    free(all);
    *ret_n = n;
    return lent;
}

static const struct beacon_kv *lend_env(struct testhost *t, struct beacon_str object, size_t *ret_n)
{
    struct beacon_kv *all = NULL;
    struct json_walk walk;
    size_t n = 0;
    if (json_walk_start(&walk, object)) {
        while (json_walk_next(&walk)) {
            all = testhost_grow(all, (n + 1) * sizeof *all);
            all[n].k = testhost_lend_str(t, walk.raw_key);
            all[n++].v = json_lend(t, walk.raw);
        }
    }
    void *lent = n > 0 ? testhost_lend(t, all, n * sizeof *all) : NULL;
    free(all);
    *ret_n = n;
    return lent;
}

/* -1 when the path does not exist. */
static int open_path(struct lent_policy *lent, const char *path)
{
    const int fd = lent->n_fds < POLICY_FDS_MAX ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (fd >= 0) {
        lent->fds[lent->n_fds++] = fd;
    }
    return fd;
}

static int open_member(struct lent_policy *lent, struct beacon_str object, const char *key)
{
    char *path = json_copy(json_raw(object, key));
    const int fd = open_path(lent, path[0] != '\0' ? path : "/");
    free(path);
    return fd;
}

static void *lend_paths(struct testhost *t, struct lent_policy *lent, struct beacon_str array,
                        size_t *ret_n)
{
    struct pointers rules = {NULL, 0};
    struct json_walk walk;
    if (json_walk_start(&walk, array)) {
        while (json_walk_next(&walk)) {
            struct beacon_path_rule rule = {.struct_size = sizeof rule};
            rule.access = (uint32_t)json_int(walk.raw, "access", BEACON_PATH_READ);
            rule.path = json_text(t, walk.raw, "path");
            rule.fd = open_member(lent, walk.raw, "path");
            pointers_add(&rules, testhost_lend_struct(t, "path_rule", &rule, sizeof rule));
        }
    }
    *ret_n = rules.n;
    return pointers_lend(t, &rules);
}

static const struct beacon_exec *lend_exec(struct testhost *t, struct beacon_str object)
{
    struct beacon_exec exec = {.struct_size = sizeof exec};
    exec.argv = lend_texts(t, json_raw(object, "argv"), &exec.argc);
    if (exec.argc == 0) {
        const struct beacon_str program = testhost_lend_str(t, BEACON_STR("/bin/true"));
        exec.argv = testhost_lend(t, &program, sizeof program);
        exec.argc = 1;
    }
    exec.env = lend_env(t, json_raw(object, "env"), &exec.n_env);
    return testhost_lend_struct(t, "exec", &exec, sizeof exec);
}

bool policy_lend(struct testhost *t, const char *json, struct lent_policy *ret)
{
    static const char *const nets[] = {"none", "loopback", "allow_list", "full", NULL};
    const struct beacon_str object = beacon_text(json);
    if (!json_is_object(t, "policy", object)) {
        return false;
    }
    memset(ret, 0, sizeof *ret);
    const uint32_t net = json_choice(object, "net", nets);
    struct beacon_sandbox_policy policy = {
        .struct_size = sizeof policy,
        .require = (uint32_t)json_int(object, "require", 0),
        .prefer = (uint32_t)json_int(object, "prefer", 0),
        .net = net > 0 ? net - 1 : BEACON_NET_NONE,
        .git = (uint32_t)json_int(object, "git", BEACON_GIT_PROTECTED),
        .proxy_port = (uint32_t)json_int(object, "proxy_port", 0),
    };
    policy.paths = lend_paths(t, ret, json_raw(object, "paths"), &policy.n_paths);
    policy.net_allow = lend_texts(t, json_raw(object, "net_allow"), &policy.n_net_allow);
    policy.unix_allow = lend_texts(t, json_raw(object, "unix_allow"), &policy.n_unix_allow);
    policy.cwd_fd = open_member(ret, object, "cwd");
    ret->policy = testhost_lend_struct(t, "policy", &policy, sizeof policy);
    ret->exec = lend_exec(t, object);
    return true;
}

void policy_finish(struct lent_policy *policy)
{
    while (policy->n_fds > 0) {
        (void)close(policy->fds[--policy->n_fds]);
    }
}
