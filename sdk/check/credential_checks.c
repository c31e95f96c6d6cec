/* SPDX-License-Identifier: Apache-2.0 */
/* Group A: many askers at once, and what is left in memory. The slots are called directly here, on threads
 * and in processes of our own. */
#include <beacon/auth.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "check.h"
#include "checks.h"
#include "fence.h"
#include "host.h"
#include "instance.h"
#include "memory.h"
#include "plugin/sized.h"
#include "slate.h"

#define KEY          "sk-check-93c1f7d2a8b64e05"
#define LINES_BYTES  2048
#define THREADS      50
#define PROCESSES    3
#define ROUNDS       40
#define TIMES        300
#define FAILURES_MAX 2000

struct counter {
    struct check_case *c;
    struct instance_maker maker;
    struct beacon_auth table; /* complete */
};

/* What came out of one acquire(), without allocating. */
struct credentials {
    char lines[LINES_BYTES];
    size_t n;
    beacon_rc rc;
};

static beacon_rc add(const struct beacon_cred_sink *s, struct beacon_str a, struct beacon_str b)
{
    struct credentials *to = s->ctx;
    const bool was_in = slot_pause();
    if (to->n < sizeof to->lines) {
        const int n = snprintf(to->lines + to->n, sizeof to->lines - to->n, "%.*s=%.*s\n", (int)a.n,
                               a.p, (int)b.n, b.p);
        to->n += n > 0 ? (size_t)n : 0;
    }
    slot_resume(was_in);
    return BEACON_OK;
}

static beacon_rc add_one(const struct beacon_cred_sink *s, struct beacon_str url)
{
    return add(s, url, (struct beacon_str){"", 0});
}

static beacon_rc ignore_expiry(const struct beacon_cred_sink *s, uint64_t unix_ms,
                               uint64_t generation)
{
    (void)s;
    (void)unix_ms;
    (void)generation;
    return BEACON_OK;
}

static beacon_rc acquire_with(const struct counter *counter, void *inst, struct credentials *ret,
                              struct beacon_error *err)
{
    static const char origin[] = "https://check.invalid";
    struct beacon_cancel never = {0};
    const struct beacon_need need = {
        .struct_size = sizeof need, .why = BEACON_WANT_USE, .origin = {origin, sizeof origin - 1}};
    const struct beacon_cred_sink sink = {.struct_size = sizeof sink,
                                          .ctx = ret,
                                          .header = add,
                                          .query = add,
                                          .client_cert = add,
                                          .base_url = add_one,
                                          .expires = ignore_expiry};
    ret->n = 0;
    ret->lines[0] = '\0';
    slot_enter("acquire");
    ret->rc = counter->table.acquire(inst, &need, &sink, &never, err);
    slot_leave();
    return ret->rc;
}

static beacon_rc acquire(const struct counter *counter, void *inst, struct credentials *ret)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    return acquire_with(counter, inst, ret, &err);
}

static void *make_instance(const struct counter *counter)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    void *inst = NULL;
    const char *config = maker_config(&counter->maker);
    return maker_create(&counter->maker, config, strlen(config), &inst, &err) == BEACON_OK ? inst
                                                                                           : NULL;
}

/* With an environment in which every variable is the key; *ret_first is what one asker gets. */
static bool counter_open(struct counter *counter, struct check_case *c,
                         struct credentials *ret_first)
{
    *counter = (struct counter){.c = c};
    if (!instance_maker_init(c, &counter->maker)) {
        return false;
    }
    (void)sized_copy(&counter->table, sizeof counter->table, counter->maker.component.vtable,
                     "table", NULL);
    host_set_variables(KEY);
    void *inst = make_instance(counter);
    if (inst == NULL || acquire(counter, inst, ret_first) != BEACON_OK) {
        check_skip(c, "there are no credentials to be had here");
        return false;
    }
    maker_destroy(&counter->maker, inst);
    return true;
}

/* ---- many at once ---- */

struct asker {
    const struct counter *counter;
    void *inst;
    struct credentials got;
    const struct credentials *first;
    unsigned n_others; /* answers that were not the first one's */
};

static void ask(struct asker *asker)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (acquire(asker->counter, asker->inst, &asker->got) != BEACON_OK ||
            strcmp(asker->got.lines, asker->first->lines) != 0) {
            asker->n_others++;
        }
    }
}

/* All of them begin at once. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *asker_main(void *arg)
{
    (void)pthread_mutex_lock(&gate);
    (void)pthread_mutex_unlock(&gate);
    ask(arg);
    return NULL;
}

void check_credential_threads(struct check_case *c)
{
    static struct asker askers[THREADS];
    struct counter counter;
    struct credentials first;
    pthread_t threads[THREADS];
    unsigned n_others = 0;
    size_t n = 0;
    if (!counter_open(&counter, c, &first)) {
        return;
    }
    for (size_t i = 0; i < THREADS; i++) {
        askers[i] =
            (struct asker){.counter = &counter, .inst = make_instance(&counter), .first = &first};
    }
    (void)pthread_mutex_lock(&gate);
    while (n < THREADS && pthread_create(&threads[n], NULL, asker_main, &askers[n]) == 0) {
        n++;
    }
    (void)pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < n; i++) {
        (void)pthread_join(threads[i], NULL);
        n_others += askers[i].n_others;
    }
    if (n_others > 0) {
        check_fail(c, "the same credentials for all",
                   "keep what is being read in the instance or on the stack, not in globals",
                   "%zu threads with an instance each: %u of %zu answers are others", n, n_others,
                   n * ROUNDS);
    }
}

void check_credential_processes(struct check_case *c)
{
    struct counter counter;
    struct credentials first;
    pid_t pids[PROCESSES];
    if (!counter_open(&counter, c, &first)) {
        return;
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct asker asker = {
                .counter = &counter, .inst = make_instance(&counter), .first = &first};
            ask(&asker);
            _exit(asker.n_others == 0 ? 0 : 1);
        }
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = 0;
        if (pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i] && status != 0) {
            check_fail(c, "the same credentials in every process",
                       "read the store anew, and change it by its generation only",
                       "one of %d processes at once gets other credentials, or crashes", PROCESSES);
        }
    }
}

/* ---- memory ---- */

void check_credential_wipes(struct check_case *c)
{
    struct counter counter;
    struct credentials first;
    if (!memory_is_ours()) {
        check_skip(c, "a sanitizer owns the allocator of this build");
        return;
    }
    if (!counter_open(&counter, c, &first)) {
        return;
    }
    memory_watch(KEY);
    void *inst = make_instance(&counter);
    (void)acquire(&counter, inst, &first);
    maker_destroy(&counter.maker, inst);
    const bool has_seen = memory_has_seen_secret();
    memory_watch(NULL);
    if (has_seen) {
        check_fail(c, "memory that is overwritten before it is given back",
                   "use explicit_bzero() before free(), and do not let realloc() move secrets",
                   "a block that is freed still holds the key");
    }
}

void check_credential_leaks(struct check_case *c)
{
    struct counter counter;
    struct credentials got;
    if (!counter_open(&counter, c, &got)) {
        return;
    }
    void *inst = make_instance(&counter);
    (void)acquire(&counter, inst, &got);
    const int64_t blocks = memory_live_blocks(), bytes = memory_live_bytes();
    for (int i = 0; i < TIMES; i++) {
        (void)acquire(&counter, inst, &got);
    }
    const int64_t more_blocks = memory_live_blocks() - blocks;
    const int64_t more_bytes = memory_live_bytes() - bytes;
    if (memory_is_ours() ? more_blocks >= TIMES / 2 : more_bytes >= TIMES) {
        check_fail(c, "as much memory after acquire() as before",
                   "free what acquire() allocates: the sink has copied it",
                   "%d calls of acquire() leave %lld bytes behind", TIMES, (long long)more_bytes);
    }
    maker_destroy(&counter.maker, inst);
}

void check_credential_no_memory(struct check_case *c)
{
    struct counter counter;
    struct credentials got;
    if (!memory_is_ours()) {
        check_skip(c, "a sanitizer owns the allocator of this build");
        return;
    }
    if (!counter_open(&counter, c, &got)) {
        return;
    }
    void *inst = make_instance(&counter);
    bool was_reached = true;
    for (uint64_t n = 1; was_reached && n < FAILURES_MAX; n++) {
        memory_fail_at(n, false);
        (void)acquire(&counter, inst, &got);
        was_reached = memory_has_failed();
        memory_fail_at(0, false);
    }
    maker_destroy(&counter.maker, inst);
}

/* ---- structs of older hosts ---- */

void check_credential_short_structs(struct check_case *c)
{
    static const size_t sizes[] = {
        offsetof(struct beacon_auth_status, expires_unix_ms),
        offsetof(struct beacon_auth_status, flags),
        offsetof(struct beacon_auth_status, methods),
        offsetof(struct beacon_auth_status, account),
        offsetof(struct beacon_auth_status, detail),
    };
    struct counter counter;
    struct credentials first;
    if (!counter_open(&counter, c, &first)) {
        return;
    }
    void *inst = make_instance(&counter);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct beacon_auth_status *status = fence_make(NULL, sizes[i]);
        struct beacon_error *err = fence_make(NULL, offsetof(struct beacon_error, message));
        status->struct_size = (uint32_t)sizes[i];
        err->struct_size = (uint32_t)offsetof(struct beacon_error, message);
        slot_enter("status");
        (void)counter.table.status(inst, (struct beacon_str){"", 0}, status, err);
        slot_leave();
        host_set_variables(NULL);
        (void)acquire_with(&counter, inst, &first, err);
        host_set_variables(KEY);
        if (status->struct_size != sizes[i]) {
            check_fail(c, "the struct_size that the host wrote", "write through BEACON_SET only",
                       "the status's struct_size became %u, it was %zu", status->struct_size,
                       sizes[i]);
        }
    }
    maker_destroy(&counter.maker, inst);
}
