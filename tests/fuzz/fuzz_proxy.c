/* SPDX-License-Identifier: Apache-2.0
 * fuzz_proxy - any bytes as what a client sends to the proxy of an allow-list, as a host name, and as an
 * entry of the list. What is let through is what the list says, byte by byte; what is passed on has one
 * head, and a body of the same length however it was cut.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "sandbox/net_allow.h"
#include "sandbox/net_http.h"
#include "sandbox/net_socks.h"

#define HEAD_OUT_MAX 32768

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct net_allow *lists(void)
{
    static const char *const allow[] = {"*.example.org:*", "127.0.0.1:80"};
    static const char *const deny[] = {"*.secret.example.org"};
    static struct net_allow *made;
    struct beacon_error err = {0};
    if (made == NULL) {
        assert(net_allow_create(allow, 2, deny, 1, &made, &err) == BEACON_OK);
    }
    return made;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n > n_end && strcmp(text + n - n_end, end) == 0;
}

static void check_host(const char *p, size_t n, uint16_t port)
{
    struct net_host host, again;
    AUTO_TEXT struct text reason;
    text_init(&reason, 4096);
    if (net_host_read(p, n, &host) != NULL) {
        return;
    }
    size_t length = strlen(host.text);
    assert(length > 0 && length <= NET_HOST_MAX);
    assert(strspn(host.text, "abcdefghijklmnopqrstuvwxyz0123456789-_.:") == length);
    assert(net_host_read(host.text, length, &again) == NULL);
    assert(strcmp(host.text, again.text) == 0 && host.is_address == again.is_address);
    bool is_open = net_allow_host(lists(), &host, port, &reason);
    assert(is_open == (reason.len == 0));
    if (is_open && host.is_address) {
        static const uint8_t loopback[16] = {127, 0, 0, 1};
        assert(!host.address.is_v6 && memcmp(host.address.bytes, loopback, 16) == 0);
        assert(port == 80 && net_allow_address(lists(), &host.address, port, &reason));
    } else if (is_open) {
        assert(ends_with(host.text, ".example.org"));
        assert(!ends_with(host.text, ".secret.example.org"));
    }
}

static size_t take_all(struct net_body body, const char *p, size_t n, size_t step)
{
    size_t at = 0;
    while (at < n && !body.is_over && !body.is_bad) {
        size_t piece = n - at < step ? n - at : step;
        size_t taken = net_body_take(&body, p + at, piece);
        assert(taken <= piece && (taken == piece || body.is_over || body.is_bad));
        at += taken;
    }
    return at;
}

static void check_http(const char *p, size_t n)
{
    struct net_http http;
    AUTO_TEXT struct text out;
    text_init(&out, HEAD_OUT_MAX);
    enum net_parse parsed = net_http_parse(p, n, &http);
    if (parsed == NET_PARSE_BAD) {
        assert(http.status >= 400 && http.wrong != NULL);
    }
    if (parsed != NET_PARSE_OK) {
        return;
    }
    assert(http.head_bytes <= n && http.head_bytes <= NET_HEAD_MAX && http.port > 0);
    check_host(http.host.p, http.host.n, http.port);
    if (http.is_connect) {
        return;
    }
    assert(net_http_rewrite(p, &http, &out));
    const char *end = memmem(out.data, out.len, "\r\n\r\n", 4);
    assert(end != NULL && end + 4 == out.data + out.len);
    const char *rest = p + http.head_bytes;
    size_t n_rest = n - http.head_bytes;
    assert(take_all(http.body, rest, n_rest, 1) == take_all(http.body, rest, n_rest, 7));
    assert(take_all(http.body, rest, n_rest, 1) == take_all(http.body, rest, n_rest, n_rest + 1));
}

static void check_socks(const char *p, size_t n)
{
    size_t used = 0;
    struct net_socks request;
    enum net_parse parsed = net_socks_greeting(p, n, &used);
    if (parsed != NET_PARSE_OK) {
        return;
    }
    assert(used <= n);
    parsed = net_socks_request(p + used, n - used, &request);
    if (parsed == NET_PARSE_OK) {
        assert(request.used <= n - used && request.port > 0);
        check_host(request.name.p, request.is_address ? 0 : request.name.n, request.port);
    }
}

static void check_entry(const char *p, size_t n)
{
    struct beacon_error err = {0};
    struct net_allow *made = NULL;
    AUTO_FREE char *entry = alloc_string_n(p, n);
    const char *const list[] = {entry};
    if (net_allow_create(list, 1, list, 1, &made, &err) != BEACON_OK) {
        assert(made == NULL && err.message[0] != '\0' && err.hint[0] != '\0');
    }
    net_allow_destroy(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    AUTO_FREE char *exact = alloc_copy(data, size);
    check_http(exact, size);
    check_socks(exact, size);
    check_host(exact, size, 443);
    check_entry(exact, size);
    return 0;
}
