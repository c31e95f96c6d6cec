/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

#define URL             "http://127.0.0.1:1/v1/chat/completions"
#define HIGH_DEMAND     "We’re currently experiencing high demand, which may cause temporary errors."
#define QUOTA           "Quota exceeded. Check your plan and billing details."
#define BROKEN          "stream disconnected before completion: "
#define ERROR_(members) "{\"error\":{" members "}}"
#define SAYS(words)     ERROR_("\"message\":\"" words "\"")

static struct harness h;

static void send_request(void)
{
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"))), &h.err);
    (void)harness_request(&h);
}

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_chat");
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

enum { FATAL = 0, RETRY = 1, REAUTH = 2, TOO_LONG = 3 };

static void check(uint32_t verdict, beacon_rc code, uint32_t after_ms, const char *message)
{
    const struct beacon_verdict found = harness_judge(&h);
    assert_string_equal(harness_message(&found), message);
    assert_int_equal(found.verdict, verdict);
    assert_int_equal(found.code, code);
    assert_int_equal(found.after_ms, after_ms);
    assert_string_not_equal(h.err.message, "");
    assert_string_not_equal(h.err.hint, "");
}

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
        {401, SAYS("Bad \\\"key\\\""), REAUTH, BEACON_E_AUTH,
         "unexpected status 401 Unauthorized: Bad \"key\", url: " URL},
        {401, "<html>", REAUTH, BEACON_E_AUTH,
         "unexpected status 401 Unauthorized: <html>, url: " URL},
        {402, "", FATAL, BEACON_E_LIMIT, "unexpected status 402 Payment Required"},
        {403, "<html>no</html>", FATAL, BEACON_E_AUTH,
         "unexpected status 403 Forbidden: <html>no</html>"},
        {404, "{\"error\":\"model \\\"x\\\" not found\"}", FATAL, BEACON_E_NOT_FOUND,
         "unexpected status 404 Not Found: model \"x\" not found, url: " URL},
        {404, "{\"detail\":\"Not Found\"}", FATAL, BEACON_E_NOT_FOUND,
         "unexpected status 404 Not Found: Not Found, url: " URL},
        {408, "x", FATAL, BEACON_E_PROTOCOL, "unexpected status 408 Request Timeout: x"},
        {409, " \n", FATAL, BEACON_E_PROTOCOL, "unexpected status 409 Conflict"},
        {413, "x", TOO_LONG, BEACON_E_LIMIT, "unexpected status 413 Payload Too Large: x"},
        {422, "{\"detail\":[]}", FATAL, BEACON_E_PROTOCOL,
         "unexpected status 422 Unprocessable Entity: {\"detail\":[]}"},
        {429, "<html>", RETRY, BEACON_E_LIMIT,
         "exceeded retry limit, last status: 429 Too Many Requests"},
        {429, ERROR_("\"type\":\"insufficient_quota\""), FATAL, BEACON_E_LIMIT, QUOTA},
        {429, ERROR_("\"code\":\"insufficient_quota\",\"message\":\"m\""), FATAL, BEACON_E_LIMIT,
         QUOTA},
        {429, SAYS("Insufficient Balance"), FATAL, BEACON_E_LIMIT, QUOTA},
        {429, ERROR_("\"code\":\"rate_limit_exceeded\""), RETRY, BEACON_E_LIMIT,
         "exceeded retry limit, last status: 429 Too Many Requests"},
        {500, "<html>oops", RETRY, BEACON_E_IO, HIGH_DEMAND},
        {502, "", RETRY, BEACON_E_IO, HIGH_DEMAND},
        {503, SAYS("Loading model"), RETRY, BEACON_E_IO, HIGH_DEMAND},
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

static void a_conversation_that_is_too_long_is_known_in_every_servers_words(void **state)
{
    static const char *const bodies[] = {
        ERROR_("\"code\":\"context_length_exceeded\",\"message\":\"m\""),
        ERROR_("\"code\":400,\"type\":\"exceed_context_size_error\",\"message\":\"the request "
               "exceeds the available context size, try increasing it\",\"n_ctx\":512"),
        SAYS("This model's maximum context length is 4096 tokens. However, you requested 5000."),
        "{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096 "
        "tokens.\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}",
        SAYS("The decoder prompt (length 9) is longer than the maximum model length of 4."),
        SAYS("Prompt contains 40000 tokens, too large for model with 32768 maximum context "
             "length"),
        "{\"error\":\"The number of tokens to keep from the initial prompt is greater than the "
        "context length. Try to load the model with a larger context length.\"}",
        SAYS("the input length exceeds the context length"),
        SAYS("This endpoint's maximum context length is 8192 tokens."),
        SAYS("This model's maximum prompt length is 131072 but the request contains 537812."),
        SAYS("prompt is too long: 210000 tokens > 200000 maximum"),
        SAYS("The input token count (9) exceeds the maximum number of tokens allowed (8)."),
        ERROR_("\"code\":400,\"message\":\"Provider returned error\",\"metadata\":{\"raw\":"
               "\"maximum context length is 8192 tokens\"}"),
        SAYS("Please reduce the length of the messages or completion."),
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        send_request();
        assert_refused(harness_refuse(&h, 400, NULL, NULL, bodies[i]), BEACON_E_LIMIT, &h.err);
        assert_int_equal(harness_judge(&h).verdict, TOO_LONG);
    }
}

static void the_servers_delay_is_taken_from_header_or_words(void **state)
{
    static const struct {
        const char *header, *body;
        uint32_t after_ms;
    } rows[] = {
        {"2", "", 2000},
        {"0.5", "", 500},
        {"Tue, 14 Nov 2023 22:13:50 GMT", "", 30000},
        {"soon", SAYS("Rate limit reached. Please try again in 7.66s."), 7660},
        {"soon", SAYS("later"), 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        (void)harness_refuse(&h, 429, "retry-after", rows[i].header, rows[i].body);
        check(RETRY, BEACON_E_LIMIT, rows[i].after_ms,
              "exceeded retry limit, last status: 429 Too Many Requests");
    }
}

static void an_error_within_a_stream_is_judged_by_what_it_says(void **state)
{
    static const struct {
        const char *frame;
        uint32_t verdict;
        beacon_rc code;
        const char *message;
    } rows[] = {
        {SAYS("m"), RETRY, BEACON_E_IO, BROKEN "m"},
        {"{\"error\":\"words\"}", RETRY, BEACON_E_IO, BROKEN "words"},
        {ERROR_("\"code\":502,\"message\":\"gone\""), RETRY, BEACON_E_IO, BROKEN "gone"},
        {ERROR_("\"code\":429,\"message\":\"slow\""), RETRY, BEACON_E_LIMIT, BROKEN "slow"},
        {ERROR_("\"code\":400,\"message\":\"bad\""), FATAL, BEACON_E_INVALID, "bad"},
        {ERROR_("\"code\":401,\"message\":\"key\""), REAUTH, BEACON_E_AUTH, "key"},
        {ERROR_("\"code\":403,\"message\":\"no\""), FATAL, BEACON_E_AUTH, "no"},
        {ERROR_("\"code\":\"insufficient_quota\""), FATAL, BEACON_E_LIMIT, QUOTA},
        {ERROR_("\"code\":\"rate_limit_exceeded\",\"message\":\"slow\""), RETRY, BEACON_E_LIMIT,
         "rate limit exceeded: slow"},
        {ERROR_("\"code\":500,\"message\":\"the request exceeds the available context size\""),
         TOO_LONG, BEACON_E_LIMIT, "the request exceeds the available context size"},
        {ERROR_("\"code\":502,\"message\":\"Provider returned error\",\"metadata\":{\"raw\":"
                "\"upstream is down\"}"),
         RETRY, BEACON_E_IO, BROKEN "upstream is down"},
        {"{\"object\":\"error\",\"message\":\"m\",\"code\":400}", FATAL, BEACON_E_INVALID, "m"},
        {"{\"message\":\"m\",\"code\":503}", RETRY, BEACON_E_IO, BROKEN "m"},
        {"{\"error\":{\"code\":500},\"choices\":[{\"delta\":{\"content\":\"x\"}}]}", RETRY,
         BEACON_E_IO, BROKEN "the server gave no reason"},
        {"{\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}", RETRY, BEACON_E_IO,
         BROKEN "the server gave up, finish_reason error"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
        assert_refused(harness_frame(&h, rows[i].frame), rows[i].code, &h.err);
        check(rows[i].verdict, rows[i].code, 0, rows[i].message);
        assert_refused(harness_end(&h, BEACON_END_TRUNCATED), rows[i].code, &h.err);
    }
}

static void a_stream_that_ends_too_early_is_tried_again(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}",
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        send_request();
        assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
        assert_ok(harness_frame(&h, bodies[i]), &h.err);
        assert_refused(harness_end(&h, BEACON_END_OK), BEACON_E_PROTOCOL, &h.err);
        check(RETRY, BEACON_E_PROTOCOL, 0, BROKEN "stream closed before finish_reason");
    }
}

static void a_page_instead_of_a_stream_is_named(void **state)
{
    static const struct beacon_kv headers[] = {
        {SPAN("content-type"), SPAN("text/html; charset=utf-8")}};
    (void)state;
    assert_ok(harness_status(&h, 200, headers, 1), &h.err);
    assert_refused(harness_end(&h, BEACON_END_OK), BEACON_E_PROTOCOL, &h.err);
    check(RETRY, BEACON_E_PROTOCOL, 0, BROKEN "the answer is no stream of events but text/html");
}

static void a_stream_of_another_content_type_is_read(void **state)
{
    static const struct beacon_kv headers[] = {{SPAN("content-type"), SPAN("text/html")}};
    (void)state;
    assert_ok(harness_status(&h, 200, headers, 1), &h.err);
    assert_ok(harness_frame(&h, "{\"choices\":[{\"delta\":{\"content\":\"a\"},"
                                "\"finish_reason\":\"stop\"}]}"),
              &h.err);
    assert_ok(harness_end(&h, BEACON_END_OK), &h.err);
}

static void no_answer_at_all_is_worth_another_try(void **state)
{
    (void)state;
    const struct beacon_verdict verdict = harness_judge(&h);
    assert_int_equal(verdict.verdict, RETRY);
}

static void an_answer_without_its_last_chunk_is_whole_once_its_reason_was_seen(void **state)
{
    (void)state;
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    assert_ok(harness_frame(&h, "{\"choices\":[{\"delta\":{\"content\":\"a\"},"
                                "\"finish_reason\":\"stop\"}]}"),
              &h.err);
    assert_ok(harness_end(&h, BEACON_END_TRUNCATED), &h.err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_status_has_its_verdict_and_words),
        TEST(a_conversation_that_is_too_long_is_known_in_every_servers_words),
        TEST(the_servers_delay_is_taken_from_header_or_words),
        TEST(an_error_within_a_stream_is_judged_by_what_it_says),
        TEST(a_stream_that_ends_too_early_is_tried_again),
        TEST(a_page_instead_of_a_stream_is_named),
        TEST(a_stream_of_another_content_type_is_read),
        TEST(no_answer_at_all_is_worth_another_try),
        TEST(an_answer_without_its_last_chunk_is_whole_once_its_reason_was_seen),
    };
    return cmocka_run_group_tests_name("provider_chat/judge", tests, NULL, NULL);
}
