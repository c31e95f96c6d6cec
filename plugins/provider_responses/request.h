/* request.h - one turn as an HTTP request: headers and body. The URL is config.h's.
 *
 * Owned by an exchange. Built once when it opens, after which nothing of the turn is needed.
 * Thread: [pure].
 */
#ifndef PROVIDER_RESPONSES_REQUEST_H
#define PROVIDER_RESPONSES_REQUEST_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include "spans.h"

#define REQUEST_BYTES_MAX ((size_t)512 << 20) /* of a body */

struct responses_config;

struct responses_request {
    struct beacon_json_out body;
    size_t summary_at, summary_n;     /* where the body asks for a summary; summary_n 0 = nowhere */
    struct responses_spans reasoning; /* items that were encrypted for one server */
    char *session_id;
    struct beacon_kv *headers; /* spans into session_id and the config */
    size_t n_headers;
};

/* Fill *ret for `turn` (already as long as our struct). Free with responses_request_finish() even
 * after a failure. BEACON_E_INVALID: a session id that would break a header; _LIMIT: too long. */
beacon_rc responses_request_build(const struct responses_config *config,
                                  const struct beacon_turn *turn, struct responses_request *ret,
                                  struct beacon_error *err);

/* Take the wish for a reasoning summary out of the body: some models refuse it. False: none there. */
bool responses_request_drop_summary(struct responses_request *request);

/* Take the reasoning out of the conversation: another server cannot read it. False: there is none. */
bool responses_request_drop_reasoning(struct responses_request *request);

void responses_request_finish(struct responses_request *request);

#endif
