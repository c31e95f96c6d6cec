/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stuck.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/error.h"
#include "base/io.h"
#include "plugin/breadcrumb.h"
#include "plugin/incident.h"

#define LOOK_MS       1000
#define LOOK_SOON_MS  50 /* once a call's last second has begun */
#define TELL_AFTER_MS 5000
#define GRACE_MS      1000
#define NS_PER_MS     UINT64_C(1000000)
#define LAST_RESORT_S 3
#define SIGNALS_ALL   2

static const int watched[SIGNALS_ALL] = {SIGINT, SIGTERM};

struct stuck {
    pthread_t thread;
    struct breadcrumb_view view;
    int n_heard; /* of n_signals; begins before the thread, which may be late */
    /* [thread] */
    uint32_t call; /* the one that was seen last */
    uint64_t since_ns;
    bool is_told;
    uint64_t grace_over_ns; /* 0 = no signal came during this call */
};

/* Shared with the signal handler. */
static int bell = -1;
static atomic_int n_signals, last_signal;
static atomic_int
    held_back; /* a signal that would have ended the program, but for a plugin's call */
static atomic_bool is_over;
static struct sigaction theirs[SIGNALS_ALL];

/* What would have happened without us. Inside a plugin the watching thread decides. */
static void pass_on(int signal_number, const struct sigaction *their)
{
    if (their->sa_handler != SIG_DFL && their->sa_handler != SIG_IGN) {
        their->sa_handler(signal_number);
    } else if (their->sa_handler == SIG_DFL && breadcrumb_now.plugin_id == NULL) {
        (void)sigaction(signal_number, their, NULL);
        (void)raise(signal_number); /* when the handler returns */
    } else if (their->sa_handler == SIG_DFL) {
        atomic_store(&held_back, signal_number);
    }
}

static void on_signal(int signal_number)
{
    static const uint64_t one = 1;
    int saved = errno;
    atomic_store(&last_signal, signal_number);
    (void)atomic_fetch_add(&n_signals, 1);
    (void)!write(bell, &one, sizeof one);
    for (size_t i = 0; i < SIGNALS_ALL; i++) {
        if (watched[i] == signal_number) {
            pass_on(signal_number, &theirs[i]);
        }
    }
    errno = saved;
}

/* ---- the watching thread ---- */

/* Not through stdio: the thread that is stuck may hold its lock. */
static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char line[INCIDENT_SENTENCE_BYTES + 128];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0) {
        size_t length = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
        (void)io_write_all(STDERR_FILENO, line, length);
    }
}

static _Noreturn void end_without(const struct breadcrumb *where)
{
    char sentence[INCIDENT_SENTENCE_BYTES];
    (void)alarm(LAST_RESORT_S); /* should it hold the lock of the heap, too */
    incident_hang(where->plugin_id, where->slot, GRACE_MS, sentence);
    say("\nerror: %s. `beacon exec resume --last` goes on, with --safe-mode without it.\n",
        sentence);
    _exit(atomic_load(&last_signal) == SIGTERM ? EXIT_STATUS_TERMINATED : EXIT_STATUS_INTERRUPTED);
}

static void hear_signals(struct stuck *stuck, const struct breadcrumb *where, bool is_signalled,
                         uint64_t now_ns)
{
    bool is_second = is_signalled && stuck->grace_over_ns != 0;
    if (is_signalled && stuck->grace_over_ns == 0) {
        stuck->grace_over_ns = now_ns + GRACE_MS * NS_PER_MS;
    }
    if (is_second || (stuck->grace_over_ns != 0 && now_ns >= stuck->grace_over_ns)) {
        end_without(where);
    }
}

/* The call came back after all: what was held back for its sake happens now. */
static void let_go(void)
{
    int signal_number = atomic_exchange(&held_back, 0);
    if (signal_number != 0) {
        const struct sigaction standard = {.sa_handler = SIG_DFL};
        (void)sigaction(signal_number, &standard, NULL);
        (void)kill(getpid(), signal_number);
    }
}

static void look(struct stuck *stuck, bool is_signalled)
{
    uint32_t call = 0;
    uint64_t now_ns = clock_mono_ns();
    const struct breadcrumb where = breadcrumb_look(stuck->view, &call);
    if (where.plugin_id == NULL || where.slot == NULL || call != stuck->call) {
        stuck->call = call;
        stuck->since_ns = now_ns;
        stuck->is_told = false;
        stuck->grace_over_ns = 0;
    }
    if (where.plugin_id == NULL || where.slot == NULL) {
        let_go();
        return;
    }
    if (!stuck->is_told && now_ns - stuck->since_ns >= TELL_AFTER_MS * NS_PER_MS) {
        stuck->is_told = true;
        say("warning: plugin %s has been inside %s() for %d seconds and holds up everything else; "
            "Ctrl-C ends beacon\n",
            where.plugin_id, where.slot, TELL_AFTER_MS / 1000);
    }
    hear_signals(stuck, &where, is_signalled, now_ns);
}

static void *watch(void *ctx)
{
    struct stuck *stuck = ctx;
    crash_thread_begin();
    while (!atomic_load(&is_over)) {
        struct pollfd ring = {.fd = bell, .events = POLLIN};
        uint64_t unused = 0;
        if (poll(&ring, 1, stuck->grace_over_ns != 0 ? LOOK_SOON_MS : LOOK_MS) > 0) {
            (void)!read(bell, &unused, sizeof unused);
        }
        const int before = stuck->n_heard;
        stuck->n_heard = atomic_load(&n_signals);
        look(stuck, stuck->n_heard != before);
    }
    crash_thread_end();
    return NULL;
}

/* ---- set up ---- */

static int start_thread(struct stuck *stuck)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    crash_unblock(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&stuck->thread, NULL, watch, stuck);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

void stuck_follow(struct stuck *stuck)
{
    for (size_t i = 0; stuck != NULL && i < SIGNALS_ALL; i++) {
        struct sigaction action;
        (void)sigaction(watched[i], NULL, &action);
        if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler != on_signal) {
            theirs[i] = action;
            action.sa_handler = on_signal;
            (void)sigaction(watched[i], &action, NULL);
        }
    }
}

struct stuck *stuck_watch(void)
{
    bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell < 0) {
        return NULL;
    }
    struct stuck *stuck = alloc_zeroed(sizeof *stuck);
    stuck->view = breadcrumb_view();
    stuck->n_heard = atomic_load(&n_signals);
    atomic_store(&is_over, false);
    io_expect_files(); /* ours is the first thread */
    if (start_thread(stuck) != 0) {
        (void)close(bell);
        bell = -1;
        free(stuck);
        return NULL;
    }
    stuck_follow(stuck);
    return stuck;
}

void stuck_forget(struct stuck *stuck)
{
    static const uint64_t one = 1;
    if (stuck == NULL) {
        return;
    }
    for (size_t i = 0; i < SIGNALS_ALL; i++) {
        (void)sigaction(watched[i], &theirs[i], NULL);
    }
    atomic_store(&is_over, true);
    (void)io_write_all(bell, &one, sizeof one);
    (void)pthread_join(stuck->thread, NULL);
    (void)close(bell);
    bell = -1;
    free(stuck);
}
