/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "loop/loop.h"
#include "loop/worker.h"

#define CHUNK_BYTES (64u << 10)
#define FILLS_IT    16 /* chunks: 1 MiB and their headers, so the 17th has to wait */
#define MANY        10000u

static char chunk[CHUNK_BYTES];

struct scene {
    struct loop *loop;
    struct worker *worker;
    uint32_t n_posts, n_wrong, n_done, posts_at_done;
    size_t most_behind;
    atomic_uint n_sent;
    atomic_bool has_seen_cancel;
    int gate[2], reply[2]; /* pipes that hold the thread, and let it answer */
    void (*on_first_post)(struct worker *worker);
};

static void count_done(void *ctx)
{
    struct scene *scene = ctx;
    scene->n_done++;
    scene->posts_at_done = scene->n_posts;
    loop_stop(scene->loop);
}

/* Posts carry their number, from 0 upwards, as kind and at the front of the content. */
static void check_post(void *ctx, uint32_t kind, const void *p, size_t n)
{
    struct scene *scene = ctx;
    uint32_t number = 0;
    assert_true(n >= sizeof number);
    memcpy(&number, p, sizeof number);
    scene->n_wrong += kind != scene->n_posts || number != scene->n_posts;
    size_t behind = atomic_load(&scene->n_sent) - scene->n_posts;
    scene->most_behind = behind > scene->most_behind ? behind : scene->most_behind;
    scene->n_posts++;
    if (scene->n_posts == 1 && scene->on_first_post != NULL) {
        scene->on_first_post(scene->worker);
    }
}

static void start(struct scene *scene, void (*run)(struct worker *, void *))
{
    struct worker_job job = {run, check_post, count_done, scene};
    scene->loop = loop_create();
    scene->worker = worker_start(scene->loop, &job);
    assert_non_null(scene->worker);
}

static bool send_next(struct worker *worker, struct scene *scene, size_t n)
{
    uint32_t number = atomic_load(&scene->n_sent);
    memcpy(chunk, &number, sizeof number);
    if (!worker_post(worker, number, chunk, n)) {
        return false;
    }
    atomic_fetch_add(&scene->n_sent, 1);
    return true;
}

static void send_many(struct worker *worker, void *ctx)
{
    for (uint32_t i = 0; i < MANY; i++) {
        (void)send_next(worker, ctx, sizeof i);
    }
}

static void many_posts_arrive_in_order_and_then_the_end(void **state)
{
    (void)state;
    struct scene scene = {0};
    start(&scene, send_many);
    loop_run(scene.loop);
    assert_int_equal(scene.n_posts, MANY);
    assert_int_equal(scene.n_wrong, 0);
    assert_int_equal(scene.n_done, 1);
    assert_int_equal(scene.posts_at_done, MANY);
    loop_destroy(scene.loop);
}

static void send_large(struct worker *worker, void *ctx)
{
    for (int i = 0; i < 640; i++) {
        (void)send_next(worker, ctx, CHUNK_BYTES);
    }
}

static void a_fast_producer_stays_two_boxes_ahead_at_most(void **state)
{
    (void)state;
    struct scene scene = {0};
    start(&scene, send_large);
    loop_run(scene.loop);
    assert_int_equal(scene.n_posts, 640);
    assert_int_equal(scene.n_wrong, 0);
    assert_true(scene.most_behind <= (size_t)2 * FILLS_IT);
    loop_destroy(scene.loop);
}

static void say_nothing(struct worker *worker, void *ctx)
{
    (void)worker;
    (void)ctx;
}

static void a_job_that_posts_nothing_still_ends(void **state)
{
    (void)state;
    struct scene scene = {0};
    start(&scene, say_nothing);
    loop_run(scene.loop);
    assert_int_equal(scene.n_posts, 0);
    assert_int_equal(scene.n_done, 1);
    loop_destroy(scene.loop);
}

static void send_until_cancelled(struct worker *worker, void *ctx)
{
    struct scene *scene = ctx;
    while (send_next(worker, ctx, CHUNK_BYTES)) {
    }
    atomic_store(&scene->has_seen_cancel, worker_is_cancelled(worker));
}

static void cancel_frees_a_producer_that_waits_for_room(void **state)
{
    (void)state;
    struct scene scene = {0};
    start(&scene, send_until_cancelled);
    while (atomic_load(&scene.n_sent) < FILLS_IT) {
        (void)sched_yield();
    }
    worker_cancel(scene.worker);
    worker_cancel(scene.worker); /* twice is fine */
    loop_run(scene.loop);
    assert_true(scene.has_seen_cancel);
    assert_int_equal(scene.n_sent, FILLS_IT);
    assert_int_equal(scene.n_posts, 0); /* what was made before is dropped */
    assert_int_equal(scene.n_done, 1);
    loop_destroy(scene.loop);
}

static void cancel_from_a_post_silences_the_rest(void **state)
{
    (void)state;
    struct scene scene = {.on_first_post = worker_cancel};
    start(&scene, send_until_cancelled);
    loop_run(scene.loop);
    assert_int_equal(scene.n_posts, 1);
    assert_int_equal(scene.n_done, 1);
    loop_destroy(scene.loop);
}

static void wait_for_cancel(struct worker *worker, void *ctx)
{
    struct scene *scene = ctx;
    uint32_t zero = 0;
    (void)worker_post(worker, 0, &zero, sizeof zero);
    struct pollfd watched = {.fd = worker_cancel_fd(worker), .events = POLLIN};
    (void)poll(&watched, 1, -1);
    atomic_store(&scene->has_seen_cancel, worker_is_cancelled(worker));
}

static void cancel_wakes_a_call_that_polls_the_descriptor(void **state)
{
    (void)state;
    struct scene scene = {.on_first_post = worker_cancel};
    start(&scene, wait_for_cancel);
    loop_run(scene.loop);
    assert_true(scene.has_seen_cancel);
    assert_int_equal(scene.n_done, 1);
    loop_destroy(scene.loop);
}

static void ignore_the_cancel(struct worker *worker, void *ctx)
{
    struct scene *scene = ctx;
    uint32_t zero = 0;
    char byte = 0;
    (void)worker_post(worker, 0, &zero, sizeof zero);
    while (read(scene->gate[0], &byte, 1) != 1) {
    }
    byte = worker_post(worker, 1, &zero, sizeof zero) ? 'y' : 'n';
    (void)io_write_all(scene->reply[1], &byte, 1);
}

static void an_abandoned_call_is_done_at_once_and_talks_to_nobody(void **state)
{
    (void)state;
    struct scene scene = {.on_first_post = worker_abandon};
    assert_int_equal(pipe2(scene.gate, O_CLOEXEC), 0);
    assert_int_equal(pipe2(scene.reply, O_CLOEXEC), 0);
    start(&scene, ignore_the_cancel);
    loop_run(scene.loop);
    assert_int_equal(scene.n_done, 1);
    loop_destroy(scene.loop);

    char answer = 0;
    assert_int_equal(write(scene.gate[1], "x", 1), 1);
    assert_int_equal(read(scene.reply[0], &answer, 1), 1);
    assert_int_equal(answer, 'n');
    assert_int_equal(scene.n_posts, 1);
    for (int i = 0; i < 2; i++) {
        (void)close(scene.gate[i]);
        (void)close(scene.reply[i]);
    }
}

static void abandoning_a_call_that_has_just_ended_is_fine(void **state)
{
    (void)state;
    struct scene scene = {.on_first_post = worker_abandon};
    start(&scene, send_many);
    while (atomic_load(&scene.n_sent) < MANY) {
        (void)sched_yield();
    }
    loop_run(scene.loop);
    assert_int_equal(scene.n_posts, 1);
    assert_int_equal(scene.n_done, 1);
    loop_destroy(scene.loop);
}

static void look_at_signals(struct worker *worker, void *ctx)
{
    sigset_t blocked;
    (void)ctx;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    uint32_t is_blocked = sigismember(&blocked, SIGINT) == 1 ? 0 : 1;
    (void)worker_post(worker, is_blocked, &is_blocked, sizeof is_blocked);
}

static void signals_do_not_reach_the_worker(void **state)
{
    (void)state;
    struct scene scene = {0};
    start(&scene, look_at_signals);
    loop_run(scene.loop);
    assert_int_equal(scene.n_posts, 1);
    assert_int_equal(scene.n_wrong, 0);
    loop_destroy(scene.loop);
}

static void several_workers_share_one_loop(void **state)
{
    (void)state;
    struct scene first = {0}, second = {0};
    start(&first, say_nothing);
    second.loop = first.loop;
    struct worker_job job = {send_many, check_post, count_done, &second};
    second.worker = worker_start(first.loop, &job);
    assert_non_null(second.worker);
    while (first.n_done + second.n_done < 2) {
        loop_run(first.loop);
    }
    assert_int_equal(second.n_posts, MANY);
    loop_destroy(first.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_posts_arrive_in_order_and_then_the_end),
        cmocka_unit_test(a_fast_producer_stays_two_boxes_ahead_at_most),
        cmocka_unit_test(a_job_that_posts_nothing_still_ends),
        cmocka_unit_test(cancel_frees_a_producer_that_waits_for_room),
        cmocka_unit_test(cancel_from_a_post_silences_the_rest),
        cmocka_unit_test(cancel_wakes_a_call_that_polls_the_descriptor),
        cmocka_unit_test(an_abandoned_call_is_done_at_once_and_talks_to_nobody),
        cmocka_unit_test(abandoning_a_call_that_has_just_ended_is_fine),
        cmocka_unit_test(signals_do_not_reach_the_worker),
        cmocka_unit_test(several_workers_share_one_loop),
    };
    return cmocka_run_group_tests_name("loop/worker", tests, NULL, NULL);
}
