/* SPDX-License-Identifier: Apache-2.0 */
#include "fragment.h"

#define INDEX_MAX 1000000

static struct beacon_str string_of(struct beacon_str value)
{
    return value.n >= 2 && value.p[0] == '"' ? beacon_span(value.p + 1, value.n - 2)
                                             : beacon_span(NULL, 0);
}

static void read_function(struct beacon_str object, struct chat_fragment *ret)
{
    struct beacon_json j;
    struct beacon_str key, value;
    beacon_json_init(&j, object);
    if (beacon_json_peek(&j) != BEACON_JSON_OBJECT) {
        return;
    }
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        if (beacon_json_key_is(key, "name")) {
            ret->name = string_of(value);
        } else if (beacon_json_key_is(key, "arguments") || beacon_json_key_is(key, "parameters")) {
            ret->arguments = value.p[0] != 'n' ? value : ret->arguments;
        }
    }
}

static void take(struct chat_fragment *ret, struct beacon_str key, struct beacon_str value)
{
    if (beacon_json_key_is(key, "index")) {
        const int64_t index = beacon_json_integer(value, FRAGMENT_NO_INDEX);
        ret->index = index >= 0 && index <= INDEX_MAX ? index : FRAGMENT_NO_INDEX;
    } else if (beacon_json_key_is(key, "id")) {
        ret->id = string_of(value);
    } else if (beacon_json_key_is(key, "function") || beacon_json_key_is(key, "custom")) {
        read_function(value, ret);
    } else if (beacon_json_key_is(key, "extra_content")) {
        ret->extra = value.p[0] == '{' ? value : ret->extra;
    } else if (beacon_json_key_is(key, "name") && ret->name.n == 0) {
        ret->name = string_of(value);
    } else if (beacon_json_key_is(key, "arguments") && ret->arguments.n == 0) {
        ret->arguments = value.p[0] != 'n' ? value : ret->arguments;
    }
}

bool chat_fragment_read(struct beacon_str element, struct chat_fragment *ret)
{
    struct beacon_json j;
    struct beacon_str key, value;
    *ret = (struct chat_fragment){.index = FRAGMENT_NO_INDEX};
    beacon_json_init(&j, element);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        take(ret, key, value);
    }
    return beacon_json_finished(&j) &&
           (ret->id.n > 0 || ret->name.n > 0 || ret->arguments.n > 0 || ret->extra.n > 0);
}

bool chat_fragment_read_legacy(struct beacon_str value, struct chat_fragment *ret)
{
    *ret = (struct chat_fragment){.index = FRAGMENT_LEGACY};
    read_function(value, ret);
    return ret->name.n > 0 || ret->arguments.n > 0;
}
