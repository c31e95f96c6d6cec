/* SPDX-License-Identifier: Apache-2.0 */
#include "yard.h"
#include "verify/canary.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/spawn.h"
#include "check.h"
#include "plugin/sized.h"
#include "sandbox/plan.h"
#include "slate.h"

#define WORDS_MAX 8 /* of a command */

static struct beacon_str str_of(const char *s)
{
    return (struct beacon_str){s, strlen(s)};
}

/* ---- the yard ---- */

static bool make_folders(struct yard *yard)
{
    struct beacon_error err = {0};
    AUTO_FREE char *self = path_executable();
    AUTO_FREE char *cwd = path_cwd();
    AUTO_FREE char *real = cwd != NULL ? realpath(cwd, NULL) : NULL;
    char secret[PATH_MAX + 16];
    if (real == NULL || self == NULL || strlen(real) + 32 > PATH_MAX) {
        return false;
    }
    (void)snprintf(yard->self, sizeof yard->self, "%s", self);
    (void)snprintf(yard->root, sizeof yard->root, "%s", real);
    (void)snprintf(yard->work, sizeof yard->work, "%.4000s/work", real);
    (void)snprintf(yard->outside, sizeof yard->outside, "%.4000s/outside", real);
    (void)snprintf(secret, sizeof secret, "%s/secret", yard->outside);
    return mkdir(yard->work, 0700) == 0 && mkdir(yard->outside, 0700) == 0 &&
           io_replace_file(secret, "untouched\n", 10, 0600, &err) == BEACON_OK;
}

static bool probe(struct yard *yard)
{
    struct beacon_sandbox_report report = BEACON_INIT(struct beacon_sandbox_report);
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    slot_enter("probe");
    beacon_rc rc =
        yard->table.probe(yard->maker.subject.state, yard->maker.subject.host, &report, &err);
    slot_leave();
    if (rc != BEACON_OK) {
        check_skip(yard->c, "probe() fails, see X.probe");
        return false;
    }
    yard->can_enforce = report.can_enforce;
    return true;
}

bool yard_open(struct yard *yard, struct check_case *c)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    *yard = (struct yard){.c = c};
    if (!instance_maker_init(c, &yard->maker)) {
        return false;
    }
    (void)sized_copy(&yard->table, sizeof yard->table, yard->maker.component.vtable, "table", NULL);
    if (!make_folders(yard)) {
        check_skip(c, "the folder of the check cannot be filled: %s", strerror(errno));
        return false;
    }
    const char *config = maker_config(&yard->maker);
    if (maker_create(&yard->maker, config, strlen(config), &yard->inst, &err) != BEACON_OK) {
        check_skip(c, "create() fails, see C.creates");
        return false;
    }
    return probe(yard);
}

void yard_close(struct yard *yard)
{
    if (yard->inst != NULL) {
        maker_destroy(&yard->maker, yard->inst);
    }
    yard->inst = NULL;
}

/* ---- policies ---- */

static void add_rule(struct yard_policy *policy, const char *path, uint32_t access)
{
    const size_t i = policy->policy.n_paths;
    const int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        return; /* not every system has every folder */
    }
    policy->rules[i] = (struct beacon_path_rule){
        .struct_size = sizeof policy->rules[i],
        .access = access,
        .path = str_of(path),
        .fd = fd,
    };
    policy->list[i] = &policy->rules[i];
    policy->policy.n_paths = i + 1;
}

/* What a dynamic program needs, without outside/. */
static void add_system(const struct yard *yard, struct yard_policy *policy, uint32_t access)
{
    static const char *const folders[] = {"/usr",  "/lib", "/lib64", "/bin",
                                          "/sbin", "/etc", "/proc",  "/dev"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char real[PATH_MAX];
        if (realpath(folders[i], real) != NULL && strcmp(real, folders[i]) == 0) {
            add_rule(policy, folders[i], access);
        }
    }
    add_rule(policy, yard->self, access);
    add_rule(policy, yard->work, access);
}

void yard_policy_init(const struct yard *yard, uint32_t flags, struct yard_policy *ret)
{
    *ret = (struct yard_policy){0};
    if ((flags & YARD_LIMITED_READ) != 0) {
        add_system(yard, ret, BEACON_PATH_READ | BEACON_PATH_EXEC);
    } else if ((flags & YARD_LIMITED_EXEC) != 0) {
        add_rule(ret, "/", BEACON_PATH_READ);
        add_system(yard, ret, BEACON_PATH_EXEC);
    } else {
        add_rule(ret, "/", BEACON_PATH_READ | BEACON_PATH_EXEC);
    }
    add_rule(ret, yard->work, BEACON_PATH_READ | BEACON_PATH_WRITE);
    ret->policy.struct_size = sizeof ret->policy;
    ret->policy.prefer = yard->can_enforce;
    ret->policy.paths = ret->list;
    ret->policy.cwd_fd = open(yard->work, O_PATH | O_DIRECTORY | O_CLOEXEC);
    ret->policy.net = BEACON_NET_NONE;
    ret->policy.git = BEACON_GIT_WRITABLE;
}

void yard_policy_finish(struct yard_policy *policy)
{
    for (size_t i = 0; i < policy->policy.n_paths; i++) {
        (void)close(policy->rules[i].fd);
    }
    if (policy->policy.cwd_fd >= 0) {
        (void)close(policy->policy.cwd_fd);
    }
    policy->policy.n_paths = 0;
}

/* ---- plans ---- */

static beacon_rc prepare(const struct yard *yard, const struct beacon_sandbox_policy *policy,
                         const char *const *argv, const struct beacon_plan *plan, void **ret_cookie,
                         struct beacon_error *err)
{
    struct beacon_str words[WORDS_MAX];
    size_t argc = 0;
    assert(yard->table.prepare != NULL && yard->table.release != NULL); /* as L.tables says */
    for (; argc < WORDS_MAX && argv[argc] != NULL; argc++) {
        words[argc] = str_of(argv[argc]);
    }
    const struct beacon_exec exec = {.struct_size = sizeof exec, .argv = words, .argc = argc};
    slot_enter("prepare");
    beacon_rc rc = yard->table.prepare(yard->inst, policy, &exec, plan, ret_cookie, err);
    slot_leave();
    return rc;
}

beacon_rc yard_prepare(const struct yard *yard, const struct beacon_sandbox_policy *policy,
                       const struct beacon_plan *plan, void **ret_cookie, struct beacon_error *err)
{
    const char *const argv[] = {yard->self, CANARY_OPTION, "ordinary", "", NULL};
    return prepare(yard, policy, argv, plan, ret_cookie, err);
}

void yard_release(const struct yard *yard, void *cookie)
{
    slot_enter("release");
    yard->table.release(yard->inst, cookie);
    slot_leave();
}

bool yard_promises(const struct yard *yard, const struct beacon_sandbox_policy *policy,
                   uint32_t *ret, struct beacon_error *err)
{
    void *cookie = NULL;
    struct plan *plan = plan_create();
    const bool is_good = yard_prepare(yard, policy, plan_builder(plan), &cookie, err) == BEACON_OK;
    if (is_good) {
        *ret = plan_promised(plan);
        yard_release(yard, cookie);
    }
    plan_destroy(plan);
    return is_good;
}

static int spawn(const struct yard *yard, struct plan *plan, const char *const *argv,
                 struct beacon_error *err)
{
    static const char *const no_variables[] = {NULL};
    struct spawn_child child;
    struct spawn_request request = {
        .argv = plan_argv(plan, argv),
        .env = plan_env(plan, no_variables),
        .cwd = yard->work,
        .in_fd = -1,
        .out_fd = -1,
        .err_fd = STDERR_FILENO,
    };
    plan_equip(plan, &request);
    if (spawn_start(&request, &child, NULL, err) != BEACON_OK) {
        return -1;
    }
    int status = 0;
    spawn_reap(&child, &status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : CANARY_DENIED; /* killed: stopped as well */
}

int yard_run(const struct yard *yard, const struct beacon_sandbox_policy *policy,
             const char *canary, const char *argument, struct beacon_error *err)
{
    const char *const argv[] = {yard->self, CANARY_OPTION, canary, argument, NULL};
    void *cookie = NULL;
    struct plan *plan = plan_create();
    int status = -1;
    if (prepare(yard, policy, argv, plan_builder(plan), &cookie, err) == BEACON_OK) {
        status = spawn(yard, plan, argv, err);
        yard_release(yard, cookie);
    }
    plan_destroy(plan);
    return status;
}
