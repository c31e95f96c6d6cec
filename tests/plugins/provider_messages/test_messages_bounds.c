/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/provider_harness.h"
#include "messages_frames.h"

static struct harness h;

/* Each test begins with a request sent and a 200 received. */
static int begin(void **state)
{
    (void)state;
    harness_init(&h, "provider_messages");
    assert_ok(harness_create(&h, "{\"base_url\":\"http://127.0.0.1:1\"}"), &h.err);
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"), MESSAGES(USER("hi")),
                                    TOOLS(TOOL(.name = SPAN("exec_command")),
                                          TOOL(.name = SPAN("close"), .ns = SPAN("mcp__docs")),
                                          TOOL(.name = SPAN("apply_patch"),
                                               .flags = BEACON_TOOL_FREEFORM)))),
              &h.err);
    (void)harness_request(&h);
    return harness_status(&h, 200, NULL, 0);
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static void feed(const char *data)
{
    assert_ok(harness_frame(&h, data), &h.err);
}

static void a_host_that_says_stop_hears_nothing_more(void **state)
{
    for (int allowed = 0; allowed < 4; allowed++) {
        harness_close(&h);
        assert_int_equal(begin(state), 0);
        h.refuse_after = allowed;
        beacon_rc rc = harness_frame(&h, BLOCK(0, "{\"type\":\"text\",\"text\":\"x\"}"));
        rc = rc < 0 ? rc : harness_frame(&h, OVER);
        assert_int_equal(rc, BEACON_E_CANCELLED);
    }
}

static void more_blocks_than_are_kept_end_the_answer(void **state)
{
    (void)state;
    for (int i = 0; i < 4096; i++) {
        feed(BLOCK(0, "{\"type\":\"text\",\"text\":\"x\"}"));
        harness_forget_events(&h);
    }
    assert_int_equal(harness_frame(&h, BLOCK(0, "{\"type\":\"text\",\"text\":\"x\"}")),
                     BEACON_E_LIMIT);
    assert_int_equal(harness_judge(&h).verdict, BEACON_VERDICT_FATAL);
}

static void an_answer_that_breaks_leaves_nothing_behind(void **state)
{
    (void)state;
    feed(BLOCK(0, TEXT_BLOCK));
    feed(GROWS(0, TEXT_DELTA("half")));
    feed(CLOSED(0));
    feed(BLOCK(1, CALL_BLOCK("toolu_1", "exec_command")));
    feed(CLOSED(1));
    feed(ENDS("tool_use", ""));
    assert_int_equal(harness_end(&h, BEACON_END_TRUNCATED), BEACON_E_PROTOCOL);
    assert_string_equal(h.events, "START\nBEGIN 0 text\nDELTA 0 code=0 text=half\n");
}

/* 33 times one mebibyte, in one block. */
static void more_text_than_is_kept_ends_the_answer(void **state)
{
    (void)state;
    const size_t n = (size_t)1 << 20;
    char *frame = malloc(n + 256);
    assert_non_null(frame);
    const int head = snprintf(frame, n,
                              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
                              "{\"type\":\"input_json_delta\",\"partial_json\":\"");
    memset(frame + head, 'x', n);
    memcpy(frame + head + n, "\"}}", 4);
    feed(BLOCK(0, CALL_BLOCK("t", "exec_command")));
    for (int i = 0; i < 31; i++) {
        feed(frame);
    }
    assert_int_equal(harness_frame(&h, frame), BEACON_E_LIMIT);
    free(frame);
}

static void rate_limits_are_told_when_the_headers_have_them(void **state)
{
    const struct beacon_kv headers[] = {
        {SPAN("anthropic-ratelimit-requests-limit"), SPAN("1000")},
        {SPAN("anthropic-ratelimit-requests-remaining"), SPAN("999")},
        {SPAN("anthropic-ratelimit-requests-reset"), SPAN("2026-01-02T03:04:05Z")},
        {SPAN("anthropic-ratelimit-input-tokens-remaining"), SPAN("many")},
        {SPAN("anthropic-ratelimit-output-tokens-remaining"), SPAN("7")},
        {SPAN("anthropic-ratelimit-unified-5h-utilization"), SPAN("0.4231")},
        {SPAN("anthropic-ratelimit-unified-5h-reset"), SPAN("1767326645")},
        {SPAN("anthropic-ratelimit-unified-7d-utilization"), SPAN("1")},
    };
    (void)state;
    assert_ok(harness_open(&h, TURN(.model = SPAN("m"))), &h.err);
    (void)harness_request(&h);
    assert_ok(harness_status(&h, 200, headers, sizeof headers / sizeof headers[0]), &h.err);
    assert_string_equal(h.events,
                        "LIMITS text={\"requests\":{\"limit\":1000,\"remaining\":999,\"resets_at\":"
                        "\"2026-01-02T03:04:05Z\"},\"output_tokens\":{\"remaining\":7},\"primary\":"
                        "{\"used_percent\":"
                        "42.31,\"window_minutes\":300,\"resets_at\":1767326645},\"secondary\":{"
                        "\"used_percent\":100.00,"
                        "\"window_minutes\":10080}}\n");
    harness_forget_events(&h);
    assert_ok(harness_status(&h, 200, headers + 3, 1), &h.err);
    assert_string_equal(h.events, "");
}

#define IT(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(a_host_that_says_stop_hears_nothing_more),
        IT(more_blocks_than_are_kept_end_the_answer),
        IT(an_answer_that_breaks_leaves_nothing_behind),
        IT(more_text_than_is_kept_ends_the_answer),
        IT(rate_limits_are_told_when_the_headers_have_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
