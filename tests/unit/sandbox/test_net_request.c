/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "sandbox/net_http.h"
#include "sandbox/net_socks.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* From memory of exactly that size, so that a sanitizer sees a byte too many. */
static enum net_parse parse_n(const char *p, size_t n, struct net_http *ret)
{
    AUTO_FREE char *exact = alloc_copy(p, n > 0 ? n : 1);
    return net_http_parse(exact, n, ret);
}

static struct net_http parsed(const char *text)
{
    struct net_http http;
    if (net_http_parse(text, strlen(text), &http) != NET_PARSE_OK) {
        fail_msg("%s: %s", text, http.wrong);
    }
    return http;
}

static void assert_rewritten(const char *text, const char *expected)
{
    struct net_http http = parsed(text);
    AUTO_TEXT struct text out;
    text_init(&out, 4096);
    assert_true(net_http_rewrite(text, &http, &out));
    assert_string_equal(text_string(&out), expected);
}

static void connect_names_host_and_port(void **state)
{
    (void)state;
    struct net_http http =
        parsed("CONNECT example.org:443 HTTP/1.1\r\nHost: evil.test\r\n\r\nearly");
    assert_true(http.is_connect);
    assert_int_equal(http.port, 443);
    assert_int_equal(http.host.n, 11);
    assert_memory_equal(http.host.p, "example.org", 11);
    assert_int_equal(http.head_bytes, 53);
    http = parsed("CONNECT [2001:db8::1]:8443 HTTP/1.0\r\n\r\n");
    assert_memory_equal(http.host.p, "2001:db8::1", http.host.n);
}

static void a_request_reaches_the_server_without_what_was_meant_for_the_proxy(void **state)
{
    (void)state;
    assert_rewritten("GET http://example.org/a?b=c HTTP/1.1\r\n"
                     "Host: evil.test\r\nhost: evil2.test\r\n"
                     "Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\n"
                     "Connection: keep-alive, X-Secret\r\nX-Secret: 1\r\nTE: trailers\r\n"
                     "Upgrade: websocket\r\nAccept: */*\r\n\r\n",
                     "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n"
                     "Connection: close\r\n\r\n");
    assert_rewritten("GET HTTP://Example.org:8080 HTTP/1.0\r\n\r\n",
                     "GET / HTTP/1.0\r\nHost: Example.org:8080\r\nConnection: close\r\n\r\n");
    assert_rewritten(
        "GET http://example.org?q=http://x/ HTTP/1.1\r\n\r\n",
        "GET /?q=http://x/ HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
}

static void a_request_that_is_not_clear_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } bad[] = {
        {"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", 400},
        {"GET https://example.org/ HTTP/1.1\r\n\r\n", 400},
        {"GET http://me:pw@example.org/ HTTP/1.1\r\n\r\n", 400},
        {"GET http://example.org/#x HTTP/1.1\r\n\r\n", 400},
        {"GET http://example.org:0/ HTTP/1.1\r\n\r\n", 400},
        {"GET http://example.org:65536/ HTTP/1.1\r\n\r\n", 400},
        {"GET http://[::1/ HTTP/1.1\r\n\r\n", 400},
        {"GET http://[::1]x/ HTTP/1.1\r\n\r\n", 400},
        {"GET  http://example.org/ HTTP/1.1\r\n\r\n", 505},
        {"GET http://example.org/ HTTP/1.1 \r\n\r\n", 505},
        {"GET http://example.org/ HTTP/2.0\r\n\r\n", 505},
        {"GET http://example.org/ http/1.1\r\n\r\n", 505},
        {"GET http://example.org/\r\n\r\n", 505},
        {"G@T http://example.org/ HTTP/1.1\r\n\r\n", 400},
        {"CONNECT example.org HTTP/1.1\r\n\r\n", 400},
        {"CONNECT example.org:443/ HTTP/1.1\r\n\r\n", 400},
        {"CONNECT http://example.org:443 HTTP/1.1\r\n\r\n", 400},
        {"CONNECT evil.test:443@example.org:443 HTTP/1.1\r\n\r\n", 400},
        {"CONNECT example.org:443:22 HTTP/1.1\r\n\r\n", 400},
        {"GET http://example.org/ HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400},
        {"GET http://example.org/ HTTP/1.1\r\nA : b\r\n\r\n", 400},
        {"GET http://example.org/ HTTP/1.1\r\n: b\r\n\r\n", 400},
        {"GET http://example.org/ HTTP/1.1\r\nA\r\n\r\n", 400},
        {"GET http://example.org/ HTTP/1.1\nA: b\r\n\r\n", 400},
        {"GET http://example.org/ HTTP/1.1\r\nA: b\rC: d\r\n\r\n", 400},
        {"GET http://example.org/ HTTP/1.1\r\nA: \x01\r\n\r\n", 400},
        {"\r\nGET http://example.org/ HTTP/1.1\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.1\r\nContent-Length: 1\r\nConnection: Content-Length\r\n\r\n", 400},
        {"POST http://x/ HTTP/1.1\r\nConnection: a\r\nConnection: b\r\n\r\n", 400},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct net_http http;
        if (parse_n(bad[i].text, strlen(bad[i].text), &http) != NET_PARSE_BAD ||
            http.status != bad[i].status || http.wrong == NULL) {
            fail_msg("%s", bad[i].text);
        }
    }
    struct net_http http;
    static const char nul[] = "CONNECT example.org\0.evil.test:443 HTTP/1.1\r\n\r\n";
    assert_int_equal(parse_n(nul, sizeof nul - 1, &http), NET_PARSE_BAD);
}

static void a_head_may_come_byte_by_byte_and_has_an_end(void **state)
{
    (void)state;
    static const char whole[] = "POST http://example.org/ HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
    struct net_http http;
    for (size_t n = 0; n < sizeof whole - 4; n++) {
        assert_int_equal(parse_n(whole, n, &http), NET_PARSE_MORE);
    }
    assert_int_equal(parse_n(whole, sizeof whole - 4, &http), NET_PARSE_OK);
    assert_int_equal(http.body.left, 3);
    AUTO_FREE char *huge = alloc_zeroed(2 * NET_HEAD_MAX);
    memset(huge, 'a', 2 * NET_HEAD_MAX);
    assert_int_equal(parse_n(huge, NET_HEAD_MAX - 1, &http), NET_PARSE_MORE);
    assert_int_equal(parse_n(huge, NET_HEAD_MAX, &http), NET_PARSE_BAD);
    assert_int_equal(http.status, 431);
    memcpy(huge + 2 * NET_HEAD_MAX - 4, "\r\n\r\n", 4);
    assert_int_equal(parse_n(huge, 2 * NET_HEAD_MAX, &http), NET_PARSE_BAD);
    assert_int_equal(http.status, 431);
}

/* How much of `text` the server gets, fed in pieces of `step` bytes; -1: it is refused. */
static long body_bytes(const char *head, const char *text, size_t step)
{
    struct net_http http = parsed(head);
    size_t n = strlen(text), at = 0;
    while (at < n && !http.body.is_over && !http.body.is_bad) {
        size_t piece = n - at < step ? n - at : step;
        AUTO_FREE char *exact = alloc_copy(text + at, piece);
        size_t taken = net_body_take(&http.body, exact, piece);
        assert_true(taken <= piece);
        at += taken;
        if (taken < piece) {
            assert_true(http.body.is_over || http.body.is_bad);
        }
    }
    return http.body.is_bad ? -1 : (long)at;
}

static void nothing_behind_the_body_is_passed_on(void **state)
{
    (void)state;
    static const char counted[] = "POST http://x/ HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
    static const char chunked[] = "POST http://x/ HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n";
    static const char none[] = "GET http://x/ HTTP/1.1\r\n\r\n";
    for (size_t step = 1; step < 9; step++) {
        assert_int_equal(body_bytes(none, "GET http://evil.test/ HTTP/1.1\r\n\r\n", step), 0);
        assert_int_equal(body_bytes(counted, "hello GET http://evil.test/", step), 5);
        assert_int_equal(body_bytes(chunked, "5\r\nhello\r\n0\r\n\r\nGET ", step), 15);
        assert_int_equal(
            body_bytes(chunked, "A;x=\"y\"\r\n0123456789\r\n00\r\nT: v\r\n\r\nG", step), 33);
        assert_int_equal(body_bytes(chunked, "0\r\n\r\n", step), 5);
        assert_int_equal(body_bytes(chunked, "1\r\nab\r\n0\r\n\r\n", step), -1);
        assert_int_equal(body_bytes(chunked, "\r\n", step), -1);
        assert_int_equal(body_bytes(chunked, "-1\r\n", step), -1);
        assert_int_equal(body_bytes(chunked, "1\nx\n0\n\n", step), -1);
        assert_int_equal(body_bytes(chunked, "ffffffffffffffff\r\n", step), -1);
        assert_int_equal(body_bytes(chunked, "1 \r\nx\r\n", step), -1);
    }
}

static enum net_parse socks(const char *p, size_t n, struct net_socks *ret)
{
    AUTO_FREE char *exact = alloc_copy(p, n > 0 ? n : 1);
    return net_socks_request(exact, n, ret);
}

static void socks_names_a_host_in_three_ways(void **state)
{
    (void)state;
    static const char name[] = "\x05\x01\x00\x03\x0b"
                               "example.org\x01\xbb";
    static const char v4[] = "\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50";
    static const char v6[] = "\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1\x00\x50";
    struct net_socks request;
    for (size_t n = 0; n < sizeof name - 1; n++) {
        assert_int_equal(socks(name, n, &request), NET_PARSE_MORE);
    }
    assert_int_equal(net_socks_request(name, sizeof name - 1, &request), NET_PARSE_OK);
    assert_int_equal(request.port, 443);
    assert_int_equal(request.name.n, 11);
    assert_int_equal(request.used, sizeof name - 1);
    assert_memory_equal(request.name.p, "example.org", 11);
    struct net_socks same;
    assert_int_equal(socks(v4, sizeof v4 - 1, &request), NET_PARSE_OK);
    assert_int_equal(socks(v6, sizeof v6 - 1, &same), NET_PARSE_OK);
    assert_true(net_address_is_same(&request.address, &same.address));
}

static void socks_offers_connect_without_a_password_and_no_more(void **state)
{
    (void)state;
    struct net_socks request;
    size_t used = 0;
    assert_int_equal(net_socks_greeting("\x05\x02\x02\x00", 4, &used), NET_PARSE_OK);
    assert_int_equal(used, 4);
    assert_int_equal(net_socks_greeting("\x05\x01\x02", 3, &used), NET_PARSE_BAD);
    assert_int_equal(net_socks_greeting("\x05\x00", 2, &used), NET_PARSE_BAD);
    assert_int_equal(net_socks_greeting("\x04\x01\x00", 3, &used), NET_PARSE_BAD);
    assert_int_equal(net_socks_greeting("\x05\x02\x00", 3, &used), NET_PARSE_MORE);
    assert_int_equal(socks("\x05\x02\x00\x01\1\1\1\1\0\x50", 10, &request), NET_PARSE_BAD);
    assert_int_equal(request.reply, NET_SOCKS_NO_COMMAND);
    assert_int_equal(socks("\x05\x01\x00\x02\1\1\1\1\0\x50", 10, &request), NET_PARSE_BAD);
    assert_int_equal(request.reply, NET_SOCKS_NO_ADDRESS);
    assert_int_equal(socks("\x05\x01\x00\x01\1\1\1\1\0\0", 10, &request), NET_PARSE_BAD);
    assert_int_equal(socks("\x04\x01\x00\x50\1\1\1\1\0", 9, &request), NET_PARSE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_names_host_and_port),
        cmocka_unit_test(a_request_reaches_the_server_without_what_was_meant_for_the_proxy),
        cmocka_unit_test(a_request_that_is_not_clear_is_refused),
        cmocka_unit_test(a_head_may_come_byte_by_byte_and_has_an_end),
        cmocka_unit_test(nothing_behind_the_body_is_passed_on),
        cmocka_unit_test(socks_names_a_host_in_three_ways),
        cmocka_unit_test(socks_offers_connect_without_a_password_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
