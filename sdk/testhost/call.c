/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define SIGNAL_STACK_BYTES 65536

/* Where a fault of this thread goes, NULL: it is nobody's. */
static _Thread_local sigjmp_buf *landing;
static _Thread_local struct {
    int number;
    const void *address;
} fault;

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define N_FAULTS (sizeof faults / sizeof faults[0])

/* Handlers are ours while a call is going on, because test frameworks have their own between calls. */
static pthread_mutex_t handlers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before[N_FAULTS];
static unsigned n_users;

/* A fault outside of a call is as it would have been without us. */
static void give_back(int number)
{
    for (size_t i = 0; i < N_FAULTS; i++) {
        if (faults[i] == number) {
            (void)sigaction(number, &before[i], NULL);
        }
    }
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (landing == NULL) {
        give_back(number);
        return;
    }
    fault.number = number;
    fault.address = info->si_addr;
    siglongjmp(*landing, 1);
}

static void take_handlers(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    (void)sigemptyset(&action.sa_mask);
    (void)pthread_mutex_lock(&handlers_lock);
    for (size_t i = 0; i < N_FAULTS && n_users == 0; i++) {
        (void)sigaction(faults[i], &action, &before[i]);
    }
    n_users++;
    (void)pthread_mutex_unlock(&handlers_lock);
}

static void give_back_handlers(void)
{
    (void)pthread_mutex_lock(&handlers_lock);
    n_users--;
    for (size_t i = 0; i < N_FAULTS && n_users == 0; i++) {
        (void)sigaction(faults[i], &before[i], NULL);
    }
    (void)pthread_mutex_unlock(&handlers_lock);
}

static void tell_fault(struct testhost *t)
{
    switch (loans_state(&t->loans, fault.address)) {
    case LOAN_GONE:
    case LOAN_UNUSED:
        testhost_find(t, "kept-pointer", "uses memory that was lent for an earlier call only");
        break;
    case LOAN_GUARD:
    case LOAN_LENT:
        testhost_find(t, "over-read", "reads or writes behind the end of what was lent");
        break;
    case LOAN_FOREIGN:
    default:
        testhost_find(t, "crash", "signal %d%s", fault.number,
                      fault.number == SIGABRT ? ", abort() is not for plugins" : "");
        break;
    }
}

struct job {
    struct testhost *t;
    void (*call)(void *arg);
    void *arg;
};

/* The jump buffer has a frame of its own, so that no local is in doubt afterwards. */
static void run(const struct job *job)
{
    sigjmp_buf here;
    job->t->call.thread = pthread_self();
    if (sigsetjmp(here, 1) == 0) {
        landing = &here;
        job->call(job->arg);
        landing = NULL;
    } else {
        landing = NULL;
        job->t->call.has_faulted = true;
        tell_fault(job->t);
    }
}

/* With a stack for the handler, because the fault may be the end of the usual one. */
static void run_guarded(const struct job *job)
{
    stack_t mine, old;
    memset(&mine, 0, sizeof mine);
    const bool is_needed = sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE) != 0;
    if (is_needed) {
        mine.ss_sp = testhost_alloc(SIGNAL_STACK_BYTES);
        mine.ss_size = SIGNAL_STACK_BYTES;
        (void)sigaltstack(&mine, NULL);
    }
    run(job);
    if (is_needed) {
        mine.ss_flags = SS_DISABLE;
        (void)sigaltstack(&mine, NULL);
        free(mine.ss_sp);
    }
}

static void *thread_main(void *arg)
{
    run_guarded(arg);
    return NULL;
}

static void run_elsewhere(struct job *job)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_main, job) != 0) {
        (void)fputs("beacon-testhost: no thread can be had\n", stderr);
        abort();
    }
    (void)pthread_join(thread, NULL);
}

bool testhost_call(struct testhost *t, const char *slot, void (*call)(void *arg), void *arg)
{
    struct job job = {t, call, arg};
    if (t->call.slot != NULL) {
        (void)fprintf(stderr, "beacon-testhost: %s is called from within %s\n", slot, t->call.slot);
        abort();
    }
    memset(&t->call, 0, sizeof t->call);
    t->call.slot = slot;
    t->call.is_main = t->next_is_main;
    t->call.is_pure = t->next_is_pure;
    t->next_is_main = t->next_is_pure = false;
    take_handlers();
    if (t->call.is_main || (t->options.flags & TESTHOST_ONE_THREAD) != 0) {
        run_guarded(&job);
    } else {
        run_elsewhere(&job);
    }
    give_back_handlers();
    t->call.slot = NULL;
    loans_return(&t->loans);
    return !t->call.has_faulted;
}

bool testhost_call_main(struct testhost *t, const char *slot, void (*call)(void *), void *arg)
{
    t->next_is_main = true;
    return testhost_call(t, slot, call, arg);
}

bool testhost_call_pure(struct testhost *t, const char *slot, void (*call)(void *), void *arg)
{
    t->next_is_pure = true;
    return testhost_call(t, slot, call, arg);
}

bool testhost_sink_enter(struct testhost *t, const char *sink)
{
    struct ongoing *call = &t->call;
    if (call->slot == NULL) {
        testhost_find(t, "late-call", "%s is called when no slot is running", sink);
        return false;
    }
    if (!pthread_equal(call->thread, pthread_self())) {
        testhost_find(t, "thread", "%s is called on another thread than the slot", sink);
        return false;
    }
    if (call->n_inside > 0) {
        testhost_find(t, "reentered", "%s is called from within %s", sink,
                      call->inside[call->n_inside - 1]);
    }
    if (call->n_inside < TESTHOST_SINK_DEPTH) {
        call->inside[call->n_inside++] = sink;
    }
    return true;
}

void testhost_sink_leave(struct testhost *t)
{
    if (t->call.n_inside > 0) {
        t->call.n_inside--;
    }
}
