/* usage_limit.h - the words for a plan that is used up. Thread: [pure]. */
#ifndef PROVIDER_RESPONSES_USAGE_LIMIT_H
#define PROVIDER_RESPONSES_USAGE_LIMIT_H

#include <beacon-sdk/json_write.h>

/* "You’ve hit your usage limit. …", with the date or the time to wait that `error` (a JSON object)
 * gives. */
void responses_write_usage_limit(struct beacon_json_out *out, struct beacon_str error);

#endif
