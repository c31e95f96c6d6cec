/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <limits.h>
#include <string.h>

#include "base/error.h"

int json_parse(const char *text, size_t n, const char *name, struct json_object **ret,
               struct beacon_error *err)
{
    if (n > INT_MAX) {
        return error_set(err, BEACON_E_LIMIT, "send less", "%s is over %d bytes", name, INT_MAX);
    }
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *value = json_tokener_parse_ex(tokener, text, (int)n);
    enum json_tokener_error failed = json_tokener_get_error(tokener);
    if (failed == json_tokener_continue) {
        /* A bare number at the end of the text is complete only when a NUL says so. */
        value = json_tokener_parse_ex(tokener, "", 1);
        failed = json_tokener_get_error(tokener);
    }
    size_t at = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (failed == json_tokener_success) {
        *ret = value;
        return BEACON_OK;
    }
    json_object_put(value);
    return error_set(err, BEACON_E_INVALID, "correct the JSON text", "%s: %s at byte %zu", name,
                     failed == json_tokener_continue ? "unexpected end of JSON"
                                                     : json_tokener_error_desc(failed),
                     at + 1);
}

struct json_object *json_member(struct json_object *object, const char *key)
{
    struct json_object *member = NULL;
    if (!json_object_is_type(object, json_type_object)) {
        return NULL;
    }
    return json_object_object_get_ex(object, key, &member) ? member : NULL;
}

const char *json_string_of(struct json_object *object, const char *key, const char *fallback)
{
    struct json_object *member = json_member(object, key);
    return json_object_is_type(member, json_type_string) ? json_object_get_string(member)
                                                         : fallback;
}

int64_t json_int_of(struct json_object *object, const char *key, int64_t fallback)
{
    struct json_object *member = json_member(object, key);
    return json_object_is_type(member, json_type_int) ? json_object_get_int64(member) : fallback;
}

bool json_bool_of(struct json_object *object, const char *key, bool fallback)
{
    struct json_object *member = json_member(object, key);
    return json_object_is_type(member, json_type_boolean) ? json_object_get_boolean(member)
                                                          : fallback;
}
