/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "sandbox/net_allow.h"
#include "sandbox/net_host.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static struct net_allow *lists_of(const char *const *allow, size_t n_allow, const char *const *deny,
                                  size_t n_deny)
{
    struct net_allow *lists = NULL;
    struct beacon_error err = {0};
    assert_ok(net_allow_create(allow, n_allow, deny, n_deny, &lists, &err), &err);
    return lists;
}

/* "" when the connection is open, else why it is not. Borrowed until the next call. */
static const char *judge_bytes(const struct net_allow *lists, const char *host, size_t n,
                               uint16_t port)
{
    static char said[2048];
    struct net_host read;
    AUTO_TEXT struct text reason;
    text_init(&reason, sizeof said - 1);
    const char *wrong = net_host_read(host, n, &read);
    if (wrong != NULL) {
        (void)text_add_string(&reason, wrong);
    } else if (net_allow_host(lists, &read, port, &reason) && read.is_address) {
        (void)net_allow_address(lists, &read.address, port, &reason);
    }
    (void)snprintf(said, sizeof said, "%s", text_string(&reason));
    return said;
}

static const char *judge(const struct net_allow *lists, const char *host, uint16_t port)
{
    return judge_bytes(lists, host, strlen(host), port);
}

static void a_host_is_open_on_the_web_ports_only(void **state)
{
    (void)state;
    static const char *const allow[] = {"example.org", "ssh.example.org:22", "any.example.org:*"};
    struct net_allow *lists = lists_of(allow, COUNT(allow), NULL, 0);
    assert_string_equal(judge(lists, "example.org", 443), "");
    assert_string_equal(judge(lists, "example.org", 80), "");
    assert_non_null(strstr(judge(lists, "example.org", 22), "port 22"));
    assert_string_equal(judge(lists, "ssh.example.org", 22), "");
    assert_non_null(strstr(judge(lists, "ssh.example.org", 443), "port 443"));
    assert_string_equal(judge(lists, "any.example.org", 1), "");
    assert_string_equal(judge(lists, "other.example", 443),
                        "other.example is not on the allow-list "
                        "(sandbox_workspace_write.network_allow)");
    net_allow_destroy(lists);
}

static void a_star_covers_what_is_beneath_and_not_the_host(void **state)
{
    (void)state;
    static const char *const allow[] = {"*.example.org"};
    static const char *const outside[] = {
        "example.org",           ".example.org",     "badexample.org",
        "example.org.evil.test", "x.example.orgx",   "x-example.org",
        "*.example.org",         "x..example.org",   "www.example.org..",
        "www.example.org:443",   "www.example.org/", "www.example.org%00.evil.test",
        "evil.test#.example.org"};
    struct net_allow *lists = lists_of(allow, COUNT(allow), NULL, 0);
    assert_string_equal(judge(lists, "www.example.org", 443), "");
    assert_string_equal(judge(lists, "a.b.c.example.org", 443), "");
    assert_string_equal(judge(lists, "WWW.Example.ORG", 443), "");
    assert_string_equal(judge(lists, "www.example.org.", 443), "");
    for (size_t i = 0; i < COUNT(outside); i++) {
        assert_string_not_equal(judge(lists, outside[i], 443), "");
    }
    net_allow_destroy(lists);
}

static void deny_wins_whatever_the_order(void **state)
{
    (void)state;
    static const char *const allow[] = {"*.example.org", "1.2.3.4", "other.test"};
    static const char *const deny[] = {"*.secret.example.org", "one.example.org", "1.2.3.4:80",
                                       "other.test"};
    struct net_allow *lists = lists_of(allow, COUNT(allow), deny, COUNT(deny));
    assert_string_equal(judge(lists, "www.example.org", 443), "");
    assert_string_equal(judge(lists, "secret.example.org", 443), "");
    assert_non_null(strstr(judge(lists, "a.secret.example.org", 443), "\"*.secret.example.org\""));
    assert_non_null(strstr(judge(lists, "one.example.org", 80), "network_deny"));
    assert_non_null(strstr(judge(lists, "OTHER.test.", 443), "network_deny"));
    assert_non_null(strstr(judge(lists, "1.2.3.4", 80), "network_deny"));
    assert_string_equal(judge(lists, "1.2.3.4", 443), "");
    net_allow_destroy(lists);
}

/* Bytes that one reader takes for the host on the list, and another one does not. */
static void a_host_name_is_compared_byte_by_byte(void **state)
{
    (void)state;
    static const char *const allow[] = {"example.org", "*.example.org"};
    static const struct {
        const char *bytes;
        size_t n;
    } hostile[] = {
        {"evil.test\0.example.org", 22},
        {"example.org\0", 12},
        {"\0example.org", 12},
        {"example.org\r\n", 13},
        {" example.org", 12},
        {"example.org ", 12},
        {"example.org\t", 12},
        {"ex\xc3\xa4mple.org", 12},
        {"example\xe3\x80\x82org", 13},
        {"example.org\xff", 12},
        {"example%2eorg", 13},
        {"example.org@evil.test", 21},
        {"", 0},
        {".", 1},
        {"..", 2},
        {"-a.example.org", 14},
        {"a-.example.org", 14},
        {"a.example.org.", 14},
    };
    struct net_allow *lists = lists_of(allow, COUNT(allow), NULL, 0);
    for (size_t i = 0; i + 1 < COUNT(hostile); i++) {
        assert_string_not_equal(judge_bytes(lists, hostile[i].bytes, hostile[i].n, 443), "");
    }
    size_t last = COUNT(hostile) - 1;
    assert_string_equal(judge_bytes(lists, hostile[last].bytes, hostile[last].n, 443), "");
    net_allow_destroy(lists);
}

static void a_host_name_has_the_lengths_of_the_name_system(void **state)
{
    (void)state;
    static const char *const allow[] = {"*.example.org"};
    struct net_allow *lists = lists_of(allow, COUNT(allow), NULL, 0);
    AUTO_FREE char *huge = alloc_zeroed(1u << 20);
    memset(huge, 'a', (1u << 20) - 1);
    assert_non_null(strstr(judge(lists, huge, 443), "253"));
    char label[80];
    memset(label, 'a', 63);
    (void)snprintf(label + 63, sizeof label - 63, "%s", ".example.org");
    assert_string_equal(judge(lists, label, 443), "");
    memset(label, 'a', 64);
    (void)snprintf(label + 64, sizeof label - 64, "%s", ".example.org");
    assert_non_null(strstr(judge(lists, label, 443), "63"));
    net_allow_destroy(lists);
}

static void no_odd_spelling_of_an_address_is_a_host(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0X7F.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "127.0.0.1.",
        "00127.0.0.1",
        "127.0.0.0x1",
        "1.2.3.4.5",
        "256.1.1.1",
        "0x",
        "1.2.3.0x",
        "0",
        "a.b.0x7f",
        "a.b.127",
        "localhost.1",
        "::1%lo",
        "::1%25lo",
        "[::1",
        "::g",
        "1::2::3",
        ":::",
        "::ffff:127.1",
        "::127.0.0.1.1",
        "127.0.0.1%00",
        "127.0.0.1 ",
    };
    static const char *const allow[] = {"127.0.0.1:*", "[::1]:*", "*.0x7f", "localhost.x:*"};
    struct net_allow *lists = NULL;
    struct beacon_error err = {0};
    assert_refused(net_allow_create(allow, COUNT(allow), NULL, 0, &lists, &err), BEACON_E_INVALID,
                   &err);
    assert_non_null(strstr(err.message, "*.0x7f"));
    lists = lists_of(allow, 2, NULL, 0);
    for (size_t i = 0; i < COUNT(spellings); i++) {
        if (strcmp(judge(lists, spellings[i], 80), "") == 0) {
            fail_msg("%s was let through", spellings[i]);
        }
    }
    assert_string_equal(judge(lists, "127.0.0.1", 80), "");
    assert_string_equal(judge(lists, "::1", 80), "");
    assert_string_equal(judge(lists, "0:0:0:0:0:0:0:1", 80), "");
    assert_string_equal(judge(lists, "::ffff:127.0.0.1", 80), "");
    assert_string_equal(judge(lists, "::ffff:7f00:1", 80), "");
    net_allow_destroy(lists);
}

static void only_a_public_address_is_open_without_an_entry_of_its_own(void **state)
{
    (void)state;
    static const char *const closed[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "168.63.129.16",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "2001:1ff::1",
        "2002:7f00:1::",
        "3fff::1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "4000::1",
    };
    static const char *const open[] = {
        "1.1.1.1",          "8.8.8.8",       "100.63.255.255",  "100.128.0.1",
        "172.15.0.1",       "172.32.0.1",    "169.253.1.1",     "192.167.1.1",
        "198.17.1.1",       "223.255.255.1", "2606:4700::1111", "2001:4860:4860::8888",
        "64:ff9b::8.8.8.8", "2a00:1450::1",  "::ffff:8.8.8.8"};
    struct net_allow *lists = lists_of(NULL, 0, NULL, 0);
    for (size_t i = 0; i < COUNT(closed) + COUNT(open); i++) {
        bool is_closed = i < COUNT(closed);
        const char *text = is_closed ? closed[i] : open[i - COUNT(closed)];
        struct net_address address;
        AUTO_TEXT struct text reason;
        text_init(&reason, 1024);
        assert_true(net_address_parse(text, strlen(text), &address));
        if (net_allow_address(lists, &address, 443, &reason) == is_closed) {
            fail_msg("%s: %s", text, text_string(&reason));
        }
        assert_int_equal(reason.len > 0, is_closed);
    }
    net_allow_destroy(lists);
}

static void an_entry_for_the_very_address_opens_a_private_one(void **state)
{
    (void)state;
    static const char *const allow[] = {"10.0.0.5:8080", "[fd00::5]:8080", "intranet.test"};
    static const char *const deny[] = {"5.5.5.5"};
    struct net_allow *lists = lists_of(allow, COUNT(allow), deny, COUNT(deny));
    AUTO_TEXT struct text reason;
    text_init(&reason, 1024);
    struct net_address address;
    assert_string_equal(judge(lists, "10.0.0.5", 8080), "");
    assert_string_equal(judge(lists, "::ffff:10.0.0.5", 8080), "");
    assert_string_equal(judge(lists, "fd00::5", 8080), "");
    assert_string_not_equal(judge(lists, "10.0.0.5", 80), "");
    assert_string_not_equal(judge(lists, "10.0.0.6", 8080), "");
    assert_true(net_address_parse("10.0.0.6", 8, &address));
    assert_false(net_allow_address(lists, &address, 443, &reason));
    assert_non_null(strstr(text_string(&reason), "private"));
    text_reset(&reason);
    assert_true(net_address_parse("5.5.5.5", 7, &address));
    assert_false(net_allow_address(lists, &address, 443, &reason)); /* whatever name led there */
    assert_non_null(strstr(text_string(&reason), "network_deny"));
    net_allow_destroy(lists);
}

static void an_entry_that_cannot_be_read_is_quoted(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "*",
        "*.",
        "**.example.org",
        "a.*.org",
        "*example.org",
        "exa mple",
        "http://x.org",
        "x.org/path",
        "x.org:0",
        "x.org:",
        "x.org:65536",
        "x.org:080",
        "x.org:-1",
        "x.org:80:80",
        "x.org:http",
        "[::1",
        "[::1]x",
        "[x.org]:80",
        "[1.2.3.4]",
        "::1:80:zz",
        "1.2.3",
        "0x7f.1",
        "*.1.2.3.4",
        "10.0.0.0/8",
        "x.org.",
        ".x.org",
        "x..org",
        "-x.org",
        "m\xc3\xbcller.example",
        "x@y.test",
        "x%41.org",
        "fe80::1%lo",
        "*:443",
        "x.org:*:*",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct net_allow *lists = NULL;
        struct beacon_error err = {0};
        const char *const list[] = {"good.example", bad[i]};
        assert_refused(net_allow_create(list, 2, NULL, 0, &lists, &err), BEACON_E_INVALID, &err);
        assert_non_null(strstr(err.message, bad[i]));
        assert_non_null(strstr(err.message, "network_allow"));
        assert_refused(net_allow_create(NULL, 0, list, 2, &lists, &err), BEACON_E_INVALID, &err);
        assert_non_null(strstr(err.message, "network_deny"));
        assert_null(lists);
    }
}

static void entries_may_be_written_in_each_of_the_documented_ways(void **state)
{
    (void)state;
    static const char *const good[] = {"x",
                                       "Example.ORG",
                                       "*.example.org:8443",
                                       "xn--mller-kva.example",
                                       "_srv.example",
                                       "1.2.3.4",
                                       "1.2.3.4:80",
                                       "::1",
                                       "[::1]",
                                       "[::1]:80",
                                       "2001:db8::1",
                                       "x:*",
                                       "a.b.c.d.e.f",
                                       "3com.example",
                                       "*.local"};
    struct net_allow *lists = lists_of(good, COUNT(good), good, COUNT(good));
    assert_string_not_equal(judge(lists, "x", 80), "");
    net_allow_destroy(lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_open_on_the_web_ports_only),
        cmocka_unit_test(a_star_covers_what_is_beneath_and_not_the_host),
        cmocka_unit_test(deny_wins_whatever_the_order),
        cmocka_unit_test(a_host_name_is_compared_byte_by_byte),
        cmocka_unit_test(a_host_name_has_the_lengths_of_the_name_system),
        cmocka_unit_test(no_odd_spelling_of_an_address_is_a_host),
        cmocka_unit_test(only_a_public_address_is_open_without_an_entry_of_its_own),
        cmocka_unit_test(an_entry_for_the_very_address_opens_a_private_one),
        cmocka_unit_test(an_entry_that_cannot_be_read_is_quoted),
        cmocka_unit_test(entries_may_be_written_in_each_of_the_documented_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
