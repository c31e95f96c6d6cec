/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <stdlib.h>

#include "base/text.h"
#include "plugin/auth.h"

static beacon_rc take_header(const struct beacon_cred_sink *sink, struct beacon_str name,
                             struct beacon_str value)
{
    (void)text_addf(sink->ctx, "%.*s: %.*s", (int)name.n, name.p, (int)value.n, value.p);
    return BEACON_OK;
}

/* What the toy's acquire() answers for the variable `name`, and the header it gave. */
static int acquire(const struct auth *auth, const char *name, struct text *given)
{
    struct beacon_error err = {.struct_size = (uint32_t)sizeof err};
    const struct beacon_need need = {.struct_size = (uint32_t)sizeof need,
                                     .why = BEACON_WANT_USE,
                                     .audience = {.p = name, .n = strlen(name)}};
    const struct beacon_cred_sink sink = {
        .struct_size = (uint32_t)sizeof sink, .ctx = given, .header = take_header};
    return auth_table(auth)->acquire(auth_instance(auth), &need, &sink, NULL, &err);
}

static void variables_are_readable_as_the_manifest_asked(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    AUTO_TEXT struct text given;
    text_init(&given, 256);
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_ok(auth_open(set, "key", NULL, &auth, &err), &err);
    assert_int_equal(setenv("TOY_KEY", "s3cret", 1), 0);
    assert_int_equal(acquire(auth, "TOY_KEY", &given), BEACON_OK);
    assert_string_equal(text_string(&given), "x-key: s3cret");
    assert_int_equal(unsetenv("TOY_KEY"), 0);
    assert_int_equal(acquire(auth, "TOY_KEY", &given), BEACON_E_NOT_FOUND);
    assert_int_equal(acquire(auth, "PATH", &given), BEACON_E_REFUSED);
    assert_int_equal(acquire(auth, "", &given), BEACON_E_INVALID);
    auth_close(auth);
    plugin_set_close(set);
}

static void optional_slots_answer_unsupported(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    const struct beacon_str active = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_ok(auth_open(set, "key", NULL, &auth, &err), &err);
    const struct beacon_auth *table = auth_table(auth);
    void *inst = auth_instance(auth);
    assert_int_equal(table->struct_size, sizeof *table);
    assert_refused(table->accounts(inst, NULL, &err), BEACON_E_UNSUPPORTED, &err);
    assert_refused(table->sign(inst, NULL, NULL, NULL, &err), BEACON_E_UNSUPPORTED, &err);
    assert_refused(table->login(inst, active, BEACON_LOGIN_BROWSER, NULL, &err),
                   BEACON_E_UNSUPPORTED, &err);
    assert_refused(table->logout(inst, active, NULL, &err), BEACON_E_UNSUPPORTED, &err);
    auth_close(auth);
    plugin_set_close(set);
}

static void a_sandbox_is_not_an_auth_plugin(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_refused(auth_open(set, "jail", NULL, &auth, &err), BEACON_E_NOT_FOUND, &err);
    assert_string_equal(err.message, "there is no auth plugin jail; known are key");
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_readable_as_the_manifest_asked),
        cmocka_unit_test(optional_slots_answer_unsupported),
        cmocka_unit_test(a_sandbox_is_not_an_auth_plugin),
    };
    return cmocka_run_group_tests_name("plugin/auth", tests, NULL, NULL);
}
