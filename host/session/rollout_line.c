/* SPDX-License-Identifier: Apache-2.0 */
#include "session/rollout_line.h"

#include <beacon-sdk/json_scan.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/auto.h"

static bool take_string(struct beacon_json *j, struct beacon_str *ret)
{
    return beacon_json_peek(j) == BEACON_JSON_STRING ? beacon_json_string(j, ret)
                                                     : beacon_json_skip(j, NULL);
}

bool rollout_line_read(struct beacon_str line, struct rollout_line *ret)
{
    struct rollout_line read = {.timestamp = {"", 0}};
    struct beacon_json j;
    struct beacon_str key;
    if (!beacon_utf8_is_valid(line)) {
        return false;
    }
    beacon_json_init(&j, line);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key)) {
        if (beacon_json_key_is(key, "type")) {
            (void)take_string(&j, &read.type);
        } else if (beacon_json_key_is(key, "timestamp")) {
            (void)take_string(&j, &read.timestamp);
        } else {
            bool is_payload = beacon_json_key_is(key, "payload");
            (void)beacon_json_skip(&j, is_payload ? &read.payload : NULL);
        }
    }
    if (!beacon_json_finished(&j) || read.type.p == NULL || read.payload.p == NULL) {
        return false;
    }
    *ret = read;
    return true;
}

bool rollout_line_event(const struct rollout_line *line, struct beacon_str *ret_message,
                        struct beacon_str *ret_type)
{
    struct beacon_str message = line->payload, type;
    if (beacon_span_is(line->type, "event")) {
        if (!beacon_json_member(line->payload, "msg", &message)) {
            return false;
        }
    } else if (!beacon_span_is(line->type, "event_msg")) {
        return false;
    }
    if (!beacon_json_member_string(message, "type", &type)) {
        return false;
    }
    *ret_message = message;
    *ret_type = type;
    return true;
}

char *rollout_string(struct beacon_str object, const char *key)
{
    struct beacon_str raw;
    if (!beacon_json_member_string(object, key, &raw)) {
        return NULL;
    }
    AUTO_FREE char *value = alloc_zeroed(raw.n + 1);
    size_t n = beacon_json_unescape(raw, value);
    value[n] = '\0';
    return memchr(value, '\0', n) == NULL ? take_pointer(value) : NULL;
}
