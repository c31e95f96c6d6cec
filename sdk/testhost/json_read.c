/* SPDX-License-Identifier: Apache-2.0 */
#include "json_read.h"

#include <stdlib.h>

bool json_is_object(struct testhost *t, const char *what, struct beacon_str text)
{
    if (!beacon_json_is_whole(text, '{')) {
        testhost_find(t, "value", "the %s of the test is not a JSON object", what);
        return false;
    }
    return true;
}

struct beacon_str json_raw(struct beacon_str object, const char *key)
{
    struct beacon_str raw = {NULL, 0};
    (void)beacon_json_member(object, key, &raw);
    return raw;
}

static size_t unescape(struct beacon_str raw_string, char *to)
{
    return beacon_json_unescape(beacon_span(raw_string.p + 1, raw_string.n - 2), to);
}

char *json_copy(struct beacon_str raw_string)
{
    char *copy = testhost_alloc(raw_string.n + 1);
    if (raw_string.n >= 2 && raw_string.p[0] == '"') {
        copy[unescape(raw_string, copy)] = '\0';
    } else if (raw_string.n > 0) {
        memcpy(copy, raw_string.p, raw_string.n);
    }
    return copy;
}

struct beacon_str json_lend(struct testhost *t, struct beacon_str raw_string)
{
    if (raw_string.n < 2 || raw_string.p[0] != '"') {
        return testhost_lend_str(t, raw_string);
    }
    char *copy = testhost_alloc(raw_string.n);
    const struct beacon_str lent =
        testhost_lend_str(t, beacon_span(copy, unescape(raw_string, copy)));
    free(copy);
    return lent;
}

struct beacon_str json_text(struct testhost *t, struct beacon_str object, const char *key)
{
    return json_lend(t, json_raw(object, key));
}

int64_t json_int(struct beacon_str object, const char *key, int64_t otherwise)
{
    const struct beacon_str raw = json_raw(object, key);
    return raw.n > 0 ? beacon_json_integer(raw, otherwise) : otherwise;
}

double json_double(struct beacon_str raw, double otherwise)
{
    char digits[64];
    if (raw.n == 0 || raw.n >= sizeof digits) {
        return otherwise;
    }
    memcpy(digits, raw.p, raw.n);
    digits[raw.n] = '\0';
    return strtod(digits, NULL);
}

bool json_flag(struct beacon_str object, const char *key)
{
    return beacon_span_is(json_raw(object, key), "true");
}

uint32_t json_choice(struct beacon_str object, const char *key, const char *const *names)
{
    struct beacon_str raw = {NULL, 0};
    if (!beacon_json_member_string(object, key, &raw)) {
        return 0;
    }
    for (uint32_t i = 0; names[i] != NULL; i++) {
        if (beacon_span_is(raw, names[i])) {
            return i + 1;
        }
    }
    return 0;
}

bool json_walk_start(struct json_walk *w, struct beacon_str raw)
{
    memset(w, 0, sizeof *w);
    beacon_json_init(&w->j, raw);
    w->is_object = raw.n > 0 && raw.p[0] == '{';
    return raw.n > 0 &&
           (w->is_object ? beacon_json_enter_object(&w->j) : beacon_json_enter_array(&w->j));
}

bool json_walk_next(struct json_walk *w)
{
    const bool has_more =
        w->is_object ? beacon_json_next_key(&w->j, &w->raw_key) : beacon_json_next_element(&w->j);
    return has_more && beacon_json_skip(&w->j, &w->raw);
}

void pointers_add(struct pointers *list, const void *p)
{
    list->at = testhost_grow(list->at, (list->n + 1) * sizeof *list->at);
    list->at[list->n++] = p;
}

void *pointers_lend(struct testhost *t, struct pointers *list)
{
    void *lent = list->n > 0 ? testhost_lend(t, list->at, list->n * sizeof *list->at) : NULL;
    free(list->at);
    list->at = NULL;
    return lent;
}
