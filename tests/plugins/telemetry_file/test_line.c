/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

static struct beacon_json_out out;

static struct beacon_str str(const char *p)
{
    return (struct beacon_str){p, strlen(p)};
}

static const char *line_of(const struct beacon_record *record, uint64_t dropped)
{
    static const struct beacon_attr resource = {
        .key = {"env", 3}, .type = BEACON_ATTR_STR, .str = {"dev", 3}};
    const struct beacon_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .resource = &resource, .n_resource = 1};
    beacon_json_out_reset(&out);
    assert_true(line_add(&out, &batch, record, dropped));
    beacon_json_out_bytes(&out, "", 1);
    return out.p;
}

/* One line, and one object that json-c takes without a doubt. The caller's to put. */
static struct json_object *parsed(const char *line)
{
    const size_t n = strlen(line);
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    assert_int_equal(line[n - 1], '\n');
    assert_ptr_equal(strchr(line, '\n'), line + n - 1);
    struct json_object *object = json_tokener_parse_ex(tokener, line, (int)n);
    if (object == NULL) {
        fail_msg("%s: %s", json_tokener_error_desc(json_tokener_get_error(tokener)), line);
    }
    json_tokener_free(tokener);
    return object;
}

static void a_log_record_is_one_line(void **state)
{
    (void)state;
    const struct beacon_attr attrs[] = {
        {.key = str("event.name"), .type = BEACON_ATTR_STR, .str = str("codex.x")},
        {.key = str("n"), .type = BEACON_ATTR_I64, .num.i = INT64_MIN},
        {.key = str("f"), .type = BEACON_ATTR_F64, .num.f = 0.5},
        {.key = str("b"), .type = BEACON_ATTR_BOOL, .num.i = 1},
        {.key = str("j"), .type = BEACON_ATTR_JSON, .str = str("[1,{\"a\":null}]")},
    };
    const struct beacon_record record = {.struct_size = (uint32_t)sizeof record,
                                         .type = BEACON_REC_LOG,
                                         .time_unix_ns = UINT64_C(1767323045678901234),
                                         .severity = 9,
                                         .name = str("codex.x"),
                                         .attrs = attrs,
                                         .n_attrs = 5};
    assert_string_equal(
        line_of(&record, 0),
        "{\"time\":\"2026-01-02T03:04:05.678Z\",\"time_unix_ns\":\"1767323045678901234\","
        "\"type\":\"log\",\"name\":\"codex.x\",\"severity\":9,\"attributes\":{\"event.name\":"
        "\"codex.x\",\"n\":-9223372036854775808,\"f\":0.5,\"b\":true,\"j\":[1,{\"a\":null}]},"
        "\"resource\":{\"env\":\"dev\"}}\n");
}

static void losses_are_visible_in_the_line_that_follows_them(void **state)
{
    (void)state;
    const struct beacon_record record = {.struct_size = (uint32_t)sizeof record,
                                         .type = BEACON_REC_LOG};
    assert_null(strstr(line_of(&record, 0), "dropped"));
    assert_non_null(strstr(line_of(&record, 17), ",\"dropped_before\":17}"));
}

static void spans_and_metrics_have_their_own_members(void **state)
{
    (void)state;
    static const double bounds[] = {1, 2.5};
    static const uint64_t counts[] = {3, 0, 4};
    struct beacon_record record = {.struct_size = (uint32_t)sizeof record,
                                   .type = BEACON_REC_SPAN,
                                   .time_unix_ns = 1,
                                   .end_unix_ns = 2,
                                   .trace_id = {0xab, 1},
                                   .span_id = {2},
                                   .span_kind = 3,
                                   .span_status = 1};
    const char *line = line_of(&record, 0);
    assert_non_null(strstr(line, "\"trace_id\":\"ab010000000000000000000000000000\""));
    assert_non_null(strstr(line, "\"span_id\":\"0200000000000000\",\"end_unix_ns\":\"2\""));
    assert_null(strstr(line, "parent_id"));
    record = (struct beacon_record){.struct_size = (uint32_t)sizeof record,
                                    .type = BEACON_REC_METRIC,
                                    .value = NAN,
                                    .unit = str("ms")};
    assert_non_null(strstr(line_of(&record, 0), "\"unit\":\"ms\",\"value\":null,"));
    record.bounds = bounds;
    record.counts = counts;
    record.n_bounds = 2;
    assert_non_null(strstr(line_of(&record, 0), "\"bounds\":[1,2.5],\"counts\":[3,0,4],"));
}

static void any_bytes_make_a_valid_line(void **state)
{
    (void)state;
    char all[512];
    for (int i = 0; i < 256; i++) {
        all[2 * i] = (char)i;
        all[2 * i + 1] = (char)(255 - i);
    }
    static const char *const hostile_json[] = {"", "{", "1 2", "{\"a\":1}\n", "\"\xff\"", "[1,]"};
    struct beacon_attr attrs[] = {
        {.key = {all, sizeof all}, .type = BEACON_ATTR_STR, .str = {all, sizeof all}},
        {.key = str("\n\r\"\\"), .type = BEACON_ATTR_F64, .num.f = INFINITY},
        {.key = {NULL, 0}, .type = 999, .str = {NULL, 0}},
        {.key = str("j"), .type = BEACON_ATTR_JSON},
    };
    const struct beacon_record record = {.struct_size = (uint32_t)sizeof record,
                                         .type = 77,
                                         .time_unix_ns = UINT64_MAX,
                                         .name = {all, sizeof all},
                                         .body = {all, sizeof all},
                                         .attrs = attrs,
                                         .n_attrs = 4};
    for (size_t i = 0; i < sizeof hostile_json / sizeof hostile_json[0]; i++) {
        attrs[3].str = str(hostile_json[i]);
        assert_int_equal(json_object_put(parsed(line_of(&record, UINT64_MAX / 2))), 1);
    }
}

static void a_line_without_room_leaves_nothing_behind(void **state)
{
    (void)state;
    struct beacon_json_out small;
    const struct beacon_batch batch = {.struct_size = (uint32_t)sizeof batch};
    const struct beacon_record record = {.struct_size = (uint32_t)sizeof record,
                                         .type = BEACON_REC_LOG};
    beacon_json_out_init(&small, 200);
    assert_true(line_add(&small, &batch, &record, 0));
    const size_t one = small.n;
    assert_false(line_add(&small, &batch, &record, 0));
    assert_int_equal(small.n, one);
    assert_int_equal(small.failed, 0);
    beacon_json_out_finish(&small);
}

static int setup(void **state)
{
    (void)state;
    beacon_json_out_init(&out, 1u << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    beacon_json_out_finish(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_record_is_one_line),
        cmocka_unit_test(losses_are_visible_in_the_line_that_follows_them),
        cmocka_unit_test(spans_and_metrics_have_their_own_members),
        cmocka_unit_test(any_bytes_make_a_valid_line),
        cmocka_unit_test(a_line_without_room_leaves_nothing_behind),
    };
    return cmocka_run_group_tests_name("telemetry_file/line", tests, setup, teardown);
}
