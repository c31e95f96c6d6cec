/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "http/host_pattern.h"
#include "http/proxy.h"
#include "http/request.h"

static const char *const variables[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                        "HTTPS_PROXY", "all_proxy",  "ALL_PROXY",
                                        "no_proxy",    "NO_PROXY",   "REQUEST_METHOD"};

static int forget_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        (void)unsetenv(variables[i]);
    }
    return 0;
}

/* NOLINTNEXTLINE(readability-identifier-naming): a sibling of in_temp_dir() */
#define without_proxies(test)                                                                      \
    cmocka_unit_test_setup_teardown(test, forget_environment, forget_environment)

/* The proxy of `url`, "" for none. */
static const char *chosen(const struct http_network *network, const char *url)
{
    struct proxy_choice choice = {NULL, NULL};
    struct beacon_error err = {0};
    assert_ok(proxy_choose(network, url, &choice, &err), &err);
    return choice.url != NULL ? choice.url : "";
}

static void say(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

static void the_scheme_of_the_url_chooses_the_variable(void **state)
{
    const struct http_network network = {0};
    (void)state;
    assert_string_equal(chosen(&network, "https://a.example/"), "");
    say("HTTPS_PROXY", "http://secure:1");
    say("http_proxy", "http://plain:1");
    assert_string_equal(chosen(&network, "https://a.example/"), "http://secure:1");
    assert_string_equal(chosen(&network, "HTTP://a.example/"), "http://plain:1");
}

static void lower_case_goes_before_capitals_and_both_before_all_proxy(void **state)
{
    const struct http_network network = {0};
    (void)state;
    say("ALL_PROXY", "socks5h://all:1");
    assert_string_equal(chosen(&network, "https://a.example/"), "socks5h://all:1");
    say("HTTPS_PROXY", "http://upper:1");
    assert_string_equal(chosen(&network, "https://a.example/"), "http://upper:1");
    say("https_proxy", "http://lower:1");
    assert_string_equal(chosen(&network, "https://a.example/"), "http://lower:1");
    say("https_proxy", ""); /* blank is not set */
    assert_string_equal(chosen(&network, "https://a.example/"), "http://upper:1");
}

static void a_header_of_a_cgi_request_is_no_proxy(void **state)
{
    const struct http_network network = {0};
    (void)state;
    say("HTTP_PROXY", "http://forged:1");
    assert_string_equal(chosen(&network, "http://a.example/"), "http://forged:1");
    say("REQUEST_METHOD", "GET");
    assert_string_equal(chosen(&network, "http://a.example/"), "");
}

static void the_configuration_goes_before_the_environment(void **state)
{
    static const char *const list[] = {"a.example"};
    struct http_network network = {.proxy = "http://configured:1"};
    (void)state;
    say("HTTPS_PROXY", "http://environment:1");
    say("NO_PROXY", "b.example");
    assert_string_equal(chosen(&network, "https://a.example/"), "http://configured:1");
    assert_string_equal(chosen(&network, "https://b.example/"), "");
    network.no_proxy = list;
    network.n_no_proxy = 1;
    assert_string_equal(chosen(&network, "https://a.example/"), "");
    assert_string_equal(chosen(&network, "https://b.example/"), "http://configured:1");
    network.proxy = "none";
    assert_string_equal(chosen(&network, "https://b.example/"), "");
}

static void an_address_that_is_none_is_refused_without_its_words(void **state)
{
    static const char *const bad[] = {"http://",    "ftp://h:1",         "http://u:hush@",
                                      "http://:1",  "http://u:hush@h x", "u:hush@\x01",
                                      "http://h\\x"};
    const struct http_network network = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct proxy_choice choice = {NULL, NULL};
        struct beacon_error err = {0};
        say("HTTPS_PROXY", bad[i]);
        assert_refused(proxy_choose(&network, "https://a.example/", &choice, &err),
                       BEACON_E_INVALID, &err);
        assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
        assert_non_null(strstr(err.message, "HTTPS_PROXY"));
        assert_null(strstr(err.message, "hush"));
        assert_null(choice.url);
    }
}

static void a_proxy_is_called_by_host_and_port(void **state)
{
    static const struct {
        const char *url, *name;
    } cases[] = {
        {"http://u:secret@h:8080/", "h:8080"},
        {"https://h", "h:443"},
        {"h", "h:1080"},
        {"u:secret@h:3128", "h:3128"},
        {"socks5://[::1]:9", "[::1]:9"},
        {"http://[::1]", "[::1]:1080"},
        {"http://u:p@ss@h:1", "h:1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[ORIGIN_NAME_BYTES];
        proxy_name(cases[i].url, name);
        assert_string_equal(name, cases[i].name);
    }
}

static void no_proxy_covers_names_and_what_is_beneath_them(void **state)
{
    (void)state;
    assert_true(proxy_is_excepted("a.example", "a.example", 443));
    assert_true(proxy_is_excepted("x, A.Example.", "b.a.example", 443));
    assert_true(proxy_is_excepted(".a.example", "b.a.example", 443));
    assert_true(proxy_is_excepted("*.a.example", "b.a.example", 443));
    assert_true(proxy_is_excepted("a.example:443", "a.example", 443));
    assert_true(proxy_is_excepted("*", "anything", 1));
    assert_false(proxy_is_excepted("a.example", "ba.example", 443));
    assert_false(proxy_is_excepted("a.example:80", "a.example", 443));
    assert_false(proxy_is_excepted("", "a.example", 443));
    assert_false(proxy_is_excepted("example", "a.example.com", 443));
}

static void no_proxy_covers_addresses_and_networks(void **state)
{
    (void)state;
    assert_true(proxy_is_excepted("10.0.0.0/8", "10.1.2.3", 80));
    assert_true(proxy_is_excepted("192.168.1.128/25", "192.168.1.200", 80));
    assert_true(proxy_is_excepted("::1", "::1", 80));
    assert_true(proxy_is_excepted("[::1]:80", "::1", 80));
    assert_true(proxy_is_excepted("fd00::/8", "fd12::1", 80));
    assert_false(proxy_is_excepted("192.168.1.128/25", "192.168.1.100", 80));
    assert_false(proxy_is_excepted("10.0.0.0/8", "11.1.2.3", 80));
    assert_false(proxy_is_excepted("10.0.0.0/33", "10.0.0.0", 80));
    assert_false(proxy_is_excepted("10.0.0.0/x", "10.0.0.0", 80));
    assert_false(proxy_is_excepted("10.0.0.0/8", "ten.example", 80));
    assert_false(proxy_is_excepted("0.0.1", "127.0.0.1", 80)); /* no tail of an address */
    assert_false(proxy_is_excepted("27.0.0.1", "127.0.0.1", 80));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        without_proxies(the_scheme_of_the_url_chooses_the_variable),
        without_proxies(lower_case_goes_before_capitals_and_both_before_all_proxy),
        without_proxies(a_header_of_a_cgi_request_is_no_proxy),
        without_proxies(the_configuration_goes_before_the_environment),
        without_proxies(an_address_that_is_none_is_refused_without_its_words),
        without_proxies(a_proxy_is_called_by_host_and_port),
        without_proxies(no_proxy_covers_names_and_what_is_beneath_them),
        without_proxies(no_proxy_covers_addresses_and_networks),
    };
    return cmocka_run_group_tests_name("http/proxy", tests, NULL, NULL);
}
