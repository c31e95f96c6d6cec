/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sandbox_serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/io.h"
#include "loop/loop.h"

struct sandbox_serve {
    struct loop *loop;
    struct loop_watch *watch; /* of end_fd */
    int end_fd;
    pthread_t thread;
};

static void on_end(void *ctx, int events)
{
    struct sandbox_serve *serve = ctx;
    (void)events;
    loop_stop(serve->loop);
}

static void *run(void *ctx)
{
    struct sandbox_serve *serve = ctx;
    loop_run(serve->loop);
    return NULL;
}

/* Signals are for the main thread, which passes them on to the command. */
static int start_thread(struct sandbox_serve *serve)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&serve->thread, NULL, run, serve);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static void destroy(struct sandbox_serve *serve)
{
    loop_watch_close(serve->watch);
    if (serve->end_fd >= 0) {
        (void)close(serve->end_fd);
    }
    free(serve);
}

int sandbox_serve_begin(struct loop *loop, struct sandbox_serve **ret, struct beacon_error *err)
{
    struct sandbox_serve *serve = alloc_zeroed(sizeof *serve);
    serve->loop = loop;
    serve->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failed = serve->end_fd < 0 ? errno : 0;
    if (failed == 0) {
        serve->watch = loop_watch_create(loop, serve->end_fd, on_end, serve);
        loop_watch_set(serve->watch, LOOP_READABLE);
        failed = start_thread(serve);
    }
    if (failed != 0) {
        destroy(serve);
        return error_set_errno(err, BEACON_E_LIMIT, failed, "close other programs",
                               "cannot serve the connections of the command: %s", strerror(failed));
    }
    *ret = serve;
    return BEACON_OK;
}

void sandbox_serve_end(struct sandbox_serve *serve)
{
    static const uint64_t one = 1;
    if (serve != NULL) {
        (void)io_write_all(serve->end_fd, &one, sizeof one);
        (void)pthread_join(serve->thread, NULL);
        destroy(serve);
    }
}

void sandbox_serve_tell(void *ctx, const char *host, uint16_t port, const char *reason)
{
    (void)ctx;
    (void)fprintf(stderr, "beacon: the sandbox refused a connection to %s:%u: %s\n", host,
                  (unsigned)port, reason);
}
