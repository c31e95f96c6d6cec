/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

static struct harness h;

/* Each test begins with a request sent and a 200 received. */
static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_responses");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1/v1\"}"), &h.err);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), .session_id = SPAN("s1"))), &h.err);
    (void)harness_request(&h);
    return harness_status(&h, 200, NULL, 0);
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

/* Another exchange like the first. */
static void begin_again(void **state)
{
    harness_close(&h);
    assert_int_equal(begin(state), 0);
}

static void feed(const char *data)
{
    assert_ok(harness_frame(&h, data), &h.err);
}

#define COMPLETED                                                                                  \
    "{\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"usage\":{"                 \
    "\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":20},\"output_tokens\":30,"   \
    "\"output_tokens_details\":{\"reasoning_tokens\":10},\"total_tokens\":130}}}"
#define USAGE_LINE "USAGE in=100 cached=20 out=30 reasoning=10 flags=3\n"
#define MESSAGE_ITEM                                                                               \
    "{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[{\"type\":"        \
    "\"output_text\",\"text\":\"Hello\"}]}"

static void a_message_streams_and_ends_the_turn(void **state)
{
    (void)state;
    feed("{\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\","
         "\"model\":\"gpt-5.5-2026\"}}");
    feed("{\"type\":\"response.in_progress\",\"sequence_number\":1,\"response\":{}}");
    feed("{\"type\":\"response.output_item.added\",\"sequence_number\":2,\"output_index\":0,"
         "\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"content\":[]}}");
    feed("{\"type\":\"response.output_text.delta\",\"sequence_number\":3,\"item_id\":\"msg_1\","
         "\"output_index\":0,\"delta\":\"Hel\"}");
    feed("{\"type\":\"response.output_text.delta\",\"sequence_number\":4,\"item_id\":\"msg_1\","
         "\"output_index\":0,\"delta\":\"lo\\n\\u20ac\"}");
    feed("{\"type\":\"response.output_item.done\",\"sequence_number\":5,\"output_index\":0,"
         "\"item\":" MESSAGE_ITEM "}");
    feed(COMPLETED);
    assert_ok(harness_end(&h, BEACON_END_OK), &h.err);
    assert_string_equal(h.events, "START id=resp_1 model=gpt-5.5-2026\n"
                                  "BEGIN 0 text id=msg_1\n"
                                  "DELTA 0 code=0 text=Hel\n"
                                  "DELTA 0 code=0 text=lo\n\xe2\x82\xac\n"
                                  "DONE 0 text id=msg_1 text=Hello opaque=" MESSAGE_ITEM
                                  "\n" USAGE_LINE "FINISH code=1\n");
    struct beacon_action action = {.struct_size = sizeof action};
    assert_ok(h.provider->poll(h.x, &action, &h.err), &h.err);
    assert_int_equal(action.kind, BEACON_ACT_DONE);
}

#define REASONING_ITEM                                                                             \
    "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[{\"type\":\"summary_text\",\"text\":"    \
    "\"One\\n\"},{\"type\":\"summary_text\",\"text\":\"Two\"}],\"encrypted_content\":\"x\\/y\"}"

static void reasoning_streams_in_sections_and_is_joined(void **state)
{
    (void)state;
    feed("{\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":"
         "\"reasoning\",\"id\":\"rs_1\",\"summary\":[]}}");
    feed("{\"type\":\"response.reasoning_summary_part.added\",\"output_index\":0,"
         "\"summary_index\":0}");
    feed("{\"type\":\"response.reasoning_summary_text.delta\",\"output_index\":0,"
         "\"summary_index\":0,\"delta\":\"One\"}");
    feed("{\"type\":\"response.reasoning_summary_part.added\",\"output_index\":0,"
         "\"summary_index\":1}");
    feed("{\"type\":\"response.reasoning_text.delta\",\"output_index\":0,\"delta\":\"raw\"}");
    feed("{\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":" REASONING_ITEM "}");
    assert_string_equal(h.events,
                        "START\n"
                        "BEGIN 0 reasoning id=rs_1\n"
                        "DELTA 0 code=1 text=One\n"
                        "DELTA 0 code=3\n"
                        "DELTA 0 code=2 text=raw\n"
                        "DONE 0 reasoning id=rs_1 text=One\n\n\nTwo opaque=" REASONING_ITEM "\n");
}

/* Servers for tests send nothing but finished items, often without an index. */
static void finished_items_alone_are_enough(void **state)
{
    static const struct {
        const char *item, *part;
    } rows[] = {
        {"{\"type\":\"function_call\",\"id\":\"fc_1\",\"call_id\":\"c1\",\"name\":\"echo\","
         "\"namespace\":\"mcp__s\",\"arguments\":\"{\\\"a\\\":1}\"}",
         "call id=fc_1 call=c1 name=echo ns=mcp__s text={\"a\":1}"},
        {"{\"type\":\"custom_tool_call\",\"id\":\"ctc_1\",\"call_id\":\"c2\",\"name\":"
         "\"apply_patch\",\"input\":\"*** Begin\\n\",\"status\":\"completed\"}",
         "call freeform id=ctc_1 call=c2 name=apply_patch text=*** Begin\n"},
        {"{\"type\":\"local_shell_call\",\"id\":\"ls_1\",\"call_id\":null,\"action\":{\"type\":"
         "\"exec\",\"command\":[\"ls\",\"-l\"],\"timeout_ms\":1000,\"working_directory\":\"/w\"}}",
         "call id=ls_1 call=ls_1 name=shell "
         "text={\"command\":[\"ls\",\"-l\"],\"workdir\":\"/w\",\"timeout_ms\":1000}"},
        {"{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"action\":{\"type\":\"search\","
         "\"query\":\"weather\"}}",
         "server id=ws_1 name=web_search text={\"type\":\"search\",\"query\":\"weather\"}"},
        {"{\"type\":\"brand_new_call\",\"id\":\"bn_1\"}", "server id=bn_1 name=brand_new_call"},
        {"{\"type\":\"message\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"No.\"}]}",
         "text text=No."},
        {"{\"type\":\"message\",\"content\":[{\"text\":\"a\\t\"},{\"image\":1},{\"text\":\"b\"}]}",
         "text text=a\tb"},
        {"{\"type\":\"message\"}", "text"},
        {"{\"type\":\"reasoning\",\"summary\":null}", "reasoning"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char frame[1024], expected[2048];
        (void)snprintf(frame, sizeof frame, "{\"type\":\"response.output_item.done\",\"item\":%s}",
                       rows[i].item);
        (void)snprintf(expected, sizeof expected, "DONE %zu %s opaque=%s\n", i, rows[i].part,
                       rows[i].item);
        harness_forget_events(&h);
        feed(frame);
        const char *done = strstr(h.events, "DONE");
        assert_non_null(strstr(h.events, "BEGIN"));
        assert_non_null(done);
        assert_string_equal(done, expected);
    }
    harness_forget_events(&h);
    feed("{\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}");
    assert_string_equal(h.events, "FINISH code=2\n");
}

static void unknown_counts_are_unknown_and_not_zero(void **state)
{
    (void)state;
    feed("{\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":7,"
         "\"input_tokens_details\":null,\"output_tokens\":-3,\"output_tokens_details\":{}}}}");
    assert_string_equal(h.events, "START\n"
                                  "USAGE in=7 cached=-1 out=-1 reasoning=-1 flags=3\n"
                                  "FINISH code=1\n");
}

static void nothing_comes_after_the_finish(void **state)
{
    (void)state;
    feed(COMPLETED);
    harness_forget_events(&h);
    feed(COMPLETED);
    feed("{\"type\":\"response.output_item.done\",\"item\":" MESSAGE_ITEM "}");
    feed("{\"type\":\"response.failed\",\"response\":{\"error\":{\"message\":\"late\"}}}");
    assert_string_equal(h.events, "");
    assert_ok(harness_end(&h, BEACON_END_TRUNCATED), &h.err);
}

static void an_event_sent_twice_counts_once(void **state)
{
    (void)state;
    feed("{\"type\":\"response.output_item.done\",\"sequence_number\":4,\"item\":" MESSAGE_ITEM
         "}");
    harness_forget_events(&h);
    feed("{\"type\":\"response.output_item.done\",\"sequence_number\":4,\"item\":" MESSAGE_ITEM
         "}");
    feed("{\"type\":\"response.output_text.delta\",\"sequence_number\":3,\"delta\":\"x\"}");
    assert_string_equal(h.events, "");
}

static void broken_and_unknown_events_are_passed_over(void **state)
{
    static const char *const frames[] = {
        "not json",
        "{\"type\":\"response.output_text.delta\",\"delta\":\"cut",
        "{\"type\":7}",
        "[]",
        "",
        "[DONE]",
        "{\"type\":\"response.some_new_thing\",\"delta\":\"x\"}",
        "{\"type\":\"response.output_item.done\"}",
        "{\"type\":\"response.output_item.done\",\"item\":[]}",
        "{\"type\":\"response.output_item.added\",\"item\":{\"id\":\"x\"}}",
        "{\"type\":\"response.content_part.added\"}",
        "{\"type\":\"response.function_call_arguments.delta\",\"delta\":\"{\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        feed(frames[i]);
    }
    assert_string_equal(h.events, "");
    assert_non_null(strstr(h.log, "skipped an event of 8 bytes"));
}

static void what_is_not_utf8_is_repaired_before_anyone_sees_it(void **state)
{
    static const char frame[] =
        "{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",\"content\":"
        "[{\"text\":\"a\xff\\u0000\"}]}}";
    (void)state;
    feed("{\"type\":\"response.output_text.delta\",\"delta\":\"\xc3(\"}");
    assert_ok(harness_frame_n(&h, frame, sizeof frame - 1), &h.err);
    assert_string_equal(h.events, "START\nBEGIN 0 text\nDELTA 0 code=0 text=\xef\xbf\xbd(\n"
                                  "DONE 0 text text=a\xef\xbf\xbd\\0 opaque={\"type\":\"message\","
                                  "\"content\":[{\"text\":\"a\xef\xbf\xbd\\u0000\"}]}\n");
}

static void indexes_out_of_range_do_no_harm(void **state)
{
    (void)state;
    feed("{\"type\":\"response.output_text.delta\",\"output_index\":-1,\"delta\":\"a\"}");
    feed("{\"type\":\"response.output_text.delta\",\"output_index\":99999999999,\"delta\":\"b\"}");
    feed("{\"type\":\"response.output_text.delta\",\"output_index\":\"x\",\"delta\":\"c\"}");
    assert_string_equal(h.events, "START\nBEGIN 0 text\nDELTA 0 code=0 text=a\n"
                                  "DELTA 0 code=0 text=b\nDELTA 0 code=0 text=c\n");
}

static void limits_in_the_headers_are_told(void **state)
{
    static const struct beacon_kv headers[] = {
        {SPAN("X-Codex-Primary-Used-Percent"), SPAN("12.5")},
        {SPAN("x-codex-primary-window-minutes"), SPAN("300")},
        {SPAN("x-codex-primary-reset-after-seconds"), SPAN("60")},
        {SPAN("x-codex-secondary-used-percent"), SPAN("not a number")},
        {SPAN("x-codex-primary-over-secondary-limit-percent"), SPAN("4")},
    };
    (void)state;
    assert_ok(harness_status(&h, 200, headers, sizeof headers / sizeof headers[0]), &h.err);
    assert_string_equal(h.events,
                        "LIMITS text={\"primary\":{\"used_percent\":12.5,\"window_minutes\":300,"
                        "\"resets_in_seconds\":60},\"primary_over_secondary_percent\":4}\n");
}

static void a_sink_that_says_stop_is_obeyed(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        begin_again(state);
        h.refuse_after = i;
        assert_int_equal(harness_frame(&h, COMPLETED), i < 3 ? BEACON_E_CANCELLED : BEACON_OK);
    }
}

/* The transcript of a turn, cut after every frame and inside every frame. */
static const char *const transcript[] = {
    "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}",
    "{\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"message\"}}",
    "{\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"Hel\\u00e9\"}",
    "{\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":" MESSAGE_ITEM "}",
    "{\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":{\"type\":"
    "\"function_call\",\"call_id\":\"c1\",\"name\":\"x\",\"arguments\":\"{}\"}}",
    COMPLETED,
};
#define N_TRANSCRIPT (sizeof transcript / sizeof transcript[0])

static void a_stream_cut_after_any_frame_is_worth_a_retry(void **state)
{
    for (size_t cut = 0; cut < N_TRANSCRIPT; cut++) {
        begin_again(state);
        for (size_t i = 0; i < cut; i++) {
            feed(transcript[i]);
        }
        assert_refused(harness_end(&h, BEACON_END_TRUNCATED), BEACON_E_PROTOCOL, &h.err);
        const struct beacon_verdict verdict = harness_judge(&h);
        assert_int_equal(verdict.verdict, BEACON_VERDICT_RETRY);
        assert_string_equal(harness_message(&verdict),
                            "stream disconnected before completion: stream closed before "
                            "response.completed");
    }
}

static void a_frame_cut_at_any_byte_is_passed_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TRANSCRIPT; i++) {
        for (size_t n = 0; n < strlen(transcript[i]); n++) {
            assert_ok(harness_frame_n(&h, transcript[i], n), &h.err);
        }
    }
    assert_string_equal(h.events, "");
}

static void closing_at_any_moment_frees_everything(void **state)
{
    for (size_t cut = 0; cut <= N_TRANSCRIPT; cut++) {
        begin_again(state);
        for (size_t i = 0; i < cut; i++) {
            feed(transcript[i]);
        }
    }
}

static void a_message_of_a_megabyte_comes_through(void **state)
{
    static const char head[] = "{\"type\":\"response.output_item.done\",\"item\":{\"type\":"
                               "\"message\",\"content\":[{\"text\":\"";
    static const char tail[] = "\"}]}}";
    const size_t n = 1 << 20;
    char *frame = malloc(sizeof head + n + sizeof tail);
    (void)state;
    assert_non_null(frame);
    memcpy(frame, head, sizeof head - 1);
    for (size_t i = 0; i < n; i++) {
        frame[sizeof head - 1 + i] = "x\\n"[i % 64 < 62 ? 0 : i % 64 - 61];
    }
    memcpy(frame + sizeof head - 1 + n, tail, sizeof tail);
    feed(frame);
    const char *text = strstr(h.events, "DONE 0 text text=");
    assert_non_null(text);
    const char *opaque = strstr(text, " opaque=");
    assert_non_null(opaque);
    assert_int_equal(opaque - text - 17, n - n / 64);
    free(frame);
}

#define ADDED(type, id)                                                                            \
    "{\"type\":\"response.output_item.added\",\"item\":{\"type\":\"" type "\"" id "}}"
#define DONE(type, id)                                                                             \
    "{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"" type "\"" id "}}"
#define ID(id) ",\"id\":\"" id "\""
#define TEXT_DELTA(id, text)                                                                       \
    "{\"type\":\"response.output_text.delta\"" id ",\"delta\":\"" text "\"}"
#define ITEM_ID(id) ",\"item_id\":\"" id "\""

/* What the events are about, without the contents: "BEGIN 0", "DELTA 0", … */
static const char *shape_of(const char *events)
{
    static char shape[4096];
    size_t n = 0;
    for (const char *line = events; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *stop = strchr(line, ' ');
        const char *end = strchr(line, '\n');
        stop = stop != NULL && stop < end ? stop + 2 : end;
        n += (size_t)snprintf(shape + n, sizeof shape - n, "%.*s\n", (int)(stop - line), line);
    }
    shape[n] = '\0';
    return shape;
}

static void items_without_an_index_are_told_apart_by_id(void **state)
{
    (void)state;
    feed(ADDED("function_call", ID("fc_1")));
    feed(ADDED("message", ID("msg_1")));
    feed(ADDED("message", ID("msg_2")));
    feed(ADDED("message", ID("msg_2")));
    feed(TEXT_DELTA(ITEM_ID("msg_1"), "a"));
    feed(TEXT_DELTA(ITEM_ID("msg_2"), "b"));
    feed(DONE("message", ID("msg_2")));
    feed(DONE("message", ID("msg_1")));
    feed(DONE("function_call", ID("fc_1")));
    assert_string_equal(shape_of(h.events), "START\nBEGIN 0\nBEGIN 1\nBEGIN 2\nDELTA 1\nDELTA 2\n"
                                            "DONE 2\nDONE 1\nDONE 0\n");
}

static void items_without_index_and_id_are_told_apart_by_order(void **state)
{
    static const char reasoning[] = "{\"type\":\"response.reasoning_text.delta\",\"delta\":\"r\"}";
    (void)state;
    feed(ADDED("reasoning", ""));
    feed(reasoning);
    feed(TEXT_DELTA("", "a"));
    feed(DONE("reasoning", ""));
    feed(TEXT_DELTA("", "b"));
    feed(ADDED("function_call", ""));
    feed(ADDED("function_call", ""));
    feed(DONE("message", ID("msg_1")));
    feed(DONE("function_call", ID("fc_1")));
    feed(DONE("function_call", ID("fc_2")));
    feed(TEXT_DELTA(ITEM_ID("msg_2"), "c"));
    assert_string_equal(shape_of(h.events), "START\nBEGIN 0\nDELTA 0\nBEGIN 1\nDELTA 1\nDONE 0\n"
                                            "DELTA 1\nBEGIN 2\nBEGIN 3\nDONE 1\nDONE 2\nDONE 3\n"
                                            "BEGIN 4\nDELTA 4\n");
}

static void many_open_items_without_an_index_do_no_harm(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        char frame[256];
        (void)snprintf(frame, sizeof frame,
                       "{\"type\":\"response.output_item.added\",\"item\":{\"type\":\"message\","
                       "\"id\":\"msg_%d\"}}",
                       i);
        assert_ok(harness_frame(&h, frame), &h.err);
        harness_forget_events(&h);
    }
    feed(COMPLETED);
}

static void reasoning_without_a_summary_is_what_was_thought(void **state)
{
    (void)state;
    feed("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"reasoning\",\"summary\":[],"
         "\"content\":[{\"type\":\"reasoning_text\",\"text\":\"hm\"}]}}");
    assert_non_null(strstr(h.events, "DONE 0 reasoning text=hm opaque={\"type\":\"reasoning\""));
}

static void a_refusal_streams_as_text(void **state)
{
    (void)state;
    feed("{\"type\":\"response.refusal.delta\",\"output_index\":0,\"delta\":\"No.\"}");
    assert_string_equal(h.events, "START\nBEGIN 0 text\nDELTA 0 code=0 text=No.\n");
}

#define EVENT_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVENT_TEST(a_message_streams_and_ends_the_turn),
        EVENT_TEST(reasoning_streams_in_sections_and_is_joined),
        EVENT_TEST(finished_items_alone_are_enough),
        EVENT_TEST(unknown_counts_are_unknown_and_not_zero),
        EVENT_TEST(nothing_comes_after_the_finish),
        EVENT_TEST(an_event_sent_twice_counts_once),
        EVENT_TEST(broken_and_unknown_events_are_passed_over),
        EVENT_TEST(what_is_not_utf8_is_repaired_before_anyone_sees_it),
        EVENT_TEST(indexes_out_of_range_do_no_harm),
        EVENT_TEST(limits_in_the_headers_are_told),
        EVENT_TEST(a_sink_that_says_stop_is_obeyed),
        EVENT_TEST(a_stream_cut_after_any_frame_is_worth_a_retry),
        EVENT_TEST(a_frame_cut_at_any_byte_is_passed_over),
        EVENT_TEST(closing_at_any_moment_frees_everything),
        EVENT_TEST(a_message_of_a_megabyte_comes_through),
        EVENT_TEST(items_without_an_index_are_told_apart_by_id),
        EVENT_TEST(items_without_index_and_id_are_told_apart_by_order),
        EVENT_TEST(many_open_items_without_an_index_do_no_harm),
        EVENT_TEST(reasoning_without_a_summary_is_what_was_thought),
        EVENT_TEST(a_refusal_streams_as_text),
    };
    return cmocka_run_group_tests_name("provider_responses/events", tests, NULL, NULL);
}
