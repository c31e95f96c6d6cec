/* wire_approvals.h - the approval part of the composition root: which policy holds in this front door, who
 * is asked, and the sandbox for what was let out. Used by wire.c. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_APPROVALS_H
#define HOST_CLI_WIRE_APPROVALS_H

#include <beacon/error.h>

struct config;
struct sandbox;
struct wire;
struct wire_request;

/* The policy of the configuration where a person can be asked. Where nobody can, "never": what would be
 * asked is refused. Only "untrusted", asked for by name, stays: less would run than under "never". */
const char *wire_approval_policy(const struct config *config, const struct wire_request *request);

/* Makes wire->approvals from wire->rules; wire->loop and wire->events are there already. */
void wire_approvals_open(struct wire *wire, const struct wire_request *request);

/* tool_context.open_outside; `ctx` is the wire. */
int wire_open_outside(void *ctx, struct sandbox **ret, struct beacon_error *err);

#endif
