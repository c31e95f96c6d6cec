/* SPDX-License-Identifier: Apache-2.0 */
#include "store_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "credentials/secret_file.h"
#include "plugin/host_api.h"

#define PROCESSES 3
#define SETS      150

static void secrets_are_kept_by_plugin_in_a_folder_for_the_person_only(void **state)
{
    struct beacon_error err = {0};
    struct store *store = store_open(temp_dir(state), NULL);
    mode_t mask = umask(0);
    assert_ok(kit_set(store, OTHER, "token", "one", 0, &err), &err);
    assert_ok(kit_set(store, "com.acme.more", "token", "two", 0, &err), &err);
    (void)umask(mask);
    (void)kit_expect(store, OTHER, "token", "one");
    (void)kit_expect(store, "com.acme.more", "token", "two");
    kit_expect_none(store, OTHER, "other");
    assert_int_equal(kit_mode(temp_path(state, "secrets")), 0700);
    assert_int_equal(kit_mode(temp_path(state, "secrets/com.acme.auth.json")), 0600);
    assert_int_equal(access(temp_path(state, "auth.json"), F_OK), -1);
    store_close(store);
}

static void each_secret_has_a_generation_of_its_own(void **state)
{
    struct beacon_error err = {0};
    struct store *store = store_open(temp_dir(state), NULL);
    assert_ok(kit_set(store, OTHER, "a", "1", 0, &err), &err);
    uint64_t a = kit_expect(store, OTHER, "a", "1");
    assert_ok(kit_set(store, OTHER, "b", "2", 0, &err), &err);
    assert_int_equal(kit_expect(store, OTHER, "a", "1"), a);
    assert_refused(kit_set(store, OTHER, "a", "3", 0, &err), BEACON_E_BUSY, &err);
    assert_ok(kit_set(store, OTHER, "a", "3", a, &err), &err);
    uint64_t second = kit_expect(store, OTHER, "a", "3");
    assert_true(second > a);
    assert_ok(store_erase(store, OTHER, kit_span("a"), &err), &err);
    assert_ok(store_erase(store, OTHER, kit_span("a"), &err), &err);
    kit_expect_none(store, OTHER, "a");
    assert_refused(kit_set(store, OTHER, "a", "4", second, &err), BEACON_E_BUSY, &err);
    assert_ok(kit_set(store, OTHER, "a", "4", 0, &err), &err);
    assert_true(kit_expect(store, OTHER, "a", "4") > second); /* also after it was gone */
    store_close(store);
}

static void any_bytes_are_a_secret(void **state)
{
    static const uint8_t bytes[] = {0, 1, 0xff, '"', '\\', 0xc3, 0x28, 0};
    struct beacon_error err = {0};
    AUTO_TEXT struct text value;
    uint64_t gen = 0;
    struct store *store = store_open(temp_dir(state), NULL);
    text_init(&value, 64);
    assert_ok(
        store_set(store, OTHER, kit_span("k"), (struct beacon_bytes){bytes, sizeof bytes}, 0, &err),
        &err);
    assert_ok(kit_get(store, OTHER, "k", &value, &gen, &err), &err);
    assert_int_equal(value.len, sizeof bytes);
    assert_memory_equal(value.data, bytes, sizeof bytes);
    assert_ok(store_set(store, OTHER, kit_span("k"), (struct beacon_bytes){NULL, 0}, gen, &err),
              &err);
    (void)kit_expect(store, OTHER, "k", "");
    store_close(store);
}

static void a_damaged_file_is_an_error_and_not_an_empty_one(void **state)
{
    static const char *const texts[] = {"", "[]", "{\"secrets\":[]}",
                                        "{\"secrets\":{\"k\":{\"hex\":\"0\"}}}",
                                        "{\"secrets\":{\"k\":{\"hex\":\"zz\"}}}"};
    struct store *store = store_open(temp_dir(state), NULL);
    assert_int_equal(mkdir(temp_path(state, "secrets"), 0700), 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct beacon_error err = {0};
        AUTO_TEXT struct text value;
        uint64_t gen = 0;
        text_init(&value, 64);
        write_text(temp_path(state, "secrets/com.acme.auth.json"), texts[i]);
        assert_refused(kit_get(store, OTHER, "k", &value, &gen, &err), BEACON_E_INVALID, &err);
    }
    store_close(store);
}

static void an_id_is_no_path(void **state)
{
    static const char *const ids[] = {"../evil", "a/b", "", ".hidden", "a b"};
    struct store *store = store_open(temp_dir(state), NULL);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct beacon_error err = {0};
        assert_refused(kit_set(store, ids[i], "k", "v", 0, &err), BEACON_E_INVALID, &err);
    }
    store_close(store);
}

/* Add one to the number kept as `key`, SETS times, by compare-and-swap. */
static void count_up(const char *home, const char *id, const char *key)
{
    struct store *store = store_open(home, NULL);
    for (int i = 0; i < SETS;) {
        struct text value;
        struct beacon_error err = {0};
        uint64_t gen = 0;
        char next[32];
        text_init(&value, 64);
        int rc = kit_get(store, id, key, &value, &gen, &err);
        if (rc != BEACON_OK && rc != BEACON_E_NOT_FOUND) {
            _exit(1); /* a reader must never see half a file */
        }
        (void)snprintf(next, sizeof next, "%d", atoi(text_string(&value)) + 1);
        text_finish(&value);
        rc = kit_set(store, id, key, next, gen, &err);
        if (rc != BEACON_OK && rc != BEACON_E_BUSY) {
            _exit(2);
        }
        i += rc == BEACON_OK;
    }
    store_close(store);
    _exit(0);
}

static void assert_nothing_is_lost(void **state, const char *id, const char *key)
{
    pid_t pids[PROCESSES];
    char wanted[32];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            count_up(temp_dir(state), id, key);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    struct store *store = store_open(temp_dir(state), NULL);
    (void)snprintf(wanted, sizeof wanted, "%d", PROCESSES * SETS);
    (void)kit_expect(store, id, key, wanted);
    store_close(store);
}

static void three_processes_lose_no_update_of_a_secret(void **state)
{
    assert_nothing_is_lost(state, OTHER, "n");
}

static void three_processes_lose_no_update_of_the_login(void **state)
{
    assert_nothing_is_lost(state, API_KEY, "OPENAI_API_KEY");
}

static bool always(const void *ctx)
{
    (void)ctx;
    return true;
}

static void a_lock_that_is_held_is_waited_for_no_longer_than_wanted(void **state)
{
    struct beacon_error err = {0};
    const struct beacon_cancel cancelled = {.is_cancelled = always, .fd = -1};
    const char *path = temp_path(state, "lock");
    AUTO_CLOSE int first = -1;
    int second = -1;
    assert_ok(secret_file_lock(path, 0, NULL, &first, &err), &err);
    assert_refused(secret_file_lock(path, 0, NULL, &second, &err), BEACON_E_BUSY, &err);
    assert_refused(secret_file_lock(path, 60000, &cancelled, &second, &err), BEACON_E_CANCELLED,
                   &err);
    assert_int_equal(second, -1);
    assert_int_equal(flock(first, LOCK_UN), 0);
    assert_ok(secret_file_lock(path, 0, NULL, &second, &err), &err);
    assert_int_equal(close(second), 0);
}

static void one_hold_at_a_time_for_plugins_that_share_a_login(void **state)
{
    struct beacon_error err = {0};
    const struct beacon_cancel cancelled = {.is_cancelled = always, .fd = -1};
    struct store *store = store_open(temp_dir(state), NULL);
    AUTO_CLOSE int one = -1;
    AUTO_CLOSE int other = -1;
    int none = -1;
    assert_ok(store_hold(store, API_KEY, NULL, &one, &err), &err);
    assert_ok(store_hold(store, OTHER, NULL, &other, &err), &err);
    assert_refused(store_hold(store, CHATGPT, &cancelled, &none, &err), BEACON_E_CANCELLED, &err);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(secrets_are_kept_by_plugin_in_a_folder_for_the_person_only),
        in_temp_dir(each_secret_has_a_generation_of_its_own),
        in_temp_dir(any_bytes_are_a_secret),
        in_temp_dir(a_damaged_file_is_an_error_and_not_an_empty_one),
        in_temp_dir(an_id_is_no_path),
        in_temp_dir(three_processes_lose_no_update_of_a_secret),
        in_temp_dir(three_processes_lose_no_update_of_the_login),
        in_temp_dir(a_lock_that_is_held_is_waited_for_no_longer_than_wanted),
        in_temp_dir(one_hold_at_a_time_for_plugins_that_share_a_login),
    };
    return cmocka_run_group_tests_name("credentials/plugin_secrets", tests, NULL, NULL);
}
