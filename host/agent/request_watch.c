/* SPDX-License-Identifier: Apache-2.0
 * request_watch.c - the events of one request: that it was sent, what it was answered with, which frames
 * the answer is made of, and that it broke off.
 */
#include <stdio.h>

#include "agent/agent_state.h"
#include "agent/stream.h"
#include "base/clock.h"
#include "event/fanout.h"

#define NS_PER_MS UINT64_C(1000000)
#define KIND_MAX  96 /* bytes of a frame's kind; longer ones are cut */

static void emit(const struct agent *agent, struct event event)
{
    event.turn_id = agent->turn_id;
    fanout_emit(agent->parts.events, &event);
}

void request_watch_begin(struct agent *agent)
{
    const uint64_t now_ns = clock_mono_ns();
    agent->watch = (struct request_watch){
        .began_ns = now_ns, .frame_ns = now_ns, .attempt = agent->attempts.request};
    struct event event = {.kind = EVENT_REQUEST_STARTED};
    event.as.request = (struct event_request){.attempt = agent->watch.attempt};
    emit(agent, event);
}

static void tell_answer(struct agent *agent, int32_t status, const char *error)
{
    const uint64_t now_ns = clock_mono_ns();
    struct event event = {.kind = EVENT_REQUEST_ANSWERED};
    event.as.request =
        (struct event_request){.attempt = agent->watch.attempt,
                               .status = status,
                               .duration_ms = (now_ns - agent->watch.began_ns) / NS_PER_MS,
                               .error = error};
    agent->watch.is_answered = true;
    agent->watch.frame_ns = now_ns;
    emit(agent, event);
}

void request_watch_status(void *agent, int32_t status)
{
    tell_answer(agent, status, NULL);
}

static void tell_frame(struct agent *agent, const char *kind, const char *error)
{
    const uint64_t now_ns = clock_mono_ns();
    struct event event = {.kind = EVENT_FRAME};
    event.as.frame = (struct event_frame){
        .kind = kind, .error = error, .duration_ms = (now_ns - agent->watch.frame_ns) / NS_PER_MS};
    agent->watch.frame_ns = now_ns;
    emit(agent, event);
}

void request_watch_frame(void *agent, struct beacon_str kind)
{
    char text[KIND_MAX];
    (void)snprintf(text, sizeof text, "%.*s", kind.n < sizeof text ? (int)kind.n : KIND_MAX - 1,
                   kind.p);
    tell_frame(agent, text, NULL);
}

/* Without a status there was no answer, or the provider does not speak of one. */
void request_watch_end(struct agent *agent, const struct stream_outcome *outcome)
{
    const char *error = outcome->is_ok ? NULL : outcome->message;
    if (!agent->watch.is_answered) {
        tell_answer(agent, 0, error);
    } else if (error != NULL && outcome->phase == STREAM_ANSWERING) {
        tell_frame(agent, NULL, error);
    }
}
