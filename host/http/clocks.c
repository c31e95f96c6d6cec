/* SPDX-License-Identifier: Apache-2.0 */
#include "http/clocks.h"

#include "base/error.h"
#include "loop/loop.h"

#define NEVER UINT64_MAX

static uint64_t phase_limit_ms(const struct clocks *clocks)
{
    const uint32_t limits[] = {
        [CLOCKS_CONNECT] = clocks->limits.connect_timeout_ms,
        [CLOCKS_FIRST_BYTE] = clocks->limits.first_byte_timeout_ms,
        [CLOCKS_IDLE] = clocks->limits.idle_timeout_ms,
    };
    return limits[clocks->phase];
}

static uint64_t phase_deadline(const struct clocks *clocks)
{
    uint64_t limit_ms = phase_limit_ms(clocks);
    return limit_ms != 0 ? clocks->since_ms + limit_ms : NEVER;
}

static uint64_t total_deadline(const struct clocks *clocks)
{
    return clocks->total_ms != 0 ? clocks->began_ms + clocks->total_ms : NEVER;
}

static uint64_t next_deadline(const struct clocks *clocks)
{
    uint64_t phase = phase_deadline(clocks), total = total_deadline(clocks);
    return phase < total ? phase : total;
}

static void arm(struct clocks *clocks)
{
    uint64_t deadline = next_deadline(clocks), now = loop_now_ms(clocks->loop);
    clocks->is_last_round = false;
    if (deadline == NEVER) {
        loop_timer_stop(clocks->timer);
    } else {
        loop_timer_start(clocks->timer, deadline > now ? deadline - now : 0);
    }
}

static void on_timer(void *ctx)
{
    struct clocks *clocks = ctx;
    if (loop_now_ms(clocks->loop) < next_deadline(clocks)) {
        arm(clocks);
    } else if (!clocks->is_last_round) {
        clocks->is_last_round = true;
        loop_timer_start(clocks->timer, 1);
    } else {
        clocks->on_expired(clocks->ctx);
    }
}

void clocks_start(struct clocks *clocks, struct loop *loop, void (*on_expired)(void *ctx),
                  void *ctx)
{
    clocks->loop = loop;
    clocks->on_expired = on_expired;
    clocks->ctx = ctx;
    clocks->timer = loop_timer_create(loop, on_timer, clocks);
    clocks->began_ms = loop_now_ms(loop);
    clocks_enter(clocks, CLOCKS_CONNECT);
}

void clocks_stop(struct clocks *clocks)
{
    loop_timer_close(clocks->timer);
    clocks->timer = NULL;
}

void clocks_enter(struct clocks *clocks, enum clocks_phase phase)
{
    clocks->phase = phase;
    clocks->since_ms = loop_now_ms(clocks->loop);
    arm(clocks);
}

void clocks_progress(struct clocks *clocks)
{
    clocks->since_ms = loop_now_ms(clocks->loop);
}

static int describe_phase(const struct clocks *clocks, const char *peer, bool is_sse,
                          struct beacon_error *err)
{
    switch (clocks->phase) {
    case CLOCKS_CONNECT:
        return error_set(
            err, BEACON_E_DEADLINE, "check the network and the proxy variables of the environment",
            "timeout connecting to %s after %u ms", peer, clocks->limits.connect_timeout_ms);
    case CLOCKS_FIRST_BYTE:
        return error_set(err, BEACON_E_DEADLINE,
                         "try again, or raise first_byte_timeout_ms of the provider",
                         "timeout waiting for the first byte from %s after %u ms", peer,
                         clocks->limits.first_byte_timeout_ms);
    case CLOCKS_IDLE:
        break;
    }
    const char *hint = "try again, or raise stream_idle_timeout_ms of the provider";
    if (is_sse) {
        return error_set(err, BEACON_E_DEADLINE, hint, "idle timeout waiting for SSE");
    }
    return error_set(err, BEACON_E_DEADLINE, hint, "idle timeout waiting for %s", peer);
}

int clocks_describe(const struct clocks *clocks, const char *peer, bool is_sse,
                    struct beacon_error *err)
{
    if (total_deadline(clocks) <= phase_deadline(clocks)) {
        return error_set(err, BEACON_E_DEADLINE,
                         "try again, or raise total_timeout_ms of the provider",
                         "%s did not finish its answer in %u ms", peer, clocks->total_ms);
    }
    return describe_phase(clocks, peer, is_sse, err);
}
