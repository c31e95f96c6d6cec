/* SPDX-License-Identifier: Apache-2.0 */
#include "thinking.h"

#include "config.h"

/* Every model that has a budget takes 512 to 24576 tokens; 0 switches thinking off where that can
 * be done. An effort that is not in the table is left to the model. */
static const struct effort {
    const char *name;
    int64_t budget;
    const char *level;
} efforts[] = {
    {"none", 0, "minimal"},     {"minimal", 512, "minimal"}, {"low", 1024, "low"},
    {"medium", 8192, "medium"}, {"high", 24576, "high"},     {"xhigh", 24576, "high"},
};

static const struct effort *find_effort(struct beacon_str name)
{
    for (size_t i = 0; i < sizeof efforts / sizeof efforts[0]; i++) {
        if (beacon_span_is(name, efforts[i].name)) {
            return &efforts[i];
        }
    }
    return NULL;
}

void gemini_thinking_put(struct beacon_json_out *out, uint32_t thinking,
                         const struct beacon_turn *turn)
{
    const struct effort *effort = find_effort(turn->effort);
    const bool is_off = effort != NULL && effort->budget == 0;
    const bool shows = turn->reasoning_summary.n > 0 &&
                       !beacon_span_is(turn->reasoning_summary, "none") && !is_off;
    if (thinking == GEMINI_THINKING_NONE || (effort == NULL && !shows)) {
        return;
    }
    beacon_json_key(out, "thinkingConfig");
    beacon_json_begin_object(out);
    if (shows) {
        beacon_json_key(out, "includeThoughts");
        beacon_json_put_bool(out, true);
    }
    if (effort != NULL && thinking == GEMINI_THINKING_LEVEL) {
        beacon_json_put_member(out, "thinkingLevel", beacon_text(effort->level));
    } else if (effort != NULL) {
        beacon_json_key(out, "thinkingBudget");
        beacon_json_put_int(out, effort->budget);
    }
    beacon_json_end_object(out);
}
