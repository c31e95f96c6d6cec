/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <limits.h>
#include <string.h>

#include "base/error.h"

/* What json-c would let pass, in its strict mode too: a zero byte, which it takes for the end of the
 * text; bare control characters in strings; NaN and Infinity, the only words outside strings with
 * these letters. NULL if there is none. */
static const char *find_foreign(const char *text, size_t n)
{
    bool is_in_string = false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_in_string ? c < ' ' : c == '\0' || c == 'N' || c == 'I') {
            return text + i;
        }
        if (c == '"') {
            is_in_string = !is_in_string;
        } else if (c == '\\' && i + 1 < n && (text[i + 1] == '"' || text[i + 1] == '\\')) {
            i++; /* an escaped quote does not end the string */
        }
    }
    return NULL;
}

static int refuse(struct beacon_error *err, const char *name, const char *why, size_t at)
{
    return error_set(err, BEACON_E_INVALID, "correct the JSON text", "%s: %s at byte %zu", name,
                     why, at + 1);
}

int json_parse(const char *text, size_t n, const char *name, struct json_object **ret,
               struct beacon_error *err)
{
    if (n > INT_MAX) {
        return error_set(err, BEACON_E_LIMIT, "send less", "%s is over %d bytes", name, INT_MAX);
    }
    const char *foreign = find_foreign(text, n);
    if (foreign != NULL) {
        return refuse(err, name, "unexpected character", (size_t)(foreign - text));
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
    bool is_cut_off = failed == json_tokener_continue;
    return refuse(err, name,
                  is_cut_off ? "unexpected end of JSON" : json_tokener_error_desc(failed), at);
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
