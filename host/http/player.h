/* player.h - answers instead of the network: what http_start() is asked for gets a prepared answer through
 * the same callbacks, from the loop, at the pace of a timer. libcurl is not even loaded, nothing is opened,
 * no credentials are asked for. Thread: [main].
 */
#ifndef HOST_HTTP_PLAYER_H
#define HOST_HTTP_PLAYER_H

#include <beacon/host.h>

#include "http/tap.h"

struct http;
struct http_exchange;
struct play;

struct http_answer_frame {
    uint64_t ms; /* since the request */
    struct beacon_str event;
    struct beacon_bytes data;
};

/* Everything is borrowed, as long as the exchange lives. */
struct http_answer {
    int32_t status; /* 0: none came */
    uint64_t response_ms;
    const struct beacon_kv *headers;
    size_t n_headers;
    const struct http_answer_frame *frames;
    size_t n_frames;
    uint64_t end_ms;
    /* BEACON_END_; HTTP_TAP_UNSENT: http_start() fails with `error`; HTTP_TAP_CANCELLED: the connection
     * stays open, until it is cancelled again or PLAY_LINGER_MS have passed. */
    uint32_t how;
    struct beacon_error error; /* unless `how` is BEACON_END_OK */
};

#define PLAY_LINGER_MS 1000

struct http_player {
    /* The answer to a request of a provider plugin; others fail, nothing leaves while a player is set.
     * Its failure is http_start()'s. */
    int (*answer)(void *ctx, const struct beacon_http_request *rq, struct http_answer *ret,
                  struct beacon_error *err);
    void *ctx;
    double speed; /* 1: as it was, 2: twice as fast; 0: without a pause */
};

void http_set_player(struct http *http,
                     const struct http_player *player); /* copied; before any request */

/* For this room: begin to answer, and stop. on_over is called last, from the loop, after on_end, unless
 * play_destroy() was. */
struct loop;
struct play *play_create(struct loop *loop, struct http_exchange *exchange,
                         const struct http_answer *answer, double speed,
                         void (*on_over)(struct http_exchange *exchange));
void play_destroy(struct play *play); /* NULL is fine */

#endif
