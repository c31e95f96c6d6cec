/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "credentials/same_origin.h"

#define BASE "https://api.example.com:8443/v1"

static bool is_same(const char *url, const char *base)
{
    return same_origin((struct beacon_str){url, strlen(url)}, base);
}

static void any_path_of_the_server_is_the_same_origin(void **state)
{
    (void)state;
    static const char *const urls[] = {"https://api.example.com:8443/v1/responses",
                                       "https://api.example.com:8443",
                                       "https://api.example.com:8443/",
                                       "https://api.example.com:8443?x=y",
                                       "https://api.example.com:8443#f",
                                       "HTTPS://API.Example.COM:8443/v2"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_true(is_same(urls[i], BASE));
    }
}

static void what_is_not_plainly_the_server_is_another(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://api.example.com:8443/v1",
        "https://api.example.com/v1",
        "https://api.example.com:443/v1",
        "https://api.example.com:84430/v1",
        "https://api.example.com:8443.evil.com/v1",
        "https://api.example.com:8443@evil/v1",
        "https://api.example.com.evil.com:8443/v1",
        "https://api.example.com:8443\\@evil/v1",
        "https://evil.com/https://api.example.com:8443/v1",
        "https://evil.com?https://api.example.com:8443/v1",
        "https://evil.com#https://api.example.com:8443/v1",
        "https://user@api.example.com:8443/v1",
        "https://xapi.example.com:8443/v1",
        "ftp://api.example.com:8443/v1",
        "api.example.com:8443/v1",
        "//api.example.com:8443/v1",
        " https://api.example.com:8443/v1",
        "https://",
        "://",
        "",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        if (is_same(urls[i], BASE)) {
            fail_msg("%s is taken for %s", urls[i], BASE);
        }
    }
}

static void the_length_of_the_url_is_what_counts(void **state)
{
    (void)state;
    const char *url = "https://api.example.com:8443.evil.com/";
    assert_true(
        same_origin((struct beacon_str){url, strlen("https://api.example.com:8443")}, BASE));
    assert_false(is_same(url, BASE));
}

static void a_base_without_a_server_has_no_equal(void **state)
{
    (void)state;
    static const char *const bases[] = {"https://", "https:///v1", "api.example.com", ""};
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        assert_false(is_same(bases[i], bases[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_path_of_the_server_is_the_same_origin),
        cmocka_unit_test(what_is_not_plainly_the_server_is_another),
        cmocka_unit_test(the_length_of_the_url_is_what_counts),
        cmocka_unit_test(a_base_without_a_server_has_no_equal),
    };
    return cmocka_run_group_tests_name("credentials/same_origin", tests, NULL, NULL);
}
