/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/lock.h"
#include "plugin/policy.h"
#include "plugin/report.h"
#include "plugin/why.h"
#include "plugin/why_parts.h"

static struct json_object *visit_json(const struct why_question *question, size_t at)
{
    const struct plugin_visit *visit = plugin_set_visit(question->set, at);
    struct json_object *object = json_object_new_object();
    struct json_object *entries = json_object_new_array();
    report_put_string(object, "from", plugin_place_name(visit->place));
    report_put_string(object, "path", visit->path);
    report_put_string(object, "state", plugin_visit_state_name(visit->state));
    if (visit->reason.code != BEACON_OK) {
        report_put_refusal(object, &visit->reason);
    }
    for (size_t i = 0; i < plugin_set_count(question->set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(question->set, i);
        if (entry->visit == at && why_is_told(question, i)) {
            json_object_array_add(entries, report_entry_json(entry));
        }
    }
    json_object_object_add(object, "entries", entries);
    return object;
}

static struct json_object *policy_json(const struct plugin_policy *policy)
{
    struct policy_line line;
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; policy != NULL && plugin_policy_line(policy, i, &line); i++) {
        struct json_object *object = json_object_new_object();
        report_put_string(object, "where", line.where);
        report_put_string(object, "section", line.section);
        report_put_string(object, "key", line.key);
        report_put_string(object, "value", line.value);
        json_object_array_add(list, object);
    }
    return list;
}

static void put_rules(struct json_object *document, const struct why_question *question)
{
    const struct plugin_lock *lock = plugin_set_lock(question->set);
    json_object_object_add(document, "policy", policy_json(plugin_set_policy(question->set)));
    report_put_string(document, "lock", lock == NULL ? "" : plugin_lock_path(lock));
    report_put_bool(document, "safe_mode", plugin_set_is_safe_mode(question->set));
    if (question->is_file_checked) {
        struct json_object *load = json_object_new_object();
        report_put_bool(load, "ok", why_is_loadable(question));
        report_put_string(load, "sha256", question->sha256);
        if (!why_is_loadable(question)) {
            report_put_refusal(load, &question->load_error);
        }
        json_object_object_add(document, "load", load);
    }
}

bool plugin_why_json(const struct plugin_set *set, const char *name, struct text *out,
                     bool *ret_is_found)
{
    struct why_question question = why_ask(set, name);
    AUTO_TEXT struct text verdict;
    AUTO_JSON struct json_object *document = json_object_new_object();
    struct json_object *places = json_object_new_array();
    text_init(&verdict, SIZE_MAX);
    why_add_verdict(&question, &verdict);
    *ret_is_found = question.n_about > 0;
    report_put_string(document, "name", name);
    report_put_bool(document, "found", question.n_about > 0);
    report_put_bool(document, "used", question.n_used == 1 && why_is_loadable(&question));
    report_put_string(document, "verdict", text_string(&verdict));
    report_put_string(document, "hint", why_remedy(&question));
    for (size_t i = 0; i < plugin_set_visit_count(set); i++) {
        json_object_array_add(places, visit_json(&question, i));
    }
    json_object_object_add(document, "places", places);
    put_rules(document, &question);
    why_question_finish(&question);
    return report_add_json(out, document);
}
