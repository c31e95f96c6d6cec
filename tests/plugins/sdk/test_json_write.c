/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_string.h>

/* Formats the bytes so far as a C string; valid until the next call. */
static const char *text_of(struct beacon_json_out *o)
{
    assert_false(o->failed);
    char *room = beacon_json_out_reserve(o, 1);
    assert_non_null(room);
    *room = '\0';
    return o->p;
}

static void commas_come_by_themselves(void **state)
{
    struct beacon_json_out o;
    (void)state;
    beacon_json_out_init(&o, 1000);
    beacon_json_begin_object(&o);
    beacon_json_key(&o, "a");
    beacon_json_begin_array(&o);
    beacon_json_put_int(&o, -1);
    beacon_json_put_bool(&o, true);
    beacon_json_begin_object(&o);
    beacon_json_end_object(&o);
    beacon_json_put_null(&o);
    beacon_json_end_array(&o);
    beacon_json_put_member(&o, "b", BEACON_STR("c"));
    beacon_json_key(&o, "d");
    beacon_json_put_raw(&o, BEACON_STR("{\"x\": 1}"));
    beacon_json_end_object(&o);
    assert_string_equal(text_of(&o), "{\"a\":[-1,true,{},null],\"b\":\"c\",\"d\":{\"x\": 1}}");
    beacon_json_out_finish(&o);
}

static void whatever_goes_in_json_comes_out(void **state)
{
    struct beacon_json_out o;
    struct beacon_json j;
    (void)state;
    beacon_json_out_init(&o, 1 << 20);
    beacon_json_begin_array(&o);
    for (int first = 0; first < 256; first++) {
        const char bytes[3] = {(char)first, (char)(255 - first), 'x'};
        beacon_json_put_str(&o, beacon_span(bytes, sizeof bytes));
    }
    beacon_json_end_array(&o);
    assert_true(beacon_utf8_is_valid(beacon_json_out_text(&o)));
    beacon_json_init(&j, beacon_json_out_text(&o));
    assert_true(beacon_json_skip(&j, NULL));
    assert_true(beacon_json_finished(&j));
    beacon_json_out_finish(&o);
}

static void nul_and_broken_utf8_are_written_as_characters(void **state)
{
    struct beacon_json_out o;
    (void)state;
    beacon_json_out_init(&o, 1000);
    beacon_json_put_str(&o, BEACON_STR("a\0b\xff\xc3(\x7f\xe2\x82\xac\"\\\n\x1f"));
    assert_string_equal(text_of(&o), "\"a\\u0000b\xef\xbf\xbd\xef\xbf\xbd(\x7f\xe2\x82\xac"
                                     "\\\"\\\\\\n\\u001f\"");
    beacon_json_out_finish(&o);
}

static void a_character_is_written_the_same_wherever_it_stands(void **state)
{
    static const struct {
        const char *bytes, *json;
    } rows[] = {{"\n", "\\n"},
                {"\"", "\\\""},
                {"\\", "\\\\"},
                {"\x01", "\\u0001"},
                {"\x7f", "\x7f"},
                {"\xc3\xa9", "\xc3\xa9"},
                {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
                {"\xff", "\xef\xbf\xbd"},
                {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"}};
    struct beacon_json_out o;
    (void)state;
    beacon_json_out_init(&o, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int before = 0; before < 40; before++) {
            char bytes[128], json[128];
            int n = snprintf(bytes, sizeof bytes, "%.*s%s%.*s", before,
                             "0123456789abcdefghijklmnopqrstuvwxyz+-*/", rows[i].bytes, before % 19,
                             "ABCDEFGHIJKLMNOPQRS");
            (void)snprintf(json, sizeof json, "\"%.*s%s%.*s\"", before,
                           "0123456789abcdefghijklmnopqrstuvwxyz+-*/", rows[i].json, before % 19,
                           "ABCDEFGHIJKLMNOPQRS");
            beacon_json_out_reset(&o);
            beacon_json_put_str(&o, beacon_span(bytes, (size_t)n));
            assert_string_equal(text_of(&o), json);
        }
    }
    beacon_json_out_finish(&o);
}

static void over_the_cap_it_fails_and_stays_failed(void **state)
{
    struct beacon_json_out o;
    (void)state;
    beacon_json_out_init(&o, 10);
    beacon_json_put_str(&o, BEACON_STR("12345678"));
    assert_false(o.failed);
    beacon_json_put_null(&o);
    assert_true(o.failed);
    assert_null(beacon_json_out_reserve(&o, 1));
    assert_true(o.n <= 10);
    beacon_json_out_reset(&o);
    beacon_json_put_null(&o);
    assert_string_equal(text_of(&o), "null");
    beacon_json_out_finish(&o);
}

static void bytes_become_base64_with_padding(void **state)
{
    static const struct {
        const char *bytes, *json;
    } rows[] = {{"", "\"data:,\""},
                {"f", "\"data:,Zg==\""},
                {"fo", "\"data:,Zm8=\""},
                {"foo", "\"data:,Zm9v\""},
                {"foob", "\"data:,Zm9vYg==\""},
                {"\xff\xfe\xfd", "\"data:,//79\""}};
    struct beacon_json_out o;
    (void)state;
    beacon_json_out_init(&o, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct beacon_bytes bytes = {(const uint8_t *)rows[i].bytes, strlen(rows[i].bytes)};
        beacon_json_out_reset(&o);
        beacon_json_put_base64(&o, BEACON_STR("data:,"), bytes);
        assert_string_equal(text_of(&o), rows[i].json);
    }
    beacon_json_out_finish(&o);
}

static void a_value_without_escapes_is_not_copied(void **state)
{
    struct beacon_json_out scratch;
    const struct beacon_str plain = BEACON_STR("no escapes"), escaped = BEACON_STR("a\\tb");
    (void)state;
    beacon_json_out_init(&scratch, 1000);
    assert_ptr_equal(beacon_json_value(plain, &scratch).p, plain.p);
    assert_int_equal(scratch.n, 0);
    assert_true(beacon_span_is(beacon_json_value(escaped, &scratch), "a\tb"));
    beacon_json_out_finish(&scratch);
}

static void text_is_cut_between_characters(void **state)
{
    const struct beacon_str text = BEACON_STR("a\xe2\x82\xac\xf0\x9f\x98\x80");
    static const size_t lengths[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 8};
    (void)state;
    for (size_t max = 0; max < sizeof lengths / sizeof lengths[0]; max++) {
        assert_int_equal(beacon_utf8_cut(text, max).n, lengths[max]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_come_by_themselves),
        cmocka_unit_test(whatever_goes_in_json_comes_out),
        cmocka_unit_test(nul_and_broken_utf8_are_written_as_characters),
        cmocka_unit_test(a_character_is_written_the_same_wherever_it_stands),
        cmocka_unit_test(over_the_cap_it_fails_and_stays_failed),
        cmocka_unit_test(bytes_become_base64_with_padding),
        cmocka_unit_test(a_value_without_escapes_is_not_copied),
        cmocka_unit_test(text_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("sdk/json_write", tests, NULL, NULL);
}
