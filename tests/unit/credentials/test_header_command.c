/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "credentials/attach.h"
#include "http/request.h"
#include "loop/loop.h"

#define BASE "https://api.example.com/v1"

struct bench {
    struct loop *loop;
    struct http *http;
    struct credentials *credentials;
    struct text headers; /* of the last attach(), as "Name: value\n" */
};

/* The command is a line of the shell, run in the temp dir. */
static void open_bench(void **state, struct bench *bench, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    *bench = (struct bench){.loop = loop_create()};
    bench->http = http_create(bench->loop);
    text_init(&bench->headers, 65536);
    bench->credentials =
        credentials_create(&(struct credentials_parts){.loop = bench->loop, .http = bench->http},
                           &(struct credentials_settings){.base_url = BASE,
                                                          .token = "sk-1",
                                                          .headers_command = argv,
                                                          .headers_cwd = temp_dir(state)});
}

static void close_bench(struct bench *bench)
{
    assert_false(credentials_destroy(bench->credentials));
    http_destroy(bench->http);
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

/* Ask, wait until the command has ended, ask again. */
static int attach_later(struct bench *bench, struct beacon_error *err)
{
    assert_int_equal(attach_to(bench, BASE, err), HTTP_ATTACH_LATER);
    loop_run(bench->loop);
    return attach_to(bench, BASE, err);
}

static void it_runs_once_and_its_headers_go_to_their_own_server(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_bench(state, &bench,
               "echo x >>ran; printf '{\"headers\":{\"X-A\":\"%s\"}}' \"$(wc -l <ran)\"");
    assert_ok(attach_to(&bench, "https://evil.example.com/v1", &err), &err);
    assert_string_equal(text_string(&bench.headers), "");
    assert_int_equal(access(temp_path(state, "ran"), F_OK), -1);
    assert_ok(attach_later(&bench, &err), &err);
    assert_string_equal(text_string(&bench.headers), "X-A: 1\nAuthorization: Bearer sk-1\n");
    assert_ok(attach_to(&bench, BASE, &err), &err);
    assert_string_equal(text_string(&bench.headers), "X-A: 1\nAuthorization: Bearer sk-1\n");
    close_bench(&bench);
}

static int n_renewals;
static void on_renewed(void *ctx, const struct beacon_error *err)
{
    (void)ctx;
    assert_null(err);
    n_renewals++;
}

static void a_refusal_makes_it_run_again(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    n_renewals = 0;
    open_bench(state, &bench,
               "echo x >>ran; printf '{\"headers\":{\"X-A\":\"%s\"}}' \"$(wc -l <ran)\"");
    assert_false(credentials_renew(bench.credentials, on_renewed, NULL));
    assert_ok(attach_later(&bench, &err), &err);
    assert_true(credentials_renew(bench.credentials, on_renewed, NULL));
    assert_int_equal(n_renewals, 0);
    loop_run(bench.loop);
    assert_int_equal(n_renewals, 1);
    assert_ok(attach_later(&bench, &err), &err);
    assert_string_equal(text_string(&bench.headers), "X-A: 2\nAuthorization: Bearer sk-1\n");
    close_bench(&bench);
}

static void a_renewal_that_nobody_waits_for_any_more_is_not_told(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    n_renewals = 0;
    open_bench(state, &bench, "echo '{\"headers\":{\"X-A\":\"1\"}}'");
    assert_ok(attach_later(&bench, &err), &err);
    assert_true(credentials_renew(bench.credentials, on_renewed, NULL));
    credentials_forget_renewal(bench.credentials);
    loop_run(bench.loop);
    assert_int_equal(n_renewals, 0);
    close_bench(&bench);
}

static void a_failure_is_told_once_and_it_may_run_again(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_bench(
        state, &bench,
        "if [ -e ran ]; then echo '{\"headers\":{\"X-A\":\"1\"}}'; else : >ran; echo hush; fi");
    assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
    loop_run(bench.loop); /* nobody waited in http, so the failure was told to nobody */
    assert_ok(attach_later(&bench, &err), &err);
    assert_string_equal(text_string(&bench.headers), "X-A: 1\nAuthorization: Bearer sk-1\n");
    close_bench(&bench);
}

static void it_is_killed_with_its_owner(void **state)
{
    struct bench bench;
    struct beacon_error err = {0};
    open_bench(state, &bench, "exec sleep 1000");
    assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
    assert_int_equal(attach_to(&bench, BASE, &err), HTTP_ATTACH_LATER);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(it_runs_once_and_its_headers_go_to_their_own_server),
        in_temp_dir(a_refusal_makes_it_run_again),
        in_temp_dir(a_renewal_that_nobody_waits_for_any_more_is_not_told),
        in_temp_dir(a_failure_is_told_once_and_it_may_run_again),
        in_temp_dir(it_is_killed_with_its_owner),
    };
    return cmocka_run_group_tests_name("credentials/header_command", tests, NULL, NULL);
}
