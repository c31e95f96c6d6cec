/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "agent/agent_state.h"
#include "base/arena.h"
#include "plugin/provider.h"
#include "policy/approval.h"
#include "session/history.h"
#include "tools/tool.h"
#include "tools/tool_table.h"

static struct beacon_str str(const char *p)
{
    return (struct beacon_str){p, p != NULL ? strlen(p) : 0};
}

/* The offered rows in table order; constant within a session, for the provider's prompt cache. */
static void add_tools(const struct agent *agent, struct arena *arena, struct beacon_turn *turn)
{
    const bool may_escalate = approvals_may_escalate(agent->parts.tools->approvals);
    size_t n = 0;
    while (tool_at(n) != NULL) {
        n++;
    }
    const struct beacon_tool **list = arena_array(arena, n, sizeof(struct beacon_tool *));
    for (size_t i = 0; i < n; i++) {
        const struct tool *row = tool_at(i);
        if (!row->is_offered) {
            continue;
        }
        struct beacon_tool *tool = arena_zeroed(arena, sizeof *tool);
        tool->struct_size = (uint32_t)sizeof *tool;
        tool->flags = row->is_freeform ? BEACON_TOOL_FREEFORM : 0;
        tool->name = str(row->name);
        tool->description = str(row->description);
        tool->parameters =
            str(may_escalate && row->parameters_escalating != NULL ? row->parameters_escalating
                                                                   : row->parameters);
        tool->grammar_syntax = str(row->is_freeform ? "lark" : "");
        tool->grammar = str(row->grammar);
        list[turn->n_tools++] = tool;
    }
    turn->tools = list;
}

static const struct beacon_message *base_instructions(const struct agent *agent,
                                                      struct arena *arena)
{
    struct beacon_part *part = arena_zeroed(arena, sizeof *part);
    part->struct_size = (uint32_t)sizeof *part;
    part->type = BEACON_PART_TEXT;
    part->text = str(agent->settings.base_instructions);
    const struct beacon_part **parts = arena_array(arena, 1, sizeof(struct beacon_part *));
    parts[0] = part;
    struct beacon_message *message = arena_zeroed(arena, sizeof *message);
    message->struct_size = (uint32_t)sizeof *message;
    message->role = BEACON_ROLE_SYSTEM;
    message->parts = parts;
    message->n_parts = 1;
    return message;
}

static int add_messages(struct agent *agent, const struct history *conversation,
                        struct arena *arena, struct beacon_turn *turn, struct beacon_error *err)
{
    const struct beacon_message *const *history = NULL;
    size_t n = 0;
    int rc = history_build_messages(conversation, provider_opaque_ns(agent->parts.provider), arena,
                                    &history, &n, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct beacon_message **all = arena_array(arena, n + 1, sizeof(struct beacon_message *));
    all[0] = base_instructions(agent, arena);
    for (size_t i = 0; i < n; i++) {
        all[i + 1] = history[i];
    }
    turn->messages = all;
    turn->n_messages = n + 1;
    return BEACON_OK;
}

int request_build(struct agent *agent, struct arena *arena, struct beacon_turn *ret,
                  struct beacon_error *err)
{
    return request_build_of(agent, agent->parts.history, arena, ret, err);
}

int request_build_of(struct agent *agent, const struct history *history, struct arena *arena,
                     struct beacon_turn *ret, struct beacon_error *err)
{
    const struct agent_settings *settings = &agent->settings;
    struct beacon_turn turn = {
        .struct_size = (uint32_t)sizeof turn,
        .model = str(settings->model),
        .session_id = str(settings->thread_id),
        /* One key per question: a repeated one has the same history. */
        .idempotency_key =
            str(arena_printf(arena, "%s-%zu", agent->turn_id, history_count(agent->parts.history))),
        .attempt = agent->attempts.request + agent->attempts.stream + 1,
        .max_output_tokens = settings->max_output_tokens,
        .temperature = NAN,
        .effort = str(settings->effort),
        .output_schema = str(settings->output_schema),
        .extra = str(""),
        .reasoning_summary = str(settings->summary),
        .verbosity = str(settings->verbosity),
        .parallel_tools = 1,
    };
    add_tools(agent, arena, &turn);
    int rc = add_messages(agent, history, arena, &turn, err);
    if (rc == BEACON_OK) {
        *ret = turn;
    }
    return rc;
}
