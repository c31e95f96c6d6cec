/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <string.h>

#include "http/failure.h"
#include "http/origin.h"
#include "http/request.h"

static struct beacon_error describe(CURLcode code, const char *detail)
{
    struct beacon_error err = {0};
    struct failure failure = {.code = code, .detail = detail, .peer = "api.example:443"};
    int rc = failure_describe(&failure, &err);
    assert_int_equal(rc, err.code);
    assert_string_not_equal(err.hint, "");
    assert_non_null(strstr(err.message, "api.example:443"));
    return err;
}

static void every_code_of_libcurl_becomes_a_sentence_with_a_hint(void **state)
{
    (void)state;
    for (int code = CURLE_OK + 1; code < CURL_LAST; code++) {
        struct beacon_error err = describe((CURLcode)code, "words");
        assert_true(err.code < 0);
    }
}

static void a_certificate_failure_is_permanent_and_names_the_remedy(void **state)
{
    (void)state;
    struct beacon_error err =
        describe(CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: self-signed");
    assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
    assert_string_equal(err.message, "the TLS certificate of api.example:443 is not trusted: "
                                     "SSL certificate problem: self-signed");
    assert_non_null(strstr(err.hint, "SSL_CERT_FILE"));
}

static void a_name_that_does_not_resolve_may_be_asked_for_again(void **state)
{
    (void)state;
    struct beacon_error err = describe(CURLE_COULDNT_RESOLVE_HOST, "Could not resolve host");
    assert_int_equal(err.flags, 0);
    assert_string_equal(err.message, "cannot find the address of api.example:443");
}

static void a_server_that_does_not_speak_tls_is_permanent(void **state)
{
    (void)state;
    struct beacon_error err =
        describe(CURLE_SSL_CONNECT_ERROR, "error:0A00010B:SSL routines::wrong version number");
    assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
    assert_string_equal(err.message, "api.example:443 does not speak TLS");
}

static void a_proxy_that_refuses_is_named_with_its_status(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct failure failure = {
        .code = CURLE_RECV_ERROR, .proxy_status = 407, .detail = "", .peer = "api.example:443"};
    assert_int_equal(failure_describe(&failure, &err), BEACON_E_IO);
    assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
    assert_non_null(strstr(err.message, "the proxy answered 407"));
}

static void a_status_tells_the_caller_what_to_do(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    assert_int_equal(failure_of_status(401, "Unauthorized", "h:1", &err), BEACON_E_AUTH);
    assert_string_equal(err.message, "h:1 answered 401 Unauthorized");
    assert_int_equal(failure_of_status(429, "", "h:1", &err), BEACON_E_LIMIT);
    assert_string_equal(err.message, "h:1 answered 429");
    assert_int_equal(failure_of_status(500, "", "h:1", &err), BEACON_E_PROTOCOL);
    assert_int_equal(failure_of_status(307, "", "h:1", &err), BEACON_E_PROTOCOL);
}

static void assert_name(const char *url, const char *expected)
{
    char name[ORIGIN_NAME_BYTES];
    struct beacon_error err = {0};
    assert_ok(origin_check((struct beacon_str){url, strlen(url)}, &err), &err);
    origin_name((struct beacon_str){url, strlen(url)}, name);
    assert_string_equal(name, expected);
}

static void a_server_is_called_by_host_and_port_and_nothing_else(void **state)
{
    (void)state;
    assert_name("https://api.example/v1?key=secret", "api.example:443");
    assert_name("HTTP://api.example", "api.example:80");
    assert_name("http://user:secret@h:8080/x@y", "h:8080");
    assert_name("http://[::1]/", "[::1]:80");
    assert_name("http://[::1]:9#f", "[::1]:9");
}

static void a_very_long_host_is_cut(void **state)
{
    (void)state;
    char url[1024] = "http://", name[ORIGIN_NAME_BYTES];
    memset(url + 7, 'h', 1000);
    origin_name((struct beacon_str){url, strlen(url)}, name);
    assert_true(strlen(name) < sizeof name);
    assert_string_equal(name + strlen(name) - 3, ":80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_of_libcurl_becomes_a_sentence_with_a_hint),
        cmocka_unit_test(a_certificate_failure_is_permanent_and_names_the_remedy),
        cmocka_unit_test(a_name_that_does_not_resolve_may_be_asked_for_again),
        cmocka_unit_test(a_server_that_does_not_speak_tls_is_permanent),
        cmocka_unit_test(a_proxy_that_refuses_is_named_with_its_status),
        cmocka_unit_test(a_status_tells_the_caller_what_to_do),
        cmocka_unit_test(a_server_is_called_by_host_and_port_and_nothing_else),
        cmocka_unit_test(a_very_long_host_is_cut),
    };
    return cmocka_run_group_tests_name("http/failure", tests, NULL, NULL);
}
