/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"

#include <assert.h>
#include <stdlib.h>
#include <uv.h>

#include "base/alloc.h"

static_assert(LOOP_READABLE == UV_READABLE && LOOP_WRITABLE == UV_WRITABLE, "passed through as is");

struct later {
    struct later *next;
    loop_timer_fn fn;
    void *ctx;
};

struct loop {
    uv_loop_t uv;
    uv_check_t after_poll; /* runs what loop_later() collected */
    uv_idle_t no_waiting; /* active while something is collected, so that the poll does not block */
    struct later *first_later, **last_later;
    int n_handles; /* open timers, watches, signals and workers */
};

struct loop_timer {
    uv_timer_t uv; /* first: the close callback frees the handle */
    struct loop *loop;
    loop_timer_fn fn;
    void *ctx;
};

struct loop_watch {
    union {
        uv_handle_t handle;
        uv_poll_t poll;
        uv_idle_t idle; /* for what epoll refuses: a file is always ready */
    } uv;
    struct loop *loop;
    loop_watch_fn fn;
    void *ctx;
    int wanted;
    bool is_always_ready;
};

struct loop_signal {
    uv_signal_t uv;
    struct loop *loop;
    loop_signal_fn fn;
    void *ctx;
};

/* libuv fails here only when it is used wrongly or the system has no memory left. */
static void must(int rc)
{
    assert(rc == 0);
    (void)rc;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void close_handle(struct loop *loop, uv_handle_t *handle)
{
    loop_count_handle(loop, -1);
    uv_close(handle, free_handle);
}

struct loop *loop_create(void)
{
    struct loop *loop = alloc_zeroed(sizeof *loop);
    must(uv_loop_init(&loop->uv));
    must(uv_check_init(&loop->uv, &loop->after_poll));
    must(uv_idle_init(&loop->uv, &loop->no_waiting));
    loop->after_poll.data = loop;
    loop->last_later = &loop->first_later;
    return loop;
}

static void free_laters(struct loop *loop)
{
    while (loop->first_later != NULL) {
        struct later *next = loop->first_later->next;
        free(loop->first_later);
        loop->first_later = next;
    }
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    assert(loop->n_handles == 0);
    free_laters(loop);
    uv_close((uv_handle_t *)&loop->after_poll, NULL);
    uv_close((uv_handle_t *)&loop->no_waiting, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* the close callbacks free the handles */
    must(uv_loop_close(&loop->uv));
    free(loop);
}

void loop_run(struct loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

uint64_t loop_now_ms(struct loop *loop)
{
    return uv_now(&loop->uv);
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

void loop_count_handle(struct loop *loop, int change)
{
    loop->n_handles += change;
    assert(loop->n_handles >= 0);
}

struct loop_timer *loop_timer_create(struct loop *loop, loop_timer_fn fn, void *ctx)
{
    struct loop_timer *timer = alloc_zeroed(sizeof *timer);
    *timer = (struct loop_timer){.loop = loop, .fn = fn, .ctx = ctx};
    must(uv_timer_init(&loop->uv, &timer->uv));
    loop_count_handle(loop, 1);
    return timer;
}

static void on_timer(uv_timer_t *handle)
{
    struct loop_timer *timer = (struct loop_timer *)handle;
    timer->fn(timer->ctx);
}

void loop_timer_start(struct loop_timer *timer, uint64_t after_ms)
{
    /* The loop's idea of now may be as old as the callback that runs, or older before loop_run(). */
    uv_update_time(&timer->loop->uv);
    must(uv_timer_start(&timer->uv, on_timer, after_ms, 0));
}

void loop_timer_stop(struct loop_timer *timer)
{
    (void)uv_timer_stop(&timer->uv);
}

void loop_timer_close(struct loop_timer *timer)
{
    if (timer != NULL) {
        close_handle(timer->loop, (uv_handle_t *)&timer->uv);
    }
}

struct loop_watch *loop_watch_create(struct loop *loop, int fd, loop_watch_fn fn, void *ctx)
{
    struct loop_watch *watch = alloc_zeroed(sizeof *watch);
    watch->loop = loop;
    watch->fn = fn;
    watch->ctx = ctx;
    int rc = uv_poll_init(&loop->uv, &watch->uv.poll, fd);
    if (rc == UV_EPERM) {
        watch->is_always_ready = true;
        rc = uv_idle_init(&loop->uv, &watch->uv.idle);
    }
    must(rc);
    loop_count_handle(loop, 1);
    return watch;
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct loop_watch *watch = (struct loop_watch *)handle;
    if (status != 0) {
        /* An error on the descriptor, and libuv has stopped watching. The owner finds out what it is
         * from its next read or write; until it reacts it is told again. */
        events = watch->wanted;
        must(uv_poll_start(handle, events, on_poll));
    }
    watch->fn(watch->ctx, events);
}

static void on_always_ready(uv_idle_t *handle)
{
    struct loop_watch *watch = (struct loop_watch *)handle;
    watch->fn(watch->ctx, watch->wanted);
}

void loop_watch_set(struct loop_watch *watch, int events)
{
    if (events == watch->wanted) {
        return;
    }
    watch->wanted = events;
    if (watch->is_always_ready) {
        must(events != 0 ? uv_idle_start(&watch->uv.idle, on_always_ready)
                         : uv_idle_stop(&watch->uv.idle));
        return;
    }
    must(events != 0 ? uv_poll_start(&watch->uv.poll, events, on_poll)
                     : uv_poll_stop(&watch->uv.poll));
}

void loop_watch_close(struct loop_watch *watch)
{
    if (watch != NULL) {
        close_handle(watch->loop, &watch->uv.handle);
    }
}

static void on_signal(uv_signal_t *handle, int signal_number)
{
    struct loop_signal *watched = (struct loop_signal *)handle;
    watched->fn(watched->ctx, signal_number);
}

struct loop_signal *loop_signal_create(struct loop *loop, int signal_number, loop_signal_fn fn,
                                       void *ctx)
{
    struct loop_signal *handle = alloc_zeroed(sizeof *handle);
    *handle = (struct loop_signal){.loop = loop, .fn = fn, .ctx = ctx};
    must(uv_signal_init(&loop->uv, &handle->uv));
    must(uv_signal_start(&handle->uv, on_signal, signal_number));
    loop_count_handle(loop, 1);
    return handle;
}

void loop_signal_close(struct loop_signal *handle)
{
    if (handle != NULL) {
        close_handle(handle->loop, (uv_handle_t *)&handle->uv);
    }
}

static void do_not_wait(uv_idle_t *handle)
{
    (void)handle;
}

static void run_laters(uv_check_t *handle)
{
    struct loop *loop = handle->data;
    /* Take the list first: what is added from here on belongs to the next round. */
    struct later *later = loop->first_later;
    loop->first_later = NULL;
    loop->last_later = &loop->first_later;
    (void)uv_check_stop(&loop->after_poll);
    (void)uv_idle_stop(&loop->no_waiting);
    while (later != NULL) {
        struct later *next = later->next;
        later->fn(later->ctx);
        free(later);
        later = next;
    }
}

void loop_later(struct loop *loop, loop_timer_fn fn, void *ctx)
{
    struct later *later = alloc_zeroed(sizeof *later);
    *later = (struct later){.fn = fn, .ctx = ctx};
    *loop->last_later = later;
    loop->last_later = &later->next;
    (void)uv_check_start(&loop->after_poll, run_laters);
    (void)uv_idle_start(&loop->no_waiting, do_not_wait);
}
