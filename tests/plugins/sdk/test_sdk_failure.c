/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/failure.h>

static void write_object(struct beacon_json_out *out, struct beacon_str object)
{
    beacon_json_out_bytes(out, object.p, object.n);
}

static int64_t own_delay(struct beacon_str object)
{
    struct beacon_str value;
    return beacon_json_member(object, "wait", &value) ? beacon_json_integer(value, -1) : -1;
}

static const struct beacon_failure_code codes[] = {
    {"bad", "too long", {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", BEACON_PIECE_MESSAGE, NULL}},
    {"bad", NULL, {BEACON_VERDICT_FATAL, BEACON_E_INVALID, "no: ", BEACON_PIECE_MESSAGE, NULL}},
    {"SPENT", NULL, {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, "spent ", 0, write_object}},
    {NULL, NULL, {BEACON_VERDICT_RETRY, BEACON_E_IO, "broken: ", BEACON_PIECE_MESSAGE, NULL}},
};
static const struct beacon_failure_wire wire = {codes, own_delay};

struct told {
    struct beacon_failure failure;
    struct beacon_answer answer;
};

static int begin(void **state)
{
    struct told *t = calloc(1, sizeof *t);
    *state = t;
    beacon_failure_init(&t->failure);
    beacon_answer_init(&t->answer);
    return 0;
}

static int end(void **state)
{
    struct told *t = *state;
    beacon_failure_finish(&t->failure);
    beacon_answer_finish(&t->answer);
    free(t);
    return 0;
}

static void refuse(struct told *t, int32_t status, const char *body,
                   const struct beacon_kv *headers, size_t n)
{
    const struct beacon_http_response response = {.struct_size = (uint32_t)sizeof response,
                                                  .status = status,
                                                  .headers = headers,
                                                  .n_headers = n};
    const struct beacon_bytes bytes = {(const uint8_t *)body, strlen(body)};
    beacon_answer_reset(&t->answer);
    beacon_answer_begin(&t->answer, &response, NULL);
    beacon_answer_add(&t->answer, bytes);
    beacon_failure_of_answer(&t->failure, &wire, &t->answer, BEACON_STR("http://h/x?key=secret"));
}

static void check(const struct told *t, uint32_t verdict, int64_t after_ms, const char *message)
{
    const struct beacon_str text = beacon_json_out_text(&t->failure.message);
    char found[512];
    (void)snprintf(found, sizeof found, "%.*s", (int)text.n, text.p);
    assert_string_equal(found, message);
    assert_int_equal(t->failure.verdict, verdict);
    assert_int_equal(t->failure.after_ms, after_ms);
}

static void every_place_of_an_error_object_is_known(void **state)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        {"{\"error\":{\"message\":\"m\"}}", "m"},
        {"[{\"error\":{\"message\":\"m\"}}]", "m"},
        {"{\"error\":\"m\"}", "m"},
        {"{\"object\":\"error\",\"message\":\"m\"}", "m"},
        {"{\"detail\":\"m\"}\n", "m"},
        {"<html>", "<html>"},
        {"[]", "[]"},
        {"{\"error\":null}", "{\"error\":null}"},
    };
    struct told *t = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char message[256];
        refuse(t, 404, rows[i].body, NULL, 0);
        (void)snprintf(message, sizeof message,
                       "unexpected status 404 Not Found: %s, url: http://h/x", rows[i].message);
        check(t, BEACON_VERDICT_FATAL, -1, message);
    }
}

static void a_code_makes_a_status_more_precise(void **state)
{
    struct told *t = *state;
    refuse(t, 400, "{\"error\":{\"type\":\"bad\",\"message\":\"Prompt is TOO LONG: 9\"}}", NULL, 0);
    assert_int_equal(t->failure.verdict, BEACON_VERDICT_TOO_LONG);
    refuse(t, 400, "{\"error\":{\"type\":\"bad\",\"message\":\"other\"}}", NULL, 0);
    assert_int_equal(t->failure.verdict, BEACON_VERDICT_FATAL);
    refuse(t, 429, "{\"error\":{\"code\":429,\"status\":\"SPENT\"}}", NULL, 0);
    check(t, BEACON_VERDICT_FATAL, -1, "spent {\"code\":429,\"status\":\"SPENT\"}");
    refuse(t, 500, "{\"error\":{\"type\":\"bad\",\"message\":\"too long\"}}", NULL, 0);
    assert_int_equal(t->failure.verdict, BEACON_VERDICT_TOO_LONG);
}

static void the_header_wins_over_the_body_and_the_finer_over_the_coarser(void **state)
{
    static const struct beacon_kv both[] = {{{"Retry-After-Ms", 14}, {"1500", 4}},
                                            {{"retry-after", 11}, {"2", 1}}};
    struct told *t = *state;
    const char *last = "exceeded retry limit, last status: 429 Too Many Requests";
    refuse(t, 429, "{\"error\":{\"wait\":9}}", both, 2);
    check(t, BEACON_VERDICT_RETRY, 1500, last);
    refuse(t, 429, "{\"error\":{\"wait\":9}}", both + 1, 1);
    check(t, BEACON_VERDICT_RETRY, 2000, last);
    refuse(t, 429, "{\"error\":{\"wait\":9,\"resets_in_seconds\":5}}", NULL, 0);
    check(t, BEACON_VERDICT_RETRY, 9, last);
    refuse(t, 429, "{\"error\":{\"resets_in_seconds\":5}}", NULL, 0);
    check(t, BEACON_VERDICT_RETRY, 5000, last);
}

static void the_best_name_of_the_exchange_is_told(void **state)
{
    static const struct beacon_kv names[] = {{{"CF-Ray", 6}, {"ray", 3}},
                                             {{"request-id", 10}, {"req_1", 5}},
                                             {{"apim-request-id", 15}, {"apim", 4}}};
    struct told *t = *state;
    refuse(t, 429, "", names, 3);
    check(t, BEACON_VERDICT_RETRY, -1,
          "exceeded retry limit, last status: 429 Too Many Requests, request id: req_1");
}

static void an_error_in_the_stream_has_its_row_or_the_last(void **state)
{
    struct told *t = *state;
    beacon_failure_of_error(&t->failure, &wire, BEACON_STR("{\"code\":\"bad\",\"message\":\"m\"}"));
    check(t, BEACON_VERDICT_FATAL, -1, "no: m");
    beacon_failure_of_error(&t->failure, &wire, BEACON_STR("{\"type\":\"odd\",\"wait\":7}"));
    check(t, BEACON_VERDICT_RETRY, 7, "broken: odd");
    beacon_failure_of_error(&t->failure, &wire, BEACON_STR("7"));
    check(t, BEACON_VERDICT_RETRY, -1, "broken: the server gave no reason");
    beacon_failure_closed_early(&t->failure, "[DONE]");
    check(t, BEACON_VERDICT_RETRY, -1,
          "stream disconnected before completion: stream closed before [DONE]");
}

#define FAILURE_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAILURE_TEST(every_place_of_an_error_object_is_known),
        FAILURE_TEST(a_code_makes_a_status_more_precise),
        FAILURE_TEST(the_header_wins_over_the_body_and_the_finer_over_the_coarser),
        FAILURE_TEST(the_best_name_of_the_exchange_is_told),
        FAILURE_TEST(an_error_in_the_stream_has_its_row_or_the_last),
    };
    return cmocka_run_group_tests_name("sdk/failure", tests, NULL, NULL);
}
