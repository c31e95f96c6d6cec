/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "plugin/auth.h"

#define AUTH_TOYS TEST_BUILD_DIR "/tests/plugins/auth"

static const struct beacon_need use = {.struct_size = (uint32_t)sizeof use, .why = BEACON_WANT_USE};

/* What the toy's acquire() answers for the variable `name`. */
static int acquire(struct auth *auth, const char *name, struct auth_grant *ret,
                   struct beacon_error *err)
{
    struct beacon_need need = use;
    need.audience = (struct beacon_str){.p = name, .n = strlen(name)};
    return auth_acquire(auth, &need, NULL, ret, err);
}

static void variables_are_readable_as_the_manifest_asked(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    struct auth_grant grant = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_ok(auth_open(set, "key", NULL, NULL, &auth, &err), &err);
    assert_int_equal(setenv("TOY_KEY", "s3cret", 1), 0);
    assert_ok(acquire(auth, "TOY_KEY", &grant, &err), &err);
    assert_int_equal(grant.n_headers, 1);
    assert_string_equal(grant.headers[0].name, "x-key");
    assert_string_equal(grant.headers[0].value, "s3cret");
    auth_grant_finish(&grant);
    assert_int_equal(unsetenv("TOY_KEY"), 0);
    assert_refused(acquire(auth, "TOY_KEY", &grant, &err), BEACON_E_NOT_FOUND, &err);
    assert_refused(acquire(auth, "PATH", &grant, &err), BEACON_E_REFUSED, &err);
    assert_refused(acquire(auth, "", &grant, &err), BEACON_E_INVALID, &err);
    auth_close(auth);
    plugin_set_close(set);
}

static void a_variable_the_configuration_names_is_readable_too(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    struct auth_grant grant = {0};
    static const char *const names[] = {"GRANTED_KEY", NULL};
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_int_equal(setenv("GRANTED_KEY", "s3cret", 1), 0);
    assert_ok(auth_open(set, "key", NULL, names, &auth, &err), &err);
    assert_ok(acquire(auth, "GRANTED_KEY", &grant, &err), &err);
    assert_refused(acquire(auth, "GRANTED_KEYS", &grant, &err), BEACON_E_REFUSED, &err);
    auth_grant_finish(&grant);
    auth_close(auth);
    plugin_set_close(set);
}

static struct auth *moody(struct plugin_set *set, const char *component, const char *mood)
{
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    assert_ok(auth_open(set, component, mood, NULL, &auth, &err), &err);
    return auth;
}

static void optional_slots_answer_unsupported(void **state)
{
    (void)state;
    static const char *const components[] = {"moody", "old"};
    struct plugin_set *set = set_of(AUTH_TOYS);
    for (size_t i = 0; i < 2; i++) {
        struct beacon_error err = {0};
        struct auth_grant grant = {0};
        struct auth *auth = moody(set, components[i], "");
        assert_refused(auth_accounts(auth, NULL, &err), BEACON_E_UNSUPPORTED, &err);
        assert_refused(auth_sign(auth, NULL, NULL, &grant, &err), BEACON_E_UNSUPPORTED, &err);
        assert_refused(auth_login(auth, "", BEACON_LOGIN_BROWSER, NULL, &err), BEACON_E_UNSUPPORTED,
                       &err);
        assert_refused(auth_logout(auth, "", NULL, &err), BEACON_E_UNSUPPORTED, &err);
        auth_close(auth);
    }
    plugin_set_close(set);
}

static void a_table_that_ends_too_early_is_refused_by_the_name_of_the_slot(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    struct plugin_set *set = set_of(AUTH_TOYS);
    assert_refused(auth_open(set, "cut", NULL, NULL, &auth, &err), BEACON_E_INVALID, &err);
    assert_says(err.message, "acquire");
    plugin_set_close(set);
}

static void what_could_not_be_a_header_is_refused_and_nothing_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *mood;
        int code;
    } rows[] = {{"bad crlf", BEACON_E_INVALID},      {"bad nul", BEACON_E_INVALID},
                {"bad name", BEACON_E_INVALID},      {"bad many", BEACON_E_LIMIT},
                {"bad query", BEACON_E_UNSUPPORTED}, {"nothing", BEACON_E_PROTOCOL}};
    struct plugin_set *set = set_of(AUTH_TOYS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct beacon_error err = {0};
        struct auth_grant grant = {0};
        struct auth *auth = moody(set, "moody", rows[i].mood);
        assert_refused(auth_acquire(auth, &use, NULL, &grant, &err), rows[i].code, &err);
        assert_int_equal(grant.n_headers, 0);
        auth_close(auth);
    }
    plugin_set_close(set);
}

static void a_failure_without_words_names_plugin_and_slot(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    struct plugin_set *set = set_of(AUTH_TOYS);
    struct auth *auth = moody(set, "moody", "silent");
    assert_refused(auth_acquire(auth, &use, NULL, &grant, &err), BEACON_E_INTERNAL, &err);
    assert_says(err.message, "com.example.auth");
    assert_says(err.message, "acquire()");
    auth_close(auth);
    auth = moody(set, "moody", "unended");
    assert_refused(auth_acquire(auth, &use, NULL, &grant, &err), BEACON_E_AUTH, &err);
    assert_true(strlen(err.message) < sizeof err.message);
    auth_close(auth);
    plugin_set_close(set);
}

static void the_last_header_of_a_name_counts_with_expiry_and_generation(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    struct plugin_set *set = set_of(AUTH_TOYS);
    struct auth *auth = moody(set, "moody", "later");
    assert_ok(auth_acquire(auth, &use, NULL, &grant, &err), &err);
    assert_int_equal(grant.n_headers, 1);
    assert_string_equal(grant.headers[0].value, " why 1 generation 1");
    assert_int_equal(grant.generation, 1);
    assert_true(grant.expires_unix_ms == UINT64_MAX / 2);
    auth_grant_finish(&grant);
    auth_close(auth);
    plugin_set_close(set);
}

static void a_generation_that_was_refused_is_not_taken_again(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    struct beacon_need rejected = use;
    rejected.why = BEACON_WANT_REJECTED;
    rejected.rejected_gen = 1;
    struct plugin_set *set = set_of(AUTH_TOYS);
    struct auth *auth = moody(set, "moody", "same");
    assert_refused(auth_acquire(auth, &rejected, NULL, &grant, &err), BEACON_E_AUTH, &err);
    assert_int_equal(grant.n_headers, 0);
    auth_close(auth);
    plugin_set_close(set);
}

static void the_texts_of_a_status_end_and_a_state_from_the_future_needs_the_person(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_auth_status status;
    struct plugin_set *set = set_of(AUTH_TOYS);
    struct auth *auth = moody(set, "moody", "future");
    assert_ok(auth_status(auth, "", &status, &err), &err);
    assert_int_equal(status.state, BEACON_AUTH_NEEDS_USER);
    assert_int_equal(strlen(status.detail), sizeof status.detail - 1);
    assert_string_equal(status.account, "");
    auth_close(auth);
    plugin_set_close(set);
}

static void a_sandbox_is_not_an_auth_plugin(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_refused(auth_open(set, "jail", NULL, NULL, &auth, &err), BEACON_E_NOT_FOUND, &err);
    assert_string_equal(err.message, "there is no auth plugin jail; known are key");
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_readable_as_the_manifest_asked),
        cmocka_unit_test(a_variable_the_configuration_names_is_readable_too),
        cmocka_unit_test(optional_slots_answer_unsupported),
        cmocka_unit_test(a_table_that_ends_too_early_is_refused_by_the_name_of_the_slot),
        cmocka_unit_test(what_could_not_be_a_header_is_refused_and_nothing_is_kept),
        cmocka_unit_test(a_failure_without_words_names_plugin_and_slot),
        cmocka_unit_test(the_last_header_of_a_name_counts_with_expiry_and_generation),
        cmocka_unit_test(a_generation_that_was_refused_is_not_taken_again),
        cmocka_unit_test(the_texts_of_a_status_end_and_a_state_from_the_future_needs_the_person),
        cmocka_unit_test(a_sandbox_is_not_an_auth_plugin),
    };
    return cmocka_run_group_tests_name("plugin/auth", tests, NULL, NULL);
}
