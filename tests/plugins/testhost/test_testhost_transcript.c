/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/testhost_provider.h>

#include "toy.h"

static int open_host(void **state)
{
    struct testhost *t = testhost_open(NULL);
    *state = t;
    return testhost_load(t, &toy_plugin) == BEACON_OK ? 0 : -1;
}

static int close_host(void **state)
{
    testhost_close(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_host, close_host)

#define HEAD                                                                                       \
    "# A comment.\nconfig {\"do\":\"well\"}\n--- request\nPOST https://toy.example/\n\n"           \
    "--- response 200\ncontent-type: text/event-stream\n\n"
#define BODY   "event: e\ndata: one\n\n--- end ok\n"
#define EVENTS "--- events\nSTART id=e model=m\nWARNING text=one\nFINISH code=1\n"

static struct testhost_result replay(struct testhost *t, const char *text,
                                     const struct testhost_script *script)
{
    struct testhost_transcript *transcript = testhost_transcript_parse(t, text);
    assert_non_null(transcript);
    const struct testhost_result r = testhost_replay(t, transcript, script);
    testhost_transcript_free(transcript);
    return r;
}

static void a_turn_that_is_as_recorded_has_no_findings(void **state)
{
    const struct testhost_result r = replay(*state, HEAD BODY EVENTS, NULL);
    assert_int_equal(r.rc, BEACON_OK);
    assert_string_equal(testhost_findings(*state), "");
}

static void other_events_are_a_finding_with_the_line(void **state)
{
    (void)replay(*state, HEAD BODY "--- events\nSTART id=e model=m\nWARNING text=two\n", NULL);
    assert_string_equal(testhost_findings(*state),
                        "value: -: the events, line 2 is \"WARNING text=one\" and was recorded as "
                        "\"WARNING text=two\"\n");
}

static void another_request_is_a_finding(void **state)
{
    (void)replay(*state,
                 "config {\"do\":\"well\"}\n--- request\nPOST https://toy.example/\nx-key: 1\n\n"
                 "{}\n--- response 200\n\ndata: x\n\n--- end ok\n",
                 NULL);
    assert_string_equal(testhost_findings(*state),
                        "value: -: the request has no line \"x-key: 1\"\n"
                        "value: -: the body of the request, line 1 is \"\" and was recorded as "
                        "\"{}\"\n");
}

static void a_disturbed_replay_is_not_compared(void **state)
{
    const struct testhost_script script = {.is_cut = true, .frames = 0};
    const struct testhost_result r = replay(*state, HEAD BODY EVENTS, &script);
    assert_int_equal(r.rc, BEACON_E_PROTOCOL);
    assert_string_equal(testhost_findings(*state), "");
}

static void a_truncated_answer_can_be_recorded(void **state)
{
    const struct testhost_result r = replay(*state, HEAD "data: one\n\n--- end truncated\n", NULL);
    assert_string_equal(r.error, "ended with 1; try again");
    assert_string_equal(testhost_findings(*state), "");
}

static void what_is_no_transcript_is_named_by_line(void **state)
{
    static const struct {
        const char *text, *finding;
    } rows[] = {
        {"", "line 1: there is no `--- response`"},
        {"turn {}\nnonsense\n",
         "line 3: a line before the first section is config, turn or a # comment"},
        {"--- request\nGET x\n", "line 3: here must be `--- response` and a status"},
        {"--- response 99\n", "line 2: the status of a response is 100 to 599"},
        {"--- response 200\n\nx\n", "line 4: a response ends with `--- end ok` or "},
        {"--- response 200\n\n--- end ok\n--- other\n", "line 4: no such section is expected here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        testhost_forget_findings(*state);
        assert_null(testhost_transcript_parse(*state, rows[i].text));
        if (strstr(testhost_findings(*state), rows[i].finding) == NULL) {
            fail_msg("no '%s' in '%s'", rows[i].finding, testhost_findings(*state));
        }
    }
}

static void a_file_that_cannot_be_read_is_a_finding(void **state)
{
    assert_null(testhost_transcript_read(*state, "/nonexistent/x.transcript"));
    assert_string_equal(testhost_findings(*state),
                        "value: -: /nonexistent/x.transcript: No such file or directory\n");
}

static void a_turn_that_is_no_json_is_a_finding(void **state)
{
    struct testhost *t = *state;
    struct testhost_provider *p = testhost_provider_create(t, NULL, "{\"do\":\"well\"}");
    (void)testhost_provider_say(p, "not JSON", "");
    assert_string_equal(testhost_findings(t),
                        "value: -: the turn of the test is not a JSON object\n");
    testhost_provider_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_turn_that_is_as_recorded_has_no_findings),
        TEST(other_events_are_a_finding_with_the_line),
        TEST(another_request_is_a_finding),
        TEST(a_disturbed_replay_is_not_compared),
        TEST(a_truncated_answer_can_be_recorded),
        TEST(what_is_no_transcript_is_named_by_line),
        TEST(a_file_that_cannot_be_read_is_a_finding),
        TEST(a_turn_that_is_no_json_is_a_finding),
    };
    return cmocka_run_group_tests_name("testhost/transcript", tests, NULL, NULL);
}
