/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/provider_secret.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

bool provider_secret_name(const char *name)
{
    static const char *const parts[] = {"key", "token", "secret", "passw", "auth", "sig", "cred"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcasestr(name, parts[i]) != NULL) {
            return true;
        }
    }
    return false;
}

char *provider_secret_url(const char *url)
{
    const char *host = strstr(url, "://");
    host = host != NULL ? host + 3 : url;
    size_t n = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', n);
    const char *query = strpbrk(host, "?#");
    size_t shown = query != NULL ? (size_t)(query - host) : strlen(host);
    const char *from = at != NULL ? at + 1 : host;
    return alloc_printf("%.*s%s%.*s%s", (int)(host - url), url,
                        at != NULL ? PROVIDER_NOT_SHOWN "@" : "", (int)(host + shown - from), from,
                        query != NULL ? "?" PROVIDER_NOT_SHOWN : "");
}

/* NOLINTBEGIN(misc-no-recursion): the readers bound the depth of values */

static struct json_object *object_without(struct json_object *json, bool hides_all)
{
    struct json_object *copy = json_object_new_object();
    json_object_object_foreach(json, key, value)
    {
        struct json_object *shown = provider_secret_name(key)
                                        ? json_object_new_string(PROVIDER_NOT_SHOWN)
                                        : provider_secret_json(value, hides_all);
        (void)json_object_object_add(copy, key, shown);
    }
    return copy;
}

struct json_object *provider_secret_json(struct json_object *json, bool hides_all)
{
    if (json == NULL) {
        return NULL;
    }
    switch (json_object_get_type(json)) {
    case json_type_object:
        return object_without(json, hides_all);
    case json_type_array: {
        struct json_object *copy = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(json); i++) {
            (void)json_object_array_add(
                copy, provider_secret_json(json_object_array_get_idx(json, i), hides_all));
        }
        return copy;
    }
    case json_type_string:
        return hides_all ? json_object_new_string(PROVIDER_NOT_SHOWN) : json_object_get(json);
    default:
        return json_object_get(json);
    }
}

/* NOLINTEND(misc-no-recursion) */
