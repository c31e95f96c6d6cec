/* SPDX-License-Identifier: Apache-2.0
 * Auth, sandbox and telemetry plugins on the test host, and how it loads a plugin. */
#include "support/beacon_test.h"

#include <beacon-sdk/testhost_auth.h>
#include <beacon-sdk/testhost_sandbox.h>
#include <beacon-sdk/testhost_telemetry.h>
#include <stdio.h>

#include "toy.h"

static int open_host(void **state)
{
    struct testhost *t = testhost_open(NULL);
    *state = t;
    return testhost_load(t, &toy_plugin) == BEACON_OK ? 0 : -1;
}

static int close_host(void **state)
{
    testhost_close(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_host, close_host)

static const char *doing(const char *what)
{
    static char config[96];
    (void)snprintf(config, sizeof config, "{\"do\":\"%s\"}", what);
    return config;
}

/* ---- auth ---- */

static const char *acquire(struct testhost *t, const char *what, uint32_t why)
{
    const char *lines = "";
    struct testhost_auth *a = testhost_auth_create(t, NULL, doing(what));
    (void)testhost_auth_acquire(a, why, "https://toy.example", 2, &lines);
    testhost_auth_destroy(a);
    return lines;
}

static void credentials_are_written_down(void **state)
{
    assert_string_equal(acquire(*state, "well", BEACON_WANT_USE),
                        "header x-key: k\nquery q=v\nexpires 5 generation 2\n");
    assert_string_equal(testhost_findings(*state), "");
}

static void a_rejected_generation_that_comes_back_is_found(void **state)
{
    (void)acquire(*state, "offer-again", BEACON_WANT_REJECTED);
    assert_string_equal(testhost_findings(*state),
                        "value: acquire: offers the rejected generation again\n");
}

static void a_prompt_while_acquiring_is_found(void **state)
{
    struct testhost *t = *state;
    testhost_set_person(t, "secret\n", NULL);
    (void)acquire(t, "prompt", BEACON_WANT_USE);
    assert_string_equal(testhost_findings(t), "value: -: acquire() asks the person\n");
    assert_string_equal(testhost_shown(t), "ui.prompt(secret) Key?\n");
}

static void a_header_with_two_lines_is_found(void **state)
{
    (void)acquire(*state, "split-header", BEACON_WANT_USE);
    assert_string_equal(testhost_findings(*state),
                        "value: acquire: header gets nothing, or CR, LF or NUL\n");
}

static void status_must_be_offline(void **state)
{
    struct testhost *t = *state;
    struct beacon_auth_status status;
    testhost_set_program(t, "/bin/key", 0, "the key", "");
    struct testhost_auth *a = testhost_auth_create(t, NULL, doing("status-runs-a-program"));
    assert_int_equal(testhost_auth_status(a, &status), BEACON_OK);
    assert_string_equal(status.detail, "the key 0");
    assert_string_equal(testhost_executed(t), "/bin/key\n");
    testhost_auth_destroy(a);
    assert_string_equal(testhost_findings(t), "value: -: status() is not offline\n");
}

static void a_login_asks_the_person_and_keeps_the_answer(void **state)
{
    struct testhost *t = *state;
    struct testhost_auth *a = testhost_auth_create(t, NULL, doing("well"));
    assert_int_equal(testhost_auth_login(a, BEACON_LOGIN_SECRET), BEACON_E_UNSUPPORTED);
    assert_string_equal(testhost_error(t), "nobody answered; try again");
    testhost_set_person(t, "typed\n", NULL);
    assert_int_equal(testhost_auth_login(a, BEACON_LOGIN_SECRET), BEACON_OK);
    assert_string_equal(testhost_secret(t, "key"), "typed");
    assert_int_equal(testhost_secret_generation(t, "key"), 1);
    testhost_set_person(t, "other\n", NULL);
    assert_int_equal(testhost_auth_login(a, BEACON_LOGIN_SECRET), BEACON_E_BUSY);
    testhost_set_secret(t, "key", NULL);
    testhost_set_person(t, "more\n", NULL);
    testhost_fail(t, TESTHOST_SECRETS, 1, BEACON_E_IO);
    assert_int_equal(testhost_auth_login(a, BEACON_LOGIN_SECRET), BEACON_E_IO);
    assert_int_equal(testhost_auth_logout(a), BEACON_E_UNSUPPORTED);
    testhost_auth_destroy(a);
    assert_string_equal(testhost_findings(t), "");
}

/* ---- sandbox ---- */

static void a_plan_is_written_down(void **state)
{
    struct testhost_sandbox *s = testhost_sandbox_create(*state, NULL, doing("well"));
    const struct testhost_plan plan = testhost_sandbox_plan(s, "{}");
    assert_int_equal(plan.rc, BEACON_OK);
    assert_int_equal(plan.n_ops, 1);
    assert_int_equal(plan.promised, BEACON_SB_NET);
    assert_string_equal(plan.lines, "wrap bwrap --\nenv_set A=b\nenv_unset C\n"
                                    "op 8 flags=0 a=18 b=0 c=0 bytes=0\npromise 4\n");
    testhost_sandbox_destroy(s);
    assert_string_equal(testhost_findings(*state), "");
}

static void a_promise_beyond_the_probe_is_found(void **state)
{
    struct testhost_sandbox *s = testhost_sandbox_create(*state, NULL, doing("promise-too-much"));
    (void)testhost_sandbox_plan(s, "{\"require\":1}");
    testhost_sandbox_destroy(s);
    assert_string_equal(testhost_findings(*state),
                        "value: -: prepare() promises 3, but probe() said 4\n");
}

static void a_plan_that_goes_on_after_a_refusal_is_found(void **state)
{
    struct testhost_sandbox *s = testhost_sandbox_create(*state, NULL, doing("unknown-op"));
    (void)testhost_sandbox_plan(s, "{}");
    testhost_sandbox_destroy(s);
    assert_string_equal(testhost_findings(*state),
                        "value: -: prepare() goes on after a part of its plan was refused\n");
}

/* ---- telemetry ---- */

static const char *encode(struct testhost *t, const char *what)
{
    const char *request = "";
    struct testhost_telemetry *e = testhost_telemetry_create(t, NULL, doing(what));
    (void)testhost_telemetry_encode(
        e, "{\"records\":[{\"type\":\"log\",\"attrs\":{\"a\":1,\"b\":[1]},\"repeat\":5000}]}",
        &request);
    assert_int_equal(testhost_telemetry_write(e, "{}"), BEACON_E_UNSUPPORTED);
    testhost_telemetry_destroy(e);
    return request;
}

static void a_batch_of_thousands_is_encoded(void **state)
{
    assert_string_equal(encode(*state, "well"),
                        "POST https://toy.example/v1/logs\n\n5000 records, 2 attributes");
    assert_string_equal(testhost_findings(*state), "");
}

static void one_request_is_described_and_no_more(void **state)
{
    struct testhost *t = *state;
    (void)encode(t, "describe-nothing");
    assert_string_equal(testhost_findings(t),
                        "value: -: encode() says OK and described no request\n");
    testhost_forget_findings(t);
    (void)encode(t, "describe-twice");
    assert_string_equal(testhost_findings(t),
                        "value: encode: describes a second request, or one without its size\n");
}

static void a_reply_is_read(void **state)
{
    struct beacon_export_result result;
    struct testhost_telemetry *e = testhost_telemetry_create(*state, NULL, doing("well"));
    assert_int_equal(testhost_telemetry_reply(e, 503, "Retry-After: 1", "", &result), BEACON_OK);
    assert_int_equal(result.retry, 1);
    testhost_telemetry_destroy(e);
    assert_string_equal(testhost_findings(*state), "");
}

/* ---- loading ---- */

static void a_missing_slot_is_named(void **state)
{
    struct beacon_provider table = toy_provider;
    struct beacon_component component = {.struct_size = sizeof component,
                                         .kind = BEACON_KIND_PROVIDER,
                                         .name = "p",
                                         .iface = BEACON_PROVIDER_IFACE,
                                         .vtable = &table};
    const struct beacon_component *const components[] = {&component, NULL};
    struct beacon_plugin plugin = toy_plugin;
    plugin.components = components;
    table.judge = NULL;
    assert_int_equal(testhost_load(*state, &plugin), BEACON_OK);
    assert_string_equal(testhost_findings(*state), "value: -: component p has no judge()\n");
    testhost_forget_findings(*state);
    component.iface = "beacon.provider/2";
    (void)testhost_load(*state, &plugin);
    assert_string_equal(testhost_findings(*state),
                        "value: -: component p speaks beacon.provider/2, not beacon.provider/1\n");
    (void)testhost_load(*state, &toy_plugin); /* what is here ends with this function */
}

static beacon_rc load_and_wait(const struct beacon_host *host, void **plugin_state,
                               struct beacon_error *err)
{
    const struct beacon_host_secrets *secrets = host->facet(host, BEACON_HOST_SECRETS);
    (void)plugin_state;
    assert_int_equal(host->on_main(host), 1);
    return secrets->erase(host, beacon_text("key"), err);
}

static void load_may_not_block(void **state)
{
    struct beacon_plugin plugin = toy_plugin;
    plugin.load = load_and_wait;
    assert_int_equal(testhost_load(*state, &plugin), BEACON_OK);
    assert_string_equal(testhost_findings(*state),
                        "thread: load: secrets.erase may block, and is called by a slot that is "
                        "[main]\n");
    (void)testhost_load(*state, &toy_plugin);
}

static void a_file_that_is_no_plugin_is_a_finding(void **state)
{
    assert_int_equal(testhost_load_file(*state, "/nonexistent/x.so"), BEACON_E_IO);
    assert_int_equal(testhost_n_findings(*state), 1);
}

static void a_component_that_is_not_there_is_a_finding(void **state)
{
    assert_null(testhost_auth_create(*state, "other", "{}"));
    assert_string_equal(testhost_findings(*state),
                        "value: -: there is no component other of this kind\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(credentials_are_written_down),
        TEST(a_rejected_generation_that_comes_back_is_found),
        TEST(a_prompt_while_acquiring_is_found),
        TEST(a_header_with_two_lines_is_found),
        TEST(status_must_be_offline),
        TEST(a_login_asks_the_person_and_keeps_the_answer),
        TEST(a_plan_is_written_down),
        TEST(a_promise_beyond_the_probe_is_found),
        TEST(a_plan_that_goes_on_after_a_refusal_is_found),
        TEST(a_batch_of_thousands_is_encoded),
        TEST(one_request_is_described_and_no_more),
        TEST(a_reply_is_read),
        TEST(a_missing_slot_is_named),
        TEST(load_may_not_block),
        TEST(a_file_that_is_no_plugin_is_a_finding),
        TEST(a_component_that_is_not_there_is_a_finding),
    };
    return cmocka_run_group_tests_name("testhost/kinds", tests, NULL, NULL);
}
