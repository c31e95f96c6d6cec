/* failure_text.h - the longer words of failure.c. Thread: [pure]. */
#ifndef PROVIDER_RESPONSES_FAILURE_TEXT_H
#define PROVIDER_RESPONSES_FAILURE_TEXT_H

#include <beacon-sdk/json_write.h>
#include <stdint.h>

/* "Not Found"; "" for a status without a common name. */
const char *responses_status_reason(int32_t status);

/* "You’ve hit your usage limit. …", with the date or the time to wait that `error` (a JSON object)
 * gives. */
void responses_write_usage_limit(struct beacon_json_out *out, struct beacon_str error);

#endif
