/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "event/event.h"
#include "event/fanout.h"
#include "tools/tool.h"

#define STEPS_MAX 200

static bool is_status(const char *status)
{
    return strcmp(status, "pending") == 0 || strcmp(status, "in_progress") == 0 ||
           strcmp(status, "completed") == 0;
}

/* Fill one step per element; false when the run has been answered because one is no step. */
static bool read_steps(struct tool_run *run, struct json_object *plan, struct event_step *steps,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct json_object *element = json_object_array_get_idx(plan, i);
        steps[i].text = json_string_of(element, "step", NULL);
        steps[i].status = json_string_of(element, "status", "");
        if (steps[i].text == NULL || !is_status(steps[i].status)) {
            tool_answerf(run,
                         "failed to parse function arguments: step %zu needs a text `step` and a "
                         "`status` of pending, in_progress or completed",
                         i + 1);
            return false;
        }
    }
    return true;
}

void plan_update(struct tool_run *run)
{
    static const struct tool_field fields[] = {{"plan", TOOL_ARRAY, true},
                                               {"explanation", TOOL_STRING, false}};
    AUTO_JSON struct json_object *arguments =
        tool_arguments(run, fields, sizeof fields / sizeof fields[0]);
    if (arguments == NULL) {
        return;
    }
    struct json_object *plan = json_member(arguments, "plan");
    size_t n = json_object_array_length(plan);
    if (n > STEPS_MAX) {
        tool_answerf(run, "failed to parse function arguments: a plan has at most %d steps",
                     STEPS_MAX);
        return;
    }
    AUTO_FREE struct event_step *steps = alloc_array(n, sizeof *steps);
    if (!read_steps(run, plan, steps, n)) {
        return;
    }
    struct event event = {.kind = EVENT_PLAN_UPDATED, .turn_id = run->context->turn_id};
    event.as.plan = (struct event_plan){json_string_of(arguments, "explanation", ""), steps, n};
    fanout_emit(run->context->events, &event);
    static const char done[] = "Plan updated";
    tool_answer_text(run, done, sizeof done - 1);
}
