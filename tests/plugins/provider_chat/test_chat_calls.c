/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"

#define CHUNK(delta) ("{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"delta\":{" delta "}}]}")
#define CALLS(list)  CHUNK("\"tool_calls\":[" list "]")
#define LAST(reason) ("{\"choices\":[{\"delta\":{},\"finish_reason\":\"" reason "\"}]}")
#define ONE                                                                                        \
    "BEGIN 0 call call=a name=run\nDONE 0 call call=a name=run text={\"x\":1}\nFINISH code=2\n"

static struct harness h;

static void open_turn(void)
{
    assert_ok(
        harness_open(&h, TURN(.model = SPAN("m"), MESSAGES(USER("go")),
                              TOOLS(TOOL(.name = SPAN("run")),
                                    TOOL(.name = SPAN("read"), .ns = SPAN("mcp__fs")),
                                    TOOL(.name = SPAN("patch"), .flags = BEACON_TOOL_FREEFORM)))),
        &h.err);
    (void)harness_request(&h);
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    assert_ok(harness_frame(&h, CHUNK("\"role\":\"assistant\"")), &h.err);
    harness_forget_events(&h);
}

static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_chat");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1/v1\"}"), &h.err);
    open_turn();
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
    open_turn();
}

static void pieces_with_an_index_become_the_call_of_that_index(void **state)
{
    (void)state;
    FRAMES(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\"\"}},"
                 "{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"run\"}}"),
           CALLS("{\"index\":1,\"function\":{\"arguments\":\"{}\"}},"
                 "{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\"\"}}"),
           CALLS("{\"index\":0,\"function\":{\"arguments\":\":1}\"}}"), LAST("tool_calls"));
    expect("BEGIN 0 call call=a name=run\nDONE 0 call call=a name=run text={\"x\":1}\n"
           "BEGIN 1 call call=b name=run\nDONE 1 call call=b name=run text={}\nFINISH code=2\n");
}

#define CALLS_TWICE                                                                                \
    CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":"                \
          "\"\\\"{\\\\\\\"x\\\\\\\":1}\\\"\"}}")

static void one_call_is_understood_however_it_is_cut(void **state)
{
    static const char *const rows[][4] = {
        /* no index, the id once */
        {CALLS("{\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\"{\\\"x\\\"\"}}"),
         CALLS("{\"function\":{\"arguments\":\":1}\"}}"), CHUNK("")},
        /* no index, the same id always, the name always */
        {CALLS("{\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\"{\\\"x\\\"\"}}"),
         CALLS("{\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\":1}\"}}"), CHUNK("")},
        /* a new id for every piece */
        {CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\"\"}}"),
         CALLS("{\"index\":0,\"id\":\"b\",\"function\":{\"arguments\":\"{\\\"x\\\"\"}}"),
         CALLS("{\"index\":0,\"id\":\"c\",\"function\":{\"arguments\":\":1}\"}}")},
        {CALLS("{\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\"{\"}}"),
         CALLS("{\"id\":\"b\",\"function\":{\"name\":\"run\",\"arguments\":\"\\\"x\\\"\"}}"),
         CALLS("{\"id\":\"c\",\"function\":{\"name\":\"run\",\"arguments\":\":1}\"}}")},
        /* the name in pieces, and once more */
        {CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"r\"}}"),
         CALLS("{\"index\":0,\"function\":{\"name\":\"un\"}}"),
         CALLS("{\"index\":0,\"function\":{\"name\":\"run\",\"arguments\":\"{\\\"x\\\":1}\"}}")},
        /* an object, and the whole of it said again */
        {CALLS(
             "{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":{\"x\":1}}}"),
         CALLS(
             "{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":{\"x\":1}}}"),
         CHUNK("")},
        /* escaped once more */
        {CALLS_TWICE, CHUNK(""), CHUNK("")},
        /* white space around, and null for what was said before */
        {CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\" {\"}}"),
         CALLS("{\"index\":0,\"id\":null,\"function\":{\"name\":null,\"arguments\":null}}"),
         CALLS("{\"index\":0,\"function\":{\"arguments\":\"\\\"x\\\":1} \"}}")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FRAMES(rows[i][0], rows[i][1], rows[i][2], LAST("tool_calls"));
        expect(ONE);
    }
}

static void whole_calls_of_the_same_number_or_none_are_told_apart(void **state)
{
    static const char *const rows[] = {
        "\"index\":0,\"id\":\"%s\",",
        "\"id\":\"%s\",",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char first[64], second[64], chunks[2][256];
        (void)snprintf(first, sizeof first, rows[i], "a");
        (void)snprintf(second, sizeof second, rows[i], "b");
        (void)snprintf(chunks[0], sizeof chunks[0],
                       CALLS("{%s\"function\":{\"name\":\"run\",\"arguments\":\"{\\\"x\\\":1}\"}}"),
                       first);
        (void)snprintf(chunks[1], sizeof chunks[1],
                       CALLS("{%s\"function\":{\"name\":\"run\",\"arguments\":\"{}\"}}"), second);
        FRAMES(chunks[0], chunks[1], LAST("stop"));
        expect("BEGIN 0 call call=a name=run\nDONE 0 call call=a name=run text={\"x\":1}\n"
               "BEGIN 1 call call=b name=run\nDONE 1 call call=b name=run text={}\n"
               "FINISH code=2\n");
    }
}

/* The ids of the calls in the events, "id id …". */
static void read_ids(char *ret, size_t capacity)
{
    size_t n = 0;
    ret[0] = '\0';
    for (const char *at = h.events; (at = strstr(at, "DONE ")) != NULL; at++) {
        const char *id = strstr(at, "call=") + 5;
        n += (size_t)snprintf(ret + n, capacity - n, "%.*s ", (int)strcspn(id, " "), id);
    }
}

static void calls_without_an_id_get_one_that_is_theirs_alone(void **state)
{
    char first[256], again[256];
    (void)state;
    FRAMES(CALLS("{\"function\":{\"name\":\"run\",\"arguments\":\"{\\\"x\\\":1}\"}}"),
           CALLS("{\"function\":{\"name\":\"run\",\"arguments\":\"{\\\"x\\\":1}\"}}"),
           CALLS("{\"index\":7,\"id\":\"a\",\"function\":{\"name\":\"run\"}}"),
           CALLS("{\"index\":8,\"id\":\"a\",\"function\":{\"name\":\"run\"}}"), LAST("stop"),
           "[DONE]");
    read_ids(first, sizeof first);
    assert_int_equal(strncmp(first, "call_", 5), 0);
    assert_int_equal(strlen(first), 3 * 22 + 2);
    assert_int_not_equal(strncmp(first, first + 22, 22), 0);
    assert_int_equal(strncmp(first + 44, "a call_", 7), 0);
    open_turn();
    FRAMES(CALLS("{\"function\":{\"name\":\"run\",\"arguments\":\"{}\"}}"), LAST("stop"), "[DONE]");
    read_ids(again, sizeof again);
    assert_int_equal(strncmp(first, again, 22), 0); /* the same request gives the same */
}

static void the_old_form_of_a_call_is_understood(void **state)
{
    (void)state;
    FRAMES(CHUNK("\"function_call\":{\"name\":\"run\",\"arguments\":\"{\\\"x\\\"\"}"),
           CHUNK("\"function_call\":{\"arguments\":\":1}\"}"), LAST("function_call"), "[DONE]");
    assert_non_null(strstr(h.events, " name=run text={\"x\":1}\nFINISH code=2\n"));
}

static void empty_arguments_are_an_empty_object(void **state)
{
    static const char *const rows[] = {"\"\"", "null", "\" \"", "\"null\"", "{}", "\"{}\""};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char chunk[256];
        (void)snprintf(chunk, sizeof chunk,
                       CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\","
                             "\"arguments\":%s}}"),
                       rows[i]);
        FRAMES(chunk, LAST("stop"));
        expect("BEGIN 0 call call=a name=run\nDONE 0 call call=a name=run text={}\n"
               "FINISH code=2\n");
    }
}

static void arguments_that_do_not_parse_reach_the_tool_as_raw_text(void **state)
{
    (void)state;
    FRAMES(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":"
                 "\"{x:1}\"}}"),
           LAST("tool_calls"));
    expect("BEGIN 0 call freeform call=a name=run\n"
           "DONE 0 call freeform call=a name=run text={x:1}\nFINISH code=2\n");
}

static void a_freeform_tool_is_given_the_text_of_its_input(void **state)
{
    static const char *const rows[] = {
        "\"{\\\"input\\\":\\\"a\\\\nb\\\"}\"",
        "{\"input\":\"a\\nb\"}",
        "\"{\\\"patch\\\":\\\"a\\\\nb\\\",\\\"n\\\":1}\"",
        "\"a\\nb\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char chunk[256];
        (void)snprintf(chunk, sizeof chunk,
                       CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"patch\","
                             "\"arguments\":%s}}"),
                       rows[i]);
        FRAMES(chunk, LAST("stop"));
        expect("BEGIN 0 call freeform call=a name=patch\n"
               "DONE 0 call freeform call=a name=patch text=a\nb\nFINISH code=2\n");
    }
}

static void a_tool_of_a_namespace_is_told_by_its_own_name(void **state)
{
    (void)state;
    FRAMES(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"mcp__fs__read\"}}"),
           LAST("stop"));
    expect("BEGIN 0 call call=a name=read ns=mcp__fs\n"
           "DONE 0 call call=a name=read ns=mcp__fs text={}\nFINISH code=2\n");
}

static void a_call_that_the_output_limit_cut_does_not_run(void **state)
{
    (void)state;
    FRAMES(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\"{}\"}}"),
           CALLS("{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"run\",\"arguments\":\"{\"}}"),
           LAST("length"));
    expect("BEGIN 0 call call=a name=run\nDONE 0 call call=a name=run text={}\n"
           "WARNING text=the answer was cut off: the output limit is reached\nFINISH code=3\n");
}

static void a_call_that_a_broken_stream_cut_is_asked_for_again(void **state)
{
    (void)state;
    FRAMES(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":\"{\"}}"));
    assert_refused(harness_frame(&h, "[DONE]"), BEACON_E_PROTOCOL, &h.err);
    assert_string_equal(h.events, "");
    assert_int_equal(harness_judge(&h).verdict, BEACON_VERDICT_RETRY);
}

static void calls_that_are_none_are_asked_for_again(void **state)
{
    (void)state;
    FRAMES(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{}\"}}"),
           LAST("tool_calls"));
    assert_refused(harness_end(&h, BEACON_END_OK), BEACON_E_PROTOCOL, &h.err);
    assert_int_equal(harness_judge(&h).verdict, BEACON_VERDICT_RETRY);
    open_turn();
    FRAMES(CALLS("7,null,{},{\"index\":0}"), LAST("tool_calls"));
    assert_refused(harness_end(&h, BEACON_END_OK), BEACON_E_PROTOCOL, &h.err);
    assert_string_equal(h.events, "");
}

static void more_calls_than_anybody_makes_are_refused(void **state)
{
    beacon_rc rc = BEACON_OK;
    (void)state;
    for (int i = 0; i <= 128 && rc == BEACON_OK; i++) {
        char chunk[256];
        (void)snprintf(chunk, sizeof chunk, CALLS("{\"index\":%d,\"function\":{\"name\":\"run\"}}"),
                       i);
        rc = harness_frame(&h, chunk);
    }
    assert_refused(rc, BEACON_E_LIMIT, &h.err);
    assert_int_equal(harness_judge(&h).verdict, BEACON_VERDICT_FATAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_with_an_index_become_the_call_of_that_index),
        TEST(one_call_is_understood_however_it_is_cut),
        TEST(whole_calls_of_the_same_number_or_none_are_told_apart),
        TEST(calls_without_an_id_get_one_that_is_theirs_alone),
        TEST(the_old_form_of_a_call_is_understood),
        TEST(empty_arguments_are_an_empty_object),
        TEST(arguments_that_do_not_parse_reach_the_tool_as_raw_text),
        TEST(a_freeform_tool_is_given_the_text_of_its_input),
        TEST(a_tool_of_a_namespace_is_told_by_its_own_name),
        TEST(a_call_that_the_output_limit_cut_does_not_run),
        TEST(a_call_that_a_broken_stream_cut_is_asked_for_again),
        TEST(calls_that_are_none_are_asked_for_again),
        TEST(more_calls_than_anybody_makes_are_refused),
    };
    return cmocka_run_group_tests_name("provider_chat/calls", tests, NULL, NULL);
}
