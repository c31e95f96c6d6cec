/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/approval_matrix.h"

#include <string.h>

#include "policy/judge.h"

static const char *const names[] = {[APPROVAL_UNTRUSTED] = "untrusted",
                                    [APPROVAL_ON_FAILURE] = "on-failure",
                                    [APPROVAL_ON_REQUEST] = "on-request",
                                    [APPROVAL_NEVER] = "never"};

const char *approval_policy_name(enum approval_policy policy)
{
    return names[policy];
}

enum approval_policy approval_policy_named(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            return (enum approval_policy)i;
        }
    }
    return APPROVAL_UNTRUSTED;
}

static bool may_ask(const struct approval_facts *facts)
{
    return facts->can_ask && facts->policy != APPROVAL_NEVER;
}

/* on-failure looks first what becomes of it in the sandbox. */
static bool leaves_sandbox(const struct approval_facts *facts)
{
    return facts->wants_escalation && !facts->is_unrestricted && !facts->has_no_sandbox &&
           facts->policy != APPROVAL_ON_FAILURE;
}

static struct approval_ruling run(const char *by, bool is_outside)
{
    return (struct approval_ruling){.verdict = APPROVAL_RUN, .by = by, .is_outside = is_outside};
}

static struct approval_ruling refuse(const char *by, enum approval_refusal why)
{
    return (struct approval_ruling){.verdict = APPROVAL_REFUSE, .refusal = why, .by = by};
}

static struct approval_ruling ask_or_refuse(const struct approval_facts *facts, const char *by,
                                            enum approval_refusal why)
{
    if (!may_ask(facts)) {
        return refuse(by, why);
    }
    return (struct approval_ruling){
        .verdict = APPROVAL_ASK, .by = by, .is_outside = leaves_sandbox(facts)};
}

/* Nobody has said anything of this command. */
static struct approval_ruling rule_by_policy(const struct approval_facts *facts)
{
    if (facts->policy == APPROVAL_UNTRUSTED) {
        return ask_or_refuse(facts, "policy", APPROVAL_NOT_TRUSTED);
    }
    if (facts->is_unrestricted) {
        return run("policy", false);
    }
    if (facts->has_no_sandbox) {
        return ask_or_refuse(facts, "policy", APPROVAL_NOT_TRUSTED);
    }
    if (leaves_sandbox(facts)) {
        return ask_or_refuse(facts, "policy", APPROVAL_NO_ESCALATION);
    }
    struct approval_ruling ruling = run("policy", false);
    ruling.may_retry_outside = facts->policy == APPROVAL_ON_FAILURE && facts->can_ask;
    return ruling;
}

struct approval_ruling approval_rule_on_command(const struct approval_facts *facts,
                                                const struct judgement *judgement)
{
    const char *by = judgement->is_by_rule ? "rule" : "heuristic";
    const bool is_allowed = judgement->decision == DECISION_ALLOW;
    if (judgement->decision == DECISION_FORBIDDEN) {
        return refuse(by, APPROVAL_BY_JUDGEMENT);
    }
    if (facts->is_remembered) {
        return run("session", leaves_sandbox(facts));
    }
    if (is_allowed && judgement->is_by_rule) {
        return run(judgement->is_session ? "session" : "rule", leaves_sandbox(facts));
    }
    if (facts->wants_escalation && facts->policy == APPROVAL_NEVER) {
        return refuse("policy", APPROVAL_NO_ESCALATION);
    }
    if (judgement->decision == DECISION_PROMPT) {
        return ask_or_refuse(facts, by, APPROVAL_BY_JUDGEMENT);
    }
    if (is_allowed && !leaves_sandbox(facts)) {
        return run(by, false);
    }
    return rule_by_policy(facts);
}

struct approval_ruling approval_rule_on_patch(const struct approval_patch_facts *facts)
{
    if (facts->is_inside) {
        return run("policy", false);
    }
    if (facts->is_remembered) {
        return run("session", true);
    }
    if (!facts->can_ask || facts->policy == APPROVAL_NEVER) {
        return refuse("policy", APPROVAL_NO_ESCALATION);
    }
    return (struct approval_ruling){.verdict = APPROVAL_ASK, .by = "policy", .is_outside = true};
}
