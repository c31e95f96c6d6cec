/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"

static struct json_object *parsed(const char *text)
{
    struct beacon_error err = {0};
    struct json_object *value = NULL;
    assert_ok(json_parse(text, strlen(text), "text", &value, &err), &err);
    return value;
}

static void any_kind_of_value_is_a_text(void **state)
{
    (void)state;
    static const char *const good[] = {"{}",         "[]",   "null",  "true",          "0",
                                       "-1.5e3",     "\"\"", " [1] ", "\n{\"a\":1}\n", "1234567",
                                       "\"\\u20ac\""};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        AUTO_JSON struct json_object *value = parsed(good[i]);
        assert_true(value != NULL || strcmp(good[i], "null") == 0);
    }
}

static void assert_bad(const char *text, size_t n)
{
    struct beacon_error err = {0};
    struct json_object *value = NULL;
    int rc = json_parse(text, n, "the text", &value, &err);
    if (rc == BEACON_OK) {
        fail_msg("accepted: %s", text);
    }
    assert_refused(rc, BEACON_E_INVALID, &err);
    assert_null(value);
    assert_non_null(strstr(err.message, "the text"));
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         " ",       "{",        "[1",       "\"a",         "{\"a\"}",
        "{\"a\":}", "[1,]",    "{} {}",    "{}x",      "1 2",         "nul",
        "'a'",      "{a:1}",   "[01]",     "NaN",      "[-Infinity]", "{\"a\\\"\":nan}",
        "-",        "/* */ 1", "\"\xFF\"", "\"\x01\"", "{\"a\":1,}",  "tru",
        "\"\\x\"",  "+1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_bad(bad[i], strlen(bad[i]));
    }
}

static void what_follows_a_zero_byte_is_not_ignored(void **state)
{
    (void)state;
    assert_bad("{}\0{}", 5);
    assert_bad("1\0"
               "2",
               3);
    assert_bad("\0", 1);
    assert_bad("{}\0", 3);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char deep[2 * 10000];
    memset(deep, '[', 10000);
    memset(deep + 10000, ']', 10000);
    assert_bad(deep, sizeof deep);
    assert_bad(deep, 10000);
}

static void members_are_found_by_type(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *object =
        parsed("{\"s\":\"text\",\"i\":42,\"b\":true,\"n\":null,\"o\":{}}");
    assert_string_equal(json_string_of(object, "s", "fallback"), "text");
    assert_int_equal(json_int_of(object, "i", -1), 42);
    assert_true(json_bool_of(object, "b", false));
    assert_non_null(json_member(object, "o"));
}

static void a_member_of_another_type_counts_as_absent(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *object = parsed("{\"s\":1,\"i\":\"42\",\"b\":1,\"n\":null}");
    assert_string_equal(json_string_of(object, "s", "fallback"), "fallback");
    assert_null(json_string_of(object, "n", NULL));
    assert_int_equal(json_int_of(object, "i", -1), -1);
    assert_false(json_bool_of(object, "b", false));
    assert_null(json_member(object, "absent"));
}

static void no_object_has_no_members(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *array = parsed("[1]");
    assert_null(json_member(array, "a"));
    assert_null(json_member(NULL, "a"));
    assert_int_equal(json_int_of(NULL, "a", 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_kind_of_value_is_a_text),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(what_follows_a_zero_byte_is_not_ignored),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(members_are_found_by_type),
        cmocka_unit_test(a_member_of_another_type_counts_as_absent),
        cmocka_unit_test(no_object_has_no_members),
    };
    return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
