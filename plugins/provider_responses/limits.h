/* limits.h - the rate-limit headers of an answer as one JSON object. Thread: [pure]. */
#ifndef PROVIDER_RESPONSES_LIMITS_H
#define PROVIDER_RESPONSES_LIMITS_H

#include <beacon-sdk/json_write.h>
#include <beacon/host.h>
#include <stdbool.h>

/* Append {"primary":{"used_percent":…,"window_minutes":…,"resets_in_seconds":…,"resets_at":…},
 * "secondary":{…},"primary_over_secondary_percent":…} with the members that were sent; false,
 * nothing appended, when none was. */
bool responses_limits_put(struct beacon_json_out *out, const struct beacon_kv *headers, size_t n);

#endif
