/* telemetry.h - the adapter for plugins of kind telemetry.
 *
 * Gives out the plugin's table completed to the host's size. Form A (encode, reply) and form B
 * (write) exclude each other; the slots of the other form answer BEACON_E_UNSUPPORTED, flush() and
 * shutdown() have defaults that succeed. Called by telemetry/. Thread: open and close [main], slots
 * as in beacon/telemetry.h.
 */
#ifndef HOST_PLUGIN_TELEMETRY_H
#define HOST_PLUGIN_TELEMETRY_H

#include <beacon/telemetry.h>
#include <stdbool.h>

struct plugin_set; /* discover.h */
struct telemetry;

/* One instance of `component`; `config_json` NULL means {}. *ret is the caller's, for
 * telemetry_close(). */
int telemetry_open(struct plugin_set *set, const char *component, const char *config_json,
                   struct telemetry **ret, struct beacon_error *err);
void telemetry_close(struct telemetry *telemetry); /* NULL is fine */

bool telemetry_is_blocking(const struct telemetry *telemetry); /* form B: write() on a worker */
const struct beacon_telemetry *telemetry_table(const struct telemetry *telemetry);
void *telemetry_instance(const struct telemetry *telemetry); /* first argument of every slot */

#endif
