/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "policy/judge.h"
#include "policy/words.h"

void judgement_finish(struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->n_matches; i++) {
        struct judged_rule *match = &judgement->matches[i];
        free(match->where);
        free(match->justification);
        free(match->resolved_program);
        words_free(match->prefix);
    }
    free(judgement->matches);
    free(judgement->where);
    free(judgement->justification);
    words_free(judgement->proposed_prefix);
    *judgement = (struct judgement){.decision = DECISION_NONE};
}

/* A command of the model may have any bytes; JSON may not. */
static struct json_object *string_json(const char *bytes)
{
    AUTO_TEXT struct text text;
    text_init(&text, INT_MAX);
    (void)utf8_add_lossy(&text, bytes, strlen(bytes));
    return json_object_new_string_len(text_string(&text), (int)text.len);
}

static struct json_object *words_json(const char *const *words)
{
    struct json_object *array = json_object_new_array();
    for (; *words != NULL; words++) {
        json_object_array_add(array, string_json(*words));
    }
    return array;
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
    if (value != NULL) {
        json_object_object_add(object, key, string_json(value));
    }
}

static struct json_object *match_json(const struct judged_rule *match)
{
    struct json_object *wrapped = json_object_new_object(), *inner = json_object_new_object();
    json_object_object_add(inner, "matchedPrefix", words_json((const char *const *)match->prefix));
    add_string(inner, "decision", decision_name(match->decision));
    add_string(inner, "resolvedProgram", match->resolved_program);
    add_string(inner, "justification", match->justification);
    json_object_object_add(wrapped, "prefixRuleMatch", inner);
    add_string(wrapped, "where", match->where);
    add_string(wrapped, "layer", rule_layer_name(match->layer));
    if (match->has_no_effect) {
        json_object_object_add(wrapped, "hasNoEffect", json_object_new_boolean(true));
    }
    return wrapped;
}

static struct json_object *heuristic_json(const struct judgement *judgement,
                                          const char *const *argv)
{
    struct json_object *wrapped = json_object_new_object(), *inner = json_object_new_object();
    json_object_object_add(inner, "command", words_json(argv));
    add_string(inner, "decision", decision_name(judgement->decision));
    json_object_object_add(wrapped, "heuristicsRuleMatch", inner);
    add_string(wrapped, "where", judgement->where);
    add_string(wrapped, "layer", judgement->layer);
    return wrapped;
}

struct json_object *judgement_json(const struct judgement *judgement, const char *const *argv)
{
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < judgement->n_matches; i++) {
        json_object_array_add(array, match_json(&judgement->matches[i]));
    }
    bool is_by_heuristic =
        !judgement->is_by_rule && !judgement->is_broken && judgement->decision != DECISION_NONE;
    if (is_by_heuristic) {
        json_object_array_add(array, heuristic_json(judgement, argv));
    }
    return array;
}

/* ---- refusals ---- */

/* The words that the deciding rule matched with, as a person would type them. */
static char *deciding_prefix(const struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->n_matches; i++) {
        const struct judged_rule *match = &judgement->matches[i];
        if (match->decision == judgement->decision && strcmp(match->where, judgement->where) == 0) {
            return words_quote((const char *const *)match->prefix);
        }
    }
    return alloc_string("");
}

static char *refusal_by_rule(const struct judgement *judgement, const char *command)
{
    AUTO_FREE char *prefix = deciding_prefix(judgement);
    if (judgement->justification != NULL) {
        return alloc_printf("`%s` rejected: %s", command, judgement->justification);
    }
    if (judgement->decision == DECISION_FORBIDDEN) {
        return alloc_printf("`%s` rejected: policy forbids commands starting with `%s` (%s)",
                            command, prefix, judgement->where);
    }
    return alloc_printf("`%s` rejected: commands starting with `%s` need approval (%s), and nobody "
                        "can be asked",
                        command, prefix, judgement->where);
}

char *judgement_refusal(const struct judgement *judgement, const char *const *argv)
{
    AUTO_FREE char *command = words_quote(argv);
    if (judgement->is_by_rule) {
        return refusal_by_rule(judgement, command);
    }
    if (judgement->is_broken && judgement->justification != NULL) {
        return alloc_printf("`%s` rejected: the rules in %s cannot be used, so every command needs "
                            "approval: %s",
                            command, judgement->where, judgement->justification);
    }
    if (judgement->is_forced_rm) {
        return alloc_printf("`%s` rejected: rm -f style commands are not permitted. Use a safer "
                            "approach",
                            command);
    }
    return alloc_printf("`%s` rejected: %s needs approval, and nobody can be asked", command,
                        judgement->is_dangerous ? "what it may destroy" : "it");
}
