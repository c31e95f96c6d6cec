/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/lock.h"
#include "plugin/manifest.h"
#include "plugin/policy.h"
#include "plugin/report.h"
#include "plugin/why.h"
#include "plugin/why_parts.h"

static bool add_entry(const struct plugin_entry *entry, struct text *out)
{
    const bool has_path = entry->path[0] != '\0';
    (void)text_add_string(out, "      ");
    if (entry->where[0] != '\0') {
        (void)report_add_shown(out, entry->where);
        (void)text_add_string(out, has_path ? " names " : " speaks of it");
    }
    (void)report_add_shown(out, entry->path);
    if (entry->manifest != NULL) {
        (void)text_addf(out, "%s%s %s", has_path || entry->where[0] != '\0' ? ": " : "",
                        entry->manifest->id, entry->manifest->version);
    }
    if (entry->state == PLUGIN_USABLE) {
        return text_add_string(out, "\n        used\n");
    }
    return text_addf(out, "\n        %s: ", plugin_state_name(entry->state)) &&
           report_add_shown(out, entry->refusal.message) &&
           text_add_string(out, "\n        what to do: ") &&
           report_add_shown(out, entry->refusal.hint) && text_add_char(out, '\n');
}

static bool add_state(const struct plugin_visit *visit, struct text *out)
{
    switch (visit->state) {
    case PLUGIN_VISIT_MISSING:
        return text_add_string(out, visit->path[0] == '\0' ? "      not set\n"
                                                           : "      there is no such folder\n");
    case PLUGIN_VISIT_REPEATED:
        return text_add_string(out, "      searched above under another name\n");
    case PLUGIN_VISIT_LEFT_OUT:
        return text_add_string(out, "      not searched: ") &&
               report_add_shown(out, visit->reason.message) &&
               text_add_string(out, "\n        what to do: ") &&
               report_add_shown(out, visit->reason.hint) && text_add_char(out, '\n');
    default:
        return text_add_string(out, "      nothing about it\n");
    }
}

static bool add_visit(const struct why_question *question, size_t at, struct text *out)
{
    const struct plugin_visit *visit = plugin_set_visit(question->set, at);
    const size_t before = out->len;
    (void)text_addf(out, "\n  %zu. %s", at + 1, report_place_words(visit));
    if (visit->path[0] != '\0') {
        (void)text_add_string(out, ": ");
        (void)report_add_shown(out, visit->path);
    }
    (void)text_add_char(out, '\n');
    bool is_empty = true;
    for (size_t i = 0; i < plugin_set_count(question->set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(question->set, i);
        if (entry->visit == at && why_is_told(question, i)) {
            is_empty = false;
            if (!add_entry(entry, out)) {
                return false;
            }
        }
    }
    return (!is_empty || add_state(visit, out)) && out->len > before;
}

/* The lines of the policy that speak of plugins. */
static bool add_policy(const struct plugin_policy *policy, struct text *out)
{
    struct policy_line line;
    if (policy == NULL) {
        return text_add_string(out, "  policy   none\n");
    }
    (void)text_addf(out, "  policy   %zu file%s of the administrator\n",
                    plugin_policy_file_count(policy),
                    plugin_policy_file_count(policy) == 1 ? "" : "s");
    bool is_whole = true;
    for (size_t i = 0; is_whole && plugin_policy_line(policy, i, &line); i++) {
        is_whole = text_addf(out, "             %s: ", line.where) &&
                   text_addf(out, "%s = %s\n", line.key, line.value);
    }
    return is_whole;
}

static bool add_rules(const struct why_question *question, struct text *out)
{
    const struct plugin_lock *lock = plugin_set_lock(question->set);
    (void)text_add_string(out, "\nWhat else decides:\n");
    if (!add_policy(plugin_set_policy(question->set), out)) {
        return false;
    }
    (void)text_add_string(out, "  lock     ");
    (void)report_add_shown(out, lock == NULL ? "none" : plugin_lock_path(lock));
    (void)text_add_char(out, '\n');
    if (question->is_file_checked) {
        (void)text_add_string(out, "  loading  ");
        (void)report_add_shown(out, why_is_loadable(question)
                                        ? "nothing speaks against it, its SHA-256 is "
                                        : question->load_error.message);
        (void)text_addf(out, "%s\n", question->sha256);
    }
    return out->len < out->max_bytes;
}

bool plugin_why_text(const struct plugin_set *set, const char *name, struct text *out,
                     bool *ret_is_found)
{
    struct why_question question = why_ask(set, name);
    *ret_is_found = question.n_about > 0;
    why_add_verdict(&question, out);
    (void)text_add_string(out, ".\n");
    const char *todo = why_remedy(&question);
    if (todo[0] != '\0') {
        (void)text_add_string(out, "What to do: ");
        (void)report_add_shown(out, todo);
        (void)text_add_string(out, ".\n");
    }
    bool is_whole = text_add_string(out, "\nThe places in their order, the first one wins:\n");
    for (size_t i = 0; is_whole && i < plugin_set_visit_count(set); i++) {
        is_whole = add_visit(&question, i, out);
    }
    is_whole = is_whole && add_rules(&question, out);
    why_question_finish(&question);
    return is_whole;
}
