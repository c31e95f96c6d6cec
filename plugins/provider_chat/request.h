/* request.h - one turn as an HTTP request: headers and body. The URL is config.h's.
 *
 * Owned by an exchange. Built once when it opens, after which nothing of the turn is needed. The
 * messages stand last in the body, so that a longer conversation changes nothing before its end.
 * Thread: [pure].
 */
#ifndef PROVIDER_CHAT_REQUEST_H
#define PROVIDER_CHAT_REQUEST_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>

#define REQUEST_BYTES_MAX ((size_t)512 << 20) /* of a body */

struct chat_config;

struct chat_request {
    struct beacon_json_out body;
    struct beacon_kv *headers; /* spans into the config */
    size_t n_headers;
};

/* Fill *ret for `turn` (already as long as our struct). Free with chat_request_finish() even after a
 * failure. BEACON_E_INVALID: something that is to be JSON is not; _LIMIT: too long. */
beacon_rc chat_request_build(const struct chat_config *config, const struct beacon_turn *turn,
                             struct chat_request *ret, struct beacon_error *err);
void chat_request_finish(struct chat_request *request);

#endif
