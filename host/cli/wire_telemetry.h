/* wire_telemetry.h - the telemetry part of the composition root: the exporters the configuration names,
 * the tracer that listens to the event bus, and the end of both within a budget.
 *
 * With `exporter = "none"` nothing is opened, loaded or started. What cannot be opened is a warning on
 * stderr and the work goes on, except where the admin's policy requires it. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_TELEMETRY_H
#define HOST_CLI_WIRE_TELEMETRY_H

#include <beacon/error.h>
#include <stdbool.h>

struct wire;

/* After the plugins and the provider are there. POLICY: an exporter the policy requires is not active.
 * Frees itself on failure. */
int wire_telemetry_open(struct wire *wire, struct beacon_error *err);

/* Behind journal and front door, before the first event. */
void wire_telemetry_listen(struct wire *wire);

/* Write the rest out, say on stderr what was lost. True: a plugin hangs, and its thread with it: no
 * plugin may be unloaded; all else may go. */
bool wire_telemetry_close(struct wire *wire);

#endif
