/* tap.h - somebody watches what goes over the wire: the requests of provider plugins as the plugin described
 * them, before credentials are put on, and the answers as they were cut into frames.
 *
 * Only requests that would get the instance's credentials are shown: what an auth plugin exchanges for a
 * login, or a probe asks, is nobody's to watch. Called beside the callbacks of the exchange, before them.
 * Thread: [main].
 */
#ifndef HOST_HTTP_TAP_H
#define HOST_HTTP_TAP_H

#include <beacon/host.h>

struct http;
struct http_exchange;

#define HTTP_TAP_CANCELLED 100u /* a value of `how` besides BEACON_END_: nobody wanted more of it */
#define HTTP_TAP_UNSENT    101u /* http_start() failed */

struct http_tap {
    /* Returns the number by which the others call it, not 0; 0: this one is not watched. */
    uint64_t (*begin)(void *ctx, const struct beacon_http_request *rq);
    /* Credentials put this header on a request: never to be shown. May be NULL. */
    void (*on_secret)(void *ctx, struct beacon_str value);
    void (*on_response)(void *ctx, uint64_t id, const struct beacon_http_response *response);
    void (*on_frame)(void *ctx, uint64_t id, struct beacon_str event, struct beacon_bytes data);
    void (*on_end)(void *ctx, uint64_t id, uint32_t how, const struct beacon_error *err);
    void *ctx;
};

void http_set_tap(struct http *http, const struct http_tap *tap); /* copied */

/* For this room: the same of one exchange; nothing happens when it is not watched. */
void tap_secret(struct http_exchange *exchange, struct beacon_str value);
void tap_response(struct http_exchange *exchange, const struct beacon_http_response *response);
void tap_frame(struct http_exchange *exchange, struct beacon_str event, struct beacon_bytes data);
void tap_end(struct http_exchange *exchange, uint32_t how, const struct beacon_error *err);

#endif
