/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "http_probe.h"
#include "support/mock_server.h"

#define ANSWER "{\"responses\":[{\"text\":\"hi\"}],\"repeat_last\":true}"

static const struct http_callbacks nothing = {0};

/* What http_start() says, which must be a refusal that nothing follows. */
static int start_refused(const struct beacon_http_request *request,
                         const struct http_credentials *credentials, struct beacon_error *err)
{
    struct bench bench;
    struct http_exchange *exchange = NULL;
    bench_open(&bench);
    if (credentials != NULL) {
        http_set_credentials(bench.http, credentials);
    }
    int rc = http_start(bench.http, request, &no_limits, &nothing, NULL, &exchange, err);
    assert_null(exchange);
    bench_close(&bench);
    return rc;
}

static void a_line_break_in_a_header_is_refused_before_anything_is_sent(void **state)
{
    struct mock_server *server = mock_server_start(state, ANSWER);
    const struct beacon_kv headers[] = {
        {BEACON_STR("X-A"), BEACON_STR("1\r\nX-B: 2")},
        {BEACON_STR("X-A"), BEACON_STR("1\n")},
        {BEACON_STR("X-A"), BEACON_STR("1\r")},
        {BEACON_STR("X-A"), BEACON_STR("1\0002")},
        {BEACON_STR("X-A\r\nX-B"), BEACON_STR("1")},
        {BEACON_STR("X A"), BEACON_STR("1")},
        {BEACON_STR("X-A:"), BEACON_STR("1")},
        {BEACON_STR("X\0A"), BEACON_STR("1")},
        {BEACON_STR(""), BEACON_STR("1")},
        {BEACON_STR("X\xc3\xa4"), BEACON_STR("1")},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct beacon_error err = {0};
        struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
        request.headers = &headers[i];
        request.n_headers = 1;
        assert_refused(start_refused(&request, NULL, &err), BEACON_E_INVALID, &err);
        assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
    }
    assert_int_equal(mock_server_connection_count(server), 0);
    mock_server_stop(server);
}

static void headers_that_frame_the_request_belong_to_the_host(void **state)
{
    (void)state;
    static const char *const names[] = {"Content-Length", "transfer-encoding", "HOST",
                                        "Connection"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct beacon_error err = {0};
        struct beacon_kv header = {beacon_text(names[i]), BEACON_STR("0")};
        struct beacon_http_request request = request_of("http://127.0.0.1:1/", "{}");
        request.headers = &header;
        request.n_headers = 1;
        assert_refused(start_refused(&request, NULL, &err), BEACON_E_INVALID, &err);
    }
}

static void urls_that_are_not_plainly_http_are_refused(void **state)
{
    (void)state;
    const struct beacon_str urls[] = {
        BEACON_STR(""),
        BEACON_STR("http://"),
        BEACON_STR("http:///path"),
        BEACON_STR("http://:80/"),
        BEACON_STR("file:///etc/passwd"),
        BEACON_STR("ftp://h/"),
        BEACON_STR("//host/"),
        BEACON_STR("host/"),
        BEACON_STR("http://h/a b"),
        BEACON_STR("http://h/a\r\nX: y"),
        BEACON_STR("http://h/\0"),
        BEACON_STR("http://good\\@evil/"),
        BEACON_STR("http://a@b@c/"),
        BEACON_STR("http://h\x7f/"),
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct beacon_error err = {0};
        struct beacon_http_request request = request_of("", "{}");
        request.url = urls[i];
        assert_refused(start_refused(&request, NULL, &err), BEACON_E_INVALID, &err);
        assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
    }
}

static void a_method_that_is_not_a_word_is_refused(void **state)
{
    (void)state;
    const struct beacon_str methods[] = {BEACON_STR(""), BEACON_STR("GET /x"),
                                         BEACON_STR("GET\r\n"), BEACON_STR("get")};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct beacon_error err = {0};
        struct beacon_http_request request = request_of("http://127.0.0.1:1/", "{}");
        request.method = methods[i];
        assert_refused(start_refused(&request, NULL, &err), BEACON_E_INVALID, &err);
    }
}

static void a_tls_profile_this_host_does_not_know_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_http_request request = request_of("https://127.0.0.1:1/", "{}");
    request.tls_profile = BEACON_STR("corporate");
    assert_refused(start_refused(&request, NULL, &err), BEACON_E_UNSUPPORTED, &err);
}

static int attach_key(void *ctx, const struct beacon_http_request *rq, struct http_header_sink *out,
                      struct beacon_error *err)
{
    int *calls = ctx;
    (*calls)++;
    assert_true(rq->url.n > 0);
    return out->add(out->ctx, BEACON_STR("Authorization"), BEACON_STR("Bearer real"), err);
}

static const char *authorization_seen(const struct mock_server *server, size_t i)
{
    static char seen[64];
    AUTO_JSON struct json_object *requests = mock_server_requests(server);
    struct json_object *request = json_object_array_get_idx(requests, i);
    (void)snprintf(seen, sizeof seen, "%s",
                   json_string_of(json_member(request, "headers"), "authorization", "none"));
    return seen;
}

static void credentials_replace_what_the_provider_put_there(void **state)
{
    struct mock_server *server = mock_server_start(state, ANSWER);
    const struct beacon_kv forged[] = {{BEACON_STR("aUTHORIZATION"), BEACON_STR("forged")},
                                       {BEACON_STR("authorization"), BEACON_STR("")}};
    struct bench bench;
    struct probe probe = {0};
    int calls = 0;
    bench_open(&bench);
    http_set_credentials(bench.http, &(struct http_credentials){attach_key, &calls});
    struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
    request.headers = forged;
    request.n_headers = 2;
    request.auth = BEACON_AUTH_INSTANCE;
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(calls, 1);
    assert_string_equal(authorization_seen(server, 0), "Bearer real");
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void credentials_are_only_for_requests_that_ask_for_them(void **state)
{
    struct mock_server *server = mock_server_start(state, ANSWER);
    struct bench bench;
    struct probe probe = {0};
    int calls = 0;
    bench_open(&bench);
    http_set_credentials(bench.http, &(struct http_credentials){attach_key, &calls});
    struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(calls, 0);
    assert_string_equal(authorization_seen(server, 0), "none");
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static int judge_by_host(void *ctx, const char *url, struct beacon_error *err)
{
    (void)snprintf(ctx, 200, "%s", url);
    return strstr(url, "/allowed") != NULL
               ? BEACON_OK
               : error_set(err, BEACON_E_POLICY, "ask", "not to %s", url);
}

static void every_request_is_judged_before_a_credential_is_attached(void **state)
{
    struct mock_server *server = mock_server_start(state, ANSWER);
    struct bench bench;
    struct probe probe = {0};
    struct beacon_error err = {0};
    struct http_exchange *exchange = NULL;
    char judged[200] = "";
    int calls = 0;
    bench_open(&bench);
    http_set_credentials(bench.http, &(struct http_credentials){attach_key, &calls});
    http_set_egress(bench.http, &(struct http_egress){.judge = judge_by_host, .ctx = judged});
    struct beacon_http_request request = request_of(mock_server_url(server, "/other"), "{}");
    request.auth = BEACON_AUTH_INSTANCE;
    assert_refused(http_start(bench.http, &request, &no_limits, &nothing, NULL, &exchange, &err),
                   BEACON_E_POLICY, &err);
    assert_null(exchange);
    assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
    assert_int_equal(calls, 0);
    assert_string_equal(judged, mock_server_url(server, "/other"));
    assert_int_equal(mock_server_connection_count(server), 0);
    request = request_of(mock_server_url(server, "/allowed"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(mock_server_connection_count(server), 1);
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static int attach_nothing(void *ctx, const struct beacon_http_request *rq,
                          struct http_header_sink *out, struct beacon_error *err)
{
    (void)ctx;
    (void)rq;
    (void)out;
    return error_set(err, BEACON_E_AUTH, "log in", "no key");
}

static int attach_broken(void *ctx, const struct beacon_http_request *rq,
                         struct http_header_sink *out, struct beacon_error *err)
{
    (void)ctx;
    (void)rq;
    return out->add(out->ctx, BEACON_STR("Authorization"), BEACON_STR("a\nb"), err);
}

static void a_failure_of_the_credentials_is_the_failure_of_the_start(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_http_request request = request_of("http://127.0.0.1:1/", "{}");
    request.auth = BEACON_AUTH_INSTANCE;
    assert_refused(start_refused(&request, &(struct http_credentials){attach_nothing, NULL}, &err),
                   BEACON_E_AUTH, &err);
    assert_refused(start_refused(&request, &(struct http_credentials){attach_broken, NULL}, &err),
                   BEACON_E_INVALID, &err);
    assert_null(strstr(err.message, "a\nb"));
}

static void a_request_of_an_older_plugin_is_read_only_as_far_as_it_goes(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_http_request request = request_of("http://127.0.0.1:1/", "{}");
    request.tls_profile = (struct beacon_str){(const char *)1, 7};
    request.method = BEACON_STR("bad");
    request.struct_size = (uint32_t)offsetof(struct beacon_http_request, tls_profile);
    assert_refused(start_refused(&request, NULL, &err), BEACON_E_INVALID, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_line_break_in_a_header_is_refused_before_anything_is_sent),
        in_temp_dir(headers_that_frame_the_request_belong_to_the_host),
        in_temp_dir(urls_that_are_not_plainly_http_are_refused),
        in_temp_dir(a_method_that_is_not_a_word_is_refused),
        in_temp_dir(a_tls_profile_this_host_does_not_know_is_refused),
        in_temp_dir(credentials_replace_what_the_provider_put_there),
        in_temp_dir(every_request_is_judged_before_a_credential_is_attached),
        in_temp_dir(credentials_are_only_for_requests_that_ask_for_them),
        in_temp_dir(a_failure_of_the_credentials_is_the_failure_of_the_start),
        in_temp_dir(a_request_of_an_older_plugin_is_read_only_as_far_as_it_goes),
    };
    return cmocka_run_group_tests_name("http/request guard", tests, NULL, NULL);
}
