/* yard.h - a place where commands run under the plan of a backend, as the host would run them.
 *
 * work/ may be written, outside/ may not; both are in the folder of the check. The plan is collected and
 * executed by host/sandbox, so what is tried is what a session does.
 */
#ifndef SDK_CHECK_YARD_H
#define SDK_CHECK_YARD_H

#include <beacon/sandbox.h>
#include <limits.h>

#include "instance.h"

struct check_case;
struct plan;

#define YARD_RULES_MAX 16

/* This program again: --canary NAME ARGUMENT is one of verify/canary.h. */
#define CANARY_OPTION "--canary"

struct yard {
    struct check_case *c;
    struct instance_maker maker;
    struct beacon_sandbox table; /* complete */
    void *inst;
    char root[PATH_MAX], work[PATH_MAX], outside[PATH_MAX], self[PATH_MAX];
    uint32_t can_enforce; /* what probe() said */
};

/* A policy and the memory it points to. */
struct yard_policy {
    struct beacon_sandbox_policy policy;
    struct beacon_path_rule rules[YARD_RULES_MAX];
    const struct beacon_path_rule *list[YARD_RULES_MAX];
};

#define YARD_LIMITED_READ 1u /* outside/ may not be read */
#define YARD_LIMITED_EXEC 2u /* programs in outside/ may not be started */

/* Load the plugin, probe, make an instance and the folders. False: check_skip() or check_fail() was called;
 * yard_close() in both cases. */
bool yard_open(struct yard *yard, struct check_case *c);
void yard_close(struct yard *yard);

/* Everything may be read and run, work/ may be written, no network. Until yard_policy_finish(). */
void yard_policy_init(const struct yard *yard, uint32_t flags, struct yard_policy *ret);
void yard_policy_finish(struct yard_policy *policy);

/* prepare() into this plan. *ret_cookie is for yard_release(), only on success. */
beacon_rc yard_prepare(const struct yard *yard, const struct beacon_sandbox_policy *policy,
                       const struct beacon_plan *plan, void **ret_cookie, struct beacon_error *err);
void yard_release(const struct yard *yard, void *cookie);

/* What the plan for this policy promises; false: prepare() failed. */
bool yard_promises(const struct yard *yard, const struct beacon_sandbox_policy *policy,
                   uint32_t *ret, struct beacon_error *err);

/* Run one canary in work/ under the plan. Its exit status (canary.h), or -1 with `err` when it could not
 * be started, which for the host is a refusal. */
int yard_run(const struct yard *yard, const struct beacon_sandbox_policy *policy,
             const char *canary, const char *argument, struct beacon_error *err);

#endif
