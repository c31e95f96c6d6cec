/* SPDX-License-Identifier: Apache-2.0
 * batch.h - struct beacon_batch out of the JSON of testhost_telemetry.h, lent. Thread: the test's. */
#ifndef TESTHOST_BATCH_H
#define TESTHOST_BATCH_H

#include <beacon/telemetry.h>

#include "internal.h"

/* NULL: it is not a JSON object, which is a finding. */
const struct beacon_batch *batch_lend(struct testhost *t, const char *json);

#endif
