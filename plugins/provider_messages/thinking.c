/* SPDX-License-Identifier: Apache-2.0 */
#include "thinking.h"

#define BUDGET_LEAST 1024 /* the API's */

static const struct level {
    const char *effort;
    int64_t budget;
    const char *adaptive;
} levels[] = {
    {"minimal", BUDGET_LEAST, "low"}, {"low", 4096, "low"},      {"medium", 10240, "medium"},
    {"high", 24576, "high"},          {"xhigh", 32768, "xhigh"}, {"max", 65536, "max"},
};

/* An effort without a row, "none" among them, is no wish for thinking. */
static const struct level *find_level(struct beacon_str effort)
{
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (beacon_span_is(effort, levels[i].effort)) {
            return &levels[i];
        }
    }
    return NULL;
}

/* A quarter of the limit is for the answer. 0: there is no room for a budget. */
static int64_t fit_budget(int64_t wanted, int64_t max_tokens)
{
    const int64_t most = max_tokens - max_tokens / 4;
    const int64_t budget = wanted < most ? wanted : most;
    if (budget >= BUDGET_LEAST) {
        return budget;
    }
    return max_tokens > BUDGET_LEAST ? BUDGET_LEAST : 0;
}

struct messages_thinking messages_thinking_plan(const struct messages_config *config,
                                                const struct beacon_turn *turn, int64_t max_tokens)
{
    struct messages_thinking plan = {THINKING_NONE, 0, NULL};
    const struct level *level = find_level(turn->effort);
    /* The API refuses thinking together with a call that must come. */
    const bool must_call = turn->tool_choice == BEACON_TOOL_CHOICE_REQUIRED && turn->n_tools > 0;
    if (level == NULL || must_call) {
        return plan;
    }
    plan.budget = fit_budget(level->budget, max_tokens);
    plan.effort = level->adaptive;
    plan.form = config->thinking;
    if (plan.form == THINKING_BUDGET && plan.budget == 0) {
        plan.form = THINKING_NONE;
    }
    return plan;
}

void messages_thinking_put(struct beacon_json_out *out, const struct messages_config *config,
                           const struct messages_thinking *thinking)
{
    if (thinking->form == THINKING_NONE) {
        return;
    }
    beacon_json_key(out, "thinking");
    beacon_json_begin_object(out);
    if (thinking->form == THINKING_ADAPTIVE) {
        beacon_json_put_member(out, "type", BEACON_STR("adaptive"));
    } else {
        beacon_json_put_member(out, "type", BEACON_STR("enabled"));
        beacon_json_key(out, "budget_tokens");
        beacon_json_put_int(out, thinking->budget);
    }
    if (config->thinking_display != 0) {
        beacon_json_put_member(out, "display",
                               beacon_text(messages_display_names[config->thinking_display]));
    }
    beacon_json_end_object(out);
}
