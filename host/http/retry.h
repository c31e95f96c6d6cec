/* retry.h - how long to wait before asking again. Numbers in, numbers out; no clock, no dice.
 * What a server asked for is read by <beacon-sdk/retry_after.h>. Thread: [pure].
 */
#ifndef HOST_HTTP_RETRY_H
#define HOST_HTTP_RETRY_H

#include <beacon/error.h>
#include <stdint.h>

#define RETRY_BACKOFF_MAX_MS 60000u   /* our own waits grow no further */
#define RETRY_SERVER_MAX_MS  3600000u /* a server that asks for more is not waited for */

/* 200 ms · 2^(attempt − 1) · (0.9 … 1.1), attempt counted from 1; `random` is in [0, 1]. */
uint32_t retry_backoff_ms(uint32_t attempt, double random);

/* The wait before attempt number `attempt` is repeated: what the server asked for (server_ms, −1 =
 * nothing) wins over our backoff. BEACON_E_LIMIT when it asks for more than RETRY_SERVER_MAX_MS. */
int retry_wait_ms(int64_t server_ms, uint32_t attempt, double random, uint32_t *ret,
                  struct beacon_error *err);

#endif
