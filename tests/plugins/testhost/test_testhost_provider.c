/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/testhost_provider.h>
#include <stdio.h>

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

static struct testhost_provider *create(struct testhost *t, const char *what)
{
    char config[96];
    (void)snprintf(config, sizeof config, "{\"do\":\"%s\"}", what);
    struct testhost_provider *p = testhost_provider_create(t, NULL, config);
    return p;
}

/* A turn of a toy that does `what`, answered with one frame. */
static struct testhost_result turn_of(struct testhost *t, const char *what, const char *body)
{
    struct testhost_provider *p = create(t, what);
    assert_non_null(p);
    const struct testhost_result r = testhost_provider_say(p, TESTHOST_TURN_HELLO, body);
    testhost_provider_destroy(p);
    return r;
}

static void expect_only(struct testhost *t, const char *finding)
{
    assert_string_equal(testhost_findings(t), finding);
}

/* ---- memory ---- */

static void a_plugin_that_behaves_has_no_findings(void **state)
{
    const struct testhost_result r = turn_of(*state, "well", "event: e\ndata: one\n\n");
    assert_int_equal(r.rc, BEACON_OK);
    assert_string_equal(r.events, "START id=e model=m\nWARNING text=one\nFINISH code=1\n");
    assert_string_equal(r.request, "POST https://toy.example/\n\n");
    assert_true(r.is_finished);
    expect_only(*state, "");
}

static void data_that_is_kept_is_found(void **state)
{
    const struct testhost_result r = turn_of(*state, "keep-data", "data: one\n\n");
    assert_int_equal(r.rc, BEACON_E_INTERNAL);
    assert_string_equal(r.slot, "on_end");
    expect_only(*state,
                "kept-pointer: on_end: uses memory that was lent for an earlier call only\n");
}

static void a_turn_that_is_kept_is_found(void **state)
{
    (void)turn_of(*state, "keep-turn", "");
    expect_only(*state, "kept-pointer: poll: uses memory that was lent for an earlier call only\n");
}

static void one_byte_too_many_is_found(void **state)
{
    (void)turn_of(*state, "over-read", "data: one\n\n");
    expect_only(*state, "over-read: on_frame: reads or writes behind the end of what was lent\n");
}

static void a_span_has_no_nul_behind_it(void **state)
{
    assert_null(create(*state, "read-config-as-c-string"));
    expect_only(*state, "over-read: create: reads or writes behind the end of what was lent\n");
}

static void a_struct_of_an_older_host_is_not_written_behind_its_end(void **state)
{
    struct testhost *t = *state;
    testhost_resize(t, "action", offsetof(struct beacon_action, http));
    (void)turn_of(t, "write-whole-action", "");
    expect_only(t, "over-read: poll: reads or writes behind the end of what was lent\n");
}

static void a_crash_does_not_end_the_test(void **state)
{
    const struct testhost_result r = turn_of(*state, "crash", "data: one\n\n");
    assert_string_equal(r.slot, "on_frame");
    expect_only(*state, "crash: on_frame: signal 11\n");
}

static void abort_is_named(void **state)
{
    (void)turn_of(*state, "abort", "data: one\n\n");
    expect_only(*state, "crash: on_frame: signal 6, abort() is not for plugins\n");
}

static void the_end_of_the_stack_is_a_crash(void **state)
{
#ifdef BEACON_SANITIZED
    (void)state;
    skip(); /* the sanitizer ends the program itself */
#else
    (void)turn_of(*state, "overflow-stack", "data: one\n\n");
    expect_only(*state, "crash: on_frame: signal 11\n");
#endif
}

static void an_object_that_faulted_is_not_called_again(void **state)
{
    struct testhost *t = *state;
    struct testhost_provider *p = create(t, "crash");
    (void)testhost_provider_say(p, TESTHOST_TURN_HELLO, "data: one\n\n");
    testhost_forget_findings(t);
    const struct testhost_result r = testhost_provider_say(p, TESTHOST_TURN_HELLO, "data: one\n\n");
    assert_int_equal(r.rc, BEACON_E_INTERNAL);
    assert_int_equal(r.n_calls, 0);
    testhost_provider_destroy(p);
    expect_only(t, "");
}

/* ---- sinks and threads ---- */

static void an_event_from_another_thread_is_found(void **state)
{
    (void)turn_of(*state, "emit-elsewhere", "data: one\n\n");
    expect_only(*state,
                "thread: on_frame: events.emit is called on another thread than the slot\n");
}

static void a_sink_that_is_kept_is_found(void **state)
{
    (void)turn_of(*state, "keep-sink", "data: one\n\n");
    expect_only(*state,
                "kept-pointer: on_end: uses memory that was lent for an earlier call only\n");
}

static void an_event_after_the_host_said_stop_is_found(void **state)
{
    struct testhost *t = *state;
    struct testhost_provider *p = create(t, "go-on-after-stop");
    const struct testhost_answer answer = {.status = 200, .body = "data: one\n\n"};
    const struct testhost_script script = {
        .answers = &answer, .n_answers = 1, .is_refusing = true, .events = 1};
    (void)testhost_provider_run(p, TESTHOST_TURN_HELLO, &script);
    testhost_provider_destroy(p);
    expect_only(t, "grammar: on_frame: event 3: an event after the host said stop\n");
}

static void sink_twice(void *arg)
{
    assert_true(testhost_sink_enter(arg, "outer"));
    assert_true(testhost_sink_enter(arg, "inner"));
    testhost_sink_leave(arg);
    testhost_sink_leave(arg);
}

static void a_sink_within_a_sink_is_found(void **state)
{
    assert_true(testhost_call(*state, "slot", sink_twice, *state));
    expect_only(*state, "reentered: slot: inner is called from within outer\n");
}

static void a_sink_without_a_slot_is_found(void **state)
{
    assert_false(testhost_sink_enter(*state, "sink"));
    expect_only(*state, "late-call: -: sink is called when no slot is running\n");
}

static void judge_may_not_look_at_the_clock(void **state)
{
    struct testhost *t = *state;
    struct testhost_provider *p = create(t, "judge-by-the-clock");
    const struct testhost_answer answer = {.status = 500};
    const struct testhost_script script = {.answers = &answer, .n_answers = 1};
    const struct testhost_result r = testhost_provider_run(p, TESTHOST_TURN_HELLO, &script);
    assert_true(r.has_verdict);
    testhost_provider_destroy(p);
    expect_only(t, "purity: judge: clock.unix_ms is called by a slot that is [pure]\n");
}

/* ---- values ---- */

static void errors_need_a_hint(void **state)
{
    (void)turn_of(*state, "fail-without-hint", "");
    expect_only(*state, "value: open: it failed and the error has no hint\n");
}

static void codes_are_not_positive(void **state)
{
    (void)turn_of(*state, "return-a-positive-code", "");
    assert_non_null(strstr(testhost_findings(*state), "returns 7, which is no result code\n"));
}

static void a_planted_secret_is_found_wherever_it_turns_up(void **state)
{
    struct testhost *t = *state;
    testhost_plant_secret(t, "planted");
    (void)turn_of(t, "leak-into-log", "data: one\n\n");
    expect_only(t, "secret: on_frame: the log gets a secret\n");
    testhost_forget_findings(t);
    (void)turn_of(t, "leak-into-error", "");
    expect_only(t, "secret: open: an error gets a secret\n");
    testhost_forget_findings(t);
    (void)turn_of(t, "well", "data: planted\n\n");
    expect_only(t, "secret: on_frame: an event gets a secret\n");
}

static void a_header_is_not_injected(void **state)
{
    (void)turn_of(*state, "inject-header", "data: one\n\n");
    expect_only(*state, "value: poll: a header with CR, LF or NUL in it\n");
}

static void a_plugin_cannot_ask_for_ever(void **state)
{
    struct testhost *t = *state;
    struct testhost_provider *p = create(t, "ask-for-ever");
    struct testhost_answer answers[200];
    for (size_t i = 0; i < 200; i++) {
        answers[i] = (struct testhost_answer){.status = 204};
    }
    const struct testhost_script script = {.answers = answers, .n_answers = 200};
    (void)testhost_provider_run(p, TESTHOST_TURN_HELLO, &script);
    testhost_provider_destroy(p);
    assert_non_null(strstr(testhost_findings(t), "poll() was called 100 times and wants more"));
}

static void the_catalogue_is_listed(void **state)
{
    struct testhost_provider *p = create(*state, "well");
    assert_string_equal(testhost_provider_models(p), "m1 context=1000 output=-1 features=0\n");
    testhost_provider_destroy(p);
    expect_only(*state, "");
}

/* ---- the grammar of events ---- */

static void the_grammar_of_events_is_held(void **state)
{
    static const struct {
        const char *events, *finding;
    } rows[] = {
        {"start begin delta done usage finish", ""},
        {"warning start finish", ""},
        {"start begin-call done-call finish-tools", ""},
        {"start begin-call done-freeform finish-tools", ""},
        {"begin done finish", "an event before START"},
        {"start start finish", "a second START"},
        {"start finish finish", "an event after FINISH"},
        {"start begin finish", "FINISH while an item is open"},
        {"start begin begin done finish", "ITEM_BEGIN of an item that has begun before"},
        {"start done finish", "ITEM_DONE of an item that is not open"},
        {"start delta finish", "DELTA of an item that is not open"},
        {"start begin done delta finish", "DELTA of an item that is not open"},
        {"start begin done-call finish", "ITEM_DONE of another type than its ITEM_BEGIN"},
        {"start begin-call done-broken finish-tools",
         "a tool call whose arguments are not a JSON object"},
        {"start finish-tools", "FINISH waits for tool results, but no tool was called"},
        {"start usage begin done finish", "ITEM_BEGIN after USAGE"},
        {"start usage-too-large finish",
         "USAGE with more cached tokens than the input that includes them"},
        {"start unknown finish", "an event of a type nobody knows"},
        {"start sizeless finish", "a struct whose struct_size is not set"},
        {"start begin done", "the turn ends well and had no FINISH"},
    };
    struct testhost *t = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[512] = "";
        size_t n = 0;
        for (const char *p = rows[i].events; *p != '\0';) {
            const size_t word = strcspn(p, " ");
            n += (size_t)snprintf(body + n, sizeof body - n, "data: %.*s\n\n", (int)word, p);
            p += word + (p[word] == ' ' ? 1 : 0);
        }
        testhost_forget_findings(t);
        (void)turn_of(t, "grammar", body);
        if (rows[i].finding[0] == '\0') {
            expect_only(t, "");
        } else if (strstr(testhost_findings(t), rows[i].finding) == NULL) {
            fail_msg("%s: no '%s' in '%s'", rows[i].events, rows[i].finding, testhost_findings(t));
        }
    }
}

/* ---- framing ---- */

static void frames_are_cut_as_the_host_cuts_them(void **state)
{
    static const struct {
        const char *what, *body, *frames;
    } rows[] = {
        {"well", "\xef\xbb\xbf: note\r\ndata: a\r\ndata:b\r\n\r\nid: 1\ndata: c\n\ndata: lost",
         "a\\nb|c|"},
        {"well", "event: e\n\ndata\n\n", "|"},
        {"ndjson", "{\"a\":1}\r\n\n{\"b\":2}", "{\"a\":1}|{\"b\":2}|"},
        {"raw", "abcdefg", "abc|def|g|"},
        {"whole", "one\n\ntwo", "one\\n\\ntwo|"},
        {"whole", "", "|"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char wanted[256] = "";
        size_t n = 0;
        for (const char *p = rows[i].frames; *p != '\0';) {
            const size_t word = strcspn(p, "|");
            n += (size_t)snprintf(wanted + n, sizeof wanted - n,
                                  word > 0 ? "WARNING text=%.*s\n" : "WARNING%.*s\n", (int)word, p);
            p += word + 1;
        }
        struct testhost_provider *p = create(*state, rows[i].what);
        const struct testhost_answer answer = {.status = 200, .body = rows[i].body};
        const struct testhost_script script = {.answers = &answer, .n_answers = 1, .chunk = 3};
        const struct testhost_result r = testhost_provider_run(p, TESTHOST_TURN_HELLO, &script);
        const char *got = strchr(r.events, '\n');
        assert_non_null(got);
        assert_memory_equal(got + 1, wanted, strlen(wanted));
        testhost_provider_destroy(p);
    }
    expect_only(*state, "");
}

static void a_refusal_comes_whole_and_a_cut_is_truncated(void **state)
{
    struct testhost *t = *state;
    struct testhost_provider *p = create(t, "well");
    const struct testhost_answer refusal = {.status = 400, .body = "data: a\n\ndata: b\n\n"};
    struct testhost_script script = {.answers = &refusal, .n_answers = 1};
    struct testhost_result r = testhost_provider_run(p, TESTHOST_TURN_HELLO, &script);
    assert_int_equal(r.n_frames, 1);
    assert_string_equal(r.error, "ended with 2; try again");
    assert_string_equal(r.message, "again");
    const struct testhost_answer answer = {.status = 200, .body = "data: a\n\ndata: b\n\n"};
    script =
        (struct testhost_script){.answers = &answer, .n_answers = 1, .is_cut = true, .frames = 1};
    r = testhost_provider_run(p, TESTHOST_TURN_HELLO, &script);
    assert_int_equal(r.n_frames, 1);
    assert_string_equal(r.error, "ended with 1; try again");
    testhost_provider_destroy(p);
    expect_only(t, "");
}

static void a_turn_can_be_cancelled_at_every_call(void **state)
{
    struct testhost *t = *state;
    struct testhost_provider *p = create(t, "well");
    const struct testhost_answer answer = {.status = 200, .body = "data: a\n\ndata: b\n\n"};
    struct testhost_script script = {.answers = &answer, .n_answers = 1};
    const size_t n = testhost_provider_run(p, TESTHOST_TURN_HELLO, &script).n_calls;
    assert_int_equal(n, 7); /* open, poll, on_response, on_frame, on_frame, on_end, poll */
    for (script.cancel_after = 1; script.cancel_after < n; script.cancel_after++) {
        const struct testhost_result r = testhost_provider_run(p, TESTHOST_TURN_HELLO, &script);
        assert_int_equal(r.rc, BEACON_E_CANCELLED);
        assert_int_equal(r.n_calls, script.cancel_after);
        assert_false(r.has_verdict);
    }
    testhost_provider_destroy(p);
    expect_only(t, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plugin_that_behaves_has_no_findings),
        TEST(data_that_is_kept_is_found),
        TEST(a_turn_that_is_kept_is_found),
        TEST(one_byte_too_many_is_found),
        TEST(a_span_has_no_nul_behind_it),
        TEST(a_struct_of_an_older_host_is_not_written_behind_its_end),
        TEST(a_crash_does_not_end_the_test),
        TEST(abort_is_named),
        TEST(the_end_of_the_stack_is_a_crash),
        TEST(an_object_that_faulted_is_not_called_again),
        TEST(an_event_from_another_thread_is_found),
        TEST(a_sink_that_is_kept_is_found),
        TEST(an_event_after_the_host_said_stop_is_found),
        TEST(a_sink_within_a_sink_is_found),
        TEST(a_sink_without_a_slot_is_found),
        TEST(judge_may_not_look_at_the_clock),
        TEST(errors_need_a_hint),
        TEST(codes_are_not_positive),
        TEST(a_planted_secret_is_found_wherever_it_turns_up),
        TEST(a_header_is_not_injected),
        TEST(a_plugin_cannot_ask_for_ever),
        TEST(the_catalogue_is_listed),
        TEST(the_grammar_of_events_is_held),
        TEST(frames_are_cut_as_the_host_cuts_them),
        TEST(a_refusal_comes_whole_and_a_cut_is_truncated),
        TEST(a_turn_can_be_cancelled_at_every_call),
    };
    return cmocka_run_group_tests_name("testhost/provider", tests, NULL, NULL);
}
