/* limits.h - the rate-limit headers of an answer as one JSON object. Thread: [pure]. */
#ifndef PROVIDER_MESSAGES_LIMITS_H
#define PROVIDER_MESSAGES_LIMITS_H

#include <beacon-sdk/json_write.h>
#include <beacon/host.h>
#include <stdbool.h>

/* Append {"requests":{"limit":…,"remaining":…,"resets_at":"…"},"tokens":{…},"input_tokens":{…},
 * "output_tokens":{…},"primary":{"used_percent":…,"window_minutes":300,"resets_at":…},
 * "secondary":{…}} with the members that were sent; false, nothing appended, when none was. Primary
 * and secondary are the windows of a subscription, five hours and seven days. */
bool messages_limits_put(struct beacon_json_out *out, const struct beacon_kv *headers, size_t n);

#endif
