/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "loop/loop.h"

/* What the callbacks of one test write down, in order. */
struct diary {
    struct loop *loop;
    char words[256];
    struct loop_timer *timer;
    struct loop_watch *watch;
    int fd;
    int calls;
};

static void note(struct diary *diary, char c)
{
    diary->words[strlen(diary->words)] = c;
}

static void note_a(void *ctx)
{
    note(ctx, 'a');
}

static void note_b(void *ctx)
{
    note(ctx, 'b');
}

static void stop(void *ctx)
{
    const struct diary *diary = ctx;
    loop_stop(diary->loop);
}

static void run_for_a_round(struct diary *diary)
{
    loop_later(diary->loop, stop, diary);
    loop_run(diary->loop);
}

static void timers_fire_in_the_order_of_their_times(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    struct loop_timer *late = loop_timer_create(diary.loop, note_b, &diary);
    struct loop_timer *early = loop_timer_create(diary.loop, note_a, &diary);
    loop_timer_start(late, 2);
    loop_timer_start(early, 1);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "ab");
    loop_timer_close(early);
    loop_timer_close(late);
    loop_destroy(diary.loop);
}

static void a_timer_fires_once_and_starts_again_on_request(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    struct loop_timer *timer = loop_timer_create(diary.loop, note_a, &diary);
    loop_timer_start(timer, 0);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "a");
    loop_timer_start(timer, 0);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "aa");
    loop_timer_close(timer);
    loop_destroy(diary.loop);
}

static void a_stopped_timer_stays_silent(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    struct loop_timer *timer = loop_timer_create(diary.loop, note_a, &diary);
    loop_timer_start(timer, 0);
    loop_timer_stop(timer);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "");
    loop_timer_close(timer);
    loop_destroy(diary.loop);
}

static void a_started_timer_can_be_moved(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    struct loop_timer *moved = loop_timer_create(diary.loop, note_a, &diary);
    struct loop_timer *other = loop_timer_create(diary.loop, note_b, &diary);
    loop_timer_start(moved, 0);
    loop_timer_start(other, 1);
    loop_timer_start(moved, 2);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "ba");
    loop_timer_close(moved);
    loop_timer_close(other);
    loop_destroy(diary.loop);
}

static void close_own_timer(void *ctx)
{
    struct diary *diary = ctx;
    note(diary, 'a');
    loop_timer_close(diary->timer);
}

static void a_timer_may_close_itself(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    diary.timer = loop_timer_create(diary.loop, close_own_timer, &diary);
    loop_timer_start(diary.timer, 0);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "a");
    loop_destroy(diary.loop);
}

static void closing_a_pending_timer_silences_it(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    struct loop_timer *other = loop_timer_create(diary.loop, close_own_timer, &diary);
    diary.timer = loop_timer_create(diary.loop, note_b, &diary);
    loop_timer_start(other, 0);
    loop_timer_start(diary.timer, 0);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "a");
    loop_timer_close(other);
    loop_destroy(diary.loop);
}

static void later_calls_come_in_order_and_not_at_once(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    loop_later(diary.loop, note_a, &diary);
    loop_later(diary.loop, note_b, &diary);
    assert_string_equal(diary.words, "");
    run_for_a_round(&diary);
    assert_string_equal(diary.words, "ab");
    loop_destroy(diary.loop);
}

static void ask_again(void *ctx)
{
    struct diary *diary = ctx;
    note(diary, 'a');
    if (++diary->calls < 5) {
        loop_later(diary->loop, ask_again, diary);
        note(diary, '.');
    }
}

static void a_later_call_may_ask_for_another(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    loop_later(diary.loop, ask_again, &diary);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "a.a.a.a.a");
    loop_destroy(diary.loop);
}

static void later_calls_that_never_came_are_dropped_with_the_loop(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    loop_later(diary.loop, note_a, &diary);
    loop_destroy(diary.loop);
    assert_string_equal(diary.words, "");
}

static void a_loop_with_nothing_to_wait_for_returns(void **state)
{
    (void)state;
    struct loop *loop = loop_create();
    uint64_t before = loop_now_ms(loop);
    loop_run(loop);
    assert_true(loop_now_ms(loop) >= before);
    loop_destroy(loop);
}

static void take_byte(void *ctx, int events)
{
    struct diary *diary = ctx;
    char byte = 0;
    assert_int_equal(events, LOOP_READABLE);
    if (read(diary->fd, &byte, 1) == 1) {
        note(diary, byte);
        return;
    }
    note(diary, '$');
    loop_watch_close(diary->watch);
}

static void a_readable_descriptor_is_reported_until_its_end(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    diary.fd = ends[0];
    diary.watch = loop_watch_create(diary.loop, ends[0], take_byte, &diary);
    loop_watch_set(diary.watch, LOOP_READABLE);
    assert_int_equal(write(ends[1], "xyz", 3), 3);
    (void)close(ends[1]);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "xyz$");
    loop_destroy(diary.loop);
    (void)close(ends[0]);
}

static void count_and_stop(void *ctx, int events)
{
    struct diary *diary = ctx;
    diary->calls++;
    note(diary, (char)('0' + events));
    loop_stop(diary->loop);
}

static void a_paused_watch_stays_silent(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    diary.watch = loop_watch_create(diary.loop, ends[1], count_and_stop, &diary);
    run_for_a_round(&diary);
    assert_int_equal(diary.calls, 0);
    loop_watch_set(diary.watch, LOOP_WRITABLE);
    loop_run(diary.loop);
    loop_watch_set(diary.watch, 0);
    run_for_a_round(&diary);
    assert_string_equal(diary.words, "2");
    loop_watch_close(diary.watch);
    loop_destroy(diary.loop);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void both_directions_are_reported_in_one_call(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    diary.watch = loop_watch_create(diary.loop, ends[0], count_and_stop, &diary);
    loop_watch_set(diary.watch, LOOP_READABLE | LOOP_WRITABLE);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "3");
    loop_watch_close(diary.watch);
    loop_destroy(diary.loop);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_writer_hears_that_its_reader_is_gone(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    diary.watch = loop_watch_create(diary.loop, ends[1], count_and_stop, &diary);
    loop_watch_set(diary.watch, LOOP_WRITABLE);
    loop_run(diary.loop);
    loop_run(diary.loop); /* and again, as long as it does nothing about it */
    assert_string_equal(diary.words, "22");
    loop_watch_close(diary.watch);
    loop_destroy(diary.loop);
    (void)close(ends[1]);
}

static void a_regular_file_is_always_ready(void **state)
{
    struct diary diary = {.loop = loop_create()};
    write_text(temp_path(state, "input"), "hi");
    AUTO_CLOSE int fd = open(temp_path(state, "input"), O_RDONLY | O_CLOEXEC);
    diary.fd = fd;
    diary.watch = loop_watch_create(diary.loop, fd, take_byte, &diary);
    loop_watch_set(diary.watch, LOOP_READABLE);
    loop_run(diary.loop);
    assert_string_equal(diary.words, "hi$");
    loop_destroy(diary.loop);
}

static void a_file_can_be_paused_too(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    AUTO_CLOSE int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    diary.watch = loop_watch_create(diary.loop, fd, count_and_stop, &diary);
    loop_watch_set(diary.watch, LOOP_READABLE);
    loop_run(diary.loop);
    loop_watch_set(diary.watch, 0);
    run_for_a_round(&diary);
    assert_string_equal(diary.words, "1");
    loop_watch_close(diary.watch);
    loop_destroy(diary.loop);
}

static void a_number_can_be_watched_again_after_close(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    loop_watch_close(loop_watch_create(diary.loop, ends[1], count_and_stop, &diary));
    diary.watch = loop_watch_create(diary.loop, ends[1], count_and_stop, &diary);
    loop_watch_set(diary.watch, LOOP_WRITABLE);
    loop_run(diary.loop);
    assert_int_equal(diary.calls, 1);
    loop_watch_close(diary.watch);
    loop_destroy(diary.loop);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void on_signal(void *ctx, int signal_number)
{
    struct diary *diary = ctx;
    diary->calls = signal_number;
    loop_stop(diary->loop);
}

static void a_signal_arrives_on_the_loop(void **state)
{
    (void)state;
    struct diary diary = {.loop = loop_create()};
    struct loop_signal *watched = loop_signal_create(diary.loop, SIGUSR1, on_signal, &diary);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(diary.calls, 0);
    loop_run(diary.loop);
    assert_int_equal(diary.calls, SIGUSR1);
    loop_signal_close(watched);
    loop_destroy(diary.loop);
}

static void nothing_can_be_closed_and_destroyed(void **state)
{
    (void)state;
    loop_timer_close(NULL);
    loop_watch_close(NULL);
    loop_signal_close(NULL);
    loop_destroy(NULL);
    struct loop *loop = loop_create();
    assert_non_null(loop);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_the_order_of_their_times),
        cmocka_unit_test(a_timer_fires_once_and_starts_again_on_request),
        cmocka_unit_test(a_stopped_timer_stays_silent),
        cmocka_unit_test(a_started_timer_can_be_moved),
        cmocka_unit_test(a_timer_may_close_itself),
        cmocka_unit_test(closing_a_pending_timer_silences_it),
        cmocka_unit_test(later_calls_come_in_order_and_not_at_once),
        cmocka_unit_test(a_later_call_may_ask_for_another),
        cmocka_unit_test(later_calls_that_never_came_are_dropped_with_the_loop),
        cmocka_unit_test(a_loop_with_nothing_to_wait_for_returns),
        cmocka_unit_test(a_readable_descriptor_is_reported_until_its_end),
        cmocka_unit_test(a_paused_watch_stays_silent),
        cmocka_unit_test(both_directions_are_reported_in_one_call),
        cmocka_unit_test(a_writer_hears_that_its_reader_is_gone),
        in_temp_dir(a_regular_file_is_always_ready),
        cmocka_unit_test(a_file_can_be_paused_too),
        cmocka_unit_test(a_number_can_be_watched_again_after_close),
        cmocka_unit_test(a_signal_arrives_on_the_loop),
        cmocka_unit_test(nothing_can_be_closed_and_destroyed),
    };
    return cmocka_run_group_tests_name("loop/loop", tests, NULL, NULL);
}
