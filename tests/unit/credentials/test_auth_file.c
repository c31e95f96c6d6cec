/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"

#define KEY "OPENAI_API_KEY"

static void log_in(const struct store *store, const char *key)
{
    AUTO_TEXT struct text unused;
    struct beacon_error err = {0};
    uint64_t gen = 0;
    text_init(&unused, 65536);
    (void)kit_get(store, API_KEY, KEY, &unused, &gen, &err);
    assert_ok(kit_set(store, API_KEY, KEY, key, gen, &err), &err);
}

static struct json_object *tree_of(const char *path)
{
    struct beacon_error err = {0};
    struct json_object *tree = NULL;
    const char *text = read_text(path);
    assert_ok(json_parse(text, strlen(text), path, &tree, &err), &err);
    return tree;
}

static struct json_object *account(struct json_object *list, size_t i)
{
    return json_object_array_get_idx(json_member(list, "accounts"), i);
}

static void a_key_is_kept_alone_and_for_the_person_only(void **state)
{
    struct store *store = store_open(temp_dir(state), NULL);
    mode_t mask = umask(0);
    log_in(store, "sk-1");
    (void)umask(mask);
    assert_string_equal(read_text(temp_path(state, "auth.json")),
                        "{\n  \"OPENAI_API_KEY\": \"sk-1\"\n}\n");
    assert_int_equal(kit_mode(temp_path(state, "auth.json")), 0600);
    assert_int_equal(kit_mode(temp_path(state, "auth_accounts.json")), 0600);
    assert_int_equal(kit_mode(temp_path(state, "auth.json.lock")), 0600);
    (void)kit_expect(store, API_KEY, KEY, "sk-1");
    (void)kit_expect(store, CHATGPT, KEY, "sk-1"); /* both plugins share the file */
    kit_expect_none(store, OTHER, KEY);
    store_close(store);
}

static void a_file_others_could_read_is_closed_by_the_next_write(void **state)
{
    struct store *store = store_open(temp_dir(state), NULL);
    write_text(temp_path(state, "auth.json"), "{}");
    assert_int_equal(chmod(temp_path(state, "auth.json"), 0666), 0);
    log_in(store, "sk-1");
    assert_int_equal(kit_mode(temp_path(state, "auth.json")), 0600);
    store_close(store);
}

static void a_login_by_key_ends_the_other_and_keeps_what_nobody_knows(void **state)
{
    struct store *store = store_open(temp_dir(state), NULL);
    write_text(temp_path(state, "auth.json"),
               "{\"agent\":{\"n\":1.50,\"big\":18446744073709551615,\"u\":\"\\u00e9\\/\"},"
               "\"auth_mode\":\"chatgpt\",\"OPENAI_API_KEY\":null,\"tokens\":{\"id_token\":\"x\"},"
               "\"last_refresh\":\"2025-01-02T03:04:05.123456Z\"}");
    (void)kit_expect(store, CHATGPT, "tokens", "{\"id_token\":\"x\"}");
    (void)kit_expect(store, CHATGPT, "last_refresh", "2025-01-02T03:04:05.123456Z");
    log_in(store, "sk-2");
    AUTO_JSON struct json_object *tree = tree_of(temp_path(state, "auth.json"));
    assert_string_equal(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE),
                        "{\"agent\":{\"n\":1.50,\"big\":18446744073709551615,\"u\":\"é/\"},"
                        "\"OPENAI_API_KEY\":\"sk-2\"}");
    store_close(store);
}

static void a_member_of_the_other_plugin_ends_nothing(void **state)
{
    struct beacon_error err = {0};
    struct store *store = store_open(temp_dir(state), NULL);
    log_in(store, "sk-1");
    assert_ok(kit_set(store, CHATGPT, "tokens", "{\"access_token\":\"t\"}", 0, &err), &err);
    (void)kit_expect(store, CHATGPT, KEY, "sk-1");
    uint64_t gen = kit_expect(store, CHATGPT, "tokens", "{\"access_token\":\"t\"}");
    assert_refused(kit_set(store, CHATGPT, "tokens", "[1]", gen, &err), BEACON_E_INVALID, &err);
    assert_refused(kit_set(store, CHATGPT, "last_refresh", "\xff", 0, &err), BEACON_E_INVALID,
                   &err);
    store_close(store);
}

static void a_generation_grows_with_each_write_and_guards_the_next(void **state)
{
    struct beacon_error err = {0};
    struct store *store = store_open(temp_dir(state), NULL);
    uint64_t before = 0;
    for (int i = 0; i < 200; i++) {
        assert_ok(kit_set(store, API_KEY, KEY, "sk-1", before, &err), &err);
        uint64_t now = kit_expect(store, API_KEY, KEY, "sk-1");
        assert_true(now > before);
        assert_refused(kit_set(store, API_KEY, KEY, "sk-2", before, &err), BEACON_E_BUSY, &err);
        before = now;
    }
    store_close(store);
}

static void accounts_match_by_key_and_the_last_login_is_active(void **state)
{
    struct store *store = store_open(temp_dir(state), NULL);
    write_text(temp_path(state, "auth_accounts.json"),
               "{\"version\":1,\"x\":true,\"accounts\":[{\"id\":\"a-1\",\"mode\":\"chatgpt\","
               "\"openai_api_key\":\"sk-1\"},{\"id\":\"a-2\",\"mode\":\"apikey\",\"label\":\"Bob\","
               "\"openai_api_key\":\"sk-1\"}]}");
    log_in(store, "sk-1");
    AUTO_JSON struct json_object *one = tree_of(temp_path(state, "auth_accounts.json"));
    assert_int_equal(json_object_array_length(json_member(one, "accounts")), 2);
    assert_string_equal(json_string_of(one, "active_account_id", ""), "a-2");
    assert_string_equal(json_string_of(account(one, 1), "label", ""), "Bob");
    assert_true(json_bool_of(one, "x", false));
    log_in(store, "sk-2");
    AUTO_JSON struct json_object *two = tree_of(temp_path(state, "auth_accounts.json"));
    assert_int_equal(json_object_array_length(json_member(two, "accounts")), 3);
    const char *id = json_string_of(account(two, 2), "id", "");
    assert_int_equal(strlen(id), 36);
    assert_string_equal(json_string_of(two, "active_account_id", ""), id);
    assert_string_equal(json_string_of(account(two, 2), "mode", ""), "apikey");
    assert_string_equal(json_string_of(account(two, 2), "openai_api_key", ""), "sk-2");
    store_close(store);
}

static void a_logout_removes_the_login_and_keeps_the_accounts(void **state)
{
    struct beacon_error err = {0};
    struct store *store = store_open(temp_dir(state), NULL);
    log_in(store, "sk-1");
    for (int i = 0; i < 2; i++) { /* a second one is fine */
        assert_ok(store_erase(store, API_KEY, kit_span(KEY), &err), &err);
        assert_int_equal(access(temp_path(state, "auth.json"), F_OK), -1);
        kit_expect_none(store, API_KEY, KEY);
    }
    AUTO_JSON struct json_object *list = tree_of(temp_path(state, "auth_accounts.json"));
    assert_null(json_member(list, "active_account_id"));
    assert_int_equal(json_object_array_length(json_member(list, "accounts")), 1);
    store_close(store);
}

static void a_single_member_is_erased_without_a_logout(void **state)
{
    struct beacon_error err = {0};
    struct store *store = store_open(temp_dir(state), NULL);
    write_text(temp_path(state, "auth.json"),
               "{\"OPENAI_API_KEY\":\"sk-1\",\"last_refresh\":\"x\"}");
    assert_ok(store_erase(store, CHATGPT, kit_span("last_refresh"), &err), &err);
    kit_expect_none(store, CHATGPT, "last_refresh");
    (void)kit_expect(store, CHATGPT, KEY, "sk-1");
    store_close(store);
}

static void the_legacy_home_is_read_and_never_written(void **state)
{
    struct beacon_error err = {0};
    const char *home = temp_path(state, "home"), *legacy = temp_path(state, "legacy");
    const char *text = "{\"OPENAI_API_KEY\":\"sk-old\",\"x\":1}";
    assert_int_equal(mkdir(home, 0700), 0);
    assert_int_equal(mkdir(legacy, 0700), 0);
    write_text(temp_path(state, "legacy/auth.json"), text);
    struct store *store = store_open(home, legacy);
    (void)kit_expect(store, API_KEY, KEY, "sk-old");
    assert_ok(store_erase(store, API_KEY, kit_span(KEY), &err), &err);
    kit_expect_none(store, API_KEY, KEY); /* a logout is one, though the old file is there */
    log_in(store, "sk-new");
    (void)kit_expect(store, API_KEY, KEY, "sk-new");
    assert_string_equal(read_text(temp_path(state, "legacy/auth.json")), text);
    assert_int_equal(access(temp_path(state, "legacy/auth_accounts.json"), F_OK), -1);
    store_close(store);
}

static void a_malformed_file_is_an_error_and_only_a_logout_removes_it(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "null",
                                        "\"sk-1\"",
                                        "{\"OPENAI_API_KEY\":7}",
                                        "{\"OPENAI_API_KEY\":[\"sk-1\"]}",
                                        "{\"tokens\":\"x\"}",
                                        "{\"last_refresh\":1}",
                                        "{} {}",
                                        "{\"OPENAI_API_KEY\":\"sk-secret\"",
                                        "\xff\xfe{}",
                                        "{\"OPENAI_API_KEY\":\"\xff\"}"};
    struct store *store = store_open(temp_dir(state), NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct beacon_error err = {0};
        AUTO_TEXT struct text value;
        uint64_t gen = 0;
        text_init(&value, 65536);
        write_text(temp_path(state, "auth.json"), texts[i]);
        assert_refused(kit_get(store, API_KEY, KEY, &value, &gen, &err), BEACON_E_INVALID, &err);
        assert_non_null(strstr(err.message, "auth.json is malformed"));
        assert_null(strstr(err.message, "sk-secret"));
        assert_non_null(strstr(err.hint, "beacon logout"));
        assert_refused(kit_set(store, API_KEY, KEY, "sk-2", 0, &err), BEACON_E_INVALID, &err);
        assert_string_equal(read_text(temp_path(state, "auth.json")), texts[i]);
        assert_ok(store_erase(store, API_KEY, kit_span(KEY), &err), &err);
        kit_expect_none(store, API_KEY, KEY);
    }
    store_close(store);
}

static void a_list_of_accounts_that_is_none_stops_a_login_before_it_is_written(void **state)
{
    static const char *const texts[] = {"[]", "{\"accounts\":{}}", "{\"accounts\":[1]}", "{"};
    struct store *store = store_open(temp_dir(state), NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct beacon_error err = {0};
        write_text(temp_path(state, "auth_accounts.json"), texts[i]);
        assert_refused(kit_set(store, API_KEY, KEY, "sk-1", 0, &err), BEACON_E_INVALID, &err);
        assert_non_null(strstr(err.message, "auth_accounts.json"));
        assert_int_equal(access(temp_path(state, "auth.json"), F_OK), -1);
        assert_string_equal(read_text(temp_path(state, "auth_accounts.json")), texts[i]);
    }
    store_close(store);
}

static void what_is_no_plain_file_is_not_waited_for(void **state)
{
    AUTO_TEXT struct text value;
    struct beacon_error err = {0};
    uint64_t gen = 0;
    struct store *store = store_open(temp_dir(state), NULL);
    text_init(&value, 64);
    assert_int_equal(mkfifo(temp_path(state, "auth.json"), 0600), 0);
    assert_refused(kit_get(store, API_KEY, KEY, &value, &gen, &err), BEACON_E_INVALID, &err);
    assert_int_equal(unlink(temp_path(state, "auth.json")), 0);
    assert_int_equal(mkdir(temp_path(state, "auth.json"), 0700), 0);
    assert_refused(kit_get(store, API_KEY, KEY, &value, &gen, &err), BEACON_E_INVALID, &err);
    assert_int_equal(rmdir(temp_path(state, "auth.json")), 0);
    write_text(temp_path(state, "auth.json"), "{}");
    assert_int_equal(truncate(temp_path(state, "auth.json"), 1 << 30), 0);
    assert_refused(kit_get(store, API_KEY, KEY, &value, &gen, &err), BEACON_E_LIMIT, &err);
    store_close(store);
}

static void what_a_program_left_that_died_while_writing_does_not_count(void **state)
{
    struct store *store = store_open(temp_dir(state), NULL);
    write_text(temp_path(state, "auth.json.tmp"), "{\"OPENAI_API_KEY\":\"sk-torn");
    kit_expect_none(store, API_KEY, KEY);
    log_in(store, "sk-1");
    (void)kit_expect(store, API_KEY, KEY, "sk-1");
    assert_int_equal(access(temp_path(state, "auth.json.tmp"), F_OK), -1);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_key_is_kept_alone_and_for_the_person_only),
        in_temp_dir(a_file_others_could_read_is_closed_by_the_next_write),
        in_temp_dir(a_login_by_key_ends_the_other_and_keeps_what_nobody_knows),
        in_temp_dir(a_member_of_the_other_plugin_ends_nothing),
        in_temp_dir(a_generation_grows_with_each_write_and_guards_the_next),
        in_temp_dir(accounts_match_by_key_and_the_last_login_is_active),
        in_temp_dir(a_logout_removes_the_login_and_keeps_the_accounts),
        in_temp_dir(a_single_member_is_erased_without_a_logout),
        in_temp_dir(the_legacy_home_is_read_and_never_written),
        in_temp_dir(a_malformed_file_is_an_error_and_only_a_logout_removes_it),
        in_temp_dir(a_list_of_accounts_that_is_none_stops_a_login_before_it_is_written),
        in_temp_dir(what_is_no_plain_file_is_not_waited_for),
        in_temp_dir(what_a_program_left_that_died_while_writing_does_not_count),
    };
    return cmocka_run_group_tests_name("credentials/auth_file", tests, NULL, NULL);
}
