/* telemetry.h - the adapter for plugins of kind telemetry.
 *
 * Behind these functions every slot exists, every struct has the host's size and every error has a
 * message and a hint. Form A (encode, reply) and form B (write) exclude each other; asked for the other
 * form the plugin answers BEACON_E_UNSUPPORTED. flush() and shutdown() of a plugin that has none succeed.
 * Called by telemetry/. Thread: open [main]; the others as each says, one call at a time per exporter.
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
void telemetry_close(struct telemetry *telemetry); /* [worker] shutdown first; NULL is fine */

bool telemetry_is_blocking(const struct telemetry *telemetry); /* form B: write() on a worker */
const char *telemetry_plugin_id(const struct telemetry *telemetry);
const char *telemetry_name(const struct telemetry *telemetry); /* of the component, "file" */

/* Does it want records of this type (BEACON_REC_*)? One that names no signal wants all. */
bool telemetry_wants(const struct telemetry *telemetry, uint32_t record_type);

/* Form A. The request reaches `out` at the host's size and with sound spans; a plugin that describes
 * none, or two, has failed. [pure] */
int telemetry_encode(struct telemetry *telemetry, const struct beacon_batch *batch,
                     const struct beacon_http_out *out, struct beacon_error *err);
/* Form A. [pure] */
int telemetry_reply(struct telemetry *telemetry, const struct beacon_http_response *response,
                    struct beacon_bytes body, struct beacon_export_result *ret,
                    struct beacon_error *err);

/* Form B. Block until `deadline`. [worker] */
int telemetry_write(struct telemetry *telemetry, const struct beacon_batch *batch,
                    const struct beacon_cancel *deadline, struct beacon_error *err);

/* Both forms. Block until `deadline`. [worker] */
int telemetry_flush(struct telemetry *telemetry, const struct beacon_cancel *deadline,
                    struct beacon_error *err);
int telemetry_shutdown(struct telemetry *telemetry, const struct beacon_cancel *deadline,
                       struct beacon_error *err);

#endif
