/* wire_session.h - the session part of the composition root: which rollout, new or resumed, and the
 * messages every session begins with. Used by wire.c. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_SESSION_H
#define HOST_CLI_WIRE_SESSION_H

#include <beacon/error.h>

struct wire;
struct wire_request;

/* Decide the thread id; read the rollout of a session that is resumed. Nothing is written. */
int wire_session_choose(struct wire *wire, const struct wire_request *request,
                        struct beacon_error *err);

/* Open the journal, and put recorder and front door behind the fanout. */
int wire_session_open(struct wire *wire, const struct wire_request *request,
                      struct beacon_error *err);

/* Say what session this is; a new one is told where it is and what AGENTS.md says. */
int wire_session_begin(struct wire *wire, const struct wire_request *request,
                       struct beacon_error *err);

#endif
