/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon/telemetry.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static beacon_rc read_config(const char *json, struct file_config *ret, struct beacon_error *err)
{
    return file_config_read((struct beacon_str){json, strlen(json)}, ret, err);
}

static void the_defaults_keep_fifty_mebibytes_in_the_home(void **state)
{
    (void)state;
    struct file_config config = {0};
    struct beacon_error err = {0};
    assert_ok(read_config("{\"code_home\":\"/h/.code\"}", &config, &err), &err);
    assert_string_equal(config.path, "/h/.code/telemetry.jsonl");
    assert_int_equal(config.max_bytes * config.max_files, 50 << 20);
    assert_int_equal(config.signals,
                     1u << BEACON_REC_LOG | 1u << BEACON_REC_SPAN | 1u << BEACON_REC_METRIC);
    assert_false(config.wants_fsync);
    file_config_finish(&config);
}

static void every_key_is_read(void **state)
{
    (void)state;
    struct file_config config = {0};
    struct beacon_error err = {0};
    assert_ok(read_config("{\"path\":\"/v\\u00fc/a b\",\"max_bytes\":4096,\"max_files\":1,"
                          "\"signals\":[\"span\",\"log\"],\"fsync\":true,\"code_home\":\"/h\"}",
                          &config, &err),
              &err);
    assert_string_equal(config.path, "/v\xc3\xbc/a b");
    assert_int_equal(config.max_bytes, 4096);
    assert_int_equal(config.max_files, 1);
    assert_int_equal(config.signals, 1u << BEACON_REC_LOG | 1u << BEACON_REC_SPAN);
    assert_true(config.wants_fsync);
    file_config_finish(&config);
}

static void a_relative_path_is_one_in_the_home(void **state)
{
    (void)state;
    struct file_config config = {0};
    struct beacon_error err = {0};
    assert_ok(read_config("{\"path\":\"log/t\",\"code_home\":\"/h\"}", &config, &err), &err);
    assert_string_equal(config.path, "/h/log/t");
    file_config_finish(&config);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } wrong[] = {
        {"{}", "path"},
        {"{\"path\":\"a\"}", "path"},
        {"{\"path\":\"a\",\"code_home\":\"b\"}", "path"},
        {"{\"path\":3}", "path"},
        {"{\"path\":\"\"}", "path"},
        {"{\"path\":\"/a\\u0000b\"}", "path"},
        {"{\"path\":\"/a\",\"max_bytes\":4095}", "max_bytes"},
        {"{\"path\":\"/a\",\"max_bytes\":-1}", "max_bytes"},
        {"{\"path\":\"/a\",\"max_bytes\":\"10\"}", "max_bytes"},
        {"{\"path\":\"/a\",\"max_bytes\":1e300}", "max_bytes"},
        {"{\"path\":\"/a\",\"max_bytes\":99999999999999999999}", "max_bytes"},
        {"{\"path\":\"/a\",\"max_files\":0}", "max_files"},
        {"{\"path\":\"/a\",\"max_files\":1001}", "max_files"},
        {"{\"path\":\"/a\",\"signals\":\"log\"}", "signals"},
        {"{\"path\":\"/a\",\"signals\":[]}", "signals"},
        {"{\"path\":\"/a\",\"signals\":[\"logs\"]}", "signals"},
        {"{\"path\":\"/a\",\"signals\":[\"log\",1]}", "signals"},
        {"{\"path\":\"/a\",\"fsync\":1}", "fsync"},
        {"{\"path\":\"/a\",\"fsync\":null}", "fsync"},
        {"{\"path\":\"/a\",\"max_byte\":5000}", "max_byte"},
        {"[]", "object"},
        {"", "object"},
        {"{\"path\":\"/a\"", "object"},
        {"{\"path\":\"/a\"} x", "object"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct file_config config = {0};
        struct beacon_error err = {0};
        assert_refused(read_config(wrong[i].json, &config, &err), BEACON_E_INVALID, &err);
        if (strstr(err.message, wrong[i].says) == NULL) {
            fail_msg("%s: \"%s\" does not name %s", wrong[i].json, err.message, wrong[i].says);
        }
        assert_null(config.path);
    }
}

static void a_huge_configuration_is_refused_in_words(void **state)
{
    (void)state;
    const size_t n = 4u << 20;
    char *json = malloc(n + 1);
    struct file_config config = {0};
    struct beacon_error err = {0};
    assert_non_null(json);
    memset(json, 'a', n);
    memcpy(json, "{\"path\":\"/", 10);
    memcpy(json + n - 2, "\"}", 3);
    assert_refused(read_config(json, &config, &err), BEACON_E_INVALID, &err);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_keep_fifty_mebibytes_in_the_home),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(a_relative_path_is_one_in_the_home),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_huge_configuration_is_refused_in_words),
    };
    return cmocka_run_group_tests_name("telemetry_file/config", tests, NULL, NULL);
}
