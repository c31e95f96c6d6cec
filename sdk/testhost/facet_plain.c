/* SPDX-License-Identifier: Apache-2.0
 * The two facets that need no thought: clock and environment. */
#include <stdlib.h>

#include "facets.h"

static uint64_t mono_ns(const struct beacon_host *h)
{
    struct testhost *t = h->ctx;
    (void)facets_enter(t, TESTHOST_CLOCK, "clock.mono_ns", false);
    (void)pthread_mutex_lock(&t->lock);
    const uint64_t now = t->facets->mono_ns;
    (void)pthread_mutex_unlock(&t->lock);
    return now;
}

static uint64_t unix_ms(const struct beacon_host *h)
{
    struct testhost *t = h->ctx;
    (void)facets_enter(t, TESTHOST_CLOCK, "clock.unix_ms", false);
    (void)pthread_mutex_lock(&t->lock);
    const uint64_t now = t->facets->unix_ms;
    (void)pthread_mutex_unlock(&t->lock);
    return now;
}

/* splitmix64: the same bytes for the same seed. */
static uint8_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint8_t)(z >> 32);
}

static beacon_rc fill_random(const struct beacon_host *h, void *p, size_t n)
{
    struct testhost *t = h->ctx;
    uint8_t *bytes = p;
    const beacon_rc rc = facets_enter(t, TESTHOST_CLOCK, "clock.random", false);
    if (rc != BEACON_OK) {
        return rc;
    }
    (void)pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < n; i++) {
        bytes[i] = next_random(&t->facets->random);
    }
    (void)pthread_mutex_unlock(&t->lock);
    return BEACON_OK;
}

const struct beacon_host_clock facet_clock = {
    .struct_size = sizeof facet_clock,
    .mono_ns = mono_ns,
    .unix_ms = unix_ms,
    .random = fill_random,
};

void testhost_set_time(struct testhost *t, uint64_t now_mono_ns, uint64_t now_unix_ms)
{
    (void)pthread_mutex_lock(&t->lock);
    t->facets->mono_ns = now_mono_ns;
    t->facets->unix_ms = now_unix_ms;
    (void)pthread_mutex_unlock(&t->lock);
}

void testhost_advance_ms(struct testhost *t, uint64_t ms)
{
    (void)pthread_mutex_lock(&t->lock);
    t->facets->mono_ns += ms * 1000000;
    t->facets->unix_ms += ms;
    (void)pthread_mutex_unlock(&t->lock);
}

static beacon_rc get_env(const struct beacon_host *h, struct beacon_str name,
                         const struct beacon_sink *out)
{
    struct testhost *t = h->ctx;
    beacon_rc rc = facets_enter(t, TESTHOST_ENV, "env.get", false);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (name.n == 0 || memchr(name.p, '\0', name.n) != NULL) {
        return BEACON_E_INVALID;
    }
    (void)pthread_mutex_lock(&t->lock);
    const struct named_text *found = facets_named(&t->facets->env, name, false);
    char *value =
        found != NULL && found->text != NULL ? testhost_copy(beacon_text(found->text)) : NULL;
    (void)pthread_mutex_unlock(&t->lock);
    if (value == NULL) {
        return BEACON_E_NOT_FOUND;
    }
    rc = out->put(out, value, strlen(value));
    free(value);
    return rc;
}

const struct beacon_host_env facet_env = {.struct_size = sizeof facet_env, .get = get_env};

void testhost_set_env(struct testhost *t, const char *name, const char *value)
{
    (void)pthread_mutex_lock(&t->lock);
    struct named_text *entry = facets_named(&t->facets->env, beacon_text(name), true);
    free(entry->text);
    entry->text = value != NULL ? testhost_copy(beacon_text(value)) : NULL;
    (void)pthread_mutex_unlock(&t->lock);
}
