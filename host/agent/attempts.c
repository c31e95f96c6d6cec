/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/attempts.h"

#include "agent/stream.h"
#include "base/error.h"
#include "http/retry.h"

static bool repeat(uint32_t *made, uint32_t max, const struct stream_outcome *outcome,
                   double random, struct attempt *ret)
{
    uint32_t wait_ms = 0;
    struct beacon_error err = {0};
    if (*made >= max ||
        retry_wait_ms(outcome->after_ms, *made + 1, random, &wait_ms, &err) != BEACON_OK) {
        return false;
    }
    ++*made;
    *ret = (struct attempt){*made, max, wait_ms};
    return true;
}

bool attempts_next(struct attempts *attempts, const struct stream_outcome *outcome, double random,
                   struct attempt *ret)
{
    if (outcome->verdict != BEACON_VERDICT_RETRY) {
        return false;
    }
    if (outcome->phase == STREAM_ASKING) {
        if (repeat(&attempts->request, attempts->request_max, outcome, random, ret)) {
            return true;
        }
        if (outcome->code == BEACON_E_LIMIT) {
            return false; /* a rate limit outlasts the stream level too */
        }
    }
    attempts->request = 0;
    return repeat(&attempts->stream, attempts->stream_max, outcome, random, ret);
}

void attempts_reset(struct attempts *attempts)
{
    attempts->request = attempts->stream = 0;
}
