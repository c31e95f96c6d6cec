/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "http/cassette.h"
#include "http/cassette_compare.h"

#define HEADER "{\"cassette\":1,\"version\":\"0\",\"thread_id\":\"t\",\"created\":1}\n"
#define REQUEST                                                                                    \
    "{\"type\":\"request\",\"n\":1,\"ms\":0,\"method\":\"POST\",\"url\":\"http://h/\","            \
    "\"headers\":[[\"accept\",\"x\"]],\"body\":{\"a\":[1,{\"b\":\"two\"}]}}\n"
#define ANSWER                                                                                     \
    "{\"type\":\"response\",\"n\":1,\"ms\":1,\"status\":200,\"headers\":[]}\n"                     \
    "{\"type\":\"frame\",\"n\":1,\"ms\":2,\"event\":\"e\",\"data\":\"one\"}\n"                     \
    "{\"type\":\"frame\",\"n\":1,\"ms\":3,\"data_base64\":\"/w==\"}\n"                             \
    "{\"type\":\"end\",\"n\":1,\"ms\":4,\"how\":\"ok\"}\n"

static void cassette_is_read_with_bodies_as_they_were(void **state)
{
    (void)state;
    static const char text[] = HEADER REQUEST ANSWER;
    struct cassette cassette = {0};
    struct beacon_error err = {.struct_size = sizeof err};
    assert_ok(cassette_read_bytes("c", text, sizeof text - 1, &cassette, &err), &err);
    assert_int_equal(cassette.n_exchanges, 1);
    const struct cassette_exchange *exchange = &cassette.exchanges[0];
    static const char body[] = "{\"a\":[1,{\"b\":\"two\"}]}";
    assert_int_equal(exchange->request.body.n, sizeof body - 1);
    assert_memory_equal(exchange->request.body.p, body, sizeof body - 1);
    assert_true(exchange->has_ended);
    cassette_finish(&cassette);
}

/* The whole sentence of a refusal. */
static void assert_refused_with(const char *text, const char *words)
{
    struct cassette cassette = {0};
    struct beacon_error err = {.struct_size = sizeof err};
    assert_int_not_equal(cassette_read_bytes("c", text, strlen(text), &cassette, &err), BEACON_OK);
    assert_non_null(strstr(err.message, words));
    assert_string_not_equal(err.hint, "");
}

static void what_is_no_cassette_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused_with("", "c, line 1: ");
    assert_refused_with("hello\n", "c, line 1: ");
    assert_refused_with("{\"cassette\":2}\n", "c, line 1: ");
    assert_refused_with(HEADER "{\"type\":\"odd\"}\n", "c, line 2: ");
    assert_refused_with(HEADER REQUEST "{\"type\":\"frame\",\"n\":7,\"ms\":1,\"data\":\"x\"}\n",
                        "c, line 3: ");
    assert_refused_with(HEADER REQUEST "{\"type\":\"frame\",\"n\":1", "c, line 3: ");
}

static void cassette_cut_at_any_byte_does_no_harm(void **state)
{
    (void)state;
    static const char text[] = HEADER REQUEST ANSWER;
    for (size_t n = 0; n < sizeof text; n++) {
        AUTO_FREE char *copy = alloc_string_n(text, n < sizeof text - 1 ? n : sizeof text - 1);
        struct cassette cassette = {0};
        struct beacon_error err = {.struct_size = sizeof err};
        if (cassette_read_bytes("c", copy, strlen(copy), &cassette, &err) == BEACON_OK) {
            assert_in_range(cassette.n_exchanges, 0, 1);
        } else {
            assert_string_not_equal(err.message, "");
        }
        cassette_finish(&cassette);
    }
}

static void first_difference_is_named_with_its_place(void **state)
{
    (void)state;
    static const char text[] = HEADER REQUEST ANSWER;
    struct cassette cassette = {0};
    struct beacon_error err = {.struct_size = sizeof err};
    assert_ok(cassette_read_bytes("c", text, sizeof text - 1, &cassette, &err), &err);
    struct cassette_request other = cassette.exchanges[0].request;
    static const char body[] = "{\"a\":[1,{\"b\":\"too\"}]}";
    other.body = (struct beacon_bytes){(const uint8_t *)body, sizeof body - 1};
    AUTO_TEXT struct text words;
    text_init(&words, 4096);
    assert_true(
        cassette_compare(&cassette.exchanges[0].request, &cassette.exchanges[0].request, &words));
    assert_false(cassette_compare(&cassette.exchanges[0].request, &other, &words));
    assert_non_null(strstr(text_string(&words), "$.a[1].b"));
    assert_non_null(strstr(text_string(&words), "at byte 1"));
    cassette_finish(&cassette);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cassette_is_read_with_bodies_as_they_were),
        cmocka_unit_test(what_is_no_cassette_is_refused_with_its_line),
        cmocka_unit_test(cassette_cut_at_any_byte_does_no_harm),
        cmocka_unit_test(first_difference_is_named_with_its_place),
    };
    return cmocka_run_group_tests_name("http/cassette", tests, NULL, NULL);
}
