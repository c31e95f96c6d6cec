/* request.h - one turn as an HTTP request: URL, headers and body.
 *
 * Owned by an exchange. Built once when it opens, after which nothing of the turn is needed.
 * Thread: [pure].
 */
#ifndef PROVIDER_GEMINI_REQUEST_H
#define PROVIDER_GEMINI_REQUEST_H

#include <beacon-sdk/tool_names.h>

#define REQUEST_BYTES_MAX ((size_t)512 << 20) /* of a body */

struct gemini_config;

struct gemini_request {
    struct beacon_json_out url, body;
    size_t thinking_at, thinking_n; /* where the body tells how to think; thinking_n 0 = nowhere */
    struct beacon_kv *headers;      /* spans into the config */
    size_t n_headers;
};

/* Fill *ret for `turn` (already as long as our struct). Free with gemini_request_finish() even after
 * a failure. BEACON_E_INVALID: a model or a schema that cannot be asked for; _LIMIT: too long. */
beacon_rc gemini_request_build(const struct gemini_config *config, const struct beacon_turn *turn,
                               const struct beacon_tool_names *names, struct gemini_request *ret,
                               struct beacon_error *err);

/* Take how to think out of the body: some models cannot be told. False: nothing of it is there. */
bool gemini_request_drop_thinking(struct gemini_request *request);

void gemini_request_finish(struct gemini_request *request);

#endif
