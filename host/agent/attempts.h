/* attempts.h - may a failed request be repeated, and after how long? Two levels as the wire's
 * documentation has them: the request (no good status yet) and the stream (it had begun, or the
 * request level gave up). Numbers only, no clock. Used by turn.c. Thread: [pure].
 */
#ifndef HOST_AGENT_ATTEMPTS_H
#define HOST_AGENT_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

struct stream_outcome;

struct attempts {
    uint32_t request_max, stream_max; /* repeats allowed on each level */
    uint32_t request, stream;         /* repeats made; both 0 after an answer that completed */
};

struct attempt { /* for the notice: attempt n of max, after wait_ms */
    uint32_t n, max, wait_ms;
};

/* Count a failure. False: give up with the outcome's message. `random` in [0, 1] spreads the waits. */
bool attempts_next(struct attempts *attempts, const struct stream_outcome *outcome, double random,
                   struct attempt *ret);

void attempts_reset(struct attempts *attempts);

#endif
