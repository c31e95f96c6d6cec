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

/* The words are those of OpenSSL 3 and libcurl 7.88. */
static void what_is_wrong_with_a_certificate_is_permanent_and_says_what_to_do(void **state)
{
    static const struct {
        CURLcode code;
        const char *detail, *message, *hint;
    } cases[] = {
        {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: certificate has expired",
         "the TLS certificate of api.example:443 has expired", "clock"},
        {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: certificate is not yet valid",
         "the TLS certificate of api.example:443 is not valid yet", "clock"},
        {CURLE_PEER_FAILED_VERIFICATION,
         "SSL: no alternative certificate subject name matches target host name 'api.example'",
         "the TLS certificate of api.example:443 is for another name: ", "base_url"},
        {CURLE_SSL_CERTPROBLEM, "could not load PEM client certificate",
         "the client certificate for api.example:443 cannot be used: ", "http.client_certificate"},
        {CURLE_RECV_ERROR, "SSL routines::tlsv13 alert certificate required, errno 0",
         "api.example:443 asks for a client certificate", "http.client_certificate"},
        {CURLE_SSL_CONNECT_ERROR, "SSL routines::sslv3 alert handshake failure",
         "api.example:443 refused the TLS handshake", "http.client_certificate"},
        {CURLE_RECV_ERROR, "SSL routines::tlsv1 alert unknown ca, errno 0",
         "api.example:443 does not accept the client certificate: ", "http.client_certificate"},
        {CURLE_SSL_CACERT_BADFILE, "error setting certificate verify locations",
         "the CA certificates to check api.example:443 with cannot be read: ", "SSL_CERT_FILE"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct beacon_error err = describe(cases[i].code, cases[i].detail);
        assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
        assert_ptr_equal(strstr(err.message, cases[i].message), err.message);
        assert_non_null(strstr(err.hint, cases[i].hint));
    }
}

static void a_connection_that_is_lost_may_be_asked_for_again(void **state)
{
    (void)state;
    assert_int_equal(describe(CURLE_RECV_ERROR, "Connection reset by peer").flags, 0);
    assert_int_equal(describe(CURLE_SSL_CONNECT_ERROR, "unexpected eof while reading").flags, 0);
}

static void a_proxy_that_cannot_be_used_is_named_with_who_named_it(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct failure failure = {.code = CURLE_COULDNT_CONNECT,
                              .os_errno = ECONNREFUSED,
                              .detail = "",
                              .peer = "api.example:443",
                              .via = "proxy:3128",
                              .via_source = "HTTPS_PROXY"};
    assert_int_equal(failure_describe(&failure, &err), BEACON_E_IO);
    assert_string_equal(err.message, "the proxy proxy:3128 on the way to api.example:443 cannot be "
                                     "used: connection refused");
    assert_non_null(strstr(err.hint, "HTTPS_PROXY"));
    failure = (struct failure){.code = CURLE_RECV_ERROR,
                               .proxy_status = 503,
                               .detail = "",
                               .peer = "api.example:443",
                               .via = "proxy:3128",
                               .via_source = "http.proxy"};
    (void)failure_describe(&failure, &err);
    assert_string_equal(
        err.message, "the proxy proxy:3128 answered 503 instead of connecting to api.example:443");
    assert_int_equal(err.flags, 0); /* a gateway may come back */
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
        cmocka_unit_test(what_is_wrong_with_a_certificate_is_permanent_and_says_what_to_do),
        cmocka_unit_test(a_connection_that_is_lost_may_be_asked_for_again),
        cmocka_unit_test(a_proxy_that_cannot_be_used_is_named_with_who_named_it),
        cmocka_unit_test(a_status_tells_the_caller_what_to_do),
        cmocka_unit_test(a_server_is_called_by_host_and_port_and_nothing_else),
        cmocka_unit_test(a_very_long_host_is_cut),
    };
    return cmocka_run_group_tests_name("http/failure", tests, NULL, NULL);
}
