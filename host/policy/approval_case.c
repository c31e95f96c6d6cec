/* SPDX-License-Identifier: Apache-2.0
 * approval_case.c - one call before the rules, the memory of the session and the matrix.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "policy/amend.h"
#include "policy/approval_memory.h"
#include "policy/approval_parts.h"
#include "policy/judge.h"
#include "policy/words.h"

#define NOT_TRUSTED "auto-rejected because command is not on trusted list"

/* The model's own proposal when it would do, else that of the judgement. */
static char **choose_prefix(const struct approvals *approvals,
                            const struct approval_command *command, struct judgement *judgement)
{
    const char *const *wanted = command->wanted_prefix;
    const size_t n = wanted != NULL ? words_count(wanted) : 0;
    if (n > 0 && amend_may_offer(wanted, n) &&
        policy_prefix_covers(approvals->settings.rules, command->argv, wanted, n)) {
        return words_copy(wanted, n);
    }
    return take_pointer(judgement->proposed_prefix);
}

static char *reason_of(const struct approval_command *command, const struct judgement *judgement)
{
    const bool has_own = command->justification != NULL && command->justification[0] != '\0';
    const char *rule = judgement->justification;
    if (has_own && rule != NULL) {
        return alloc_printf("%s (%s)", command->justification, rule);
    }
    return alloc_string(has_own ? command->justification : rule != NULL ? rule : "");
}

void approvals_judge_command(const struct approvals *approvals,
                             const struct approval_command *command, struct approval_case *ret)
{
    struct judgement judgement = {0};
    (void)policy_judge(approvals->settings.rules, command->argv, &judgement);
    const struct approval_facts facts = {
        .policy = approvals->settings.policy,
        .can_ask = approvals->settings.can_ask,
        .is_unrestricted = command->is_unrestricted,
        .has_no_sandbox = command->has_no_sandbox,
        .wants_escalation = command->wants_escalation,
        .is_remembered = approval_memory_has_command(approvals->memory, command->argv, command->cwd,
                                                     command->wants_escalation)};
    *ret = (struct approval_case){.ruling = approval_rule_on_command(&facts, &judgement),
                                  .layer = judgement.layer};
    if (ret->ruling.verdict == APPROVAL_ASK) {
        ret->prefix = choose_prefix(approvals, command, &judgement);
        ret->reason = reason_of(command, &judgement);
    } else if (ret->ruling.verdict == APPROVAL_REFUSE &&
               ret->ruling.refusal != APPROVAL_NO_ESCALATION) {
        ret->refusal = ret->ruling.refusal == APPROVAL_BY_JUDGEMENT
                           ? judgement_refusal(&judgement, command->argv)
                           : alloc_string(NOT_TRUSTED);
    }
    ret->where = take_pointer(judgement.where);
    judgement_finish(&judgement);
}

static bool is_remembered(const struct approvals *approvals, const struct approval_patch *patch)
{
    bool is = patch->n_changes > 0;
    for (size_t i = 0; i < patch->n_changes; i++) {
        const struct event_change *change = &patch->changes[i];
        is = is && approval_memory_has_path(approvals->memory, change->path) &&
             (change->move_path == NULL ||
              approval_memory_has_path(approvals->memory, change->move_path));
    }
    return is;
}

void approvals_judge_patch(const struct approvals *approvals, const struct approval_patch *patch,
                           struct approval_case *ret)
{
    const struct approval_patch_facts facts = {.policy = approvals->settings.policy,
                                               .can_ask = approvals->settings.can_ask,
                                               .is_inside = patch->is_inside,
                                               .is_remembered = !patch->is_inside &&
                                                                is_remembered(approvals, patch)};
    *ret = (struct approval_case){.ruling = approval_rule_on_patch(&facts),
                                  .reason = alloc_string(""),
                                  .where = alloc_string(""),
                                  .layer = facts.is_remembered ? "session" : "none"};
}

void approval_case_finish(struct approval_case *judged)
{
    free(judged->refusal);
    free(judged->reason);
    free(judged->where);
    words_free(judged->prefix);
    *judged = (struct approval_case){0};
}

/* Cut `root` back until `path` is beneath it. */
static void widen(char **root, const char *path)
{
    while (!path_is_beneath(path, *root)) {
        char *parent = path_parent(*root);
        free(*root);
        *root = parent;
    }
}

char *approval_grant_root(const struct event_change *changes, size_t n)
{
    AUTO_FREE char *root = n > 0 ? path_parent(changes[0].path) : alloc_string("/");
    bool has_hidden = false;
    for (size_t i = 0; i < n; i++) {
        const char *const paths[] = {changes[i].path, changes[i].move_path};
        for (size_t j = 0; j < 2 && paths[j] != NULL; j++) {
            widen(&root, paths[j]);
            has_hidden |= strstr(paths[j], "/.") != NULL;
        }
    }
    return has_hidden || strcmp(root, "/") == 0 ? NULL : take_pointer(root);
}
