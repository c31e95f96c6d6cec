/* SPDX-License-Identifier: Apache-2.0 */
#include "http/retry.h"

#include <assert.h>

#include "base/error.h"

#define FIRST_MS 200.0

uint32_t retry_backoff_ms(uint32_t attempt, double random)
{
    assert(attempt >= 1);
    assert(random >= 0.0 && random <= 1.0);
    uint32_t doublings = attempt - 1 < 16 ? attempt - 1 : 16;
    double ms = FIRST_MS * (double)(1u << doublings) * (0.9 + 0.2 * random);
    return ms < RETRY_BACKOFF_MAX_MS ? (uint32_t)(ms + 0.5) : RETRY_BACKOFF_MAX_MS;
}

int retry_wait_ms(int64_t server_ms, uint32_t attempt, double random, uint32_t *ret,
                  struct beacon_error *err)
{
    if (server_ms > RETRY_SERVER_MAX_MS) {
        return error_set(err, BEACON_E_LIMIT, "come back later, or choose another model",
                         "the server asks to wait %lld minutes, longer than this host waits",
                         (long long)(server_ms / 60000));
    }
    *ret = server_ms >= 0 ? (uint32_t)server_ms : retry_backoff_ms(attempt, random);
    return BEACON_OK;
}
