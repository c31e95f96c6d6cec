/* clocks.h - the time limits of one exchange: connect, first byte, idle, and the whole.
 *
 * One loop timer serves them all. Progress costs one store, not a timer: the timer looks when it
 * fires. An expired clock gets one more round of the loop first, so that an answer that has been
 * waiting in the socket while this process was busy counts. Thread: [main]. Private to the room.
 */
#ifndef HOST_HTTP_CLOCKS_H
#define HOST_HTTP_CLOCKS_H

#include <stdbool.h>

#include "http/request.h"

struct loop_timer;

enum clocks_phase {
    CLOCKS_CONNECT,
    CLOCKS_FIRST_BYTE,
    CLOCKS_IDLE,
};

struct clocks {
    struct loop *loop;
    struct loop_timer *timer;
    struct http_limits limits;
    uint32_t total_ms;
    enum clocks_phase phase;
    uint64_t began_ms, since_ms; /* the exchange; the phase, or the last progress in it */
    bool is_last_round;
    void (*on_expired)(void *ctx);
    void *ctx;
};

/* Begin with the connect clock. `clocks` must not move while it runs. */
void clocks_start(struct clocks *clocks, struct loop *loop, void (*on_expired)(void *ctx),
                  void *ctx);
void clocks_stop(struct clocks *clocks); /* also when never started */

void clocks_enter(struct clocks *clocks, enum clocks_phase phase);
void clocks_progress(struct clocks *clocks);

/* The sentence for the clock that expired: BEACON_E_DEADLINE. */
int clocks_describe(const struct clocks *clocks, const char *peer, bool is_sse,
                    struct beacon_error *err);

#endif
