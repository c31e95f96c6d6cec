/* failure.h - what went wrong with an exchange, and what the host should do about it.
 *
 * Kept in the exchange from the moment something fails until judge() is asked. The texts are those
 * that clients of the exec stream know; docs of the wire, section 5. Thread: [pure].
 */
#ifndef PROVIDER_RESPONSES_FAILURE_H
#define PROVIDER_RESPONSES_FAILURE_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#define FAILURE_BODY_MAX  (64u << 10) /* bytes of an error body that are looked at */
#define FAILURE_QUOTE_MAX 600u        /* characters of it that are shown */

struct responses_failure {
    bool is_set;
    uint32_t verdict; /* BEACON_VERDICT_ */
    beacon_rc code;
    int64_t after_ms;               /* the server's wish; -1 = none */
    struct beacon_json_out message; /* plain text */
};

/* An answer with a status that is no success. Everything is borrowed for the call. */
struct responses_refusal {
    int32_t status;
    struct beacon_str body; /* at most FAILURE_BODY_MAX bytes, any bytes */
    struct beacon_str url, request_id;
    int64_t retry_after_ms; /* of the header; -1 = none */
};

void responses_failure_init(struct responses_failure *f);
void responses_failure_finish(struct responses_failure *f);

void responses_failure_of_status(struct responses_failure *f,
                                 const struct responses_refusal *refusal);

/* The event response.failed or error: `error` is the JSON object with code, type and message; any
 * other value is a failure without a reason. */
void responses_failure_of_event(struct responses_failure *f, struct beacon_str error);

/* The event response.incomplete; `raw_reason` as it stood between quotes, may be empty. */
void responses_failure_incomplete(struct responses_failure *f, struct beacon_str raw_reason);

/* The stream ended before its last event, or no answer came at all. */
void responses_failure_closed_early(struct responses_failure *f);

/* True when the body of a 400 says that the model takes no reasoning summary. */
bool responses_failure_is_about_summary(struct beacon_str body);

/* Fill `err` with the message and a hint; returns the code. */
beacon_rc responses_failure_error(const struct responses_failure *f, struct beacon_error *err);

#endif
