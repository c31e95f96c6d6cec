/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/fallback.h"

#include <stddef.h>

#include "agent/agent_state.h"
#include "agent/stream.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "event/fanout.h"

/* What another try could not mend for this model and may be different for another one. A wrong key, a
 * certificate or a request that is refused as it stands are for the person to see. */
static bool may_help(const struct stream_outcome *outcome)
{
    return outcome->verdict == BEACON_VERDICT_FALLBACK || outcome->verdict == BEACON_VERDICT_RETRY;
}

static void emit(struct agent *agent, struct event *event)
{
    event->turn_id = agent->turn_id;
    fanout_emit(agent->parts.events, event);
}

static void tell_unusable(struct agent *agent, const struct beacon_error *err)
{
    AUTO_FREE char *sentence = alloc_printf("model_fallback: %s; %s", err->message, err->hint);
    struct event event = {.kind = EVENT_WARNING};
    event.as.message.text = sentence;
    emit(agent, &event);
}

static void adopt(struct agent *agent, const struct agent_model *model)
{
    agent->parts.provider = model->provider;
    agent->parts.limits = model->limits;
    agent->parts.credentials = model->credentials;
    agent->settings.model = model->model;
    agent->settings.provider = model->provider_id;
    agent->settings.profile = model->profile;
    agent->settings.is_local = false;
    agent->settings.context_tokens = 0;    /* measured, or said, of the first one */
    truncation_forget(&agent->truncation); /* another one counts otherwise */
    agent->settings.max_output_tokens = model->max_output_tokens;
    agent->attempts.request_max = model->request_max_retries;
    agent->attempts.stream_max = model->stream_max_retries;
    agent->has_reauthed = false;
    agent->spending.is_model_told = true;
    attempts_reset(&agent->attempts);
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

bool fallback_begin(struct agent *agent, const struct stream_outcome *outcome)
{
    const struct agent_chain *chain = &agent->parts.chain;
    struct event event = {.kind = EVENT_MODEL_FALLBACK};
    struct event_fallback *change = &event.as.fallback;
    struct agent_model next = {0};
    struct beacon_error err = {0};
    change->from_model = agent->settings.model;
    change->from_provider = or_empty(agent->settings.provider);
    change->reason = outcome->message;
    while (may_help(outcome) && agent->chain_at < chain->n) {
        agent->chain_at++;
        if (chain->choose(chain->ctx, agent->chain_at, &next, &err) != BEACON_OK) {
            tell_unusable(agent, &err);
            continue;
        }
        adopt(agent, &next);
        change->to_model = next.model;
        change->to_provider = next.provider_id;
        emit(agent, &event);
        return true;
    }
    return false;
}

void fallback_end(struct agent *agent)
{
    const struct agent_chain *chain = &agent->parts.chain;
    struct agent_model first = {0};
    if (agent->chain_at > 0 && chain->choose(chain->ctx, 0, &first, NULL) == BEACON_OK) {
        adopt(agent, &first);
    }
    agent->chain_at = 0;
}
