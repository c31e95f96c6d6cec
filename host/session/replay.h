/* replay.h - reading a rollout back: what a session was when it stopped.
 *
 * Reads line by line; memory is one line plus what is kept. Lines that are torn, unparsable, too
 * long or of an unknown type are passed over, never an error. Never writes. Thread: [main].
 */
#ifndef HOST_SESSION_REPLAY_H
#define HOST_SESSION_REPLAY_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "event/event.h"
#include "session/cost_record.h"

struct history;

struct replay {
    char *id;        /* UUID, lower case */
    char *timestamp; /* when the session began, "" when not told; so all below */
    char *cwd;
    char *source; /* "cli", "vscode", "exec", "mcp", … */
    char *originator;
    char *model_provider;
    char *base_instructions; /* text */
    char *turn_context;      /* JSON of the last one */
    struct history *history;
    struct event_usage total, last; /* tokens; zero when has_usage is false */
    bool has_usage;
    struct cost_state cost; /* of the same requests */
    size_t n_user_messages;
    size_t n_skipped_lines; /* a torn last line included */
};

/* Read the rollout at `path`. BEACON_E_INVALID with `empty session file` or
 * `failed to parse conversation ID from rollout file`. On success give `ret` to replay_finish(). */
int replay_read(const char *path, struct replay *ret, struct beacon_error *err);

/* The same over bytes in memory. */
int replay_read_bytes(const char *bytes, size_t n, struct replay *ret, struct beacon_error *err);

void replay_finish(struct replay *replay); /* frees the history unless it was taken (set to NULL) */

#endif
