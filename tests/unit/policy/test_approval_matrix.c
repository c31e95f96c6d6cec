/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "policy/approval_matrix.h"
#include "policy/judge.h"

/* One line of the table in words: what is said of a command, where it would run, what becomes of it. */
struct row {
    enum approval_policy policy;
    char said; /* 'f'orbidden, 'p'rompt, 'a'llowed by rule, known 's'afe, 'd'angerous, or nothing */
    const char
        *facts; /* 'n'obody to ask, 'u'nrestricted, no 's'andbox, wants to 'e'scape, 'r'emembered */
    const char *becomes;
};

static struct judgement judgement_of(char said)
{
    switch (said) {
    case 'f':
        return (struct judgement){.decision = DECISION_FORBIDDEN, .is_by_rule = true};
    case 'p':
        return (struct judgement){.decision = DECISION_PROMPT, .is_by_rule = true};
    case 'a':
        return (struct judgement){.decision = DECISION_ALLOW, .is_by_rule = true};
    case 's':
        return (struct judgement){.decision = DECISION_ALLOW, .is_known_safe = true};
    case 'd':
        return (struct judgement){.decision = DECISION_PROMPT, .is_dangerous = true};
    default:
        return (struct judgement){.decision = DECISION_NONE};
    }
}

static const char *becomes(const struct row *row)
{
    const struct approval_facts facts = {.policy = row->policy,
                                         .can_ask = strchr(row->facts, 'n') == NULL,
                                         .is_unrestricted = strchr(row->facts, 'u') != NULL,
                                         .has_no_sandbox = strchr(row->facts, 's') != NULL,
                                         .wants_escalation = strchr(row->facts, 'e') != NULL,
                                         .is_remembered = strchr(row->facts, 'r') != NULL};
    static const char *const refusals[] = {[APPROVAL_BY_JUDGEMENT] = "refused by judgement",
                                           [APPROVAL_NO_ESCALATION] = "refused to leave",
                                           [APPROVAL_NOT_TRUSTED] = "refused as unknown"};
    const struct judgement judgement = judgement_of(row->said);
    const struct approval_ruling ruling = approval_rule_on_command(&facts, &judgement);
    assert_non_null(ruling.by);
    if (ruling.verdict == APPROVAL_REFUSE) {
        return refusals[ruling.refusal];
    }
    if (ruling.verdict == APPROVAL_ASK) {
        return ruling.is_outside ? "asked, outside" : "asked";
    }
    return ruling.may_retry_outside ? "runs, may be repeated"
           : ruling.is_outside      ? "runs outside"
                                    : "runs";
}

static void assert_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(becomes(&rows[i]), rows[i].becomes) != 0) {
            fail_msg("row %zu: %s, not %s", i, becomes(&rows[i]), rows[i].becomes);
        }
    }
}

#define UNTRUSTED  APPROVAL_UNTRUSTED
#define ON_FAILURE APPROVAL_ON_FAILURE
#define ON_REQUEST APPROVAL_ON_REQUEST
#define NEVER      APPROVAL_NEVER

static void unknown_commands_go_by_policy_and_mode(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {UNTRUSTED, '-', "", "asked"},
        {UNTRUSTED, '-', "u", "asked"},
        {UNTRUSTED, '-', "s", "asked"},
        {UNTRUSTED, '-', "e", "asked, outside"},
        {UNTRUSTED, '-', "n", "refused as unknown"},
        {UNTRUSTED, '-', "ne", "refused as unknown"},
        {ON_FAILURE, '-', "", "runs, may be repeated"},
        {ON_FAILURE, '-', "n", "runs"},
        {ON_FAILURE, '-', "e", "runs, may be repeated"},
        {ON_FAILURE, '-', "u", "runs"},
        {ON_FAILURE, '-', "s", "asked"},
        {ON_REQUEST, '-', "", "runs"},
        {ON_REQUEST, '-', "e", "asked, outside"},
        {ON_REQUEST, '-', "ne", "refused to leave"},
        {ON_REQUEST, '-', "u", "runs"},
        {ON_REQUEST, '-', "ue", "runs"},
        {ON_REQUEST, '-', "s", "asked"},
        {ON_REQUEST, '-', "sn", "refused as unknown"},
        {NEVER, '-', "", "runs"},
        {NEVER, '-', "u", "runs"},
        {NEVER, '-', "s", "refused as unknown"},
        {NEVER, '-', "e", "refused to leave"},
        {NEVER, '-', "ue", "refused to leave"},
    };
    assert_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rules_stand_above_the_policy(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {UNTRUSTED, 'a', "", "runs"},
        {UNTRUSTED, 'a', "n", "runs"},
        {ON_REQUEST, 'a', "e", "runs outside"},
        {NEVER, 'a', "e", "runs outside"},
        {NEVER, 'a', "s", "runs"},
        {ON_REQUEST, 'p', "", "asked"},
        {ON_REQUEST, 'p', "u", "asked"},
        {ON_REQUEST, 'p', "e", "asked, outside"},
        {ON_FAILURE, 'p', "", "asked"},
        {NEVER, 'p', "", "refused by judgement"},
        {NEVER, 'p', "u", "refused by judgement"},
        {ON_REQUEST, 'p', "n", "refused by judgement"},
        {UNTRUSTED, 'f', "", "refused by judgement"},
        {NEVER, 'f', "u", "refused by judgement"},
        {ON_REQUEST, 'f', "r", "refused by judgement"},
        {ON_REQUEST, 'f', "e", "refused by judgement"},
    };
    assert_rows(rows, sizeof rows / sizeof rows[0]);
}

static void what_only_looks_runs_but_not_outside(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {UNTRUSTED, 's', "", "runs"},
        {UNTRUSTED, 's', "n", "runs"},
        {NEVER, 's', "s", "runs"},
        {ON_REQUEST, 's', "e", "asked, outside"},
        {ON_REQUEST, 's', "ue", "runs"},
        {NEVER, 's', "e", "refused to leave"},
        {UNTRUSTED, 's', "e", "asked, outside"},
    };
    assert_rows(rows, sizeof rows / sizeof rows[0]);
}

static void what_is_dangerous_is_never_run_unasked(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {UNTRUSTED, 'd', "", "asked"},
        {ON_FAILURE, 'd', "u", "asked"},
        {ON_REQUEST, 'd', "", "asked"},
        {NEVER, 'd', "", "refused by judgement"},
        {NEVER, 'd', "u", "refused by judgement"},
    };
    assert_rows(rows, sizeof rows / sizeof rows[0]);
}

static void what_was_allowed_for_the_session_is_not_asked_again(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {UNTRUSTED, '-', "r", "runs"},
        {UNTRUSTED, 'd', "r", "runs"},
        {ON_REQUEST, 'p', "r", "runs"},
        {ON_REQUEST, '-', "re", "runs outside"},
    };
    assert_rows(rows, sizeof rows / sizeof rows[0]);
}

static void patches_go_by_where_they_write(void **state)
{
    (void)state;
    const struct {
        struct approval_patch_facts facts;
        enum approval_verdict verdict;
    } rows[] = {
        {{.policy = NEVER, .can_ask = true, .is_inside = true}, APPROVAL_RUN},
        {{.policy = UNTRUSTED, .is_inside = true}, APPROVAL_RUN},
        {{.policy = NEVER, .can_ask = true}, APPROVAL_REFUSE},
        {{.policy = UNTRUSTED, .can_ask = true}, APPROVAL_ASK},
        {{.policy = ON_FAILURE, .can_ask = true}, APPROVAL_ASK},
        {{.policy = ON_REQUEST, .can_ask = true}, APPROVAL_ASK},
        {{.policy = ON_REQUEST}, APPROVAL_REFUSE},
        {{.policy = ON_REQUEST, .can_ask = true, .is_remembered = true}, APPROVAL_RUN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(approval_rule_on_patch(&rows[i].facts).verdict, rows[i].verdict);
    }
}

static void policies_have_names_and_an_unknown_one_is_the_strictest(void **state)
{
    (void)state;
    for (int i = APPROVAL_UNTRUSTED; i <= APPROVAL_NEVER; i++) {
        const char *name = approval_policy_name((enum approval_policy)i);
        assert_int_equal(approval_policy_named(name), i);
    }
    assert_int_equal(approval_policy_named("sometimes"), APPROVAL_UNTRUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_commands_go_by_policy_and_mode),
        cmocka_unit_test(rules_stand_above_the_policy),
        cmocka_unit_test(what_only_looks_runs_but_not_outside),
        cmocka_unit_test(what_is_dangerous_is_never_run_unasked),
        cmocka_unit_test(what_was_allowed_for_the_session_is_not_asked_again),
        cmocka_unit_test(patches_go_by_where_they_write),
        cmocka_unit_test(policies_have_names_and_an_unknown_one_is_the_strictest),
    };
    return cmocka_run_group_tests_name("policy/approval_matrix", tests, NULL, NULL);
}
