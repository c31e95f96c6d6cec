/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "credentials/bearer.h"

#define BASE "https://api.example.com:8443/v1"

/* The headers that were attached, as "Name: value\n". */
static int take_header(void *ctx, struct beacon_str name, struct beacon_str value,
                       struct beacon_error *err)
{
    (void)err;
    (void)text_addf(ctx, "%.*s: %.*s\n", (int)name.n, name.p, (int)value.n, value.p);
    return BEACON_OK;
}

static int attach(const struct bearer *bearer, const char *url, struct text *headers,
                  struct beacon_error *err)
{
    struct beacon_http_request request = {.struct_size = (uint32_t)sizeof request,
                                          .url = {url, strlen(url)}};
    struct http_header_sink sink = {headers, take_header};
    return bearer_attach((void *)bearer, &request, &sink, err);
}

static void assert_attached(const struct bearer *bearer, const char *url, const char *wanted)
{
    AUTO_TEXT struct text headers;
    struct beacon_error err = {0};
    text_init(&headers, 65536);
    assert_ok(attach(bearer, url, &headers, &err), &err);
    assert_string_equal(text_string(&headers), wanted);
}

static struct bearer bearer_of(const char *token)
{
    return (struct bearer){.token = token, .base_url = BASE};
}

static void the_key_goes_to_its_own_server(void **state)
{
    (void)state;
    static const char *const urls[] = {"https://api.example.com:8443/v1/responses",
                                       "https://api.example.com:8443",
                                       "https://api.example.com:8443/",
                                       "https://api.example.com:8443?x=y",
                                       "https://api.example.com:8443#f",
                                       "HTTPS://API.Example.COM:8443/v2"};
    struct bearer bearer = bearer_of("sk-1");
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_attached(&bearer, urls[i], "Authorization: Bearer sk-1\n");
    }
}

static void the_key_goes_nowhere_else(void **state)
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
    struct bearer bearer = bearer_of("sk-1");
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_attached(&bearer, urls[i], "");
    }
}

static void the_length_of_the_url_is_what_counts(void **state)
{
    (void)state;
    AUTO_TEXT struct text headers;
    struct beacon_error err = {0};
    text_init(&headers, 65536);
    const char *url = "https://api.example.com:8443.evil.com/";
    struct beacon_http_request request = {.struct_size = (uint32_t)sizeof request,
                                          .url = {url, strlen("https://api.example.com:8443")}};
    struct http_header_sink sink = {&headers, take_header};
    struct bearer bearer = bearer_of("sk-1");
    assert_ok(bearer_attach(&bearer, &request, &sink, &err), &err);
    assert_string_equal(text_string(&headers), "Authorization: Bearer sk-1\n");
}

static void a_base_without_a_server_gets_no_key(void **state)
{
    (void)state;
    static const char *const bases[] = {"https://", "https:///v1", "api.example.com", "", NULL};
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        struct bearer bearer = {.token = "sk-1", .base_url = bases[i]};
        assert_attached(&bearer, bases[i] != NULL ? bases[i] : "https://", "");
    }
}

static void the_first_variable_with_a_value_is_the_key(void **state)
{
    (void)state;
    struct bearer bearer = {
        .names = {"BEACON_TEST_FIRST", "BEACON_TEST_SECOND", "BEACON_TEST_THIRD"},
        .asked_name = "BEACON_TEST_THIRD",
        .base_url = BASE};
    assert_int_equal(unsetenv("BEACON_TEST_FIRST"), 0);
    assert_int_equal(setenv("BEACON_TEST_SECOND", " \t\n", 1), 0);
    assert_int_equal(setenv("BEACON_TEST_THIRD", "three", 1), 0);
    assert_attached(&bearer, BASE, "Authorization: Bearer three\n");
    assert_int_equal(setenv("BEACON_TEST_SECOND", "two", 1), 0);
    assert_attached(&bearer, BASE, "Authorization: Bearer two\n");
    bearer.token = "configured";
    assert_attached(&bearer, BASE, "Authorization: Bearer configured\n");
    bearer.token = " ";
    assert_attached(&bearer, BASE, "Authorization: Bearer two\n");
}

static void blanks_and_line_ends_are_no_part_of_a_key(void **state)
{
    (void)state;
    static const char *const keys[] = {"sk-1\n", "sk-1\r\n", " \tsk-1 \t", "\nsk-1\n\n",
                                       "sk-1\r\nX-Evil: 1"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct bearer bearer = bearer_of(keys[i]);
        assert_attached(&bearer, BASE, "Authorization: Bearer sk-1\n");
    }
}

static void a_key_that_is_missing_is_asked_for_by_name(void **state)
{
    (void)state;
    AUTO_TEXT struct text headers;
    struct beacon_error err = {0};
    text_init(&headers, 65536);
    assert_int_equal(unsetenv("MOCK_KEY"), 0);
    struct bearer bearer = {.names = {"MOCK_KEY"}, .asked_name = "MOCK_KEY", .base_url = BASE};
    assert_refused(attach(&bearer, BASE, &headers, &err), BEACON_E_AUTH, &err);
    assert_string_equal(err.message, "Missing environment variable: `MOCK_KEY`.");
    bearer.instructions = "Ask Bob.";
    assert_refused(attach(&bearer, BASE, &headers, &err), BEACON_E_AUTH, &err);
    assert_string_equal(err.message, "Missing environment variable: `MOCK_KEY`. Ask Bob.");
    assert_attached(&bearer, "https://elsewhere.example.com/", ""); /* nobody wants it there */
}

static void a_provider_without_a_key_needs_none(void **state)
{
    (void)state;
    struct bearer bearer = {.base_url = BASE};
    assert_attached(&bearer, BASE, "");
    bearer.token = "";
    assert_attached(&bearer, BASE, "");
}

static int refuse_header(void *ctx, struct beacon_str name, struct beacon_str value,
                         struct beacon_error *err)
{
    (void)ctx;
    (void)name;
    (void)value;
    return error_set(err, BEACON_E_LIMIT, "use fewer", "too many headers");
}

static void a_header_that_is_refused_fails_the_request(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_http_request request = {.struct_size = (uint32_t)sizeof request,
                                          .url = {BASE, strlen(BASE)}};
    struct http_header_sink sink = {NULL, refuse_header};
    struct bearer bearer = bearer_of("sk-1");
    assert_refused(bearer_attach(&bearer, &request, &sink, &err), BEACON_E_LIMIT, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_goes_to_its_own_server),
        cmocka_unit_test(the_key_goes_nowhere_else),
        cmocka_unit_test(the_length_of_the_url_is_what_counts),
        cmocka_unit_test(a_base_without_a_server_gets_no_key),
        cmocka_unit_test(the_first_variable_with_a_value_is_the_key),
        cmocka_unit_test(blanks_and_line_ends_are_no_part_of_a_key),
        cmocka_unit_test(a_key_that_is_missing_is_asked_for_by_name),
        cmocka_unit_test(a_provider_without_a_key_needs_none),
        cmocka_unit_test(a_header_that_is_refused_fails_the_request),
    };
    return cmocka_run_group_tests_name("credentials/bearer", tests, NULL, NULL);
}
