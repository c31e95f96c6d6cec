/* replay_session.h - a recorded session put in the place of the configuration, the network and the tools:
 * what wire.c asks for when `beacon replay` opens it. Thread: [main].
 */
#ifndef HOST_CLI_REPLAY_SESSION_H
#define HOST_CLI_REPLAY_SESSION_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/cassette.h"

struct agent_prompt;
struct agent_settings;
struct json_object;
struct wire;

/* Zeroed, then filled by the front door; to replay_finish_parts(). */
struct replay_parts {
    const struct cassette *cassette;
    struct json_object *session; /* settings of the cassette, with what the person changed */
    const char *plugin;          /* component; NULL: the recorded one */
    double speed;                /* 0: without a pause */
    bool is_live;                /* tools run */
    size_t n_asked;              /* requests so far */
    size_t first_different;      /* its number; 0: none yet */
    char *difference;            /* in words */
    bool *is_answered;           /* by index of cassette->tools */
    char *turn_id;
    struct arena *arena;
};

void replay_parts_finish(struct replay_parts *parts);

void replay_thread_id(const struct replay_parts *parts, struct wire *wire);
int replay_open_provider(struct replay_parts *parts, struct wire *wire, struct beacon_error *err);
void replay_settle(struct replay_parts *parts, struct wire *wire, struct agent_settings *settings);
int replay_begin(struct replay_parts *parts, struct wire *wire, struct beacon_error *err);

#endif
