/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/testhost_telemetry.h - an exporter that is handed batches.
 *
 * Errors and lifetimes as in testhost.h.
 */
#ifndef BEACON_SDK_TESTHOST_TELEMETRY_H
#define BEACON_SDK_TESTHOST_TELEMETRY_H

#include <beacon-sdk/testhost.h>
#include <beacon/telemetry.h>

BEACON_BEGIN_DECLS

struct testhost_telemetry;

/* create() of the telemetry component `name` (NULL: the first one); NULL: testhost_error() says why. */
struct testhost_telemetry *testhost_telemetry_create(struct testhost *t, const char *name,
                                                     const char *config);
void testhost_telemetry_destroy(struct testhost_telemetry *e); /* shutdown() comes first */

/* A batch as JSON. Every member may be left out:
 * {"seq": 1, "dropped_before": 0, "resource": {"service.name": "beacon"}, "records": [
 *    {"type": "log|span|metric", "time_unix_ns": 1, "end_unix_ns": 2, "severity": 9, "name": "",
 *     "body": "", "value": 1.5, "unit": "", "attrs": {"key": "text", "n": 1, "f": 1.5, "ok": true,
 *     "list": […]}, "repeat": 1000}]}
 * "repeat" makes so many records of one. */

/* Form B: write(), then UNSUPPORTED when the slot is not offered. */
beacon_rc testhost_telemetry_write(struct testhost_telemetry *e, const char *batch);

/* Form A: encode(); *ret_request is the request as text: method, URL, headers, empty line, body. */
beacon_rc testhost_telemetry_encode(struct testhost_telemetry *e, const char *batch,
                                    const char **ret_request);

/* Form A: reply() to an answer; *ret is zeroed and filled. */
beacon_rc testhost_telemetry_reply(struct testhost_telemetry *e, int32_t status,
                                   const char *headers, const char *body,
                                   struct beacon_export_result *ret);

beacon_rc testhost_telemetry_flush(struct testhost_telemetry *e); /* OK without the slot */
beacon_rc testhost_telemetry_shutdown(struct testhost_telemetry *e);

BEACON_END_DECLS
#endif
