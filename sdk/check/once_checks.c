/* SPDX-License-Identifier: Apache-2.0 */
/* Group A: 50 threads in each of 3 processes are told that their credentials are rejected, and one of them
 * gets new ones for all. */
#include <beacon/auth.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "checks.h"
#include "crowd.h"
#include "host.h"
#include "instance.h"
#include "plugin/manifest.h"
#include "plugin/sized.h"
#include "slate.h"

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)
#define EXIT_NO   2 /* nothing to be had with a made-up person and server */

/* An instance in this process. */
struct member {
    struct crowd *crowd;
    struct instance_maker maker;
    struct beacon_auth table; /* complete */
    struct beacon_host host;
    void *inst;
    pthread_mutex_t turn; /* one call at a time, as the host promises for [worker] */
};

struct asker {
    struct member *member;
    struct crowd_answer *answer;
};

/* ---- one call ---- */

static void mix(struct crowd_answer *to, struct beacon_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        to->hash = (to->hash ^ (unsigned char)text.p[i]) * FNV_PRIME;
    }
}

static beacon_rc add(const struct beacon_cred_sink *s, struct beacon_str a, struct beacon_str b)
{
    mix(s->ctx, a);
    mix(s->ctx, b);
    return BEACON_OK;
}

static beacon_rc add_one(const struct beacon_cred_sink *s, struct beacon_str url)
{
    mix(s->ctx, url);
    return BEACON_OK;
}

static beacon_rc set_expiry(const struct beacon_cred_sink *s, uint64_t unix_ms, uint64_t generation)
{
    struct crowd_answer *to = s->ctx;
    (void)unix_ms;
    to->generation = generation;
    return BEACON_OK;
}

static void acquire(struct member *m, uint32_t why, uint64_t rejected, struct crowd_answer *ret)
{
    static const char origin[] = "https://check.invalid";
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    struct beacon_cancel never = {0};
    const struct beacon_need need = {.struct_size = sizeof need,
                                     .why = why,
                                     .rejected_gen = rejected,
                                     .origin = {origin, sizeof origin - 1}};
    const struct beacon_cred_sink sink = {.struct_size = sizeof sink,
                                          .ctx = ret,
                                          .header = add,
                                          .query = add,
                                          .client_cert = add,
                                          .base_url = add_one,
                                          .expires = set_expiry};
    *ret = (struct crowd_answer){.hash = FNV_BASIS};
    (void)pthread_mutex_lock(&m->turn);
    ret->rc = m->table.acquire(m->inst, &need, &sink, &never, &err);
    (void)pthread_mutex_unlock(&m->turn);
}

static bool member_init(struct member *m, struct check_case *c, struct crowd *crowd)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    *m = (struct member){.crowd = crowd};
    (void)pthread_mutex_init(&m->turn, NULL);
    if (!instance_maker_init(c, &m->maker) ||
        sized_copy(&m->table, sizeof m->table, m->maker.component.vtable, "table", NULL) !=
            BEACON_OK) {
        return false;
    }
    crowd_lend(crowd, m->maker.subject.host, &m->host);
    m->maker.subject.host = &m->host;
    const char *config = maker_config(&m->maker);
    return maker_create(&m->maker, config, strlen(config), &m->inst, &err) == BEACON_OK;
}

/* ---- the processes ---- */

/* Whatever method it is that works. */
static _Noreturn void log_in(struct check_case *c, struct crowd *crowd)
{
    static struct member m;
    struct beacon_cancel never = {0};
    beacon_rc rc = BEACON_E_UNSUPPORTED;
    if (!member_init(&m, c, crowd) || m.table.login == NULL) {
        _exit(EXIT_NO);
    }
    slot_enter("login");
    for (uint32_t method = BEACON_LOGIN_BROWSER; rc != BEACON_OK && method <= BEACON_LOGIN_SECRET;
         method <<= 1) {
        struct beacon_error err = BEACON_INIT(struct beacon_error);
        rc = m.table.login(m.inst, (struct beacon_str){"", 0}, method, &never, &err);
    }
    slot_leave();
    maker_destroy(&m.maker, m.inst);
    _exit(rc == BEACON_OK ? 0 : EXIT_NO);
}

static void *asker_main(void *arg)
{
    const struct asker *asker = arg;
    struct crowd *crowd = asker->member->crowd;
    struct crowd_answer first;
    acquire(asker->member, BEACON_WANT_USE, 0, &first);
    (void)pthread_barrier_wait(&crowd->all_ask);
    (void)pthread_mutex_lock(&crowd->renewal);
    const unsigned before = atomic_load(&crowd->n_requests);
    acquire(asker->member, BEACON_WANT_REJECTED, first.generation, asker->answer);
    if (atomic_load(&crowd->n_requests) != before) {
        (void)atomic_fetch_add(&crowd->n_renewals, 1);
    }
    (void)pthread_mutex_unlock(&crowd->renewal);
    return NULL;
}

static _Noreturn void ask(struct check_case *c, struct crowd *crowd, size_t process)
{
    static struct member m;
    static struct asker askers[CROWD_THREADS];
    pthread_t threads[CROWD_THREADS];
    if (!member_init(&m, c, crowd)) {
        _exit(EXIT_NO);
    }
    slot_enter("acquire");
    for (size_t i = 0; i < CROWD_THREADS; i++) {
        askers[i] = (struct asker){&m, &crowd->answers[process * CROWD_THREADS + i]};
        if (pthread_create(&threads[i], NULL, asker_main, &askers[i]) != 0) {
            _exit(EXIT_NO);
        }
    }
    for (size_t i = 0; i < CROWD_THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    slot_leave();
    _exit(0);
}

/* The rest would wait for ever for those that are missing. */
static void end_others(const pid_t *pids)
{
    for (size_t i = 0; i < CROWD_PROCESSES; i++) {
        if (pids[i] > 0) {
            (void)kill(pids[i], SIGKILL);
        }
    }
}

/* The first status that is not 0, or 0. Only children that were not waited for are ended. */
static int wait_for_all(pid_t *pids)
{
    int ret = 0;
    for (size_t n = 0; n < CROWD_PROCESSES; n++) {
        int status = 0;
        const pid_t pid = wait(&status);
        for (size_t i = 0; i < CROWD_PROCESSES; i++) {
            pids[i] = pids[i] == pid ? 0 : pids[i];
        }
        if (status != 0 && ret == 0) {
            ret = status;
            end_others(pids);
        }
    }
    return ret;
}

static int run_crowd(struct check_case *c, struct crowd *crowd)
{
    pid_t pids[CROWD_PROCESSES];
    for (size_t i = 0; i < CROWD_PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            ask(c, crowd, i);
        }
    }
    return wait_for_all(pids);
}

static void compare(struct check_case *c, const struct crowd *crowd)
{
    const unsigned n_renewals = atomic_load(&crowd->n_renewals);
    size_t n_others = 0;
    for (size_t i = 1; i < CROWD_ASKERS; i++) {
        const struct crowd_answer *a = &crowd->answers[0], *b = &crowd->answers[i];
        n_others += a->rc != b->rc || a->generation != b->generation || a->hash != b->hash;
    }
    if (n_renewals > 1) {
        check_fail(c, "one renewal; the others find its result in the store",
                   "in acquire(REJECTED) read the store first: a generation that is not "
                   "need->rejected_gen is to be given, not renewed",
                   "%u of %d askers in %d processes renew the same rejected credentials",
                   n_renewals, CROWD_ASKERS, CROWD_PROCESSES);
    } else if (n_others > 0) {
        check_fail(c, "the same answer for all",
                   "give what the store has, not what the instance had",
                   "after one rejection %zu of %d askers get another answer than the first",
                   n_others, CROWD_ASKERS);
    }
}

void check_auth_once(struct check_case *c)
{
    int status = 0;
    if (!manifest_has_capability(c->manifest, "net:", NULL)) {
        check_skip(c, "it has no capability net:, so it renews nothing through the host");
        return;
    }
    struct crowd *crowd = crowd_create();
    const pid_t pid = fork();
    if (pid == 0) {
        log_in(c, crowd);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        check_skip(c, "no login works with a made-up person and server");
        return;
    }
    status = run_crowd(c, crowd);
    if (status != 0) {
        check_fail(c, "credentials or an error", "see the slot under a debugger",
                   "one of %d processes ends with wait status %d", CROWD_PROCESSES, status);
        return;
    }
    compare(c, crowd);
}
