/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_lookup.h"

#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "sandbox/net_address.h"
#include "sandbox/net_host.h"

#define NO_THREAD "this machine has no thread left to ask for the host"

struct answer {
    struct net_address addresses[NET_ADDRESSES_MAX];
    size_t n;
    const char *wrong;
};

/* What the thread works on: it may outlive the lookup. */
struct question {
    atomic_int n_owners; /* the lookup and the thread */
    net_resolve_fn resolve;
    char host[NET_HOST_MAX + 1];
    struct net_lookup *lookup; /* [main] */
};

struct net_lookup {
    struct net_lookup *next; /* in the list of those that run or of those that wait */
    struct net_lookups *lookups;
    struct question *question;
    struct worker *worker; /* NULL: it waits for its turn */
    struct answer answer;
    net_lookup_fn fn; /* NULL: forgotten */
    void *ctx;
};

struct net_lookups {
    struct loop *loop;
    net_resolve_fn resolve;
    struct net_lookup *running, *waiting;
    size_t n_running;
    bool is_closing;
};

static const char *explain(int rc)
{
    switch (rc) {
    case EAI_NONAME:
        return "there is no such host";
    case EAI_AGAIN:
        return "the name server did not answer";
    default:
        return "the name server failed";
    }
}

static size_t resolve_by_system(const char *host, struct net_address *ret, size_t max,
                                const char **ret_wrong)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    size_t n = 0;
    int rc = getaddrinfo(host, NULL, &hints, &found);
    if (rc != 0) {
        *ret_wrong = explain(rc);
        return 0;
    }
    for (const struct addrinfo *at = found; at != NULL && n < max; at = at->ai_next) {
        n += net_address_from_socket(at->ai_addr, &ret[n]) ? 1 : 0;
    }
    freeaddrinfo(found);
    *ret_wrong = n == 0 ? explain(EAI_NONAME) : NULL;
    return n;
}

struct net_lookups *net_lookups_create(struct loop *loop, net_resolve_fn resolve)
{
    struct net_lookups *lookups = alloc_zeroed(sizeof *lookups);
    lookups->loop = loop;
    lookups->resolve = resolve != NULL ? resolve : resolve_by_system;
    return lookups;
}

static void release(struct question *question)
{
    if (atomic_fetch_sub(&question->n_owners, 1) == 1) {
        free(question);
    }
}

static void run(struct worker *worker, void *ctx)
{
    struct question *question = ctx;
    struct answer answer = {0};
    answer.n =
        question->resolve(question->host, answer.addresses, NET_ADDRESSES_MAX, &answer.wrong);
    (void)worker_post(worker, 0, &answer, sizeof answer);
    release(question);
}

static void keep_answer(void *ctx, uint32_t kind, const void *p, size_t n)
{
    struct question *question = ctx;
    (void)kind;
    memcpy(&question->lookup->answer, p, n);
}

static void unlink_from(struct net_lookup **list, const struct net_lookup *lookup)
{
    for (; *list != NULL; list = &(*list)->next) {
        if (*list == lookup) {
            *list = lookup->next;
            return;
        }
    }
}

static bool begin(struct net_lookup *lookup);

static void finish(struct net_lookup *lookup)
{
    if (lookup->fn != NULL) {
        lookup->fn(lookup->ctx, lookup->answer.addresses, lookup->answer.n, lookup->answer.wrong);
    }
    release(lookup->question);
    free(lookup);
}

/* In the order of asking, as many as may run. */
static void begin_waiting(struct net_lookups *lookups)
{
    while (lookups->waiting != NULL && lookups->n_running < NET_LOOKUPS_RUNNING) {
        struct net_lookup *lookup = lookups->waiting;
        lookups->waiting = lookup->next;
        if (!begin(lookup)) {
            lookup->answer.wrong = NO_THREAD;
            finish(lookup);
        }
    }
}

static void on_done(void *ctx)
{
    struct question *question = ctx;
    struct net_lookups *lookups = question->lookup->lookups;
    unlink_from(&lookups->running, question->lookup);
    lookups->n_running--;
    finish(question->lookup);
    if (!lookups->is_closing) {
        begin_waiting(lookups);
    }
}

static bool begin(struct net_lookup *lookup)
{
    struct net_lookups *lookups = lookup->lookups;
    const struct worker_job job = {run, keep_answer, on_done, lookup->question};
    atomic_store(&lookup->question->n_owners, 2);
    lookup->worker = worker_start(lookups->loop, &job);
    if (lookup->worker == NULL) {
        atomic_store(&lookup->question->n_owners, 1);
        return false;
    }
    lookup->next = lookups->running;
    lookups->running = lookup;
    lookups->n_running++;
    return true;
}

struct net_lookup *net_lookup_start(struct net_lookups *lookups, const char *host, net_lookup_fn fn,
                                    void *ctx)
{
    struct net_lookup *lookup = alloc_zeroed(sizeof *lookup);
    struct question *question = alloc_zeroed(sizeof *question);
    atomic_init(&question->n_owners, 1);
    question->resolve = lookups->resolve;
    question->lookup = lookup;
    (void)strncpy(question->host, host, sizeof question->host - 1);
    *lookup = (struct net_lookup){.lookups = lookups, .question = question, .fn = fn, .ctx = ctx};
    if (lookups->n_running < NET_LOOKUPS_RUNNING) {
        if (begin(lookup)) {
            return lookup;
        }
        lookup->fn = NULL;
        finish(lookup);
        return NULL;
    }
    struct net_lookup **last = &lookups->waiting;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = lookup;
    return lookup;
}

static void discard(struct net_lookup *lookup)
{
    lookup->fn = NULL;
    finish(lookup);
}

void net_lookup_forget(struct net_lookup *lookup)
{
    if (lookup == NULL) {
        return;
    }
    lookup->fn = NULL;
    if (lookup->worker == NULL) {
        unlink_from(&lookup->lookups->waiting, lookup);
        discard(lookup);
    }
}

void net_lookups_destroy(struct net_lookups *lookups)
{
    if (lookups == NULL) {
        return;
    }
    lookups->is_closing = true;
    while (lookups->waiting != NULL) {
        struct net_lookup *lookup = lookups->waiting;
        lookups->waiting = lookup->next;
        discard(lookup);
    }
    while (lookups->running != NULL) {
        worker_abandon(lookups->running->worker); /* which calls on_done() */
    }
    free(lookups);
}
