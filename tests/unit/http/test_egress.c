/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "http/egress.h"
#include "http/host_pattern.h"
#include "http/request.h"

/* May a list of one entry be connected to by this URL? */
static bool allows(const char *entry, const char *url)
{
    struct egress *egress = NULL;
    struct beacon_error err = {0};
    assert_ok(egress_create(&entry, 1, "here:1", &egress, &err), &err);
    int rc = egress_judge(egress, url, "", &err);
    assert_true(rc == BEACON_OK || (rc == BEACON_E_REFUSED && err.flags == HTTP_ERROR_PERMANENT));
    egress_destroy(egress);
    return rc == BEACON_OK;
}

static void a_host_is_open_on_every_port_and_with_a_port_on_that_one(void **state)
{
    (void)state;
    assert_true(allows("a.example", "https://a.example/v1"));
    assert_true(allows("A.Example.", "http://a.example:8080"));
    assert_true(allows("a.example", "https://A.EXAMPLE./"));
    assert_true(allows("a.example:443", "https://a.example"));
    assert_true(allows("a.example:80", "http://a.example?x"));
    assert_false(allows("a.example:443", "http://a.example"));
    assert_false(allows("a.example", "https://b.a.example"));
    assert_false(allows("a.example", "https://a.example.org"));
    assert_false(allows("a.example", "https://xa.example"));
}

static void a_star_is_what_is_beneath_and_not_the_host_itself(void **state)
{
    (void)state;
    assert_true(allows("*.a.example", "https://b.a.example"));
    assert_true(allows("*.a.example:443", "https://c.b.a.example"));
    assert_false(allows("*.a.example", "https://a.example"));
    assert_false(allows("*.a.example", "https://ba.example"));
    assert_false(allows("*.a.example", "https://.a.example"));
}

static void addresses_are_themselves_only(void **state)
{
    (void)state;
    assert_true(allows("::1", "http://[::1]:8080/"));
    assert_true(allows("[::1]:8080", "http://[::1]:8080/"));
    assert_true(allows("127.0.0.1", "http://127.0.0.1:1/"));
    assert_false(allows("127.0.0.1", "http://127.1/"));
    assert_false(allows("127.0.0.1", "http://2130706433/"));
    assert_false(allows("[::1]:8080", "http://[::1]:8081/"));
}

static void what_is_before_an_at_or_behind_a_slash_is_no_host(void **state)
{
    (void)state;
    assert_false(allows("good.example", "https://good.example@evil.example/"));
    assert_false(allows("good.example", "https://evil.example/@good.example"));
    assert_false(allows("good.example", "https://evil.example?@good.example"));
    assert_false(allows("good.example", "https://evil.example#good.example"));
    assert_false(allows("good.example", "https://evil.example:443/good.example"));
    assert_true(allows("good.example", "https://user:pass@good.example/"));
}

static void an_empty_list_allows_nothing_and_no_list_everything(void **state)
{
    struct egress *egress = NULL;
    struct beacon_error err = {0};
    (void)state;
    assert_ok(egress_create(NULL, 0, "here:1", &egress, &err), &err);
    assert_refused(egress_judge(egress, "https://a.example", "", &err), BEACON_E_REFUSED, &err);
    assert_string_equal(err.message,
                        "no connection to a.example:443: network.allow does not name it (here:1)");
    assert_int_equal(egress_judge(NULL, "https://a.example", "", &err), BEACON_OK);
    egress_destroy(egress);
}

static void what_is_no_host_is_no_entry(void **state)
{
    static const char *const bad[] = {"",    "*",       "*.",  "a/b",  "https://a", "a b",
                                      "a:0", "a:65536", "a:x", "[::1", "[::1]x",    "a,b",
                                      "a@b", "a\nb",    "a:",  "[]",   "*.*.a",     "a:123456"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct egress *egress = NULL;
        struct beacon_error err = {0};
        assert_refused(egress_create(&bad[i], 1, "here:1", &egress, &err), BEACON_E_INVALID, &err);
        assert_null(egress);
    }
}

static void a_host_that_is_too_long_is_nobody(void **state)
{
    char url[1024] = "https://";
    struct host_and_port to;
    (void)state;
    memset(url + 8, 'a', 900);
    host_and_port_of(url, &to);
    assert_string_equal(to.host, "");
    assert_false(allows("a", url));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_open_on_every_port_and_with_a_port_on_that_one),
        cmocka_unit_test(a_star_is_what_is_beneath_and_not_the_host_itself),
        cmocka_unit_test(addresses_are_themselves_only),
        cmocka_unit_test(what_is_before_an_at_or_behind_a_slash_is_no_host),
        cmocka_unit_test(an_empty_list_allows_nothing_and_no_list_everything),
        cmocka_unit_test(what_is_no_host_is_no_entry),
        cmocka_unit_test(a_host_that_is_too_long_is_nobody),
    };
    return cmocka_run_group_tests_name("http/egress", tests, NULL, NULL);
}
