/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

#define CHUNK(delta)                                                                               \
    ("{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{" delta "}}]}")
#define LAST(reason)   ("{\"choices\":[{\"delta\":{},\"finish_reason\":\"" reason "\"}]}")
#define USAGE(members) ("{\"choices\":[],\"usage\":{" members "}}")
#define WHOLE(message)                                                                             \
    ("{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"message\":{" message                           \
     "},\"finish_reason\":\"stop\"}]}")
#define START "START id=c model=m\n"

static struct harness h;

static void open_turn(const char *config)
{
    assert_ok(harness_create(&h, config), &h.err);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), MESSAGES(USER("go")))), &h.err);
    (void)harness_request(&h);
    harness_forget_events(&h);
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
}

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_chat");
    open_turn("{\"base_url\":\"http://127.0.0.1:1/v1\"}");
    return 0;
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static void frames(const char *const *list)
{
    for (; *list != NULL; list++) {
        assert_ok(harness_frame(&h, *list), &h.err);
    }
}
#define FRAMES(...) frames((const char *const[]){__VA_ARGS__, NULL})

static void expect(const char *events)
{
    assert_ok(harness_end(&h, BEACON_END_OK), &h.err);
    assert_string_equal(h.events, events);
}

static void text_is_shown_as_it_comes_and_durable_at_the_end(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"role\":\"assistant\",\"content\":\"\""), CHUNK("\"content\":\"He\""),
           CHUNK("\"content\":\"l\\u006co\""), CHUNK("\"content\":\"\\n\""));
    assert_string_equal(h.events, START "BEGIN 0 text\nDELTA 0 code=0 text=He\n"
                                        "DELTA 0 code=0 text=llo\nDELTA 0 code=0 text=\n\n");
    harness_forget_events(&h);
    FRAMES(LAST("stop"));
    assert_string_equal(h.events, "");
    FRAMES("[DONE]");
    expect("DONE 0 text text=Hello\n\nFINISH code=1\n");
}

static void reasoning_is_found_under_any_name_and_shape(void **state)
{
    static const char *const rows[] = {
        "\"reasoning\":\"why\"",
        "\"reasoning_content\":\"why\"",
        "\"reasoning\":{\"text\":\"why\"}",
        "\"reasoning\":{\"content\":\"why\"}",
        "\"reasoning\":[{\"text\":\"w\"},{\"text\":\"hy\"}]",
        "\"reasoning\":\"\",\"reasoning_content\":\"why\"",
        "\"reasoning\":null,\"reasoning_content\":\"why\",\"content\":null",
        "\"reasoning_content\":\"why\",\"reasoning\":\"why\"",
        "\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"why\"}]}]",
        "\"content\":[{\"type\":\"thinking\",\"thinking\":\"why\"}]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char chunk[256];
        open_turn("{\"base_url\":\"http://127.0.0.1:1/v1\"}");
        (void)snprintf(chunk, sizeof chunk, CHUNK("%s"), rows[i]);
        FRAMES(chunk, LAST("stop"), "[DONE]");
        assert_non_null(strstr(h.events, "DONE 0 reasoning text=why\nFINISH code=1\n"));
        assert_null(strstr(h.events, " text text="));
    }
}

static void the_configured_name_of_reasoning_counts(void **state)
{
    (void)state;
    open_turn("{\"base_url\":\"http://127.0.0.1:1/v1\",\"quirks\":{\"reasoning_out\":[\"mind\"]}}");
    FRAMES(CHUNK("\"mind\":\"a\",\"reasoning\":\"b\""), LAST("stop"));
    expect(START "BEGIN 0 reasoning\nDELTA 0 code=2 text=a\nDONE 0 reasoning text=a\n"
                 "FINISH code=1\n");
}

static void pieces_of_a_signed_text_go_back_as_one(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"reasoning_details\":[{\"type\":\"reasoning.summary\",\"summary\":\"a\\n\","
                 "\"index\":0}]"),
           CHUNK("\"reasoning_details\":[{\"type\":\"reasoning.summary\",\"summary\":\"b\","
                 "\"index\":0},{\"type\":\"reasoning.summary\",\"summary\": \"c\",\"index\":1}]"),
           CHUNK("\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\": \"x\"}]"),
           LAST("stop"));
    expect(START "BEGIN 0 reasoning\nDELTA 0 code=2 text=a\n\nDELTA 0 code=2 text=b\n"
                 "DELTA 0 code=2 text=c\n"
                 "DONE 0 reasoning text=a\nbc opaque=[{\"type\":\"reasoning.summary\",\"summary\":"
                 "\"a\\nb\",\"index\":0},{\"type\":\"reasoning.summary\",\"summary\": \"c\","
                 "\"index\":1},{\"type\":\"reasoning.encrypted\",\"data\": \"x\"}]\n"
                 "FINISH code=1\n");
}

static void chunks_of_the_same_shape_are_told_from_those_that_only_begin_like_it(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"content\":\"a\""), CHUNK("\"content\":\"b\\\"}\""), CHUNK("\"content\":\"\""),
           CHUNK("\"content\":\"c\",\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{"
                 "\"name\":\"run\",\"arguments\":\"{}\"}}]"),
           CHUNK("\"content\":\"d\",\"role\":\"x\""), CHUNK("\"reasoning\":\"e\""), LAST("stop"));
    expect(START "BEGIN 0 text\nDELTA 0 code=0 text=a\nDELTA 0 code=0 text=b\"}\n"
                 "DELTA 0 code=0 text=c\nDELTA 0 code=0 text=d\nBEGIN 1 reasoning\n"
                 "DELTA 1 code=2 text=e\nDONE 1 reasoning text=e\nDONE 0 text text=ab\"}cd\n"
                 "BEGIN 2 call call=x name=run\nDONE 2 call call=x name=run text={}\n"
                 "FINISH code=2\n");
}

static void a_choice_of_another_number_is_passed_over(void **state)
{
    (void)state;
    FRAMES("{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"},\"finish_reason\":\"stop\"},"
           "{\"index\":0,\"delta\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}]}");
    expect("START\nBEGIN 0 text\nDELTA 0 code=0 text=yes\nDONE 0 text text=yes\nFINISH code=1\n");
}

static void usage_is_found_wherever_it_stands(void **state)
{
    static const char *const rows[] = {
        USAGE("\"prompt_tokens\":5,\"completion_tokens\":2"),
        "{\"choices\":[],\"x_groq\":{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}}",
        "{\"choices\":[{\"delta\":{},\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}]}",
        "{\"usage\":{\"input_tokens\":5,\"output_tokens\":2}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_turn("{\"base_url\":\"http://127.0.0.1:1/v1\"}");
        FRAMES(CHUNK("\"content\":\"a\""), LAST("stop"), rows[i], "[DONE]");
        assert_non_null(strstr(h.events, "USAGE in=5 cached=-1 out=2 reasoning=-1 flags=3\n"
                                         "FINISH code=1\n"));
    }
}

static void usage_in_every_chunk_is_counted_once(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"content\":\"a\""), USAGE("\"prompt_tokens\":5,\"completion_tokens\":1"),
           USAGE("\"prompt_tokens\":5,\"completion_tokens\":2"),
           USAGE("\"prompt_tokens\":0,\"completion_tokens\":0"), LAST("stop"));
    expect(START "BEGIN 0 text\nDELTA 0 code=0 text=a\nDONE 0 text text=a\n"
                 "USAGE in=5 cached=-1 out=2 reasoning=-1 flags=3\nFINISH code=1\n");
}

static void counts_say_whether_they_include_each_other(void **state)
{
    static const struct {
        const char *usage, *line;
    } rows[] = {
        {USAGE("\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13,"
               "\"prompt_tokens_details\":{\"cached_tokens\":8},"
               "\"completion_tokens_details\":{\"reasoning_tokens\":3}"),
         "USAGE in=9 cached=8 out=4 reasoning=3 flags=3\n"},
        {USAGE("\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":16,"
               "\"completion_tokens_details\":{\"reasoning_tokens\":3}"),
         "USAGE in=9 cached=-1 out=4 reasoning=3 flags=1\n"},
        {USAGE("\"prompt_tokens\":9,\"completion_tokens\":4,\"cache_read_input_tokens\":20"),
         "USAGE in=9 cached=20 out=4 reasoning=-1 flags=2\n"},
        {USAGE("\"prompt_tokens\":9,\"completion_tokens\":4,\"prompt_tokens_details\":null,"
               "\"prompt_cache_hit_tokens\":2"),
         "USAGE in=9 cached=2 out=4 reasoning=-1 flags=3\n"},
        {USAGE("\"prompt_tokens\":-7,\"completion_tokens\":4"),
         "USAGE in=-1 cached=-1 out=4 reasoning=-1 flags=3\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_turn("{\"base_url\":\"http://127.0.0.1:1/v1\"}");
        FRAMES(CHUNK("\"content\":\"a\""), LAST("stop"), rows[i].usage);
        assert_non_null(strstr(h.events, rows[i].line));
    }
}

static void how_it_ended_is_told_in_the_hosts_words(void **state)
{
    static const struct {
        const char *reason;
        int code;
        const char *warning;
    } rows[] = {
        {"stop", 1, ""},
        {"eos", 1, ""},
        {"tool_calls", 1, ""},
        {"length", 3, "WARNING text=the answer was cut off: the output limit is reached\n"},
        {"model_length", 3, "WARNING text=the answer was cut off: the output limit is reached\n"},
        {"content_filter", 4, "WARNING text=the server's content filter stopped the answer\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char last[128], expected[256];
        open_turn("{\"base_url\":\"http://127.0.0.1:1/v1\"}");
        (void)snprintf(last, sizeof last, LAST("%s"), rows[i].reason);
        FRAMES(CHUNK("\"content\":\"a\""), last, "[DONE]");
        (void)snprintf(expected, sizeof expected,
                       START "BEGIN 0 text\nDELTA 0 code=0 text=a\nDONE 0 text text=a\n"
                             "%sFINISH code=%d\n",
                       rows[i].warning, rows[i].code);
        expect(expected);
    }
}

static void a_refusal_is_text_and_said_to_be_one(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"content\":null,\"refusal\":\"I \""), CHUNK("\"refusal\":\"won't.\""),
           LAST("stop"));
    expect(START "BEGIN 0 text\nDELTA 0 code=0 text=I \nDELTA 0 code=0 text=won't.\n"
                 "DONE 0 text text=I won't.\nFINISH code=4\n");
}

static void a_whole_answer_is_read_like_a_stream(void **state)
{
    (void)state;
    FRAMES(WHOLE("\"content\":\"Hi\",\"reasoning_content\":\"r\""));
    expect(START "BEGIN 0 reasoning\nDELTA 0 code=2 text=r\nBEGIN 1 text\n"
                 "DELTA 1 code=0 text=Hi\nDONE 0 reasoning text=r\nDONE 1 text text=Hi\n"
                 "FINISH code=1\n");
}

static void a_message_behind_its_deltas_says_nothing_twice(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"content\":\"Hi\""), WHOLE("\"content\":\"Hi\",\"reasoning\":\"late\""));
    expect(START "BEGIN 0 text\nDELTA 0 code=0 text=Hi\nBEGIN 1 reasoning\n"
                 "DELTA 1 code=2 text=late\nDONE 1 reasoning text=late\nDONE 0 text text=Hi\n"
                 "FINISH code=1\n");
}

static void a_mark_of_the_end_without_a_reason_ends_an_answer(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"content\":\"a\""), "[DONE]");
    expect(START "BEGIN 0 text\nDELTA 0 code=0 text=a\nDONE 0 text text=a\nFINISH code=1\n");
}

static void nothing_is_heard_after_the_end(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"content\":\"a\""), LAST("stop"), "[DONE]");
    harness_forget_events(&h);
    FRAMES(CHUNK("\"content\":\"b\""), "[DONE]", "{\"error\":{\"message\":\"late\"}}", "{");
    expect("");
}

static void bytes_that_are_not_utf8_are_repaired(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"content\":\"ok\""), CHUNK("\"content\":\"a\xff\""),
           CHUNK("\"content\":\"\xe2\x82\""), LAST("stop"));
    expect(START "BEGIN 0 text\nDELTA 0 code=0 text=ok\n"
                 "DELTA 0 code=0 text=a\xef\xbf\xbd\n"
                 "DELTA 0 code=0 text=\xef\xbf\xbd\xef\xbf\xbd\n"
                 "DONE 0 text text=oka\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\nFINISH code=1\n");
}

static void words_between_chunks_are_logged_and_passed_over(void **state)
{
    (void)state;
    FRAMES("[]", "3", "words", "{}", "null", CHUNK("\"content\":\"a\""), "{\"choices\":7}",
           "{\"choices\":[7,{\"delta\":[]}]}", LAST("stop"));
    expect(START "BEGIN 0 text\nDELTA 0 code=0 text=a\nDONE 0 text text=a\nFINISH code=1\n");
    assert_non_null(strstr(h.log, "skipped a line of 5 bytes between chunks\n"));
}

static void a_broken_chunk_breaks_the_stream(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"content\":\"a\""));
    assert_refused(harness_frame(&h, "{\"choices\":[{\"delta\":{\"cont"), BEACON_E_PROTOCOL,
                   &h.err);
    assert_int_equal(harness_judge(&h).verdict, BEACON_VERDICT_RETRY);
    assert_refused(harness_end(&h, BEACON_END_OK), BEACON_E_PROTOCOL, &h.err);
}

static void what_the_host_refuses_ends_the_exchange_with_its_code(void **state)
{
    (void)state;
    h.refuse_after = 2;
    assert_int_equal(harness_frame(&h, CHUNK("\"content\":\"a\"")), BEACON_E_CANCELLED);
}

static void text_beyond_the_cap_is_refused(void **state)
{
    const size_t n = (size_t)17 << 20;
    static const char head[] = "{\"choices\":[{\"delta\":{\"content\":\"";
    static const char tail[] = "\"}}]}";
    char *frame = malloc(sizeof head + n + sizeof tail);
    (void)state;
    assert_non_null(frame);
    memcpy(frame, head, sizeof head - 1);
    memset(frame + sizeof head - 1, 'a', n);
    memcpy(frame + sizeof head - 1 + n, tail, sizeof tail);
    beacon_rc rc = BEACON_OK;
    for (int i = 0; i < 4 && rc == BEACON_OK; i++) {
        rc = harness_frame(&h, frame);
        harness_forget_events(&h);
    }
    free(frame);
    assert_refused(rc, BEACON_E_LIMIT, &h.err);
    assert_int_equal(harness_judge(&h).verdict, BEACON_VERDICT_FATAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_is_shown_as_it_comes_and_durable_at_the_end),
        TEST(reasoning_is_found_under_any_name_and_shape),
        TEST(the_configured_name_of_reasoning_counts),
        TEST(pieces_of_a_signed_text_go_back_as_one),
        TEST(chunks_of_the_same_shape_are_told_from_those_that_only_begin_like_it),
        TEST(a_choice_of_another_number_is_passed_over),
        TEST(usage_is_found_wherever_it_stands),
        TEST(usage_in_every_chunk_is_counted_once),
        TEST(counts_say_whether_they_include_each_other),
        TEST(how_it_ended_is_told_in_the_hosts_words),
        TEST(a_refusal_is_text_and_said_to_be_one),
        TEST(a_whole_answer_is_read_like_a_stream),
        TEST(a_message_behind_its_deltas_says_nothing_twice),
        TEST(a_mark_of_the_end_without_a_reason_ends_an_answer),
        TEST(nothing_is_heard_after_the_end),
        TEST(bytes_that_are_not_utf8_are_repaired),
        TEST(words_between_chunks_are_logged_and_passed_over),
        TEST(a_broken_chunk_breaks_the_stream),
        TEST(what_the_host_refuses_ends_the_exchange_with_its_code),
        TEST(text_beyond_the_cap_is_refused),
    };
    return cmocka_run_group_tests_name("provider_chat/stream", tests, NULL, NULL);
}
