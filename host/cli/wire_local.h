/* wire_local.h - models on this machine: how much of a conversation their server reads. Thread: [main]. */
#ifndef HOST_CLI_WIRE_LOCAL_H
#define HOST_CLI_WIRE_LOCAL_H

struct wire;

/* Ask the server of a profile with `local`, unless model_context_window says it; at most two seconds. A
 * server that does not answer is met by the first request. Fills wire->local_window. */
void wire_local_look(struct wire *wire);

/* Tell the person when that is too little to work with. The session has begun. */
void wire_local_warn(const struct wire *wire);

#endif
