/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

#define URL             "http://127.0.0.1:1/v1/responses"
#define HIGH_DEMAND     "We’re currently experiencing high demand, which may cause temporary errors."
#define QUOTA           "Quota exceeded. Check your plan and billing details."
#define ERROR_(members) "{\"error\":{" members "}}"

static struct harness h;

static void send_request(void)
{
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"),
                                    .effort = SPAN("low"), .reasoning_summary = SPAN("auto"))),
              &h.err);
    (void)harness_request(&h);
}

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_responses");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1/v1\"}"), &h.err);
    send_request();
    return 0;
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static void check(uint32_t verdict, beacon_rc code, uint32_t after_ms, const char *message)
{
    const struct beacon_verdict found = harness_judge(&h);
    assert_string_equal(harness_message(&found), message);
    assert_int_equal(found.verdict, verdict);
    assert_int_equal(found.code, code);
    assert_int_equal(found.after_ms, after_ms);
    assert_int_equal(h.err.code, code);
    assert_string_not_equal(h.err.message, "");
    assert_string_not_equal(h.err.hint, "");
}

enum { FATAL = 0, RETRY = 1, REAUTH = 2, TOO_LONG = 3 };

static void every_status_has_its_verdict_and_words(void **state)
{
    static const struct {
        int status;
        const char *body;
        uint32_t verdict;
        beacon_rc code;
        const char *message;
    } rows[] = {
        {400, "{\"detail\":\"bad\"}", FATAL, BEACON_E_INVALID, "{\"detail\":\"bad\"}"},
        {400, "", FATAL, BEACON_E_INVALID, "unexpected status 400 Bad Request"},
        {400, ERROR_("\"code\":\"context_length_exceeded\",\"message\":\"m\""), TOO_LONG,
         BEACON_E_LIMIT, ERROR_("\"code\":\"context_length_exceeded\",\"message\":\"m\"")},
        {401, ERROR_("\"message\":\"Bad \\\"key\\\"\""), REAUTH, BEACON_E_AUTH,
         "unexpected status 401 Unauthorized: Bad \"key\", url: " URL},
        {401, "", REAUTH, BEACON_E_AUTH, "unexpected status 401 Unauthorized, url: " URL},
        {403, "<html>no</html>", FATAL, BEACON_E_AUTH,
         "unexpected status 403 Forbidden: <html>no</html>"},
        {404, ERROR_("\"message\":\"no such model\""), FATAL, BEACON_E_NOT_FOUND,
         "unexpected status 404 Not Found: no such model, url: " URL},
        {404, "<html>", FATAL, BEACON_E_NOT_FOUND,
         "unexpected status 404 Not Found: <html>, url: " URL},
        {408, "x", FATAL, BEACON_E_PROTOCOL, "unexpected status 408 Request Timeout: x"},
        {409, " \n", FATAL, BEACON_E_PROTOCOL, "unexpected status 409 Conflict"},
        {413, "x", TOO_LONG, BEACON_E_LIMIT, "unexpected status 413 Payload Too Large: x"},
        {302, "", FATAL, BEACON_E_PROTOCOL, "unexpected status 302 Found"},
        {499, "x", FATAL, BEACON_E_PROTOCOL, "unexpected status 499: x"},
        {429, "", RETRY, BEACON_E_LIMIT,
         "exceeded retry limit, last status: 429 Too Many Requests"},
        {429, ERROR_("\"code\":\"rate_limit_exceeded\",\"message\":\"slow\""), RETRY,
         BEACON_E_LIMIT, "exceeded retry limit, last status: 429 Too Many Requests"},
        {429, ERROR_("\"type\":\"insufficient_quota\""), FATAL, BEACON_E_LIMIT, QUOTA},
        {429, ERROR_("\"code\":\"insufficient_quota\""), FATAL, BEACON_E_LIMIT, QUOTA},
        {429, ERROR_("\"type\":\"usage_not_included\""), FATAL, BEACON_E_LIMIT,
         "Your plan does not include this model. Upgrade the plan, or use an API key."},
        {500, "<html>oops", RETRY, BEACON_E_IO, HIGH_DEMAND},
        {502, "", RETRY, BEACON_E_IO, HIGH_DEMAND},
        {503, ERROR_("\"message\":\"busy\""), RETRY, BEACON_E_IO, HIGH_DEMAND},
        {529, "{", RETRY, BEACON_E_IO, HIGH_DEMAND},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        assert_refused(harness_refuse(&h, rows[i].status, NULL, NULL, rows[i].body), rows[i].code,
                       &h.err);
        check(rows[i].verdict, rows[i].code, 0, rows[i].message);
    }
}

static void a_used_up_plan_says_when_to_come_back(void **state)
{
    static const struct {
        const char *members, *message;
    } rows[] = {
        {"\"plan_type\":\"plus\",\"resets_in_seconds\":12720",
         "You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro) or try "
         "again in 3 hours 32 minutes."},
        {"\"plan_type\":\"team\",\"resets_in_seconds\":3600",
         "You’ve hit your usage limit. Try again in 1 hour."},
        {"\"resets_in_seconds\":90061", "You’ve hit your usage limit. Try again in 1 day 1 hour."},
        {"\"resets_in_seconds\":1", "You’ve hit your usage limit. Try again in 1 minute."},
        {"\"resets_in_seconds\":0", "You’ve hit your usage limit. Try again in a minute."},
        {"\"resets_in_seconds\":5,\"resets_at\":1772366400",
         "You’ve hit your usage limit. Try again at 2026-03-01 12:00 UTC."},
        {"\"resets_in_seconds\":\"soon\"", "You’ve hit your usage limit. Try again later."},
        {"\"resets_at\":9223372036854775807", "You’ve hit your usage limit. Try again later."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[256];
        (void)snprintf(body, sizeof body, "{\"error\":{\"type\":\"usage_limit_reached\",%s}}",
                       rows[i].members);
        send_request();
        assert_refused(harness_refuse(&h, 429, NULL, NULL, body), BEACON_E_LIMIT, &h.err);
        check(FATAL, BEACON_E_LIMIT, 0, rows[i].message);
    }
}

static void the_servers_delay_is_taken_from_header_body_or_words(void **state)
{
    static const struct {
        const char *header, *body;
        uint32_t after_ms;
    } rows[] = {
        {"2", "", 2000},
        {"0.5", "", 500},
        {"Tue, 14 Nov 2023 22:13:50 GMT", "", 30000},
        {"7", ERROR_("\"resets_in_seconds\":9"), 7000},
        {"soon", ERROR_("\"resets_in_seconds\":9"), 9000},
        {"soon", ERROR_("\"message\":\"Please try again in 1.5s.\""), 1500},
        {"soon", ERROR_("\"message\":\"later\""), 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        (void)harness_refuse(&h, 429, "retry-after", rows[i].header, rows[i].body);
        check(RETRY, BEACON_E_LIMIT, rows[i].after_ms,
              "exceeded retry limit, last status: 429 Too Many Requests");
    }
}

static void the_request_id_is_told(void **state)
{
    (void)state;
    (void)harness_refuse(&h, 429, "X-Request-Id", "req_7", "");
    check(RETRY, BEACON_E_LIMIT, 0,
          "exceeded retry limit, last status: 429 Too Many Requests, request id: req_7");
}

static void a_key_in_the_query_is_not_told(void **state)
{
    (void)state;
    harness_close(&h);
    harness_init(&h, "provider_responses");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1/v1\","
                                 "\"query_params\":{\"api-key\":\"hidden\"}}"),
              &h.err);
    send_request();
    (void)harness_refuse(&h, 404, NULL, NULL, "gone");
    check(FATAL, BEACON_E_NOT_FOUND, 0, "unexpected status 404 Not Found: gone, url: " URL);
}

static void failed_events_have_their_verdict_and_words(void **state)
{
    static const struct {
        const char *error;
        uint32_t verdict;
        beacon_rc code;
        uint32_t after_ms;
        const char *message;
    } rows[] = {
        {"{\"code\":\"context_length_exceeded\",\"message\":\"m\"}", TOO_LONG, BEACON_E_LIMIT, 0,
         "Codex ran out of room in the model's context window. Start a new thread or clear "
         "earlier history before retrying."},
        {"{\"code\":\"insufficient_quota\",\"message\":\"m\"}", FATAL, BEACON_E_LIMIT, 0, QUOTA},
        {"{\"code\":\"rate_limit_exceeded\",\"message\":\"Too fast. Please try again in 1.5s.\"}",
         RETRY, BEACON_E_LIMIT, 1500, "rate limit exceeded: Too fast. Please try again in 1.5s."},
        {"{\"code\":\"invalid_prompt\",\"message\":\"Not \\u00e9.\"}", FATAL, BEACON_E_INVALID, 0,
         "Not \xc3\xa9."},
        {"{\"code\":\"cyber_policy\",\"message\":\"no\"}", FATAL, BEACON_E_INVALID, 0, "no"},
        {"{\"code\":\"server_is_overloaded\",\"message\":\"busy\"}", RETRY, BEACON_E_IO, 0,
         "stream disconnected before completion: busy"},
        {"{\"code\":\"slow_down\",\"message\":\"x\"}", RETRY, BEACON_E_IO, 0,
         "stream disconnected before completion: x"},
        {"{\"code\":\"server_error\",\"message\":\"\"}", RETRY, BEACON_E_IO, 0,
         "stream disconnected before completion: server_error"},
        {"null", RETRY, BEACON_E_IO, 0,
         "stream disconnected before completion: the server gave no reason"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char frame[512];
        (void)snprintf(frame, sizeof frame,
                       "{\"type\":\"response.failed\",\"response\":{\"error\":%s}}", rows[i].error);
        send_request();
        assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
        assert_refused(harness_frame(&h, frame), rows[i].code, &h.err);
        check(rows[i].verdict, rows[i].code, rows[i].after_ms, rows[i].message);
    }
}

static void an_error_event_counts_wherever_its_words_stand(void **state)
{
    static const char *const frames[] = {
        "{\"type\":\"error\",\"code\":\"insufficient_quota\",\"message\":\"m\"}",
        "{\"type\":\"error\",\"error\":{\"type\":\"insufficient_quota\",\"message\":\"m\"}}",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        send_request();
        assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
        assert_refused(harness_frame(&h, frames[i]), BEACON_E_LIMIT, &h.err);
        check(FATAL, BEACON_E_LIMIT, 0, QUOTA);
    }
}

static void an_incomplete_response_is_not_asked_for_again(void **state)
{
    (void)state;
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    assert_refused(harness_frame(&h, "{\"type\":\"response.incomplete\",\"response\":{"
                                     "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}}}"),
                   BEACON_E_LIMIT, &h.err);
    check(FATAL, BEACON_E_LIMIT, 0, "Incomplete response returned, reason: max_output_tokens");
}

static void a_first_failure_is_not_overwritten_by_the_end(void **state)
{
    (void)state;
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    (void)harness_frame(&h, "{\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":"
                            "\"invalid_prompt\",\"message\":\"why\"}}}");
    assert_refused(harness_end(&h, BEACON_END_OK), BEACON_E_INVALID, &h.err);
    check(FATAL, BEACON_E_INVALID, 0, "why");
}

static void no_answer_at_all_is_worth_a_retry(void **state)
{
    (void)state;
    assert_refused(harness_end(&h, BEACON_END_TRUNCATED), BEACON_E_PROTOCOL, &h.err);
    check(RETRY, BEACON_E_PROTOCOL, 0,
          "stream disconnected before completion: stream closed before response.completed");
}

#define NO_SUMMARY                                                                                 \
    ERROR_("\"message\":\"m\",\"param\":\"reasoning.summary\",\"code\":\"unsupported_value\"")

static void a_refused_summary_is_left_out_once(void **state)
{
    (void)state;
    assert_ok(harness_refuse(&h, 400, NULL, NULL, NO_SUMMARY), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    const struct beacon_str body = {(const char *)rq->body.p, rq->body.n};
    assert_true(beacon_span_contains(body, "\"reasoning\":{\"effort\":\"low\"},\"store\""));
    assert_refused(harness_refuse(&h, 400, NULL, NULL, NO_SUMMARY), BEACON_E_INVALID, &h.err);
    check(FATAL, BEACON_E_INVALID, 0, NO_SUMMARY);
}

#define UNREADABLE ERROR_("\"message\":\"m\",\"code\":\"invalid_encrypted_content\"")
#define ITEM(kind, id)                                                                             \
    MESSAGE(BEACON_ROLE_ASSISTANT,                                                                 \
            PART(.type = (kind), .opaque = SPAN("{\"type\":\"x\",\"id\":\"" id "\"}")))

/* The input of the request that is sent after this refusal. */
static struct beacon_str input_after(const char *refusal)
{
    struct beacon_str input = {NULL, 0};
    assert_ok(harness_refuse(&h, 400, NULL, NULL, refusal), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    assert_true(beacon_json_member((struct beacon_str){(const char *)rq->body.p, rq->body.n},
                                   "input", &input));
    return input;
}

static void reasoning_of_another_server_is_left_out_once(void **state)
{
    (void)state;
    assert_ok(
        harness_open(
            &h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"), .effort = SPAN("low"),
                     .reasoning_summary = SPAN("auto"),
                     MESSAGES(ITEM(BEACON_PART_REASONING, "1"), ITEM(BEACON_PART_REASONING, "2"),
                              ITEM(BEACON_PART_TEXT, "3"), ITEM(BEACON_PART_REASONING, "4"),
                              ITEM(BEACON_PART_TOOL_CALL, "5")))),
        &h.err);
    (void)harness_request(&h);
    assert_true(beacon_span_is(input_after(UNREADABLE),
                               "[{\"type\":\"x\",\"id\":\"3\"},{\"type\":\"x\",\"id\":\"5\"}]"));
    assert_true(beacon_span_is(input_after(NO_SUMMARY),
                               "[{\"type\":\"x\",\"id\":\"3\"},{\"type\":\"x\",\"id\":\"5\"}]"));
    assert_refused(harness_refuse(&h, 400, NULL, NULL, UNREADABLE), BEACON_E_INVALID, &h.err);
    check(FATAL, BEACON_E_INVALID, 0, UNREADABLE);
}

static void a_long_body_is_cut_at_a_character(void **state)
{
    char body[4001];
    (void)state;
    for (size_t i = 0; i + 1 < sizeof body; i += 2) {
        memcpy(body + i, "\xc3\xa9", 2);
    }
    body[4000] = '\0';
    (void)harness_refuse(&h, 400, NULL, NULL, body);
    const struct beacon_verdict verdict = harness_judge(&h);
    assert_int_equal(verdict.message.n, 1200);
    assert_true(beacon_utf8_is_valid(verdict.message));
    assert_true(beacon_utf8_is_valid(beacon_text(h.err.message)));
}

static void a_body_of_noise_does_no_harm(void **state)
{
    const size_t n = 200000;
    char *noise = malloc(n);
    (void)state;
    assert_non_null(noise);
    for (size_t i = 0; i < n; i++) {
        noise[i] = (char)(i * 7 + i / 251);
    }
    assert_ok(harness_status(&h, 418, NULL, 0), &h.err);
    assert_ok(harness_frame_n(&h, noise, n), &h.err);
    assert_ok(harness_frame_n(&h, noise, n), &h.err);
    assert_refused(harness_end(&h, BEACON_END_HTTP_ERROR), BEACON_E_PROTOCOL, &h.err);
    const struct beacon_verdict verdict = harness_judge(&h);
    assert_true(beacon_utf8_is_valid(verdict.message));
    assert_true(verdict.message.n < 4 * 600 + 100);
    free(noise);
}

#define JUDGE_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JUDGE_TEST(every_status_has_its_verdict_and_words),
        JUDGE_TEST(a_used_up_plan_says_when_to_come_back),
        JUDGE_TEST(the_servers_delay_is_taken_from_header_body_or_words),
        JUDGE_TEST(the_request_id_is_told),
        JUDGE_TEST(a_key_in_the_query_is_not_told),
        JUDGE_TEST(failed_events_have_their_verdict_and_words),
        JUDGE_TEST(an_error_event_counts_wherever_its_words_stand),
        JUDGE_TEST(an_incomplete_response_is_not_asked_for_again),
        JUDGE_TEST(a_first_failure_is_not_overwritten_by_the_end),
        JUDGE_TEST(no_answer_at_all_is_worth_a_retry),
        JUDGE_TEST(a_refused_summary_is_left_out_once),
        JUDGE_TEST(reasoning_of_another_server_is_left_out_once),
        JUDGE_TEST(a_long_body_is_cut_at_a_character),
        JUDGE_TEST(a_body_of_noise_does_no_harm),
    };
    return cmocka_run_group_tests_name("provider_responses/judge", tests, NULL, NULL);
}
