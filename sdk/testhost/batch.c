/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <stdlib.h>

#include "json_read.h"

static bool is_whole_number(struct beacon_str raw)
{
    return memchr(raw.p, '.', raw.n) == NULL && memchr(raw.p, 'e', raw.n) == NULL &&
           memchr(raw.p, 'E', raw.n) == NULL;
}

static struct beacon_attr read_attr(struct testhost *t, struct beacon_str raw_key,
                                    struct beacon_str raw)
{
    struct beacon_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.key = testhost_lend_str(t, raw_key);
    switch (raw.p[0]) {
    case '"':
        attr.type = BEACON_ATTR_STR;
        attr.str = json_lend(t, raw);
        break;
    case 't':
    case 'f':
        attr.type = BEACON_ATTR_BOOL;
        attr.num.i = raw.p[0] == 't' ? 1 : 0;
        break;
    case '[':
    case '{':
        attr.type = BEACON_ATTR_JSON;
        attr.str = testhost_lend_str(t, raw);
        break;
    default:
        attr.type = is_whole_number(raw) ? BEACON_ATTR_I64 : BEACON_ATTR_F64;
        if (attr.type == BEACON_ATTR_I64) {
            attr.num.i = beacon_json_integer(raw, 0);
        } else {
            attr.num.f = json_double(raw, 0);
        }
        break;
    }
    return attr;
}

static const struct beacon_attr *lend_attrs(struct testhost *t, struct beacon_str object,
                                            size_t *ret_n)
{
    struct beacon_attr *all = NULL;
    struct json_walk walk;
    size_t n = 0;
    if (json_walk_start(&walk, object)) {
        while (json_walk_next(&walk)) {
            all = testhost_grow(all, (n + 1) * sizeof *all);
            all[n++] = read_attr(t, walk.raw_key, walk.raw);
        }
    }
    void *lent = n > 0 ? testhost_lend(t, all, n * sizeof *all) : NULL;
    free(all);
    *ret_n = n;
    return lent;
}

static const struct beacon_record *lend_record(struct testhost *t, struct beacon_str object)
{
    static const char *const types[] = {"log", "span", "metric", NULL};
    struct beacon_record record = {
        .struct_size = sizeof record,
        .type = json_choice(object, "type", types),
        .time_unix_ns = (uint64_t)json_int(object, "time_unix_ns", 0),
        .end_unix_ns = (uint64_t)json_int(object, "end_unix_ns", 0),
        .severity = (uint32_t)json_int(object, "severity", 0),
        .flags = testhost_noise(t),
        .name = json_text(t, object, "name"),
        .body = json_text(t, object, "body"),
        .value = json_double(json_raw(object, "value"), 0),
        .unit = json_text(t, object, "unit"),
    };
    record.attrs = lend_attrs(t, json_raw(object, "attrs"), &record.n_attrs);
    memset(record.trace_id, 0x11, record.type == BEACON_REC_METRIC ? 0 : sizeof record.trace_id);
    memset(record.span_id, 0x22, record.type == BEACON_REC_SPAN ? sizeof record.span_id : 0);
    return testhost_lend_struct(t, "record", &record, sizeof record);
}

const struct beacon_batch *batch_lend(struct testhost *t, const char *json)
{
    const struct beacon_str object = beacon_text(json);
    struct pointers records = {NULL, 0};
    struct json_walk walk;
    if (!json_is_object(t, "batch", object)) {
        return NULL;
    }
    struct beacon_batch batch = {.struct_size = sizeof batch, .flags = testhost_noise(t)};
    batch.seq = (uint64_t)json_int(object, "seq", 1);
    batch.dropped_before = (uint64_t)json_int(object, "dropped_before", 0);
    batch.resource = lend_attrs(t, json_raw(object, "resource"), &batch.n_resource);
    if (json_walk_start(&walk, json_raw(object, "records"))) {
        while (json_walk_next(&walk)) {
            for (int64_t n = json_int(walk.raw, "repeat", 1); n > 0; n--) {
                pointers_add(&records, lend_record(t, walk.raw));
            }
        }
    }
    batch.n_records = records.n;
    batch.records = pointers_lend(t, &records);
    return testhost_lend_struct(t, "batch", &batch, sizeof batch);
}
