/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <assert.h>
#include <string.h>

#include "agent/agent_state.h"
#include "agent/dispatch.h"
#include "agent/stream.h"
#include "base/clock.h"
#include "base/error.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "session/history.h"
#include "session/recorder.h"
#include "tools/tool.h"

int agent_add_context(struct agent *agent, const char *text, struct beacon_error *err)
{
    struct agent_prompt context = {.text = text};
    return conversation_add_user(agent, &context, err);
}

static int record_turn(struct agent *agent, struct beacon_error *err)
{
    const struct agent_settings *settings = &agent->settings;
    struct recorder_turn turn = {.turn_id = agent->turn_id,
                                 .cwd = agent->parts.tools->cwd,
                                 .approval_policy = settings->approval,
                                 .sandbox_policy = settings->sandbox_policy_json,
                                 .model = settings->model,
                                 .effort = settings->effort,
                                 .summary = settings->summary};
    return recorder_turn_context(agent->parts.recorder, &turn, err);
}

/* A turn that could not begin ends like any other: with an event. */
static void tell_failure(struct agent *agent, const struct beacon_error *err)
{
    struct event event = {.kind = EVENT_TURN_FAILED, .turn_id = agent->turn_id};
    event.as.message.text = err->message;
    event.as.message.hint = err->hint;
    fanout_emit(agent->parts.events, &event);
}

static void begin(void *ctx)
{
    turn_run(ctx, TURN_PREPARE);
}

static int announce(struct agent *agent, const char *prompt, struct beacon_error *err)
{
    assert(agent->turn_id[0] == '\0');
    if (agent->settings.turn_id != NULL) {
        (void)strncpy(agent->turn_id, agent->settings.turn_id, sizeof agent->turn_id - 1);
        agent->settings.turn_id = NULL;
    } else {
        uuid_v7(clock_unix_ms(), agent->turn_id);
    }
    agent->parts.tools->turn_id = agent->turn_id;
    int rc = record_turn(agent, err);
    if (rc == BEACON_OK) {
        struct event event = {.kind = EVENT_TURN_STARTED, .turn_id = agent->turn_id};
        event.as.message.text = prompt;
        fanout_emit(agent->parts.events, &event);
        rc = recorder_failure(agent->parts.recorder, err);
    }
    return rc;
}

static int set_off(struct agent *agent, int rc, const struct beacon_error *err)
{
    if (rc != BEACON_OK) {
        tell_failure(agent, err);
        agent->turn_id[0] = '\0';
        return rc;
    }
    spending_begin_turn(agent);
    loop_later(agent->parts.loop, begin, agent);
    return BEACON_OK;
}

int agent_submit(struct agent *agent, const struct agent_prompt *prompt, struct beacon_error *err)
{
    int rc = announce(agent, prompt->text, err);
    if (rc == BEACON_OK) {
        rc = conversation_add_user(agent, prompt, err);
    }
    agent->compaction.has_new_words = true;
    return set_off(agent, rc, err);
}

int agent_compact(struct agent *agent, struct beacon_error *err)
{
    if (!conversation_has_words(agent)) {
        (void)error_set(err, BEACON_E_INVALID, "say something first",
                        "there is nothing to compact");
        tell_failure(agent, err);
        return BEACON_E_INVALID;
    }
    int rc = announce(agent, "/compact", err);
    if (rc == BEACON_OK) {
        rc = compact_begin(agent, "asked", err);
    }
    return set_off(agent, rc, err);
}

void agent_stop_work(struct agent *agent)
{
    if (agent->stream != NULL) {
        stream_cancel(agent->stream);
    } else if (agent->is_pausing || reauth_cancel(agent)) {
        agent->is_pausing = false;
        loop_timer_start(agent->pause, 0);
    } else {
        dispatch_cancel(agent->dispatch);
    }
}

void agent_interrupt(struct agent *agent)
{
    if (agent->turn_id[0] == '\0' || agent->is_interrupted) {
        return;
    }
    agent->is_interrupted = true;
    recorder_set_interrupted(agent->parts.recorder);
    agent_stop_work(agent);
}

int agent_approve(struct agent *agent, const char *call_id, enum approval_answer answer,
                  struct beacon_error *err)
{
    int rc = approvals_answer(agent->parts.tools->approvals, call_id, answer, err);
    if (rc == BEACON_OK && answer == ABORT) {
        agent_interrupt(agent);
    }
    return rc;
}

bool agent_has_hung_plugin(const struct agent *agent)
{
    return agent->has_hung_plugin;
}
