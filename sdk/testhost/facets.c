/* SPDX-License-Identifier: Apache-2.0 */
#include "facets.h"

#include <beacon-sdk/error.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_MONO_NS UINT64_C(1000000000)
#define FIRST_UNIX_MS UINT64_C(1700000000000)

struct testhost_facets *facets_create(struct testhost *t)
{
    struct testhost_facets *f = testhost_alloc(sizeof *f);
    f->t = t;
    f->mono_ns = FIRST_MONO_NS;
    f->unix_ms = FIRST_UNIX_MS;
    f->random = t->options.seed;
    if (pipe(f->cancel_pipe) != 0) {
        f->cancel_pipe[0] = f->cancel_pipe[1] = -1;
    }
    return f;
}

static void free_list(struct named_text *list)
{
    while (list != NULL) {
        struct named_text *next = list->next;
        free(list->name);
        free(list->text);
        free(list->more);
        free(list);
        list = next;
    }
}

void facets_destroy(struct testhost_facets *f)
{
    for (size_t i = 0; i < 2; i++) {
        if (f->cancel_pipe[i] >= 0) {
            (void)close(f->cancel_pipe[i]);
        }
    }
    free_list(f->env);
    free_list(f->secrets);
    free_list(f->programs);
    free_list(f->answers);
    free(f->typed);
    free(f->query);
    buffer_free(&f->shown);
    buffer_free(&f->executed);
    buffer_free(&f->requested);
    free(f);
}

const void *facets_find(struct testhost *t, const char *id)
{
    const struct {
        const char *id;
        uint32_t bit;
        const void *table;
    } rows[] = {
        {BEACON_HOST_HTTP, TESTHOST_HTTP, &facet_http},
        {BEACON_HOST_SECRETS, TESTHOST_SECRETS, &facet_secrets},
        {BEACON_HOST_UI, TESTHOST_UI, &facet_ui},
        {BEACON_HOST_EXEC, TESTHOST_EXEC, &facet_exec},
        {BEACON_HOST_ENV, TESTHOST_ENV, &facet_env},
        {BEACON_HOST_CLOCK, TESTHOST_CLOCK, &facet_clock},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(id, rows[i].id) == 0) {
            return (t->options.without & rows[i].bit) == 0 ? rows[i].table : NULL;
        }
    }
    return NULL;
}

static size_t number_of(uint32_t facet)
{
    size_t i = 0;
    while (i < 5 && (1u << i) != facet) {
        i++;
    }
    return i;
}

void testhost_fail(struct testhost *t, uint32_t facet, unsigned nth, beacon_rc rc)
{
    (void)pthread_mutex_lock(&t->lock);
    t->facets->fail_in[number_of(facet)] = nth;
    t->facets->fail_with[number_of(facet)] = rc;
    (void)pthread_mutex_unlock(&t->lock);
}

beacon_rc facets_enter(struct testhost *t, uint32_t facet, const char *slot, bool is_blocking)
{
    struct testhost_facets *f = t->facets;
    const size_t i = number_of(facet);
    if (t->call.slot != NULL && t->call.is_pure) {
        testhost_find(t, "purity", "%s is called by a slot that is [pure]", slot);
    }
    if (is_blocking && t->call.slot != NULL && t->call.is_main) {
        testhost_find(t, "thread", "%s may block, and is called by a slot that is [main]", slot);
    }
    (void)pthread_mutex_lock(&t->lock);
    const bool fails = f->fail_in[i] > 0 && --f->fail_in[i] == 0;
    (void)pthread_mutex_unlock(&t->lock);
    return fails ? f->fail_with[i] : BEACON_OK;
}

struct named_text *facets_named(struct named_text **list, struct beacon_str name, bool is_wanted)
{
    while (*list != NULL && !beacon_span_is(name, (*list)->name)) {
        list = &(*list)->next;
    }
    if (*list == NULL && is_wanted) {
        *list = testhost_alloc(sizeof **list);
        (*list)->name = testhost_copy(name);
    }
    return *list;
}

beacon_rc facets_error(struct beacon_error *e, beacon_rc rc, const char *message)
{
    return beacon_error_fill(e, rc, "look at the script of the test", "%s", message);
}

/* ---- cancelling ---- */

static char token; /* what a token points to does not matter, but that it is this one does */

const struct beacon_cancel *testhost_cancel_token(struct testhost *t)
{
    (void)t;
    return (const struct beacon_cancel *)(const void *)&token;
}

void testhost_set_cancelled(struct testhost *t, bool is_cancelled)
{
    struct testhost_facets *f = t->facets;
    char byte = 'c';
    (void)pthread_mutex_lock(&t->lock);
    const bool was = f->is_cancelled;
    f->is_cancelled = is_cancelled;
    (void)pthread_mutex_unlock(&t->lock);
    if (is_cancelled && !was) {
        (void)!write(f->cancel_pipe[1], &byte, 1);
    } else if (!is_cancelled && was) {
        (void)!read(f->cancel_pipe[0], &byte, 1);
    }
}

void testhost_set_deadline(struct testhost *t, uint64_t mono_ns)
{
    t->facets->deadline_ns = mono_ns;
}

static bool is_ours(const struct beacon_host *h, const struct beacon_cancel *c)
{
    struct testhost *t = h->ctx;
    if (c != NULL && c != testhost_cancel_token(t)) {
        testhost_find(t, "value", "the host is asked about a cancel token it did not make");
        return false;
    }
    return c != NULL;
}

uint32_t facets_cancelled(const struct beacon_host *h, const struct beacon_cancel *c)
{
    struct testhost *t = h->ctx;
    (void)pthread_mutex_lock(&t->lock);
    const bool is_cancelled = t->facets->is_cancelled;
    (void)pthread_mutex_unlock(&t->lock);
    return is_ours(h, c) && is_cancelled;
}

int32_t facets_cancel_fd(const struct beacon_host *h, const struct beacon_cancel *c)
{
    const struct testhost *t = h->ctx;
    return is_ours(h, c) ? t->facets->cancel_pipe[0] : -1;
}

uint64_t facets_deadline_ns(const struct beacon_host *h, const struct beacon_cancel *c)
{
    const struct testhost *t = h->ctx;
    return is_ours(h, c) ? t->facets->deadline_ns : 0;
}
