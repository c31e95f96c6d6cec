/* SPDX-License-Identifier: Apache-2.0 */
#include "line.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <beacon-sdk/json_scan.h>

#define NS_PER_S     UINT64_C(1000000000)
#define LAST_UNIX_S  INT64_C(253402300799) /* the last second of the year 9999 */
#define TRACE_ID_HEX 32

static void put_u64_text(struct beacon_json_out *o, const char *key, uint64_t value)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
    beacon_json_put_member(o, key, beacon_text(digits));
}

static void put_number(struct beacon_json_out *o, const char *key, int64_t value)
{
    beacon_json_key(o, key);
    beacon_json_put_int(o, value);
}

/* JSON has no word for infinities and what is no number; a comma of some locale is no part of one. */
static void put_double(struct beacon_json_out *o, double value)
{
    char digits[40];
    if (!isfinite(value)) {
        beacon_json_put_null(o);
        return;
    }
    (void)snprintf(digits, sizeof digits, "%.17g", value);
    char *comma = strchr(digits, ',');
    if (comma != NULL) {
        *comma = '.';
    }
    beacon_json_put_raw(o, beacon_text(digits));
}

static void put_time(struct beacon_json_out *o, uint64_t unix_ns)
{
    struct tm parts;
    char text[40];
    int64_t seconds = (int64_t)(unix_ns / NS_PER_S);
    seconds = seconds > LAST_UNIX_S ? LAST_UNIX_S : seconds;
    const time_t when = (time_t)seconds;
    (void)gmtime_r(&when, &parts);
    const size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + n, sizeof text - n, ".%03uZ",
                   (unsigned)(unix_ns % NS_PER_S / UINT64_C(1000000)));
    beacon_json_put_member(o, "time", beacon_text(text));
}

static void put_hex(struct beacon_json_out *o, const char *key, const uint8_t *id, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char text[TRACE_ID_HEX];
    bool is_set = false;
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[id[i] >> 4];
        text[2 * i + 1] = digits[id[i] & 15];
        is_set |= id[i] != 0;
    }
    if (is_set) {
        beacon_json_put_member(o, key, beacon_span(text, 2 * n));
    }
}

/* JSON may be spliced in only when it is whole and stays on the line. */
static bool is_one_line_of_json(struct beacon_str text)
{
    struct beacon_json j;
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x20) {
            return false;
        }
    }
    beacon_json_init(&j, text);
    return text.n > 0 && beacon_utf8_is_valid(text) && beacon_json_skip(&j, NULL) &&
           beacon_json_finished(&j);
}

static void put_attr(struct beacon_json_out *o, const struct beacon_attr *attr)
{
    beacon_json_put_str(o, attr->key);
    beacon_json_out_bytes(o, ":", 1);
    o->comma_due = 0;
    switch (attr->type) {
    case BEACON_ATTR_I64:
        beacon_json_put_int(o, attr->num.i);
        break;
    case BEACON_ATTR_F64:
        put_double(o, attr->num.f);
        break;
    case BEACON_ATTR_BOOL:
        beacon_json_put_bool(o, attr->num.i != 0);
        break;
    case BEACON_ATTR_JSON:
        if (is_one_line_of_json(attr->str)) {
            beacon_json_put_raw(o, attr->str);
            break;
        }
        beacon_json_put_str(o, attr->str);
        break;
    default: /* a string, and whatever a later host calls one */
        beacon_json_put_str(o, attr->str);
    }
}

static void put_attrs(struct beacon_json_out *o, const char *key, const struct beacon_attr *attrs,
                      size_t n)
{
    beacon_json_key(o, key);
    beacon_json_begin_object(o);
    for (size_t i = 0; i < n; i++) {
        put_attr(o, &attrs[i]);
    }
    beacon_json_end_object(o);
}

static void put_span(struct beacon_json_out *o, const struct beacon_record *record)
{
    put_u64_text(o, "end_unix_ns", record->end_unix_ns);
    put_hex(o, "parent_id", record->parent_id, sizeof record->parent_id);
    put_number(o, "kind", record->span_kind);
    put_number(o, "status", record->span_status);
}

static void put_metric(struct beacon_json_out *o, const struct beacon_record *record)
{
    put_number(o, "kind", record->metric_kind);
    put_number(o, "temporality", record->temporality);
    beacon_json_put_member(o, "unit", record->unit);
    if (record->n_bounds == 0) {
        beacon_json_key(o, "value");
        put_double(o, record->value);
        return;
    }
    beacon_json_key(o, "bounds");
    beacon_json_begin_array(o);
    for (size_t i = 0; i < record->n_bounds; i++) {
        put_double(o, record->bounds[i]);
    }
    beacon_json_end_array(o);
    beacon_json_key(o, "counts");
    beacon_json_begin_array(o);
    for (size_t i = 0; i <= record->n_bounds; i++) {
        beacon_json_put_int(o, (int64_t)record->counts[i]);
    }
    beacon_json_end_array(o);
}

static const char *type_name(uint32_t type)
{
    return type == BEACON_REC_SPAN ? "span" : type == BEACON_REC_METRIC ? "metric" : "log";
}

static void put_record(struct beacon_json_out *o, const struct beacon_batch *batch,
                       const struct beacon_record *record, uint64_t dropped)
{
    beacon_json_begin_object(o);
    put_time(o, record->time_unix_ns);
    put_u64_text(o, "time_unix_ns", record->time_unix_ns);
    beacon_json_put_member(o, "type", beacon_text(type_name(record->type)));
    beacon_json_put_member(o, "name", record->name);
    if (record->type == BEACON_REC_LOG) {
        put_number(o, "severity", record->severity);
    }
    if (record->body.n > 0) {
        beacon_json_put_member(o, "body", record->body);
    }
    put_hex(o, "trace_id", record->trace_id, sizeof record->trace_id);
    put_hex(o, "span_id", record->span_id, sizeof record->span_id);
    if (record->type == BEACON_REC_SPAN) {
        put_span(o, record);
    } else if (record->type == BEACON_REC_METRIC) {
        put_metric(o, record);
    }
    put_attrs(o, "attributes", record->attrs, record->n_attrs);
    put_attrs(o, "resource", batch->resource, batch->n_resource);
    if (dropped > 0) {
        put_number(o, "dropped_before", (int64_t)dropped);
    }
    beacon_json_end_object(o);
}

bool line_add(struct beacon_json_out *out, const struct beacon_batch *batch,
              const struct beacon_record *record, uint64_t dropped)
{
    const size_t before = out->n;
    out->comma_due = 0;
    put_record(out, batch, record, dropped);
    beacon_json_out_bytes(out, "\n", 1);
    if (out->failed) {
        out->failed = 0;
        out->n = before;
        return false;
    }
    return true;
}
