/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "policy/programs.h"
#include "policy/rules.h"
#include "policy/rules_parts.h"
#include "policy/words.h"

static bool is_one_of(const struct rule_position *position, const char *word)
{
    for (size_t i = 0; i < position->n; i++) {
        if (strcmp(position->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

bool rule_matches(const struct rule *rule, const char *first, const char *const *argv)
{
    for (size_t i = 0; i < rule->n; i++) {
        if (argv[i] == NULL || !is_one_of(&rule->pattern[i], i == 0 ? first : argv[i])) {
            return false;
        }
    }
    return !rule->is_exact || argv[rule->n] == NULL;
}

/* Of several lists the admin's counts, then the last one; a project's never does. */
static const struct rule_host *find_host(const struct rules *rules, const char *name)
{
    const struct rule_host *found = NULL;
    for (size_t i = 0; i < rules->n_hosts; i++) {
        const struct rule_host *host = &rules->hosts[i];
        bool is_lower = found != NULL && found->layer == RULE_ADMIN && host->layer != RULE_ADMIN;
        if (host->layer != RULE_PROJECT && !is_lower && strcmp(host->name, name) == 0) {
            found = host;
        }
    }
    return found;
}

enum rule_resolution rules_resolve(const struct rules *rules, const char *word)
{
    const char *name = program_base(word);
    if (word[0] != '/' || name[0] == '\0') {
        return RULE_HOST_NO;
    }
    const struct rule_host *host = find_host(rules, name);
    for (size_t i = 0; host != NULL && i < host->n; i++) {
        if (strcmp(host->paths[i], word) == 0) {
            return RULE_HOST_LISTED;
        }
    }
    return host != NULL ? RULE_HOST_OTHER : RULE_HOST_FREE;
}

/* What the first word counts as besides itself; NULL: nothing. */
static const char *resolved_name(const struct rules *rules, const char *word)
{
    enum rule_resolution resolution = rules_resolve(rules, word);
    return resolution == RULE_HOST_LISTED || resolution == RULE_HOST_FREE ? program_base(word)
                                                                          : NULL;
}

/* ---- examples ---- */

static bool matches_example(const struct rules *rules, const struct rule_example *example)
{
    const struct rule *rule = &rules->rules[example->rule];
    const char *word = example->argv[0], *name = resolved_name(rules, word);
    return rule_matches(rule, word, example->argv) ||
           (name != NULL && rule_matches(rule, name, example->argv));
}

/* `git push|pull`: the pattern as a person reads it. */
static void add_pattern(struct text *out, const struct rule *rule)
{
    for (size_t i = 0; i < rule->n; i++) {
        (void)text_add_string(out, i > 0 ? " " : "");
        for (size_t j = 0; j < rule->pattern[i].n; j++) {
            (void)text_addf(out, "%s%s", j > 0 ? "|" : "", rule->pattern[i].words[j]);
        }
    }
}

static bool refuse_match(const struct rules *rules, const struct rule_example *example,
                         struct rule_fault *fault)
{
    AUTO_TEXT struct text pattern;
    text_init(&pattern, 1024);
    add_pattern(&pattern, &rules->rules[example->rule]);
    char *command = words_quote(example->argv);
    (void)rule_fault(fault, example->place, "expected example to not match rule `%s`: %s",
                     text_string(&pattern), command);
    free(command);
    return false;
}

/* All of the rule's examples that no rule matches, in one sentence. */
static bool refuse_unmatched(const struct rules_reading *reading, const struct rule_example *first,
                             struct rule_fault *fault)
{
    AUTO_TEXT struct text pattern, examples;
    text_init(&pattern, 512);
    text_init(&examples, 1024);
    add_pattern(&pattern, &reading->rules->rules[first->rule]);
    for (size_t i = 0; i < reading->n_examples; i++) {
        const struct rule_example *example = &reading->examples[i];
        if (example->rule == first->rule && example->must_match &&
            !matches_example(reading->rules, example)) {
            char *command = words_quote(example->argv);
            (void)text_addf(&examples, "%s`%s`", examples.len > 0 ? ", " : "", command);
            free(command);
        }
    }
    return rule_fault(fault, first->place,
                      "expected every example to match at least one rule. rules: [`%s`]; unmatched "
                      "examples: [%s]",
                      text_string(&pattern), text_string(&examples));
}

bool rules_check_examples(const struct rules_reading *reading, struct rule_fault *fault)
{
    for (size_t i = 0; i < reading->n_examples; i++) {
        const struct rule_example *example = &reading->examples[i];
        bool matches = matches_example(reading->rules, example);
        if (matches != example->must_match) {
            return matches ? refuse_match(reading->rules, example, fault)
                           : refuse_unmatched(reading, example, fault);
        }
    }
    return true;
}

/* ---- beacon execpolicy check ---- */

static struct json_object *match_json(const struct rule *rule, const char *first,
                                      const char *const *argv)
{
    struct json_object *match = json_object_new_object(), *words = json_object_new_array();
    for (size_t i = 0; i < rule->n; i++) {
        json_object_array_add(words, json_object_new_string(i == 0 ? first : argv[i]));
    }
    json_object_object_add(match, "matchedPrefix", words);
    json_object_object_add(match, "decision",
                           json_object_new_string(decision_name(rule->decision)));
    if (first != argv[0]) {
        json_object_object_add(match, "resolvedProgram", json_object_new_string(argv[0]));
    }
    if (rule->justification != NULL) {
        json_object_object_add(match, "justification", json_object_new_string(rule->justification));
    }
    return match;
}

static size_t add_matches(const struct rules *rules, const char *first, const char *const *argv,
                          struct json_object *matched, enum decision *decision)
{
    size_t n = 0;
    for (size_t i = 0; i < rules->n_rules; i++) {
        const struct rule *rule = &rules->rules[i];
        if (rule_matches(rule, first, argv)) {
            struct json_object *wrapped = json_object_new_object();
            json_object_object_add(wrapped, "prefixRuleMatch", match_json(rule, first, argv));
            json_object_array_add(matched, wrapped);
            *decision = n == 0 ? rule->decision : decision_stricter(*decision, rule->decision);
            n++;
        }
    }
    return n;
}

struct json_object *rules_check(const struct rules *rules, const char *const *argv,
                                bool resolves_host_executables)
{
    struct json_object *result = json_object_new_object(), *matched = json_object_new_array();
    enum decision decision = DECISION_NONE;
    size_t n = add_matches(rules, argv[0], argv, matched, &decision);
    const char *name = resolved_name(rules, argv[0]);
    if (n == 0 && resolves_host_executables && name != NULL) {
        n = add_matches(rules, name, argv, matched, &decision);
    }
    json_object_object_add(result, "matchedRules", matched);
    if (n > 0) {
        json_object_object_add(result, "decision", json_object_new_string(decision_name(decision)));
    }
    return result;
}
