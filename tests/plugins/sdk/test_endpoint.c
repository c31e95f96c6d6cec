/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/endpoint_quirks.h>
#include <beacon-sdk/endpoint_request.h>

#define H "\"base_url\":\"http://h/v1\""

struct quirks {
    uint32_t role;
    struct beacon_str version;
    bool is_parallel;
    int64_t context;
    struct beacon_quirk_list names;
};

static const char *const roles[] = {"system", "developer", "", NULL};
static const char *const own_fields[] = {"model", "stream", NULL};

static const struct beacon_quirk rows[] = {
    {"role", offsetof(struct quirks, role), BEACON_QUIRK_CHOICE, roles, 0, 0},
    {"version", offsetof(struct quirks, version), BEACON_QUIRK_TEXT, NULL, 0, 0},
    {"parallel", offsetof(struct quirks, is_parallel), BEACON_QUIRK_BOOL, NULL, 0, 0},
    {"context", offsetof(struct quirks, context), BEACON_QUIRK_INT, NULL, 1, 1000},
    {"names", offsetof(struct quirks, names), BEACON_QUIRK_LIST, NULL, 0, 0},
};

static struct beacon_error err;

/* An endpoint whose configuration is good. */
static struct beacon_endpoint endpoint_of(const char *json)
{
    struct beacon_endpoint endpoint;
    memset(&err, 0, sizeof err);
    assert_ok(beacon_endpoint_parse(beacon_text(json), &endpoint, &err), &err);
    return endpoint;
}

static beacon_rc read_quirks(struct beacon_endpoint *endpoint, struct quirks *ret)
{
    memset(&err, 0, sizeof err);
    return beacon_endpoint_quirks(endpoint, rows, sizeof rows / sizeof rows[0], ret, &err);
}

static void quirks_fill_their_fields_and_leave_the_others(void **state)
{
    struct quirks quirks = {.role = 7, .context = 9, .is_parallel = true};
    (void)state;
    struct beacon_endpoint endpoint =
        endpoint_of("{" H ",\"quirks\":{\"role\":\"devel\\u006fper\",\"version\":\"a\\/\\u00e9\","
                    "\"names\":[\"x\",\"y\\n\"],\"context\":null}}");
    assert_ok(read_quirks(&endpoint, &quirks), &err);
    assert_int_equal(quirks.role, 1);
    assert_true(beacon_span_is(quirks.version, "a/\xc3\xa9"));
    assert_int_equal(quirks.names.n, 2);
    assert_true(beacon_span_is(quirks.names.at[1], "y\n"));
    assert_int_equal(quirks.context, 9);
    assert_true(quirks.is_parallel);
    beacon_endpoint_finish(&endpoint);
}

static void a_wrong_quirk_is_refused_by_its_name(void **state)
{
    static const struct {
        const char *quirks, *message;
    } wrong[] = {
        {"\"role\":\"user\"", "quirks.role must be one of 'system', 'developer', ''"},
        {"\"role\":1", "quirks.role must be one of 'system', 'developer', ''"},
        {"\"version\":[]", "quirks.version must be a string"},
        {"\"parallel\":\"true\"", "quirks.parallel must be true or false"},
        {"\"context\":0", "quirks.context must be a whole number from 1 to 1000"},
        {"\"context\":1.5", "quirks.context must be a whole number from 1 to 1000"},
        {"\"names\":[1]", "quirks.names must be a list of at most 8 strings"},
        {"\"names\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]",
         "quirks.names must be a list of at most 8 strings"},
        {"\"rolle\":\"system\"", "quirks.rolle means nothing to this wire"},
        {"\"parallel\":true,\"\":1", "quirks. means nothing to this wire"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char json[256];
        struct quirks quirks = {0};
        (void)snprintf(json, sizeof json, "{" H ",\"quirks\":{%s}}", wrong[i].quirks);
        struct beacon_endpoint endpoint = endpoint_of(json);
        assert_refused(read_quirks(&endpoint, &quirks), BEACON_E_INVALID, &err);
        assert_string_equal(err.message, wrong[i].message);
        beacon_endpoint_finish(&endpoint);
    }
}

static void an_extra_that_the_wire_writes_is_refused_by_its_name(void **state)
{
    (void)state;
    struct beacon_endpoint endpoint =
        endpoint_of("{" H ",\"extra\":{\"a\":1,\"str\\u0065am\":false}}");
    assert_refused(beacon_endpoint_check_extra(&endpoint, own_fields, &err), BEACON_E_INVALID,
                   &err);
    assert_string_equal(err.message, "extra.str\\u0065am is written by the provider itself");
    beacon_endpoint_finish(&endpoint);
    endpoint = endpoint_of("{" H "}");
    assert_ok(beacon_endpoint_check_extra(&endpoint, own_fields, &err), &err);
    beacon_endpoint_finish(&endpoint);
}

static void extra_is_appended_as_it_was_written_and_the_turns_wins(void **state)
{
    struct beacon_json_out out;
    (void)state;
    struct beacon_endpoint endpoint =
        endpoint_of("{" H ",\"extra\": { \"a\" : [ 1, 2 ], \"b\":\"\\u00e9\", \"c\":null}}");
    beacon_json_out_init(&out, 1000);
    beacon_json_begin_object(&out);
    beacon_json_put_member(&out, "model", BEACON_STR("m"));
    beacon_endpoint_put_extra(&endpoint, BEACON_STR("{\"b\":2,\"model\":\"x\"}"), own_fields, &out);
    beacon_json_end_object(&out);
    assert_true(beacon_span_is(beacon_json_out_text(&out),
                               "{\"model\":\"m\",\"a\":[ 1, 2 ],\"c\":null,\"b\":2}"));
    beacon_json_out_finish(&out);
    beacon_endpoint_finish(&endpoint);
}

static void a_url_is_base_path_and_every_query(void **state)
{
    static const struct {
        const char *config, *path, *url;
    } urls[] = {
        {"{\"base_url\":\"http://h/v1//\"}", "chat/completions", "http://h/v1/chat/completions"},
        {"{\"base_url\":\"http://h/v1\"}", "", "http://h/v1"},
        {"{\"base_url\":\"http://h/v1?\"}", "a", "http://h/v1/a"},
        {"{\"base_url\":\"http://h/v1/?k=1\",\"query_params\":{\"b c\":\"&\"}}", "m:go?alt=sse",
         "http://h/v1/m:go?k=1&alt=sse&b%20c=%26"},
        {"{\"base_url\":\"http://h\",\"query_params\":{\"a\":\"\",\"b\":\"\\u0000\"}}", "x",
         "http://h/x?a=&b=%00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct beacon_json_out out;
        struct beacon_endpoint endpoint = endpoint_of(urls[i].config);
        beacon_json_out_init(&out, BEACON_ENDPOINT_URL_MAX);
        assert_ok(beacon_endpoint_url(&endpoint, beacon_text(urls[i].path), &out, &err), &err);
        assert_int_equal(out.n, strlen(urls[i].url));
        assert_memory_equal(out.p, urls[i].url, out.n);
        beacon_json_out_finish(&out);
        beacon_endpoint_finish(&endpoint);
    }
}

static void an_endless_url_is_refused(void **state)
{
    char json[9000];
    struct beacon_json_out out;
    (void)state;
    (void)snprintf(json, sizeof json, "{\"base_url\":\"http://%08500d\"}", 0);
    struct beacon_endpoint endpoint = endpoint_of(json);
    beacon_json_out_init(&out, BEACON_ENDPOINT_URL_MAX);
    assert_refused(beacon_endpoint_url(&endpoint, BEACON_STR("x"), &out, &err), BEACON_E_INVALID,
                   &err);
    beacon_json_out_finish(&out);
    beacon_endpoint_finish(&endpoint);
}

static void configured_headers_replace_those_of_the_wire(void **state)
{
    struct beacon_kv *headers = NULL;
    size_t n = 0;
    const struct beacon_kv own[] = {{BEACON_STR("Accept"), BEACON_STR("a/b")},
                                    {BEACON_STR("X-Empty"), BEACON_STR("")},
                                    {BEACON_STR("X-Own"), BEACON_STR("1")}};
    (void)state;
    struct beacon_endpoint endpoint =
        endpoint_of("{" H ",\"http_headers\":{\"accept\":\"c/d\",\"x-team\":\"t\"}}");
    assert_ok(beacon_endpoint_headers(&endpoint, own, 3, &headers, &n, &err), &err);
    assert_int_equal(n, 3);
    for (size_t i = 0; headers != NULL && i < n; i++) {
        assert_true(beacon_span_is(headers[i].k, i == 0 ? "X-Own" : i == 1 ? "accept" : "x-team"));
        assert_true(beacon_span_is(headers[i].v, i == 0 ? "1" : i == 1 ? "c/d" : "t"));
    }
    free(headers);
    beacon_endpoint_finish(&endpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quirks_fill_their_fields_and_leave_the_others),
        cmocka_unit_test(a_wrong_quirk_is_refused_by_its_name),
        cmocka_unit_test(an_extra_that_the_wire_writes_is_refused_by_its_name),
        cmocka_unit_test(extra_is_appended_as_it_was_written_and_the_turns_wins),
        cmocka_unit_test(a_url_is_base_path_and_every_query),
        cmocka_unit_test(an_endless_url_is_refused),
        cmocka_unit_test(configured_headers_replace_those_of_the_wire),
    };
    return cmocka_run_group_tests_name("sdk/endpoint", tests, NULL, NULL);
}
