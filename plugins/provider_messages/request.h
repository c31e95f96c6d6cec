/* request.h - one turn as an HTTP request: headers and body. The URL is config.h's.
 *
 * What grows with the conversation stands last in the body, so a longer one begins with the bytes of
 * the shorter one, apart from cache breakpoints: the newest messages carry them, and a message that
 * got older loses its own again. They are no part of what the API compares. Owned by an exchange;
 * built once when it opens, after which nothing of the turn is needed. Thread: [pure].
 */
#ifndef PROVIDER_MESSAGES_REQUEST_H
#define PROVIDER_MESSAGES_REQUEST_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include <beacon-sdk/tool_names.h>

#define REQUEST_BYTES_MAX ((size_t)512 << 20) /* of a body */

struct messages_config;

/* A piece of the body that can be taken out again, with its comma; n 0: not there. */
struct messages_cut {
    size_t at, n;
};

struct messages_request {
    struct beacon_json_out body;
    struct messages_cut thinking, effort; /* in this order */
    bool wants_budget;
    struct beacon_kv *headers; /* spans into the config */
    size_t n_headers;
    struct beacon_tool_names names;
    int64_t max_tokens;
};

/* Fill *ret for `turn` (already as long as our struct). Free with messages_request_finish() even
 * after a failure. BEACON_E_INVALID: something is no JSON; _LIMIT: too long. */
beacon_rc messages_request_build(const struct messages_config *config,
                                 const struct beacon_turn *turn, struct messages_request *ret,
                                 struct beacon_error *err);

/* Take the wish for thinking out of the body, or put the adaptive form in its place: some models
 * refuse the other. False: none there. */
bool messages_request_change_thinking(struct messages_request *request, bool to_adaptive);

void messages_request_finish(struct messages_request *request);

#endif
