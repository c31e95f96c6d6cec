/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon/host.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "http/framing.h"

#define SMALL_MAX 4096u

/* Frames as text: "<event|data>" each. */
static int write_down(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    struct text *seen = ctx;
    (void)text_add_char(seen, '<');
    (void)text_add(seen, event.p, event.n);
    (void)text_add_char(seen, '|');
    (void)text_add(seen, data.p, data.n);
    (void)text_add_char(seen, '>');
    return BEACON_OK;
}

/* What comes out when `body` is fed in pieces that end at `first`, at `second` and at its end, or,
 * with step, every `step` bytes. Each piece lies in memory of its own, gone when the call returns. */
static int feed_piece(struct framing *framing, const char *from, size_t n, struct beacon_error *err)
{
    AUTO_FREE char *piece = alloc_copy(from, n > 0 ? n : 1);
    return framing_feed(framing, piece, n, err);
}

static char *cut_at(uint32_t kind, const char *body, size_t n, size_t first, size_t second)
{
    AUTO_TEXT struct text seen;
    text_init(&seen, 1u << 20);
    struct beacon_error err = {0};
    struct framing *framing = framing_create(kind, SMALL_MAX, write_down, &seen);
    assert_ok(feed_piece(framing, body, first, &err), &err);
    assert_ok(feed_piece(framing, body + first, second - first, &err), &err);
    assert_ok(feed_piece(framing, body + second, n - second, &err), &err);
    assert_ok(framing_end(framing, &err), &err);
    framing_destroy(framing);
    return text_take(&seen);
}

static char *cut_every(uint32_t kind, const char *body, size_t n, size_t step)
{
    AUTO_TEXT struct text seen;
    text_init(&seen, 1u << 20);
    struct beacon_error err = {0};
    struct framing *framing = framing_create(kind, SMALL_MAX, write_down, &seen);
    for (size_t i = 0; i < n; i += step) {
        assert_ok(feed_piece(framing, body + i, n - i < step ? n - i : step, &err), &err);
    }
    assert_ok(framing_end(framing, &err), &err);
    framing_destroy(framing);
    return text_take(&seen);
}

static void assert_frames_n(uint32_t kind, const char *body, size_t n, const char *expected)
{
    for (size_t first = 0; first <= n; first++) {
        for (size_t second = first; second <= n; second++) {
            AUTO_FREE char *seen = cut_at(kind, body, n, first, second);
            assert_string_equal(seen, expected);
        }
    }
    for (size_t step = 1; step <= n; step++) {
        AUTO_FREE char *seen = cut_every(kind, body, n, step);
        assert_string_equal(seen, expected);
    }
}

static void assert_frames(uint32_t kind, const char *body, const char *expected)
{
    assert_frames_n(kind, body, strlen(body), expected);
}

static void events_are_the_same_however_the_bytes_are_split(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, "event: a\ndata: one\n\ndata: two\n\n", "<a|one><|two>");
}

static void every_line_end_ends_a_line(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, "event: a\r\ndata: 1\r\n\r\ndata: 2\r\rdata: 3\n\n",
                  "<a|1><|2><|3>");
    assert_frames(BEACON_FRAME_SSE, "data: 1\r\ndata: 2\r\rdata: 3\n\r\n", "<|1\n2><|3>");
}

static void one_byte_order_mark_is_skipped_at_the_very_beginning(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE,
                  "\xef\xbb\xbf"
                  "data: 1\n\n\xef\xbb\xbf"
                  "data: 2\n\ndata: 3\n\n",
                  "<|1><|3>");
    assert_frames(BEACON_FRAME_SSE, "\xef\xbb\xbf\ndata: 1\n\n", "<|1>");
}

static void comments_and_other_fields_are_dropped(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, ": hi\nid: 7\nretry: 10\ndatax: no\ndat\ndata: 1\n:\n\n",
                  "<|1>");
}

static void a_body_that_is_json_instead_of_a_stream_comes_whole(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, "\r\n [{\"a\":1},\n\n{\"b\":2}]\n",
                  "<|[{\"a\":1},\n\n{\"b\":2}]\n>");
    assert_frames(BEACON_FRAME_SSE, "{\"data\": 1}", "<|{\"data\": 1}>");
    assert_frames(BEACON_FRAME_SSE, "data: 1\n\n{\n\ndata: 2\n\n", "<|1><|2>");
}

static void several_data_lines_are_joined_with_a_newline(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, "data: a\nevent: e\ndata:\ndata: b\ndata\n\n", "<e|a\n\nb\n>");
}

static void one_space_after_the_colon_is_not_part_of_the_value(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, "data:a\n\ndata:  b\n\nevent:x\ndata: c \n\n",
                  "<|a><| b><x|c >");
}

static void an_event_without_data_is_not_handed_out(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, "event: a\n\ndata\n\ndata: \n\n\n\ndata: 1\n\n", "<|1>");
}

static void the_last_event_line_of_an_event_counts(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, "event: a\nevent: b\ndata: 1\n\nevent: c\nevent\ndata: 2\n\n",
                  "<b|1><|2>");
}

static void an_event_the_body_ends_in_is_dropped(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_SSE, "data: 1\n\ndata: 2\n", "<|1>");
    assert_frames(BEACON_FRAME_SSE, "data: 1\n\ndata: 2", "<|1>");
}

static int compare_bytes(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    static const char expected[] = "a\0b\xff\xc0z";
    int *count = ctx;
    (void)event;
    assert_int_equal(data.n, sizeof expected - 1);
    assert_memory_equal(data.p, expected, sizeof expected - 1);
    (*count)++;
    return BEACON_OK;
}

static void bytes_that_are_not_text_are_passed_as_they_came(void **state)
{
    (void)state;
    static const char body[] = "data: a\0b\xff\xc0z\n\n";
    struct beacon_error err = {0};
    for (size_t cut = 0; cut <= sizeof body - 1; cut++) {
        int count = 0;
        struct framing *framing = framing_create(BEACON_FRAME_SSE, 64, compare_bytes, &count);
        assert_ok(framing_feed(framing, body, cut, &err), &err);
        assert_ok(framing_feed(framing, body + cut, sizeof body - 1 - cut, &err), &err);
        assert_int_equal(count, 1);
        framing_destroy(framing);
    }
}

static int same_memory(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    const char **found = ctx;
    (void)event;
    *found = (const char *)data.p;
    return BEACON_OK;
}

static void an_event_inside_one_chunk_is_not_copied(void **state)
{
    (void)state;
    static const char body[] = "event: x\ndata: {\"a\":1}\n\n";
    const char *found = NULL;
    struct beacon_error err = {0};
    struct framing *framing = framing_create(BEACON_FRAME_SSE, 64, same_memory, &found);
    assert_ok(framing_feed(framing, body, strlen(body), &err), &err);
    assert_ptr_equal(found, strstr(body, "{"));
    framing_destroy(framing);
}

/* `body` with a data line of `n` bytes, fed in pieces of `step`. */
static int feed_long_line(size_t n, size_t step, size_t cap, struct beacon_error *err)
{
    AUTO_TEXT struct text body, seen;
    text_init(&body, 1u << 20);
    text_init(&seen, 1u << 20);
    (void)text_add_string(&body, "data: ");
    for (size_t i = 0; i < n; i++) {
        (void)text_add_char(&body, 'x');
    }
    (void)text_add_string(&body, "\n\n");
    struct framing *framing = framing_create(BEACON_FRAME_SSE, cap, write_down, &seen);
    int rc = BEACON_OK;
    for (size_t i = 0; i < body.len && rc == BEACON_OK; i += step) {
        rc = framing_feed(framing, body.data + i, body.len - i < step ? body.len - i : step, err);
    }
    framing_destroy(framing);
    return rc;
}

static void an_event_of_the_largest_size_passes_and_one_byte_more_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    for (size_t step = 1; step < 200; step += 7) {
        assert_ok(feed_long_line(100, step, 100, &err), &err);
        assert_refused(feed_long_line(101, step, 100, &err), BEACON_E_LIMIT, &err);
    }
}

static void many_small_data_lines_are_held_to_the_same_cap(void **state)
{
    (void)state;
    AUTO_TEXT struct text seen;
    text_init(&seen, 1u << 20);
    struct beacon_error err = {0};
    struct framing *framing = framing_create(BEACON_FRAME_SSE, 64, write_down, &seen);
    int rc = BEACON_OK;
    for (int i = 0; i < 100 && rc == BEACON_OK; i++) {
        rc = framing_feed(framing, "data: 1\n", 8, &err);
    }
    assert_refused(rc, BEACON_E_LIMIT, &err);
    framing_destroy(framing);
}

static void a_line_that_never_ends_is_refused_at_the_cap(void **state)
{
    (void)state;
    AUTO_TEXT struct text seen;
    text_init(&seen, 1u << 20);
    struct beacon_error err = {0};
    struct framing *framing = framing_create(BEACON_FRAME_SSE, 1000, write_down, &seen);
    int rc = BEACON_OK;
    for (int i = 0; i < 200 && rc == BEACON_OK; i++) {
        rc = framing_feed(framing, ": endless comment", 17, &err);
    }
    assert_refused(rc, BEACON_E_LIMIT, &err);
    framing_destroy(framing);
}

static void a_comment_over_the_cap_is_refused_however_it_is_split(void **state)
{
    (void)state;
    char body[202];
    memset(body, 'x', sizeof body);
    body[0] = ':';
    body[sizeof body - 1] = '\n';
    for (size_t step = 1; step <= sizeof body; step++) {
        struct beacon_error err = {0};
        AUTO_TEXT struct text seen;
        text_init(&seen, 1u << 20);
        struct framing *framing = framing_create(BEACON_FRAME_SSE, 100, write_down, &seen);
        int rc = BEACON_OK;
        for (size_t i = 0; i < sizeof body && rc == BEACON_OK; i += step) {
            size_t n = sizeof body - i < step ? sizeof body - i : step;
            rc = framing_feed(framing, body + i, n, &err);
        }
        assert_refused(rc, BEACON_E_LIMIT, &err);
        framing_destroy(framing);
    }
}

static void a_huge_event_gives_its_memory_back(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    const char *found = NULL;
    struct framing *framing =
        framing_create(BEACON_FRAME_SSE, FRAMING_FRAME_MAX, same_memory, &found);
    AUTO_FREE char *piece = alloc_zeroed(1u << 20);
    memset(piece, 'x', 1u << 20);
    assert_ok(framing_feed(framing, "data: ", 6, &err), &err);
    for (int i = 0; i < 8; i++) {
        assert_ok(framing_feed(framing, piece, 1u << 20, &err), &err);
    }
    assert_true(framing_buffered(framing) >= 8u << 20);
    assert_ok(framing_feed(framing, "\n\n", 2, &err), &err);
    assert_non_null(found);
    assert_true(framing_buffered(framing) < 1u << 20);
    framing_destroy(framing);
}

static int stop_at_once(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    int *calls = ctx;
    (void)event;
    (void)data;
    (*calls)++;
    return BEACON_E_CANCELLED;
}

static void a_receiver_that_stops_gets_no_second_frame(void **state)
{
    (void)state;
    static const uint32_t kinds[] = {BEACON_FRAME_SSE, BEACON_FRAME_NDJSON, BEACON_FRAME_RAW};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct beacon_error err = {0};
        int calls = 0;
        struct framing *framing = framing_create(kinds[i], 64, stop_at_once, &calls);
        assert_int_equal(framing_feed(framing, "data: 1\n\ndata: 2\n\n", 18, &err),
                         BEACON_E_CANCELLED);
        assert_int_equal(calls, 1);
        framing_destroy(framing);
    }
}

static void comments_and_blank_lines_are_no_progress(void **state)
{
    (void)state;
    AUTO_TEXT struct text seen;
    text_init(&seen, 1u << 20);
    struct beacon_error err = {0};
    struct framing *framing = framing_create(BEACON_FRAME_SSE, 64, write_down, &seen);
    assert_ok(framing_feed(framing, ": ping\n\n: pi", 12, &err), &err);
    assert_ok(framing_feed(framing, "ng\n\n", 4, &err), &err);
    assert_int_equal(framing_progress(framing), 0);
    assert_ok(framing_feed(framing, "da", 2, &err), &err);
    assert_true(framing_progress(framing) > 0);
    framing_destroy(framing);
}

static void ndjson_gives_one_frame_per_line_that_is_not_empty(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_NDJSON, "\xef\xbb\xbf{\"a\":1}\r\n\n{}\n\r\n[2]",
                  "<|{\"a\":1}><|{}><|[2]>");
}

static void an_ndjson_line_over_the_cap_is_refused(void **state)
{
    (void)state;
    AUTO_TEXT struct text seen;
    text_init(&seen, 1u << 20);
    struct beacon_error err = {0};
    struct framing *framing = framing_create(BEACON_FRAME_NDJSON, 4, write_down, &seen);
    assert_refused(framing_feed(framing, "1234\n12345\n", 11, &err), BEACON_E_LIMIT, &err);
    assert_string_equal(text_string(&seen), "<|1234>");
    framing_destroy(framing);
}

static void whole_gives_one_frame_however_it_came(void **state)
{
    (void)state;
    assert_frames(BEACON_FRAME_WHOLE, "a\nb", "<|a\nb>");
    assert_frames(BEACON_FRAME_WHOLE, "", "<|>");
}

static void raw_passes_each_piece_on(void **state)
{
    (void)state;
    AUTO_FREE char *seen = cut_every(BEACON_FRAME_RAW, "abcdef", 6, 4);
    assert_string_equal(seen, "<|abcd><|ef>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_the_same_however_the_bytes_are_split),
        cmocka_unit_test(every_line_end_ends_a_line),
        cmocka_unit_test(one_byte_order_mark_is_skipped_at_the_very_beginning),
        cmocka_unit_test(comments_and_other_fields_are_dropped),
        cmocka_unit_test(a_body_that_is_json_instead_of_a_stream_comes_whole),
        cmocka_unit_test(several_data_lines_are_joined_with_a_newline),
        cmocka_unit_test(one_space_after_the_colon_is_not_part_of_the_value),
        cmocka_unit_test(an_event_without_data_is_not_handed_out),
        cmocka_unit_test(the_last_event_line_of_an_event_counts),
        cmocka_unit_test(an_event_the_body_ends_in_is_dropped),
        cmocka_unit_test(bytes_that_are_not_text_are_passed_as_they_came),
        cmocka_unit_test(an_event_inside_one_chunk_is_not_copied),
        cmocka_unit_test(an_event_of_the_largest_size_passes_and_one_byte_more_is_refused),
        cmocka_unit_test(many_small_data_lines_are_held_to_the_same_cap),
        cmocka_unit_test(a_line_that_never_ends_is_refused_at_the_cap),
        cmocka_unit_test(a_comment_over_the_cap_is_refused_however_it_is_split),
        cmocka_unit_test(a_huge_event_gives_its_memory_back),
        cmocka_unit_test(a_receiver_that_stops_gets_no_second_frame),
        cmocka_unit_test(comments_and_blank_lines_are_no_progress),
        cmocka_unit_test(ndjson_gives_one_frame_per_line_that_is_not_empty),
        cmocka_unit_test(an_ndjson_line_over_the_cap_is_refused),
        cmocka_unit_test(whole_gives_one_frame_however_it_came),
        cmocka_unit_test(raw_passes_each_piece_on),
    };
    return cmocka_run_group_tests_name("http/framing", tests, NULL, NULL);
}
