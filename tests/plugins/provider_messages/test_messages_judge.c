/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

#define URL            "http://127.0.0.1:1/v1/messages"
#define HIGH_DEMAND    "We’re currently experiencing high demand, which may cause temporary errors."
#define ERROR_OF(t, m) "{\"type\":\"error\",\"error\":{\"type\":\"" t "\",\"message\":\"" m "\"}}"
#define THINKS         "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":10240}"
#define ADAPTS         "\"thinking\":{\"type\":\"adaptive\"}"

static struct harness h;

static void send_request(void)
{
    assert_ok(
        harness_open(&h, TURN(.model = SPAN("m"), .effort = SPAN("medium"), MESSAGES(USER("hi")))),
        &h.err);
    (void)harness_request(&h);
}

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_messages");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1\"}"), &h.err);
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

static void every_status_has_its_verdict(void **state)
{
    static const struct {
        int status;
        const char *body;
        uint32_t verdict;
        beacon_rc code;
    } rows[] = {
        {400, ERROR_OF("invalid_request_error", "max_tokens: too big"), FATAL, BEACON_E_INVALID},
        {400, "", FATAL, BEACON_E_INVALID},
        {400, ERROR_OF("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
         TOO_LONG, BEACON_E_LIMIT},
        {400,
         ERROR_OF("invalid_request_error", "input length and `max_tokens` exceed context limit: 1"),
         TOO_LONG, BEACON_E_LIMIT},
        {400,
         ERROR_OF("exceed_context_size_error", "the request exceeds the available context size"),
         TOO_LONG, BEACON_E_LIMIT},
        {401, ERROR_OF("authentication_error", "invalid x-api-key"), REAUTH, BEACON_E_AUTH},
        {402, ERROR_OF("billing_error", "no credit"), FATAL, BEACON_E_LIMIT},
        {403, ERROR_OF("permission_error", "not yours"), FATAL, BEACON_E_AUTH},
        {404, ERROR_OF("not_found_error", "model: m"), FATAL, BEACON_E_NOT_FOUND},
        {408, ERROR_OF("timeout_error", "slow"), FATAL, BEACON_E_PROTOCOL},
        {409, "", FATAL, BEACON_E_PROTOCOL},
        {413, ERROR_OF("request_too_large", "over 32 MB"), TOO_LONG, BEACON_E_LIMIT},
        {413, "<html>", TOO_LONG, BEACON_E_LIMIT},
        {429, ERROR_OF("rate_limit_error", "slow down"), RETRY, BEACON_E_LIMIT},
        {500, ERROR_OF("api_error", "oops"), RETRY, BEACON_E_IO},
        {502, "<html>", RETRY, BEACON_E_IO},
        {503, "", RETRY, BEACON_E_IO},
        {504, "", RETRY, BEACON_E_IO},
        {529, ERROR_OF("overloaded_error", "Overloaded"), RETRY, BEACON_E_IO},
        {302, "", FATAL, BEACON_E_PROTOCOL},
        {422, "x", FATAL, BEACON_E_PROTOCOL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        assert_int_equal(harness_refuse(&h, rows[i].status, NULL, NULL, rows[i].body),
                         rows[i].code);
        const struct beacon_verdict found = harness_judge(&h);
        assert_int_equal(found.verdict, rows[i].verdict);
        assert_int_equal(found.code, rows[i].code);
        assert_true(found.message.n > 0);
        assert_string_not_equal(h.err.hint, "");
    }
}

static void the_words_are_those_of_the_server(void **state)
{
    static const struct {
        int status;
        const char *body, *message;
    } rows[] = {
        {401, ERROR_OF("authentication_error", "invalid x-api-key"),
         "unexpected status 401 Unauthorized: invalid x-api-key, url: " URL},
        {404, ERROR_OF("not_found_error", "model: m"),
         "unexpected status 404 Not Found: model: m, url: " URL},
        {529, ERROR_OF("overloaded_error", "Overloaded"), HIGH_DEMAND},
        {400, "", "unexpected status 400 Bad Request"},
        {400, "<html>", "<html>"},
        {400, ERROR_OF("invalid_request_error", "prompt is too long: 9 > 8"),
         "prompt is too long: 9 > 8"},
        {403, ERROR_OF("permission_error", "not \\\"yours\\\""),
         "unexpected status 403 Forbidden: not \"yours\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        (void)harness_refuse(&h, rows[i].status, NULL, NULL, rows[i].body);
        const struct beacon_verdict found = harness_judge(&h);
        assert_string_equal(harness_message(&found), rows[i].message);
    }
}

static void the_servers_delay_is_obeyed(void **state)
{
    (void)state;
    assert_int_equal(harness_refuse(&h, 429, "retry-after", "7", ""), BEACON_E_LIMIT);
    assert_int_equal(harness_judge(&h).after_ms, 7000);
    send_request();
    assert_int_equal(harness_refuse(&h, 529, "retry-after", "Tue, 14 Nov 2023 22:13:25 GMT", ""),
                     BEACON_E_IO);
    assert_int_equal(harness_judge(&h).after_ms, 5000);
    send_request();
    assert_int_equal(
        harness_refuse(&h, 529, NULL, NULL, ERROR_OF("overloaded_error", "Please try again in 3s")),
        BEACON_E_IO);
    assert_int_equal(harness_judge(&h).after_ms, 3000);
}

static void an_error_in_the_stream_ends_it_with_its_meaning(void **state)
{
    static const struct {
        const char *event;
        uint32_t verdict;
        beacon_rc code;
        const char *message;
    } rows[] = {
        {ERROR_OF("overloaded_error", "Overloaded"), RETRY, BEACON_E_IO,
         "the model is overloaded: Overloaded"},
        {ERROR_OF("api_error", "oops"), RETRY, BEACON_E_IO,
         "stream disconnected before completion: oops"},
        {ERROR_OF("rate_limit_error", "slow"), RETRY, BEACON_E_LIMIT, "rate limit exceeded: slow"},
        {ERROR_OF("invalid_request_error", "prompt is too long: 9 > 8"), TOO_LONG, BEACON_E_LIMIT,
         "prompt is too long: 9 > 8"},
        {ERROR_OF("invalid_request_error", "bad"), FATAL, BEACON_E_INVALID,
         "the server refused the request: bad"},
        {ERROR_OF("authentication_error", "who?"), REAUTH, BEACON_E_AUTH,
         "the server refused the credentials: who?"},
        {ERROR_OF("permission_error", "no"), FATAL, BEACON_E_AUTH,
         "the account may not do this: no"},
        {"{\"error\":{\"message\":\"gateway\"}}", RETRY, BEACON_E_IO,
         "stream disconnected before completion: gateway"},
        {"{\"type\":\"error\",\"message\":\"flat\"}", RETRY, BEACON_E_IO,
         "stream disconnected before completion: flat"},
        {"{\"type\":\"error\"}", RETRY, BEACON_E_IO,
         "stream disconnected before completion: error"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_request();
        assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
        assert_int_equal(harness_frame(&h, rows[i].event), rows[i].code);
        check(rows[i].verdict, rows[i].code, 0, rows[i].message);
        assert_int_equal(harness_end(&h, BEACON_END_TRUNCATED), rows[i].code);
    }
}

static void what_was_read_before_an_error_is_told_as_paid(void **state)
{
    (void)state;
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    assert_ok(harness_frame(&h,
                            "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":"
                            "7,\"output_tokens\":1}}}"),
              &h.err);
    assert_int_equal(harness_frame(&h, ERROR_OF("overloaded_error", "Overloaded")), BEACON_E_IO);
    assert_string_equal(h.events, "START\nUSAGE in=7 cached=-1 out=-1 reasoning=-1 flags=2\n");
}

/* The body of the next request, "" when none is made. */
static const char *next_body(void)
{
    static char body[4096];
    struct beacon_action action = {.struct_size = sizeof action};
    body[0] = '\0';
    if (h.provider->poll(h.x, &action, &h.err) == BEACON_OK && action.kind == BEACON_ACT_HTTP) {
        (void)snprintf(body, sizeof body, "%.*s", (int)action.http->body.n,
                       (const char *)action.http->body.p);
    }
    return body;
}

static void a_model_that_does_not_think_is_asked_without(void **state)
{
    (void)state;
    const struct beacon_turn *turn =
        TURN(.model = SPAN("m"), .effort = SPAN("medium"), MESSAGES(USER("hi")));
    assert_non_null(strstr(harness_body(&h, turn), THINKS));
    assert_ok(harness_refuse(
                  &h, 400, NULL, NULL,
                  ERROR_OF("invalid_request_error", "thinking: this model does not support it")),
              &h.err);
    assert_string_equal(next_body(),
                        "{\"model\":\"m\",\"max_tokens\":32000,\"stream\":true,\"messages\":[{"
                        "\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\","
                        "\"cache_control\":{\"type\":\"ephemeral\"}}]}]}");
    assert_int_equal(
        harness_refuse(&h, 400, NULL, NULL, ERROR_OF("invalid_request_error", "thinking: again")),
        BEACON_E_INVALID);
}

static void a_model_that_wants_the_adaptive_form_gets_it(void **state)
{
    (void)state;
    assert_ok(harness_refuse(&h, 400, NULL, NULL,
                             ERROR_OF("invalid_request_error",
                                      "thinking.type.enabled is not supported, use "
                                      "thinking.type.adaptive")),
              &h.err);
    const char *body = next_body();
    assert_non_null(strstr(body, "\"stream\":true," ADAPTS ",\"messages\""));
    assert_ok(harness_refuse(&h, 400, NULL, NULL,
                             ERROR_OF("invalid_request_error", "adaptive thinking: no")),
              &h.err);
    body = next_body();
    assert_non_null(strstr(body, "\"stream\":true,\"messages\""));
}

static void a_model_that_knows_no_effort_is_asked_without(void **state)
{
    (void)state;
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1\",\"quirks\":{\"thinking\":"
                                 "\"adaptive\"}}"),
              &h.err);
    const struct beacon_turn *turn = TURN(.model = SPAN("m"), .effort = SPAN("medium"),
                                          .output_schema = SPAN("{\"type\":\"object\"}"));
    assert_non_null(strstr(harness_body(&h, turn), ADAPTS));
    assert_ok(harness_refuse(&h, 400, NULL, NULL,
                             ERROR_OF("invalid_request_error", "effort is not supported")),
              &h.err);
    assert_string_equal(next_body(),
                        "{\"model\":\"m\",\"max_tokens\":32000,\"stream\":true,\"output_config\":{"
                        "\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\"}}},"
                        "\"messages\":[]}");
}

static void calls_begun_by_another_model_go_on_without_a_budget(void **state)
{
    (void)state;
    assert_ok(harness_refuse(&h, 400, NULL, NULL,
                             ERROR_OF("invalid_request_error",
                                      "messages.1.content.0.type: Expected `thinking` or "
                                      "`redacted_thinking`, but found `tool_use`")),
              &h.err);
    assert_null(strstr(next_body(), "\"thinking\""));
}

static void a_complaint_about_a_block_is_not_repeated(void **state)
{
    (void)state;
    assert_int_equal(harness_refuse(&h, 400, NULL, NULL,
                                    ERROR_OF("invalid_request_error",
                                             "messages.1.content.0: Invalid signature in thinking "
                                             "block")),
                     BEACON_E_INVALID);
    assert_int_equal(harness_judge(&h).verdict, FATAL);
}

static void an_answer_that_never_came_is_worth_another_try(void **state)
{
    (void)state;
    const struct beacon_verdict found = harness_judge(&h);
    assert_int_equal(found.verdict, RETRY);
    assert_int_equal(found.code, BEACON_E_PROTOCOL);
    assert_string_equal(harness_message(&found),
                        "stream disconnected before completion: stream closed before message_stop");
}

#define IT(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(every_status_has_its_verdict),
        IT(the_words_are_those_of_the_server),
        IT(the_servers_delay_is_obeyed),
        IT(an_error_in_the_stream_ends_it_with_its_meaning),
        IT(what_was_read_before_an_error_is_told_as_paid),
        IT(a_model_that_does_not_think_is_asked_without),
        IT(a_model_that_wants_the_adaptive_form_gets_it),
        IT(a_model_that_knows_no_effort_is_asked_without),
        IT(calls_begun_by_another_model_go_on_without_a_budget),
        IT(a_complaint_about_a_block_is_not_repeated),
        IT(an_answer_that_never_came_is_worth_another_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
