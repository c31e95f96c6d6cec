/* agent.h - one conversation with a model: takes a prompt, works until the turn ends, tells of it by
 * events. The only thing front doors call to make the agent do something.
 *
 * Owns the turn under way, the tool calls and the request; borrows everything in agent_parts.
 * Thread: [main].
 */
#ifndef HOST_AGENT_AGENT_H
#define HOST_AGENT_AGENT_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "policy/approval.h"

struct agent;
struct budget_limits; /* budget.h */
struct cost_state;    /* session/cost_record.h */
struct credentials;
struct fanout;
struct history;
struct http;
struct http_limits;
struct loop;
struct model_profile; /* config/model_profile.h */
struct provider;
struct recorder;
struct tool_context;

/* One model of a chain, ready to be asked. Borrowed from who chose it, as long as the agent lives. */
struct agent_model {
    struct provider *provider;
    const struct http_limits *limits;
    struct credentials *credentials; /* NULL: none that could be renewed */
    const char *model, *provider_id;
    const struct model_profile *profile; /* NULL: nothing is known about it */
    int64_t max_output_tokens;           /* < 0: unset */
    uint32_t request_max_retries, stream_max_retries;
};

/* Models to fall back to, 1 to `n`; 0 is the one the agent was made with. choose() opens it when it was
 * not yet, and from then on requests go with its credentials. An error: it cannot be used. */
struct agent_chain {
    size_t n;
    int (*choose)(void *ctx, size_t i, struct agent_model *ret, struct beacon_error *err);
    void *ctx;
};

struct agent_parts { /* made in cli/wire.c; all outlive the agent */
    struct loop *loop;
    struct http *http;
    struct provider *provider;
    const struct http_limits *limits;
    struct credentials *credentials; /* NULL: none that could be renewed */
    struct history *history;
    struct recorder *recorder;
    struct fanout *events;
    struct tool_context *tools;
    struct agent_chain chain; /* zeroed: none */
};

struct agent_settings { /* strings borrowed, outlive the agent */
    const char *thread_id;
    const char *turn_id; /* of the first turn; NULL: a new one. A recording is played */
    const char *model, *effort, *summary, *verbosity; /* "" = the provider's default */
    const char *provider;                             /* its id, for people; NULL: unknown */
    const char *output_schema;                        /* JSON Schema, or "" */
    const char *base_instructions;
    const char *approval, *sandbox_policy_json;
    int64_t max_output_tokens; /* < 0: unset */
    int64_t context_tokens;    /* of the window, over what the profile says; < 1: unset */
    int64_t
        compact_limit; /* tokens of a request that there is made room before; < 1: nine tenths of
                            * the window */
    bool is_local;     /* the model runs on a server of this person: it may cut what it reads */
    const char *compact_prompt; /* what the model is asked for then; NULL: the program's words */
    uint32_t request_max_retries, stream_max_retries;
    struct event_usage usage; /* of the turns before, when resumed */
    const struct cost_state
        *cost_before; /* the same of what they cost; NULL: nothing was asked yet */
    const struct model_profile *profile; /* of `model`; NULL: nothing is known about it */
    bool is_hasty;                       /* no pauses between attempts: a recording is played */
    const struct budget_limits *budget;  /* NULL: no limits */
};

/* OVER_BUDGET: err->code is BEACON_E_DEADLINE when the time was used up, else BEACON_E_LIMIT. */
enum agent_outcome { AGENT_COMPLETED, AGENT_FAILED, AGENT_INTERRUPTED, AGENT_OVER_BUDGET };

/* The turn is over and its last event was emitted. `err` is NULL when it completed. */
typedef void (*agent_end_fn)(void *ctx, enum agent_outcome outcome, const struct beacon_error *err);

struct agent *agent_create(const struct agent_parts *parts, const struct agent_settings *settings,
                           agent_end_fn on_end, void *ctx);
void agent_destroy(struct agent *agent); /* no turn may be under way; NULL is fine */

struct agent_image {
    const char *name; /* as the person gave it */
    const char *data_url;
};

struct agent_prompt {
    const char *text;
    const struct agent_image *images;
    size_t n_images;
};

/* Make room in the conversation, as a turn of its own: no prompt, no answer. As agent_submit().
 * BEACON_E_INVALID: nothing was said yet. */
int agent_compact(struct agent *agent, struct beacon_error *err);

/* Put a message of the host (environment, project instructions) into the conversation, as the user. */
int agent_add_context(struct agent *agent, const char *text, struct beacon_error *err);

/* Begin a turn; none may be under way. The prompt is recorded before this returns. When it fails, the
 * last event says so too and agent_end_fn does not follow. */
int agent_submit(struct agent *agent, const struct agent_prompt *prompt, struct beacon_error *err);

/* End the turn under way: the request is closed, commands are killed, calls answer "aborted".
 * agent_end_fn follows from the loop. Nothing to do: nothing happens. */
void agent_interrupt(struct agent *agent);

/* The person's word on an EVENT_APPROVAL_REQUESTED, also from inside that event. The call goes on from the
 * loop; ABORT ends the turn. BEACON_E_NOT_FOUND: nothing of that id waits (it was answered, timed out, or
 * its turn ended); _INVALID: APPROVED_WITH_PREFIX where none was offered, and it still waits. */
int agent_approve(struct agent *agent, const char *call_id, enum approval_answer answer,
                  struct beacon_error *err);

/* A plugin's thread ignored a cancel and still runs: its provider must not be closed. */
bool agent_has_hung_plugin(const struct agent *agent);

#endif
