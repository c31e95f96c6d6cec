/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/judge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "policy/amend.h"
#include "policy/judge_parts.h"
#include "policy/programs.h"
#include "policy/words.h"

/* The whole, as far as it is known: the strictest of its parts, and the only one nobody decided. */
struct whole {
    struct verdict verdict;
    bool has_part, is_all_safe;
    size_t n_undecided;
    const char *const *undecided; /* the last of them; NULL: not to be offered */
};

static void add_verdict(struct whole *whole, const struct verdict *verdict, const char *const *argv)
{
    whole->is_all_safe = (!whole->has_part || whole->is_all_safe) && verdict->is_safe;
    if (verdict->decision != DECISION_ALLOW && verdict->rule == NULL) {
        whole->n_undecided++;
        whole->undecided = argv;
    }
    bool is_stricter =
        verdict->decision != whole->verdict.decision &&
        decision_stricter(verdict->decision, whole->verdict.decision) == verdict->decision;
    /* Among equals a rule says more than a heuristic. */
    bool says_more = verdict->decision == whole->verdict.decision && verdict->rule != NULL &&
                     whole->verdict.rule == NULL;
    if (!whole->has_part || is_stricter || says_more) {
        whole->verdict = *verdict;
    }
    whole->has_part = true;
}

/* ---- scripts ---- */

/* Where cd leads to may be a repository whose configuration was planted, and git runs what it says. */
static bool changes_repository(const struct shell_script *script)
{
    bool has_cd = false, has_git = false;
    for (size_t i = 0; i < script->n; i++) {
        const char *base = program_base(script->commands[i].argv[0]);
        has_cd |= strcmp(base, "cd") == 0;
        has_git |= strcmp(base, "git") == 0;
    }
    return has_cd && has_git;
}

static const char *const *argv_of(const struct shell_command *command)
{
    return (const char *const *)command->argv;
}

static void judge_parts(struct judging *judging, const struct shell_script *script,
                        struct whole *whole)
{
    bool is_doubtful = changes_repository(script);
    for (size_t i = 0; i < script->n; i++) {
        const struct shell_command *command = &script->commands[i];
        const char *const *argv = argv_of(command);
        struct verdict verdict = judge_part(judging, argv, command->may_gain_options, true);
        if (verdict.is_safe && is_doubtful && strcmp(program_base(argv[0]), "git") == 0) {
            verdict = (struct verdict){.decision = DECISION_NONE};
        }
        add_verdict(whole, &verdict, argv);
        if (command->may_gain_options && whole->undecided == argv) {
            whole->undecided = NULL; /* what a glob stands for differs each time */
        }
    }
}

/* A here-document hides what its command will do: rules alone may say something about the words. */
static void judge_heredoc(struct judging *judging, const struct shell_script *script,
                          struct whole *whole)
{
    struct verdict verdict = judge_part(judging, argv_of(&script->commands[0]), false, false);
    if (verdict.rule == NULL) {
        verdict.danger = command_danger(judging->argv);
        verdict.decision = verdict.danger != DANGER_NONE ? DECISION_PROMPT : verdict.decision;
    }
    add_verdict(whole, &verdict, judging->argv);
}

static void judge_whole(struct judging *judging, struct whole *whole)
{
    struct verdict verdict = judge_part(judging, judging->argv, false, true);
    add_verdict(whole, &verdict, judging->argv);
}

/* A shell that lies anywhere may be anything: its script is not looked into for allowing. */
static void judge_command(struct judging *judging, struct shell_script *script, struct whole *whole)
{
    const char *text = program_script(judging->argv);
    if (text == NULL || program_name(judging->argv[0]) == NULL) {
        judge_whole(judging, whole);
        return;
    }
    shell_script_read(text, strlen(text), program_is_zsh(judging->argv[0]), script);
    if (script->is_plain) {
        judging->ret->is_split = true;
        judge_parts(judging, script, whole);
    } else if (script->is_heredoc) {
        judge_heredoc(judging, script, whole);
    } else {
        judge_whole(judging, whole);
    }
}

/* ---- what tightens, anywhere ---- */

struct tightening {
    struct judging *judging;
    const struct rule *strictest;
};

static bool tighten(void *ctx, const char *const *argv)
{
    struct tightening *tightening = ctx;
    if (argv == tightening->judging->argv) {
        return true; /* judged already, or the shell that the tool begins every script with */
    }
    const struct rule *rule = judge_tightening(tightening->judging, argv);
    const struct rule *known = tightening->strictest;
    if (rule != NULL && rule->decision == DECISION_PROMPT &&
        judge_session(tightening->judging, argv) != NULL) {
        return true; /* it was asked for, and answered */
    }
    if (rule != NULL && (known == NULL || known->decision == DECISION_PROMPT)) {
        tightening->strictest = rule;
    }
    return true;
}

/* What is within the parts was not judged yet: nested shells, substitutions, what sudo runs. */
static void tighten_whole(struct judging *judging, struct whole *whole)
{
    struct tightening tightening = {.judging = judging};
    (void)command_walk(judging->argv, tighten, &tightening, NULL);
    const struct rule *rule = tightening.strictest;
    if (rule != NULL &&
        decision_stricter(whole->verdict.decision, rule->decision) != whole->verdict.decision) {
        whole->verdict = (struct verdict){.decision = rule->decision, .rule = rule};
    }
}

/* ---- the result ---- */

static void set_provenance(struct judgement *ret, const char *where, const char *layer,
                           const char *justification)
{
    free(ret->where);
    free(ret->justification);
    ret->where = alloc_string(where);
    ret->layer = layer;
    ret->justification = justification != NULL ? alloc_string(justification) : NULL;
}

static void conclude(struct judging *judging, const struct whole *whole)
{
    struct judgement *ret = judging->ret;
    const struct verdict *verdict = &whole->verdict;
    ret->decision = verdict->decision;
    ret->is_by_rule = verdict->rule != NULL;
    ret->is_session = verdict->is_session;
    ret->is_known_safe = whole->is_all_safe && verdict->is_safe;
    if (verdict->rule != NULL) {
        set_provenance(ret, verdict->rule->where, rule_layer_name(verdict->rule->layer),
                       verdict->rule->justification);
    } else if (verdict->decision == DECISION_PROMPT) {
        AUTO_FREE char *where =
            alloc_printf("heuristic: dangerous (%s)", danger_name(verdict->danger));
        set_provenance(ret, where, "heuristic", NULL);
    } else if (verdict->is_safe) {
        set_provenance(ret, "heuristic: known safe", "heuristic", NULL);
    } else {
        set_provenance(ret, "no rule", "none", NULL);
    }
}

/* A file that is not understood could have held what forbids this. */
static void fail_closed(struct judging *judging)
{
    struct judgement *ret = judging->ret;
    if (rules_problem_count(judging->rules) == 0) {
        return;
    }
    const struct rules_problem problem = rules_problem(judging->rules, 0);
    ret->is_broken = true;
    if (ret->decision == DECISION_ALLOW || ret->decision == DECISION_NONE) {
        ret->decision = DECISION_PROMPT;
        ret->is_by_rule = ret->is_known_safe = ret->is_session = false;
        set_provenance(ret, problem.path, rule_layer_name(problem.layer), problem.cause);
    }
}

/* The person said yes to exactly this. */
static void remember(struct judging *judging)
{
    struct judgement *ret = judging->ret;
    const struct rule *session = judge_session(judging, judging->argv);
    if (session != NULL && ret->decision != DECISION_ALLOW && ret->decision != DECISION_FORBIDDEN) {
        ret->decision = DECISION_ALLOW;
        ret->is_by_rule = ret->is_session = true;
        set_provenance(ret, session->where, rule_layer_name(session->layer), NULL);
    }
}

static void propose(struct judging *judging, const struct whole *whole)
{
    struct judgement *ret = judging->ret;
    const char *const *argv = whole->undecided;
    bool is_open = ret->decision == DECISION_NONE && whole->n_undecided == 1;
    if (!is_open || argv == NULL || ret->is_dangerous || program_is_shell(argv[0])) {
        return;
    }
    size_t n = words_count(argv);
    if (amend_may_offer(argv, n)) {
        ret->proposed_prefix = words_copy(argv, n);
    }
}

static void judge(struct judging *judging)
{
    struct judgement *ret = judging->ret;
    struct shell_script script = {0};
    struct whole whole = {0};
    enum danger danger = command_danger(judging->argv);
    judge_command(judging, &script, &whole);
    tighten_whole(judging, &whole);
    conclude(judging, &whole);
    ret->is_dangerous = danger != DANGER_NONE;
    ret->is_forced_rm = danger == DANGER_FORCED_RM;
    fail_closed(judging);
    remember(judging);
    propose(judging, &whole);
    shell_script_finish(&script);
    free((void *)judging->told);
}

enum decision policy_judge(const struct rules *rules, const char *const *argv,
                           struct judgement *ret)
{
    struct judging judging = {.rules = rules, .argv = argv, .ret = ret};
    *ret = (struct judgement){.decision = DECISION_NONE};
    if (argv[0] == NULL) {
        set_provenance(ret, "no rule", "none", NULL);
        return DECISION_NONE;
    }
    judge(&judging);
    assert(ret->where != NULL && ret->layer != NULL);
    return ret->decision;
}

bool policy_prefix_covers(const struct rules *rules, const char *const *argv,
                          const char *const *prefix, size_t n)
{
    struct judgement judgement = {.decision = DECISION_NONE};
    struct judging judging = {
        .rules = rules, .argv = argv, .extra = prefix, .n_extra = n, .ret = &judgement};
    if (argv[0] == NULL || n == 0) {
        return false;
    }
    judge(&judging);
    bool covers = judgement.decision == DECISION_ALLOW;
    judgement_finish(&judgement);
    return covers;
}
