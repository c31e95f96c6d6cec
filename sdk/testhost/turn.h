/* SPDX-License-Identifier: Apache-2.0
 * turn.h - struct beacon_turn out of the JSON of testhost_provider.h, lent. Thread: the test's. */
#ifndef TESTHOST_TURN_H
#define TESTHOST_TURN_H

#include <beacon/provider.h>

#include "internal.h"

/* NULL: it is not a JSON object, which is a finding. */
const struct beacon_turn *turn_lend(struct testhost *t, const char *json);

#endif
