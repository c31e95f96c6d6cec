/* agent_state.h - the inside of struct agent, for the files of this room only. */
#ifndef HOST_AGENT_AGENT_STATE_H
#define HOST_AGENT_AGENT_STATE_H

#include <beacon/provider.h>

#include "agent/agent.h"
#include "agent/attempts.h"
#include "agent/compact.h"
#include "agent/spending.h"
#include "agent/truncation.h"
#include "base/uuid.h"

struct arena;
struct dispatch;
struct loop_timer;
struct stream;
struct stream_outcome;

struct agent {
    struct agent_parts parts;
    struct agent_settings settings;
    agent_end_fn on_end;
    void *on_end_ctx;

    /* The turn under way. */
    char turn_id[UUID_TEXT_BYTES]; /* "" between turns */
    struct stream *stream;         /* while the model answers */
    struct dispatch *dispatch;     /* the calls of the last answer */
    struct loop_timer *pause;      /* between a failure and the next attempt */
    bool is_pausing;
    char *rejection;   /* what the server said to the credentials, while newer ones are fetched */
    bool has_reauthed; /* newer ones were asked for since the last answer that completed */
    struct attempts attempts;
    size_t chain_at; /* the model of the chain that is asked, 0 = the configured one */
    struct compaction compaction;
    struct truncation truncation;
    struct request_watch {
        uint64_t began_ns, frame_ns;
        uint32_t attempt;
        bool is_answered;
    } watch;
    struct event_usage answer; /* of the answer that streams now, as the provider counts */
    struct spending spending;
    bool is_interrupted;
    struct beacon_error failure; /* code 0 = none; the first one counts */
    char *failure_message;       /* the whole sentence, also when it is longer than the struct's */

    struct event_usage total;
    bool has_hung_plugin;
};

/* Steps of a turn; each returns the next one or TURN_WAIT. */
enum turn_next { TURN_PREPARE, TURN_STREAM, TURN_TOOLS, TURN_DONE, TURN_WAIT };

/* turn.c: continue the turn with step `next` until it waits again. */
void turn_run(struct agent *agent, enum turn_next next);

/* turn.c: remember why the turn fails; `message` may be longer than the error's. */
void turn_fail(struct agent *agent, const struct beacon_error *err, const char *message);

/* turn.c: the turn fails with what became of the stream. */
void turn_give_up(struct agent *agent, const struct stream_outcome *outcome);

/* agent.c: what is under way ends soon, whatever it is; the turn goes on to its next step. */
void agent_stop_work(struct agent *agent);

/* reauth.c: the server refused the credentials; true: newer ones are fetched, and the turn goes on or
 * fails when that is over. False: it has failed. */
bool reauth_begin(struct agent *agent, const struct stream_outcome *outcome);

/* reauth.c: the turn ends, whatever comes of it. True: it was under way. */
bool reauth_cancel(struct agent *agent);

/* request.c: what is asked next, in `arena`, which must outlive *ret; of the whole conversation, or of
 * `history`. */
int request_build(struct agent *agent, struct arena *arena, struct beacon_turn *ret,
                  struct beacon_error *err);
int request_build_of(struct agent *agent, const struct history *history, struct arena *arena,
                     struct beacon_turn *ret, struct beacon_error *err);

/* conversation.c: put something into the journal, then into the history. */
int conversation_add_user(struct agent *agent, const struct agent_prompt *prompt,
                          struct beacon_error *err);
bool conversation_has_words(const struct agent *agent); /* of the person, or a summary of them */
int conversation_add_part(struct agent *agent, const struct beacon_part *part,
                          struct beacon_error *err);

struct dispatch_call;
struct tool_answer;
int conversation_add_answer(struct agent *agent, const struct dispatch_call *call,
                            const struct tool_answer *answer, struct beacon_error *err);

/* request_watch.c: says on the bus what happens to a request. */
struct stream_outcome;
void request_watch_begin(struct agent *agent);
void request_watch_status(void *agent, int32_t status);
void request_watch_frame(void *agent, struct beacon_str kind);
void request_watch_end(struct agent *agent, const struct stream_outcome *outcome);

/* usage.c: tokens as the provider counts them, made comparable and added up. */
void usage_take(struct event_usage *answer, const struct beacon_usage *from);
void usage_add(struct event_usage *total, const struct event_usage *answer);

#endif
