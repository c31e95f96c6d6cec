/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "policy/judge_parts.h"
#include "policy/programs.h"
#include "policy/safe.h"
#include "policy/words.h"

/* ---- who matches ---- */

/* May a path be taken for the bare name in a rule of this decision? What tightens counts for every program
 * that is called so, relative ones too. What allows counts only for a listed path or, without a list, for
 * one that only the system fills: a command could have planted any other. */
static bool may_be_named(const struct rules *rules, const struct rule *rule, const char *word)
{
    if (rule->decision != DECISION_ALLOW) {
        return true;
    }
    enum rule_resolution resolution = rules_resolve(rules, word);
    return resolution == RULE_HOST_LISTED ||
           (resolution == RULE_HOST_FREE && program_name(word) != NULL);
}

/* The word that `rule` matches `argv` with: argv[0], or its last part; NULL: it does not match. */
static const char *matching_first(const struct rules *rules, const struct rule *rule,
                                  const char *const *argv)
{
    const char *base = program_base(argv[0]);
    if (rule_matches(rule, argv[0], argv)) {
        return argv[0];
    }
    bool is_path = base != argv[0] && base[0] != '\0';
    return is_path && rule_matches(rule, base, argv) && may_be_named(rules, rule, argv[0]) ? base
                                                                                           : NULL;
}

static bool has_no_effect(const struct rule *rule)
{
    return rule->layer == RULE_PROJECT && rule->decision == DECISION_ALLOW;
}

/* ---- what is told ---- */

static bool is_told(const struct judging *judging, const struct rule *rule)
{
    for (size_t i = 0; i < judging->ret->n_matches; i++) {
        if (judging->told[i] == rule) {
            return true;
        }
    }
    return false;
}

static void tell(struct judging *judging, const struct rule *rule, const char *first,
                 const char *const *argv)
{
    struct judgement *ret = judging->ret;
    size_t n = ret->n_matches;
    if (n == JUDGED_RULES_MAX || is_told(judging, rule)) {
        return;
    }
    ret->matches = alloc_grow(ret->matches, n + 1, sizeof ret->matches[0]);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is meant */
    judging->told = alloc_grow((void *)judging->told, n + 1, sizeof judging->told[0]);
    char **prefix = words_copy(argv, rule->n);
    free(prefix[0]);
    prefix[0] = alloc_string(first);
    ret->matches[n] = (struct judged_rule){
        .where = alloc_string(rule->where),
        .justification = rule->justification != NULL ? alloc_string(rule->justification) : NULL,
        .resolved_program = first != argv[0] ? alloc_string(argv[0]) : NULL,
        .prefix = prefix,
        .layer = rule->layer,
        .decision = rule->decision,
        .has_no_effect = has_no_effect(rule)};
    judging->told[n] = rule;
    ret->n_matches = n + 1;
}

/* ---- rules ---- */

/* The strictest of the rules that match, the first of these; session rules are asked elsewhere. */
static const struct rule *strictest_rule(struct judging *judging, const char *const *argv,
                                         bool tightens_only)
{
    const struct rules *rules = judging->rules;
    const struct rule *strictest = NULL;
    for (size_t i = 0; i < rules->n_rules; i++) {
        const struct rule *rule = &rules->rules[i];
        bool counts =
            rule->layer != RULE_SESSION && (!tightens_only || rule->decision != DECISION_ALLOW);
        const char *first = counts ? matching_first(rules, rule, argv) : NULL;
        if (first == NULL) {
            continue;
        }
        tell(judging, rule, first, argv);
        if (!has_no_effect(rule) &&
            (strictest == NULL ||
             (strictest->decision != rule->decision &&
              decision_stricter(strictest->decision, rule->decision) == rule->decision))) {
            strictest = rule;
        }
    }
    return strictest;
}

const struct rule *judge_tightening(struct judging *judging, const char *const *argv)
{
    return argv[0][0] != '\0' ? strictest_rule(judging, argv, true) : NULL;
}

const struct rule *judge_session(const struct judging *judging, const char *const *argv)
{
    for (size_t i = 0; i < judging->rules->n_rules; i++) {
        const struct rule *rule = &judging->rules->rules[i];
        if (rule->layer == RULE_SESSION && rule_matches(rule, argv[0], argv)) {
            return rule;
        }
    }
    return NULL;
}

static bool begins_with(const char *const *argv, const char *const *prefix, size_t n)
{
    size_t i = 0;
    while (i < n && argv[i] != NULL && strcmp(argv[i], prefix[i]) == 0) {
        i++;
    }
    return i == n;
}

/* ---- one command ---- */

static void judge_by_heuristics(const char *const *argv, bool may_gain_options,
                                struct verdict *verdict)
{
    verdict->danger = command_danger(argv);
    if (verdict->danger != DANGER_NONE) {
        verdict->decision = DECISION_PROMPT;
    } else if (command_is_known_safe(argv, may_gain_options)) {
        verdict->decision = DECISION_ALLOW;
        verdict->is_safe = true;
    }
}

struct verdict judge_part(struct judging *judging, const char *const *argv, bool may_gain_options,
                          bool has_heuristics)
{
    struct verdict verdict = {.rule = strictest_rule(judging, argv, false)};
    if (verdict.rule != NULL) {
        verdict.decision = verdict.rule->decision;
    } else if (judging->extra != NULL && begins_with(argv, judging->extra, judging->n_extra)) {
        verdict.decision = DECISION_ALLOW;
    } else if (has_heuristics) {
        judge_by_heuristics(argv, may_gain_options, &verdict);
    }
    const struct rule *session = judge_session(judging, argv);
    if (session != NULL && verdict.decision != DECISION_FORBIDDEN &&
        verdict.decision != DECISION_ALLOW) {
        verdict = (struct verdict){.decision = DECISION_ALLOW, .rule = session, .is_session = true};
    }
    return verdict;
}
