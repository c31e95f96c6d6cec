/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>

#include "harness/provider_harness.h"

#define URL "http://127.0.0.1:1/v1beta/models/m:streamGenerateContent"
#define ERROR_BODY(code, status, message, more)                                                    \
    "{\"error\":{\"code\":" code ",\"message\":\"" message "\",\"status\":\"" status "\"" more "}" \
    "}"
#define DETAILS(elements) ",\"details\":[" elements "]"
#define RETRY_INFO(delay)                                                                          \
    "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"" delay "\"}"
#define HIGH_DEMAND "We’re currently experiencing high demand, which may cause temporary errors."
#define LAST_429    "exceeded retry limit, last status: 429 Too Many Requests"

static struct harness h;

static void send_request(void)
{
    struct beacon_turn turn =
        *TURN(.model = SPAN("m"), .effort = SPAN("high"), MESSAGES(USER("hi")));
    turn.max_output_tokens = 5;
    assert_ok(harness_open(&h, &turn), &h.err);
    (void)harness_request(&h);
}

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_gemini");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1/v1beta\"}"), &h.err);
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
        {400, ERROR_BODY("400", "INVALID_ARGUMENT", "Unknown name \\\"x\\\".", ""), FATAL,
         BEACON_E_INVALID, "Unknown name \"x\"."},
        {400, ERROR_BODY("400", "FAILED_PRECONDITION", "User location is not supported.", ""),
         FATAL, BEACON_E_INVALID, "User location is not supported."},
        {400, "<html>no</html>", FATAL, BEACON_E_INVALID, "<html>no</html>"},
        {400, "", FATAL, BEACON_E_INVALID, "unexpected status 400 Bad Request"},
        {400,
         ERROR_BODY("400", "INVALID_ARGUMENT",
                    "The input token count (1200000) exceeds the maximum number of tokens allowed "
                    "(1048576).",
                    ""),
         TOO_LONG, BEACON_E_LIMIT,
         "The input token count (1200000) exceeds the maximum number of tokens allowed "
         "(1048576)."},
        {400,
         ERROR_BODY("400", "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                    ""),
         REAUTH, BEACON_E_AUTH, "API key not valid. Please pass a valid API key."},
        {400,
         ERROR_BODY("400", "INVALID_ARGUMENT", "No.",
                    DETAILS("7,{\"@type\":\"x\",\"reason\":\"API_KEY_INVALID\"}")),
         REAUTH, BEACON_E_AUTH, "No."},
        {401, ERROR_BODY("401", "UNAUTHENTICATED", "Who?", ""), REAUTH, BEACON_E_AUTH,
         "unexpected status 401 Unauthorized: Who?, url: " URL},
        {403, ERROR_BODY("403", "PERMISSION_DENIED", "Not you.", ""), FATAL, BEACON_E_AUTH,
         "unexpected status 403 Forbidden: Not you."},
        {404, ERROR_BODY("404", "NOT_FOUND", "models/m is not found.", ""), FATAL,
         BEACON_E_NOT_FOUND, "unexpected status 404 Not Found: models/m is not found., url: " URL},
        {408, "x", FATAL, BEACON_E_PROTOCOL, "unexpected status 408 Request Timeout: x"},
        {409, ERROR_BODY("409", "ABORTED", "Again.", ""), FATAL, BEACON_E_PROTOCOL,
         "unexpected status 409 Conflict: Again."},
        {413, "x", TOO_LONG, BEACON_E_LIMIT, "unexpected status 413 Payload Too Large: x"},
        {429, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "Slow down.", ""), RETRY, BEACON_E_LIMIT,
         LAST_429},
        {429, "", RETRY, BEACON_E_LIMIT, LAST_429},
        {429,
         ERROR_BODY("429", "RESOURCE_EXHAUSTED", "No more.",
                    DETAILS("{\"violations\":[{\"quotaId\":\"GenerateRequestsPerDayPerProject\"}]}"
                            "," RETRY_INFO("3s"))),
         FATAL, BEACON_E_LIMIT, "the quota of the day is used up: No more."},
        {499, ERROR_BODY("499", "CANCELLED", "Gone.", ""), FATAL, BEACON_E_PROTOCOL,
         "unexpected status 499: Gone."},
        {500, ERROR_BODY("500", "INTERNAL", "Oops.", ""), RETRY, BEACON_E_IO, HIGH_DEMAND},
        {502, "<html>", RETRY, BEACON_E_IO, HIGH_DEMAND},
        {503, ERROR_BODY("503", "UNAVAILABLE", "Overloaded.", ""), RETRY, BEACON_E_IO, HIGH_DEMAND},
        {504, ERROR_BODY("504", "DEADLINE_EXCEEDED", "Late.", ""), RETRY, BEACON_E_IO, HIGH_DEMAND},
        {529, "{", RETRY, BEACON_E_IO, HIGH_DEMAND},
        {302, "", FATAL, BEACON_E_PROTOCOL, "unexpected status 302 Found"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        assert_refused(harness_refuse(&h, rows[i].status, NULL, NULL, rows[i].body), rows[i].code,
                       &h.err);
        check(rows[i].verdict, rows[i].code, 0, rows[i].message);
    }
}

static void the_delay_is_the_headers_then_the_details_then_the_sentences(void **state)
{
    static const struct {
        const char *header, *body;
        uint32_t after_ms;
    } rows[] = {
        {NULL, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", DETAILS(RETRY_INFO("12s"))), 12000},
        {NULL, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", DETAILS("{}," RETRY_INFO("1.5s"))),
         1500},
        {NULL, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", DETAILS(RETRY_INFO("0.0001s"))), 1},
        {NULL, "[" ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", DETAILS(RETRY_INFO("7s"))) "]",
         7000},
        {"3", ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", DETAILS(RETRY_INFO("12s"))), 3000},
        {NULL, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "Please retry in 2.5s.", ""), 2500},
        {NULL, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", DETAILS(RETRY_INFO("soon"))), 0},
        {NULL, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", DETAILS(RETRY_INFO("-4s"))), 0},
        {NULL, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", DETAILS(RETRY_INFO("s"))), 0},
        {NULL, ERROR_BODY("429", "RESOURCE_EXHAUSTED", "m", ",\"details\":{}"), 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        assert_refused(harness_refuse(&h, 429, rows[i].header != NULL ? "retry-after" : NULL,
                                      rows[i].header, rows[i].body),
                       BEACON_E_LIMIT, &h.err);
        check(RETRY, BEACON_E_LIMIT, rows[i].after_ms, LAST_429);
    }
}

static void an_error_inside_the_stream_is_judged_by_its_words_or_number(void **state)
{
    static const struct {
        const char *frame;
        uint32_t verdict;
        beacon_rc code;
        uint32_t after_ms;
        const char *message;
    } rows[] = {
        {ERROR_BODY("503", "UNAVAILABLE", "Busy.", ""), RETRY, BEACON_E_IO, 0,
         "the model is overloaded: Busy."},
        {ERROR_BODY("429", "RESOURCE_EXHAUSTED", "Slow.", DETAILS(RETRY_INFO("12s"))), RETRY,
         BEACON_E_LIMIT, 12000, "rate limit exceeded: Slow."},
        {"[" ERROR_BODY("400", "INVALID_ARGUMENT", "Bad.", "") "]", FATAL, BEACON_E_INVALID, 0,
         "Bad."},
        {ERROR_BODY("400", "INVALID_ARGUMENT", "Input token count 9 exceeds 8.", ""), TOO_LONG,
         BEACON_E_LIMIT, 0,
         "the conversation is too long for the model: Input token count 9 exceeds 8."},
        {ERROR_BODY("403", "PERMISSION_DENIED", "No.", ""), FATAL, BEACON_E_AUTH, 0, "No."},
        {ERROR_BODY("500", "INTERNAL", "Oops.", ""), RETRY, BEACON_E_IO, 0,
         "stream disconnected before completion: Oops."},
        {"{\"error\":{\"code\":404,\"message\":\"Gone.\"}}", FATAL, BEACON_E_NOT_FOUND, 0,
         "stream disconnected before completion: Gone."},
        {"{\"error\":\"what\"}", RETRY, BEACON_E_IO, 0,
         "stream disconnected before completion: the server gave no reason"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
        assert_refused(harness_frame(&h, rows[i].frame), rows[i].code, &h.err);
        check(rows[i].verdict, rows[i].code, rows[i].after_ms, rows[i].message);
        assert_refused(harness_end(&h, BEACON_END_OK), rows[i].code, &h.err);
    }
}

static void a_call_nobody_could_read_is_worth_a_retry(void **state)
{
    static const char *const reasons[] = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char frame[200], message[200];
        (void)snprintf(frame, sizeof frame,
                       "{\"candidates\":[{\"finishReason\":\"%s\",\"finishMessage\":\"print(\"}]}",
                       reasons[i]);
        (void)snprintf(message, sizeof message,
                       "the model made a call that its server could not read: %s (print()",
                       reasons[i]);
        send_request();
        assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
        assert_refused(harness_frame(&h, frame), BEACON_E_PROTOCOL, &h.err);
        check(RETRY, BEACON_E_PROTOCOL, 0, message);
    }
}

static void a_blocked_prompt_is_fatal_and_says_why(void **state)
{
    (void)state;
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    assert_refused(harness_frame(&h, "{\"promptFeedback\":{\"blockReason\":\"SAFETY\","
                                     "\"blockReasonMessage\":\"Not \\\"this\\\".\"}}"),
                   BEACON_E_INVALID, &h.err);
    check(FATAL, BEACON_E_INVALID, 0, "the prompt was blocked: SAFETY: Not \"this\".");
}

static void feedback_without_a_block_is_none(void **state)
{
    (void)state;
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    assert_ok(harness_frame(&h, "{\"promptFeedback\":{\"safetyRatings\":[]}}"), &h.err);
    assert_string_equal(h.events, "START\n");
}

static void a_model_that_cannot_be_told_how_to_think_is_asked_once_more(void **state)
{
    static const char body[] =
        ERROR_BODY("400", "INVALID_ARGUMENT", "Thinking is not enabled.", "");
    (void)state;
    assert_ok(harness_refuse(&h, 400, NULL, NULL, body), &h.err);
    assert_non_null(strstr(h.events, "WARNING text=the model cannot be told how hard to think"));
    const struct beacon_http_request *rq = harness_request(&h);
    const struct beacon_str again = beacon_span((const char *)rq->body.p, rq->body.n);
    assert_true(beacon_span_is(again, "{\"generationConfig\":{\"maxOutputTokens\":5},\"contents\":"
                                      "[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}"));
    assert_refused(harness_refuse(&h, 400, NULL, NULL, body), BEACON_E_INVALID, &h.err);
    check(FATAL, BEACON_E_INVALID, 0, "Thinking is not enabled.");
}

static void without_an_answer_it_is_worth_a_retry(void **state)
{
    (void)state;
    const struct beacon_verdict verdict = harness_judge(&h);
    assert_int_equal(verdict.verdict, BEACON_VERDICT_RETRY);
    assert_int_equal(verdict.code, BEACON_E_PROTOCOL);
    assert_refused(harness_end(&h, BEACON_END_TRUNCATED), BEACON_E_PROTOCOL, &h.err);
}

static void a_huge_error_body_is_quoted_and_not_kept(void **state)
{
    static char body[200000];
    (void)state;
    memset(body, 'x', sizeof body - 1);
    assert_refused(harness_refuse(&h, 403, NULL, NULL, body), BEACON_E_AUTH, &h.err);
    const struct beacon_verdict verdict = harness_judge(&h);
    assert_true(verdict.message.n < 1000);
}

#define JUDGE_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JUDGE_TEST(every_status_has_its_verdict_and_words),
        JUDGE_TEST(the_delay_is_the_headers_then_the_details_then_the_sentences),
        JUDGE_TEST(an_error_inside_the_stream_is_judged_by_its_words_or_number),
        JUDGE_TEST(a_call_nobody_could_read_is_worth_a_retry),
        JUDGE_TEST(a_blocked_prompt_is_fatal_and_says_why),
        JUDGE_TEST(feedback_without_a_block_is_none),
        JUDGE_TEST(a_model_that_cannot_be_told_how_to_think_is_asked_once_more),
        JUDGE_TEST(without_an_answer_it_is_worth_a_retry),
        JUDGE_TEST(a_huge_error_body_is_quoted_and_not_kept),
    };
    return cmocka_run_group_tests_name("provider_gemini/judge", tests, NULL, NULL);
}
