/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/error_words.h - the error object that a server puts into a body or an event.
 *
 * Raw strings, as json_scan.h gives them, so they live as long as the text. Thread: [pure].
 */
#ifndef BEACON_SDK_ERROR_WORDS_H
#define BEACON_SDK_ERROR_WORDS_H

#include <beacon-sdk/json_string.h>

struct beacon_error_words {
    struct beacon_str text; /* the object; empty when there is none */
    struct beacon_str code, type, status, message, param;
};

/* Of the object itself; any other value has no words. */
static inline void beacon_error_words_read(struct beacon_str object, struct beacon_error_words *ret)
{
    memset(ret, 0, sizeof *ret);
    if (!beacon_json_is_whole(object, '{')) {
        return;
    }
    ret->text = object;
    (void)beacon_json_member_string(object, "code", &ret->code);
    (void)beacon_json_member_string(object, "type", &ret->type);
    (void)beacon_json_member_string(object, "status", &ret->status);
    (void)beacon_json_member_string(object, "message", &ret->message);
    (void)beacon_json_member_string(object, "param", &ret->param);
}

/* A body that is a list says it in its first element. */
static inline struct beacon_str beacon_error_words_first(struct beacon_str body)
{
    struct beacon_json j;
    struct beacon_str element;
    beacon_json_init(&j, body);
    if (beacon_json_peek(&j) != BEACON_JSON_ARRAY || !beacon_json_enter_array(&j) ||
        !beacon_json_next_element(&j) || !beacon_json_skip(&j, &element)) {
        return body;
    }
    return element;
}

/* Of a body or an event in which it stands: {"error":{…}}, [{"error":{…}}], {"error":"words"},
 * {"message":"words",…}, {"detail":"words"}. */
static inline void beacon_error_words_find(struct beacon_str body, struct beacon_error_words *ret)
{
    struct beacon_str value = beacon_span(NULL, 0);
    const struct beacon_str object = beacon_error_words_first(body);
    const bool is_found = beacon_json_member(object, "error", &value);
    if (is_found && value.p[0] == '{') {
        beacon_error_words_read(value, ret);
        return;
    }
    beacon_error_words_read(object, ret);
    if (is_found && value.p[0] == '"') {
        ret->message = beacon_span(value.p + 1, value.n - 2);
    } else if (ret->message.n == 0 && ret->text.n > 0) {
        (void)beacon_json_member_string(object, "detail", &ret->message);
    }
}

/* True when `raw` holds `part`, in any case of ASCII letters. */
static inline bool beacon_error_words_say(struct beacon_str raw, const char *part)
{
    const size_t n = strlen(part);
    for (size_t i = 0; i + n <= raw.n; i++) {
        if (beacon_span_is_nocase(beacon_span(raw.p + i, n), part)) {
            return true;
        }
    }
    return false;
}

#endif
