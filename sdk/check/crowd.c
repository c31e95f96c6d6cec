/* SPDX-License-Identifier: Apache-2.0 */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/error.h"

#define TYPED      "check-canary-typed"
#define ANSWER_MAX 512
#define SLOW_NS    2000000 /* a server takes its time, so that a race is one */

static beacon_rc refuse(struct beacon_error *e, beacon_rc rc, const char *what)
{
    return error_set(e, rc, "look at what the slot promises in host.h", "%s", what);
}

/* ---- the store ---- */

/* The lock is held. NULL: no such key, and none is wanted or there is no room. */
static struct crowd_secret *find(struct crowd *crowd, struct beacon_str key, int is_wanted)
{
    struct crowd_secret *place = NULL;
    for (size_t i = 0; i < CROWD_KEYS; i++) {
        struct crowd_secret *s = &crowd->secrets[i];
        if (s->n_name > 0 && s->n_name == key.n && memcmp(s->name, key.p, key.n) == 0) {
            return s;
        }
        place = place == NULL && s->n_name == 0 ? s : place;
    }
    if (!is_wanted || place == NULL || key.n == 0 || key.n > sizeof place->name) {
        return NULL;
    }
    memcpy(place->name, key.p, key.n);
    place->n_name = key.n;
    return place;
}

static beacon_rc secrets_get(const struct beacon_host *h, struct beacon_str key,
                             const struct beacon_sink *out, uint64_t *gen, struct beacon_error *e)
{
    struct crowd *crowd = h->ctx;
    struct crowd_secret copy = {.n = 0};
    (void)pthread_mutex_lock(&crowd->lock);
    const struct crowd_secret *found = find(crowd, key, 0);
    if (found != NULL) {
        copy = *found;
    }
    (void)pthread_mutex_unlock(&crowd->lock);
    if (!copy.is_there) {
        return refuse(e, BEACON_E_NOT_FOUND, "there is no such secret");
    }
    if (gen != NULL) {
        *gen = copy.generation;
    }
    return out->put(out, copy.value, copy.n);
}

static beacon_rc secrets_set(const struct beacon_host *h, struct beacon_str key,
                             struct beacon_bytes val, uint64_t expect_gen, struct beacon_error *e)
{
    struct crowd *crowd = h->ctx;
    (void)pthread_mutex_lock(&crowd->lock);
    struct crowd_secret *s = find(crowd, key, 1);
    const int has_room = s != NULL && val.n <= sizeof s->value;
    const int fits = has_room && expect_gen == (s->is_there ? s->generation : 0);
    if (fits) {
        memcpy(s->value, val.p, val.n);
        s->n = val.n;
        s->generation++;
        s->is_there = 1;
    }
    (void)pthread_mutex_unlock(&crowd->lock);
    return fits       ? BEACON_OK
           : has_room ? refuse(e, BEACON_E_BUSY, "somebody else was first")
                      : refuse(e, BEACON_E_LIMIT, "the store of this check is full");
}

static beacon_rc secrets_erase(const struct beacon_host *h, struct beacon_str key,
                               struct beacon_error *e)
{
    struct crowd *crowd = h->ctx;
    (void)e;
    (void)pthread_mutex_lock(&crowd->lock);
    struct crowd_secret *s = find(crowd, key, 0);
    if (s != NULL) {
        s->is_there = 0;
    }
    (void)pthread_mutex_unlock(&crowd->lock);
    return BEACON_OK;
}

static const struct beacon_host_secrets secrets = {.struct_size = (uint32_t)sizeof secrets,
                                                   .get = secrets_get,
                                                   .set = secrets_set,
                                                   .erase = secrets_erase};

/* ---- the server and the person ---- */

static beacon_rc perform(const struct beacon_host *h, const struct beacon_http_request *rq,
                         const struct beacon_http_handler *hd, const struct beacon_cancel *c,
                         struct beacon_error *e)
{
    static const struct beacon_kv json = {{"content-type", 12}, {"application/json", 16}};
    const struct beacon_http_response response = {
        .struct_size = sizeof response, .status = 200, .headers = &json, .n_headers = 1};
    const struct timespec slow = {.tv_nsec = SLOW_NS};
    struct crowd *crowd = h->ctx;
    char body[ANSWER_MAX];
    (void)rq;
    (void)c;
    const unsigned number = atomic_fetch_add(&crowd->n_requests, 1) + 1;
    (void)nanosleep(&slow, NULL);
    const int n = snprintf(body, sizeof body,
                           "{\"access_token\":\"access-%u\",\"refresh_token\":\"refresh-%u\","
                           "\"token_type\":\"Bearer\",\"expires_in\":3600}",
                           number, number);
    const struct beacon_bytes bytes = {(const uint8_t *)body, (size_t)n};
    beacon_rc rc = hd->on_response != NULL ? hd->on_response(hd->ctx, &response) : BEACON_OK;
    if (rc == BEACON_OK && hd->on_frame != NULL) {
        rc = hd->on_frame(hd->ctx, (struct beacon_str){"", 0}, bytes);
    }
    if (rc == BEACON_OK && hd->on_end != NULL) {
        rc = hd->on_end(hd->ctx, &response);
    }
    return rc == BEACON_OK ? rc : refuse(e, rc, "a handler ended the exchange");
}

static const struct beacon_host_http http = {.struct_size = (uint32_t)sizeof http,
                                             .perform = perform};

static beacon_rc open_url(const struct beacon_host *h, struct beacon_str url, struct beacon_str why)
{
    (void)h;
    (void)url;
    (void)why;
    return BEACON_E_UNSUPPORTED;
}

static beacon_rc show_code(const struct beacon_host *h, struct beacon_str url,
                           struct beacon_str user_code, uint32_t expires_s)
{
    (void)expires_s;
    return open_url(h, url, user_code);
}

static beacon_rc prompt(const struct beacon_host *h, struct beacon_str label, uint32_t secret,
                        const struct beacon_sink *out, const struct beacon_cancel *c)
{
    (void)h;
    (void)label;
    (void)secret;
    (void)c;
    return out->put(out, TYPED, sizeof TYPED - 1);
}

static beacon_rc redirect_begin(const struct beacon_host *h, uint32_t port, struct beacon_str path,
                                const struct beacon_sink *uri, void **token, struct beacon_error *e)
{
    (void)h;
    (void)port;
    (void)path;
    (void)uri;
    (void)token;
    return refuse(e, BEACON_E_UNSUPPORTED, "there is no browser here");
}

static beacon_rc redirect_wait(const struct beacon_host *h, void *token,
                               const struct beacon_sink *query, const struct beacon_cancel *c)
{
    (void)h;
    (void)token;
    (void)query;
    (void)c;
    return BEACON_E_UNSUPPORTED;
}

static void redirect_end(const struct beacon_host *h, void *token)
{
    (void)h;
    (void)token;
}

static const struct beacon_host_ui ui = {.struct_size = (uint32_t)sizeof ui,
                                         .open_url = open_url,
                                         .show_code = show_code,
                                         .prompt = prompt,
                                         .redirect_begin = redirect_begin,
                                         .redirect_wait = redirect_wait,
                                         .redirect_end = redirect_end};

static const struct beacon_host *ordinary; /* of this process, for what a crowd has no part in */

static const void *facet(const struct beacon_host *h, const char *id)
{
    static const struct {
        const char *id;
        const void *table;
    } rows[] = {
        {BEACON_HOST_SECRETS, &secrets},
        {BEACON_HOST_HTTP, &http},
        {BEACON_HOST_UI, &ui},
    };
    (void)h;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].id, id) == 0) {
            return rows[i].table;
        }
    }
    return ordinary->facet(ordinary, id);
}

struct crowd *crowd_create(void)
{
    pthread_mutexattr_t shared;
    pthread_barrierattr_t shared_barrier;
    struct crowd *crowd =
        mmap(NULL, sizeof *crowd, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crowd == MAP_FAILED) {
        abort();
    }
    (void)pthread_mutexattr_init(&shared);
    (void)pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    (void)pthread_mutex_init(&crowd->lock, &shared);
    (void)pthread_mutex_init(&crowd->renewal, &shared);
    (void)pthread_mutexattr_destroy(&shared);
    (void)pthread_barrierattr_init(&shared_barrier);
    (void)pthread_barrierattr_setpshared(&shared_barrier, PTHREAD_PROCESS_SHARED);
    (void)pthread_barrier_init(&crowd->all_ask, &shared_barrier, CROWD_ASKERS);
    (void)pthread_barrierattr_destroy(&shared_barrier);
    return crowd;
}

void crowd_lend(struct crowd *crowd, const struct beacon_host *like, struct beacon_host *table)
{
    ordinary = like;
    *table = *like;
    table->ctx = crowd;
    table->facet = facet;
}
