/* failure.h - what goes wrong on this wire: the server's error codes, and its words for them.
 *
 * The rest is beacon-sdk/failure.h's. Thread: [pure].
 */
#ifndef PROVIDER_RESPONSES_FAILURE_H
#define PROVIDER_RESPONSES_FAILURE_H

#include <beacon-sdk/failure.h>

extern const struct beacon_failure_wire responses_failures;

/* The event response.incomplete; `raw_reason` as it stood between quotes, may be empty. */
void responses_failure_incomplete(struct beacon_failure *f, struct beacon_str raw_reason);

/* True when the body of a 400 says that the model takes no reasoning summary. */
bool responses_failure_is_about_summary(struct beacon_str body);

/* True when it says that encrypted reasoning in the request is another server's. */
bool responses_failure_is_about_reasoning(struct beacon_str body);

#endif
