/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "sandbox/supervisor_parts.h"

#define PATIENCE_MS 15000u
#define WAKE_ID     0u /* of no watch */

static void lock(struct supervisor *supervisor)
{
    (void)pthread_mutex_lock(&supervisor->lock);
}

static void unlock(struct supervisor *supervisor)
{
    (void)pthread_mutex_unlock(&supervisor->lock);
}

static struct supervisor_watch *find(const struct supervisor *supervisor, uint64_t id)
{
    struct supervisor_watch *watch = supervisor->watches;
    while (watch != NULL && watch->id != id) {
        watch = watch->next;
    }
    return watch;
}

/* Between these two the cookie is the judge's, and the lock is nobody's. */
static struct supervisor_watch *begin_call(struct supervisor *supervisor, uint64_t id,
                                           uint32_t events)
{
    lock(supervisor);
    struct supervisor_watch *watch = find(supervisor, id);
    if (watch != NULL && (events & EPOLLIN) == 0) {
        /* The last process of the command is gone; the loop will hear of it by itself. */
        (void)epoll_ctl(supervisor->epoll, EPOLL_CTL_DEL, watch->listener, NULL);
        watch = NULL;
    }
    if (watch != NULL) {
        watch->is_busy = true;
        supervisor->is_in_call = true;
        supervisor->calls++;
    }
    unlock(supervisor);
    return watch;
}

static void end_call(struct supervisor *supervisor, struct supervisor_watch *watch)
{
    lock(supervisor);
    watch->is_busy = false;
    supervisor->is_in_call = false;
    unlock(supervisor);
}

static bool is_over(struct supervisor *supervisor)
{
    lock(supervisor);
    bool is_over = supervisor->is_stopping || supervisor->is_lost;
    unlock(supervisor);
    return is_over;
}

static void *answer_calls(void *ctx)
{
    struct supervisor *supervisor = ctx;
    while (!is_over(supervisor)) {
        struct epoll_event event;
        if (epoll_wait(supervisor->epoll, &event, 1, -1) != 1) {
            continue;
        }
        struct supervisor_watch *watch = begin_call(supervisor, event.data.u64, event.events);
        if (watch != NULL) {
            supervisor_answer(&supervisor->settings, watch->listener, watch->cookie);
            end_call(supervisor, watch);
        }
    }
    return NULL;
}

/* The calls that wait fail. The number stays taken, because the answering thread may still use it. */
static void silence(const struct supervisor *supervisor, const struct supervisor_watch *watch)
{
    (void)dup3(supervisor->hole, watch->listener, O_CLOEXEC);
}

static void give_up(struct supervisor *supervisor)
{
    supervisor->is_lost = true;
    for (struct supervisor_watch *watch = supervisor->watches; watch != NULL; watch = watch->next) {
        silence(supervisor, watch);
    }
}

static struct timespec in_ms(uint32_t ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Looks twice in the time of patience, and only while commands are watched: the same call at both
 * looks has taken too long. */
static void *watch_calls(void *ctx)
{
    struct supervisor *supervisor = ctx;
    lock(supervisor);
    while (!supervisor->is_stopping && !supervisor->is_lost) {
        if (supervisor->watches == NULL) {
            (void)pthread_cond_wait(&supervisor->changed, &supervisor->lock);
            continue;
        }
        uint64_t seen = supervisor->calls;
        bool was_in_call = supervisor->is_in_call;
        struct timespec until = in_ms(supervisor->settings.patience_ms);
        int rc = 0;
        while (rc == 0 && !supervisor->is_stopping) {
            rc = pthread_cond_timedwait(&supervisor->changed, &supervisor->lock, &until);
        }
        if (was_in_call && supervisor->is_in_call && seen == supervisor->calls &&
            !supervisor->is_stopping) {
            give_up(supervisor);
        }
    }
    unlock(supervisor);
    return NULL;
}

struct supervisor *supervisor_create(const struct supervisor_settings *settings)
{
    pthread_condattr_t monotonic;
    struct supervisor *supervisor = alloc_zeroed(sizeof *supervisor);
    supervisor->settings = *settings;
    if (supervisor->settings.patience_ms == 0) {
        supervisor->settings.patience_ms = PATIENCE_MS;
    }
    supervisor->epoll = supervisor->wake = supervisor->hole = -1;
    supervisor->next_id = WAKE_ID + 1;
    (void)pthread_mutex_init(&supervisor->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&supervisor->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return supervisor;
}

static bool open_descriptors(struct supervisor *supervisor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE_ID};
    supervisor->epoll = epoll_create1(EPOLL_CLOEXEC);
    supervisor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    supervisor->hole = open("/dev/null", O_RDWR | O_CLOEXEC);
    return supervisor->epoll >= 0 && supervisor->wake >= 0 && supervisor->hole >= 0 &&
           epoll_ctl(supervisor->epoll, EPOLL_CTL_ADD, supervisor->wake, &event) == 0;
}

static void close_descriptors(struct supervisor *supervisor)
{
    int *const fds[] = {&supervisor->epoll, &supervisor->wake, &supervisor->hole};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (*fds[i] >= 0) {
            (void)close(*fds[i]);
            *fds[i] = -1;
        }
    }
}

static void end_threads(struct supervisor *supervisor)
{
    const uint64_t one = 1;
    lock(supervisor);
    supervisor->is_stopping = true;
    (void)pthread_cond_broadcast(&supervisor->changed);
    unlock(supervisor);
    (void)!write(supervisor->wake, &one, sizeof one);
}

/* Signals are the main thread's. */
static int start_threads(struct supervisor *supervisor)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&supervisor->answerer, NULL, answer_calls, supervisor);
    if (rc == 0) {
        rc = pthread_create(&supervisor->watchdog, NULL, watch_calls, supervisor);
        if (rc != 0) {
            end_threads(supervisor);
            (void)pthread_join(supervisor->answerer, NULL);
            supervisor->is_stopping = false;
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static int have_threads(struct supervisor *supervisor, struct beacon_error *err)
{
    if (supervisor->has_threads) {
        return BEACON_OK;
    }
    int rc = open_descriptors(supervisor) ? start_threads(supervisor) : errno;
    if (rc != 0) {
        close_descriptors(supervisor);
        return error_set_errno(err, BEACON_E_LIMIT, rc, "end other programs, or see 'ulimit -a'",
                               "cannot start the sandbox's supervisor: %s", strerror(rc));
    }
    supervisor->has_threads = true;
    return BEACON_OK;
}

static int add_watch(struct supervisor *supervisor, struct supervisor_watch *watch,
                     struct beacon_error *err)
{
    lock(supervisor);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = supervisor->next_id};
    watch->id = supervisor->next_id++;
    bool is_lost = supervisor->is_lost;
    bool is_added =
        !is_lost && epoll_ctl(supervisor->epoll, EPOLL_CTL_ADD, watch->listener, &event) == 0;
    int os_errno = errno;
    if (is_added) {
        watch->next = supervisor->watches;
        supervisor->watches = watch;
        (void)pthread_cond_broadcast(&supervisor->changed);
    }
    unlock(supervisor);
    if (is_lost) {
        return error_set(err, BEACON_E_REFUSED, "start the session again",
                         "the sandbox's supervisor hangs in an earlier answer and was given up");
    }
    return is_added
               ? BEACON_OK
               : error_set_errno(err, BEACON_E_LIMIT, os_errno, "raise the limit of 'ulimit -n'",
                                 "cannot watch a command: %s", strerror(os_errno));
}

int supervisor_watch(struct supervisor *supervisor, int listener, void *cookie,
                     struct supervisor_watch **ret, struct beacon_error *err)
{
    struct supervisor_watch *watch = alloc_zeroed(sizeof *watch);
    watch->listener = listener;
    watch->cookie = cookie;
    int rc = have_threads(supervisor, err);
    rc = rc == BEACON_OK ? add_watch(supervisor, watch, err) : rc;
    if (rc != BEACON_OK) {
        (void)close(listener);
        free(watch);
        return rc;
    }
    *ret = watch;
    return BEACON_OK;
}

static void unlink_watch(struct supervisor_watch **list, const struct supervisor_watch *watch)
{
    while (*list != watch) {
        list = &(*list)->next;
    }
    *list = watch->next;
}

static void forget(struct supervisor *supervisor, struct supervisor_watch *watch)
{
    (void)epoll_ctl(supervisor->epoll, EPOLL_CTL_DEL, watch->listener, NULL);
    unlink_watch(&supervisor->watches, watch);
    silence(supervisor, watch);
    watch->next = supervisor->forgotten;
    supervisor->forgotten = watch;
}

void supervisor_forget(struct supervisor *supervisor, struct supervisor_watch *watch)
{
    if (watch != NULL) {
        lock(supervisor);
        forget(supervisor, watch);
        unlock(supervisor);
    }
}

static struct supervisor_watch *take_idle(struct supervisor *supervisor)
{
    lock(supervisor);
    struct supervisor_watch *watch = supervisor->forgotten;
    while (watch != NULL && watch->is_busy) {
        watch = watch->next;
    }
    if (watch != NULL) {
        unlink_watch(&supervisor->forgotten, watch);
    }
    unlock(supervisor);
    return watch;
}

bool supervisor_collect(struct supervisor *supervisor, void **ret_cookie)
{
    struct supervisor_watch *watch = take_idle(supervisor);
    if (watch == NULL) {
        return false;
    }
    *ret_cookie = watch->cookie;
    (void)close(watch->listener);
    free(watch);
    return true;
}

bool supervisor_stop(struct supervisor *supervisor)
{
    if (!supervisor->has_threads) {
        return !supervisor->is_lost;
    }
    lock(supervisor);
    while (supervisor->watches != NULL) {
        forget(supervisor, supervisor->watches);
    }
    unlock(supervisor);
    end_threads(supervisor);
    (void)pthread_join(supervisor->watchdog, NULL);
    supervisor->has_threads = false;
    if (supervisor->is_lost) {
        (void)pthread_detach(supervisor->answerer);
        return false;
    }
    (void)pthread_join(supervisor->answerer, NULL);
    return true;
}

/* A judge that never comes back keeps what it uses: a little memory is lost rather than pulled away. */
void supervisor_destroy(struct supervisor *supervisor)
{
    void *cookie = NULL;
    if (supervisor == NULL || !supervisor_stop(supervisor)) {
        return;
    }
    while (supervisor_collect(supervisor, &cookie)) {
    }
    close_descriptors(supervisor);
    (void)pthread_cond_destroy(&supervisor->changed);
    (void)pthread_mutex_destroy(&supervisor->lock);
    free(supervisor);
}
