/* recorder.h - what goes into a session's journal, and when.
 *
 * Items, contexts and the first line are explicit calls, because the caller acts on them only when
 * they are on disk. The rest arrives as events: add recorder_sink() to the fanout before any other
 * sink. A sink cannot answer, so the first failure is kept and the agent asks for it before each
 * step: after it nothing more is written. Thread: [main].
 */
#ifndef HOST_SESSION_RECORDER_H
#define HOST_SESSION_RECORDER_H

#include <beacon/error.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct journal;
struct recorder;

struct recorder_session {
    const char *id;  /* UUID */
    uint64_t now_ms; /* when the session began, Unix milliseconds */
    const char *cwd;
    const char *originator, *cli_version;
    const char *source; /* "exec" or "cli" */
    const char *model_provider;
    const char *base_instructions; /* the whole text; NULL when none */
};

struct recorder_turn {
    const char *turn_id;
    const char *cwd;
    const char *approval_policy;
    const char *sandbox_policy; /* JSON object, e.g. {"type":"read-only"} */
    const char *model;
    const char *effort;  /* NULL or "": left out */
    const char *summary; /* NULL or "": "auto" */
};

/* Takes `journal` over and closes it with the recorder. NULL: nothing is kept (--ephemeral) and every
 * call below succeeds. */
struct recorder *recorder_create(struct journal *journal);
void recorder_destroy(struct recorder *recorder); /* NULL is fine */

/* The first line of a new session; not for a resumed one. Reads cwd's git state. */
int recorder_begin(struct recorder *recorder, const struct recorder_session *session,
                   struct beacon_error *err);

int recorder_turn_context(struct recorder *recorder, const struct recorder_turn *turn,
                          struct beacon_error *err);

/* One item of the conversation (item.h), on disk when this returns BEACON_OK. */
int recorder_item(struct recorder *recorder, const char *item, size_t n, struct beacon_error *err);

/* The history before this line is replaced: `replacement` is a JSON array of items, or NULL. */
int recorder_compacted(struct recorder *recorder, const char *message, const char *replacement,
                       struct beacon_error *err);

/* The turn that fails next was stopped by the person: it is recorded as aborted, not as failed. */
void recorder_set_interrupted(struct recorder *recorder);

/* fanout_sink_fn; `ctx` is the recorder. The end of a turn waits for the disk. */
void recorder_sink(void *ctx, const struct event *event);

/* BEACON_OK, or the code of the first write that failed, with `err` filled. */
int recorder_failure(const struct recorder *recorder, struct beacon_error *err);

const char *recorder_path(const struct recorder *recorder); /* "" when nothing is kept */

#endif
