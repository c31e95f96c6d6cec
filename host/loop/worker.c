/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/crash.h"
#include "base/io.h"
#include "loop/loop.h"
#include "loop/mailbox.h"

struct worker {
    uv_async_t bell;
    struct loop *loop;
    struct worker_job job;
    struct mailbox *box;
    pthread_t thread;
    int cancel_fd;
    atomic_bool is_cancelled;
    atomic_int n_owners; /* the thread until run() returned, the loop until the bell is closed */
};

static void release(struct worker *worker)
{
    if (atomic_fetch_sub(&worker->n_owners, 1) == 1) {
        mailbox_destroy(worker->box);
        (void)close(worker->cancel_fd);
        free(worker);
    }
}

static void *thread_main(void *ctx)
{
    struct worker *worker = ctx;
    crash_thread_begin();
    worker->job.run(worker, worker->job.ctx);
    crash_thread_end();
    mailbox_finish(worker->box);
    release(worker);
    return NULL;
}

static void ring_bell(void *ctx)
{
    struct worker *worker = ctx;
    (void)uv_async_send(&worker->bell);
}

static void on_bell_closed(uv_handle_t *bell)
{
    release(bell->data);
}

static void close_bell(struct worker *worker)
{
    loop_count_handle(worker->loop, -1);
    uv_close((uv_handle_t *)&worker->bell, on_bell_closed);
}

/* The thread is at its end: wait for the rest of it and say goodbye. */
static void finish(struct worker *worker)
{
    (void)pthread_join(worker->thread, NULL);
    close_bell(worker);
    worker->job.on_done(worker->job.ctx);
}

static void on_bell(uv_async_t *bell)
{
    struct worker *worker = bell->data;
    bool is_last = mailbox_deliver(worker->box, worker->job.on_post, worker->job.ctx);
    /* on_post may have abandoned the worker, whose memory lasts until the bell is closed. */
    if (is_last && !uv_is_closing((uv_handle_t *)bell)) {
        finish(worker);
    }
}

/* Signals are for the loop thread: a plugin's call should not be the one they interrupt. */
static int start_thread(struct worker *worker)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    crash_unblock(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&worker->thread, NULL, thread_main, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

struct worker *worker_start(struct loop *loop, const struct worker_job *job)
{
    int cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (cancel_fd < 0) {
        return NULL;
    }
    struct worker *worker = alloc_zeroed(sizeof *worker);
    worker->loop = loop;
    worker->job = *job;
    worker->box = mailbox_create(ring_bell, worker);
    worker->cancel_fd = cancel_fd;
    atomic_init(&worker->n_owners, 2);
    (void)uv_async_init(loop_uv(loop), &worker->bell, on_bell);
    worker->bell.data = worker;
    loop_count_handle(loop, 1);
    int failed = start_thread(worker);
    if (failed != 0) {
        atomic_store(&worker->n_owners, 1); /* there is no thread to share it with */
        close_bell(worker);
        errno = failed;
        return NULL;
    }
    return worker;
}

bool worker_post(struct worker *worker, uint32_t kind, const void *p, size_t n)
{
    return mailbox_put(worker->box, kind, p, n);
}

bool worker_is_cancelled(const struct worker *worker)
{
    return atomic_load(&worker->is_cancelled);
}

int worker_cancel_fd(const struct worker *worker)
{
    return worker->cancel_fd;
}

void worker_cancel(struct worker *worker)
{
    static const uint64_t one = 1;
    atomic_store(&worker->is_cancelled, true);
    (void)io_write_all(worker->cancel_fd, &one, sizeof one);
    mailbox_refuse(worker->box);
}

void worker_abandon(struct worker *worker)
{
    worker_cancel(worker);
    if (mailbox_close(worker->box)) {
        finish(worker);
        return;
    }
    (void)pthread_detach(worker->thread);
    close_bell(worker);
    worker->job.on_done(worker->job.ctx);
}
