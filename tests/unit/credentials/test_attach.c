/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/toys.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "credentials/attach.h"
#include "credentials/store.h"
#include "loop/loop.h"

#define AUTH_TOYS TEST_BUILD_DIR "/tests/plugins/auth"
#define BASE      "https://api.example.com:8443/v1"
#define PLACE     "https://api.example.com:8443"

struct bench {
    struct loop *loop;
    struct http *http;
    struct store *store;
    struct plugin_set *set;
    struct credentials *credentials;
    struct text headers; /* of the last attach(), as "Name: value\n" */
};

static void open_bench(void **state, struct bench *bench, struct credentials_settings settings)
{
    *bench = (struct bench){.loop = loop_create()};
    bench->http = http_create(bench->loop);
    bench->store = store_open(temp_dir(state), NULL);
    bench->set = set_of(AUTH_TOYS);
    text_init(&bench->headers, 65536);
    settings.base_url = settings.base_url != NULL ? settings.base_url : BASE;
    const struct credentials_parts parts = {bench->loop, bench->http, bench->set, bench->store};
    bench->credentials = credentials_create(&parts, &settings);
}

static void open_moody(void **state, struct bench *bench, const char *mood)
{
    open_bench(state, bench,
               (struct credentials_settings){.component = "moody", .config_json = mood});
}

static void close_bench(struct bench *bench)
{
    assert_false(credentials_destroy(bench->credentials));
    http_destroy(bench->http);
    plugin_set_close(bench->set);
    store_close(bench->store);
    loop_destroy(bench->loop);
    text_finish(&bench->headers);
}

static int take_header(void *ctx, struct beacon_str name, struct beacon_str value,
                       struct beacon_error *err)
{
    (void)err;
    (void)text_addf(ctx, "%.*s: %.*s\n", (int)name.n, name.p, (int)value.n, value.p);
    return BEACON_OK;
}

static int attach_to(struct bench *bench, const char *url, struct beacon_error *err)
{
    struct beacon_http_request request = {.struct_size = (uint32_t)sizeof request,
                                          .url = {url, strlen(url)}};
    struct http_header_sink sink = {&bench->headers, take_header};
    text_reset(&bench->headers);
    return credentials_attach(bench->credentials, &request, &sink, err);
}

static void assert_attached(struct bench *bench, const char *wanted)
{
    struct beacon_error err = {0};
    assert_ok(attach_to(bench, BASE, &err), &err);
    assert_string_equal(text_string(&bench->headers), wanted);
}

/* Ask, wait for the plugin's answer, ask again. */
static void assert_attached_later(struct bench *bench, const char *wanted)
{
    struct beacon_error err = {0};
    assert_int_equal(attach_to(bench, BASE, &err), HTTP_ATTACH_LATER);
    assert_string_equal(text_string(&bench->headers), "");
    loop_run(bench->loop);
    assert_attached(bench, wanted);
}

static void a_configured_token_goes_to_its_own_server_without_any_plugin(void **state)
{
    static const char *const tokens[] = {"sk-1",       "sk-1\n",   "sk-1\r\n",
                                         " \tsk-1 \t", "\nsk-1\n", "sk-1\r\nX-Evil: 1"};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct bench bench;
        struct beacon_error err = {0};
        open_bench(state, &bench,
                   (struct credentials_settings){.token = tokens[i], .component = "nowhere"});
        assert_attached(&bench, "Authorization: Bearer sk-1\n");
        assert_ok(attach_to(&bench, "https://api.example.com/v1", &err), &err);
        assert_string_equal(text_string(&bench.headers), "");
        close_bench(&bench);
    }
}

static void a_provider_that_needs_nothing_gets_nothing(void **state)
{
    struct bench bench;
    open_bench(state, &bench, (struct credentials_settings){.token = " "});
    assert_attached(&bench, "");
    assert_false(credentials_renew(bench.credentials, NULL, NULL));
    close_bench(&bench);
}

static void another_server_gets_nothing_and_nobody_is_asked(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_bench(state, &bench, (struct credentials_settings){.component = "nowhere"});
    assert_ok(attach_to(&bench, "https://evil.example.com:8443/v1", &err), &err);
    assert_string_equal(text_string(&bench.headers), "");
    close_bench(&bench);
}

static void the_plugin_is_asked_once_for_the_origin_alone(void **state)
{
    struct bench bench;
    open_moody(state, &bench, "later");
    assert_attached_later(&bench, "x-key: " PLACE " why 1 generation 1\n");
    assert_attached(&bench, "x-key: " PLACE " why 1 generation 1\n");
    close_bench(&bench);
}

static void two_requests_wait_for_one_answer(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_moody(state, &bench, "");
    assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
    assert_attached_later(&bench, "x-key: " PLACE " why 1 generation 1\n");
    close_bench(&bench);
}

static void what_expires_soon_is_renewed(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_moody(state, &bench, "soon");
    assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
    loop_run(bench.loop);
    assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER); /* a later request */
    loop_run(bench.loop);
    close_bench(&bench);
}

struct renewal {
    int calls;
    int code; /* of the last call; BEACON_OK: there is something newer */
};

static void on_renewed(void *ctx, const struct beacon_error *err)
{
    struct renewal *renewal = ctx;
    renewal->calls++;
    renewal->code = err != NULL ? err->code : BEACON_OK;
}

static void what_the_server_refused_is_replaced_by_something_newer(void **state)
{
    struct bench bench;
    struct renewal renewal = {0};
    open_moody(state, &bench, "");
    assert_attached_later(&bench, "x-key: " PLACE " why 1 generation 1\n");
    assert_true(credentials_renew(bench.credentials, on_renewed, &renewal));
    assert_false(credentials_renew(bench.credentials, on_renewed, &renewal));
    loop_run(bench.loop);
    assert_int_equal(renewal.calls, 1);
    assert_int_equal(renewal.code, BEACON_OK);
    assert_attached(&bench, "x-key: " PLACE " why 3 generation 2\n");
    close_bench(&bench);
}

static void what_was_refused_is_never_attached_again(void **state)
{
    static const char *const moods[] = {"final", "same"};
    for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
        struct bench bench;
        struct renewal renewal = {0};
        struct beacon_error err = {0};
        open_moody(state, &bench, moods[i]);
        assert_attached_later(&bench, "x-key: " PLACE " why 1 generation 1\n");
        assert_true(credentials_renew(bench.credentials, on_renewed, &renewal));
        loop_run(bench.loop);
        assert_int_equal(renewal.calls, 1);
        assert_int_equal(renewal.code, BEACON_E_AUTH);
        assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
        loop_run(bench.loop);
        close_bench(&bench);
    }
}

static void a_renewal_can_be_forgotten(void **state)
{
    struct bench bench;
    struct renewal renewal = {0};
    open_moody(state, &bench, "");
    assert_attached_later(&bench, "x-key: " PLACE " why 1 generation 1\n");
    assert_true(credentials_renew(bench.credentials, on_renewed, &renewal));
    credentials_forget_renewal(bench.credentials);
    loop_run(bench.loop);
    assert_int_equal(renewal.calls, 0);
    close_bench(&bench);
}

static void a_failure_is_for_those_who_waited_and_is_asked_about_anew(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_moody(state, &bench, "unended");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
        loop_run(bench.loop);
    }
    close_bench(&bench);
}

static void a_plugin_that_is_not_there_is_named_with_the_key_that_asks_for_it(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_bench(state, &bench, (struct credentials_settings){.component = "nowhere"});
    assert_refused(attach_to(&bench, BASE, &err), BEACON_E_NOT_FOUND, &err);
    assert_says(err.message, "auth = \"nowhere\"");
    assert_says(err.message, "moody");
    close_bench(&bench);
}

static void a_refusal_is_told_before_any_plugin_is_loaded(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_bench(state, &bench,
               (struct credentials_settings){
                   .component = "nowhere", .refusal = "not this way", .refusal_hint = "another"});
    assert_refused(attach_to(&bench, BASE, &err), BEACON_E_REFUSED, &err);
    assert_string_equal(err.message, "not this way");
    close_bench(&bench);
}

static void a_plugin_that_waits_is_cancelled_at_the_end(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_moody(state, &bench, "bad wait");
    assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
    close_bench(&bench);
}

static void a_plugin_that_hangs_is_reported_and_left_alone(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_moody(state, &bench, "bad hang");
    assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
    assert_true(credentials_destroy(bench.credentials));
    http_destroy(bench.http);
    plugin_set_close(bench.set);
    store_close(bench.store);
    loop_destroy(bench.loop);
    text_finish(&bench.headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_configured_token_goes_to_its_own_server_without_any_plugin),
        in_temp_dir(a_provider_that_needs_nothing_gets_nothing),
        in_temp_dir(another_server_gets_nothing_and_nobody_is_asked),
        in_temp_dir(the_plugin_is_asked_once_for_the_origin_alone),
        in_temp_dir(two_requests_wait_for_one_answer),
        in_temp_dir(what_expires_soon_is_renewed),
        in_temp_dir(what_the_server_refused_is_replaced_by_something_newer),
        in_temp_dir(what_was_refused_is_never_attached_again),
        in_temp_dir(a_renewal_can_be_forgotten),
        in_temp_dir(a_failure_is_for_those_who_waited_and_is_asked_about_anew),
        in_temp_dir(a_plugin_that_is_not_there_is_named_with_the_key_that_asks_for_it),
        in_temp_dir(a_refusal_is_told_before_any_plugin_is_loaded),
        in_temp_dir(a_plugin_that_waits_is_cancelled_at_the_end),
        in_temp_dir(a_plugin_that_hangs_is_reported_and_left_alone),
    };
    return cmocka_run_group_tests_name("credentials/attach", tests, NULL, NULL);
}
