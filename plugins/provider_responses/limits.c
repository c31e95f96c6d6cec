/* SPDX-License-Identifier: Apache-2.0 */
#include "limits.h"

#include <beacon-sdk/json_string.h>

struct row {
    const char *header, *key;
};

static const struct row primary[] = {
    {"x-codex-primary-used-percent", "used_percent"},
    {"x-codex-primary-window-minutes", "window_minutes"},
    {"x-codex-primary-reset-after-seconds", "resets_in_seconds"},
    {"x-codex-primary-reset-at", "resets_at"},
    {NULL, NULL},
};

static const struct row secondary[] = {
    {"x-codex-secondary-used-percent", "used_percent"},
    {"x-codex-secondary-window-minutes", "window_minutes"},
    {"x-codex-secondary-reset-after-seconds", "resets_in_seconds"},
    {"x-codex-secondary-reset-at", "resets_at"},
    {NULL, NULL},
};

static const struct row both[] = {
    {"x-codex-primary-over-secondary-limit-percent", "primary_over_secondary_percent"},
    {NULL, NULL},
};

struct headers {
    const struct beacon_kv *at;
    size_t n;
};

/* A header whose value is a JSON number; anything else counts as not sent. */
static bool find_number(struct headers headers, const char *name, struct beacon_str *ret)
{
    for (size_t i = 0; i < headers.n; i++) {
        struct beacon_json j;
        if (!beacon_span_is_nocase(headers.at[i].k, name)) {
            continue;
        }
        beacon_json_init(&j, headers.at[i].v);
        if (beacon_json_peek(&j) == BEACON_JSON_NUMBER && beacon_json_skip(&j, ret) &&
            beacon_json_finished(&j)) {
            return true;
        }
    }
    return false;
}

static size_t put_rows(struct beacon_json_out *out, struct headers headers, const struct row *rows)
{
    struct beacon_str value;
    size_t n = 0;
    for (; rows->header != NULL; rows++) {
        if (find_number(headers, rows->header, &value)) {
            beacon_json_key(out, rows->key);
            beacon_json_put_raw(out, value);
            n++;
        }
    }
    return n;
}

static size_t put_window(struct beacon_json_out *out, struct headers headers, const char *key,
                         const struct row *rows)
{
    const size_t n = out->n;
    const uint16_t comma_due = out->comma_due;
    beacon_json_key(out, key);
    beacon_json_begin_object(out);
    const size_t found = put_rows(out, headers, rows);
    beacon_json_end_object(out);
    if (found == 0) {
        out->n = n;
        out->comma_due = comma_due;
    }
    return found;
}

bool responses_limits_put(struct beacon_json_out *out, const struct beacon_kv *at, size_t n)
{
    const struct headers headers = {at, n};
    const size_t before = out->n;
    beacon_json_begin_object(out);
    size_t found = put_window(out, headers, "primary", primary);
    found += put_window(out, headers, "secondary", secondary);
    found += put_rows(out, headers, both);
    beacon_json_end_object(out);
    if (found == 0) {
        out->n = before;
    }
    return found > 0;
}
