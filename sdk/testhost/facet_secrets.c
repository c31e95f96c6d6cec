/* SPDX-License-Identifier: Apache-2.0
 * A store in memory. A key keeps its generation when it is erased, so that an old one never fits again. */
#include <stdlib.h>

#include "facets.h"

static beacon_rc get(const struct beacon_host *h, struct beacon_str key,
                     const struct beacon_sink *out, uint64_t *gen, struct beacon_error *e)
{
    struct testhost *t = h->ctx;
    beacon_rc rc = facets_enter(t, TESTHOST_SECRETS, "secrets.get", true);
    if (rc != BEACON_OK) {
        return facets_error(e, rc, "the secret store fails as the test wants");
    }
    (void)pthread_mutex_lock(&t->lock);
    const struct named_text *found = facets_named(&t->facets->secrets, key, false);
    const bool is_there = found != NULL && found->text != NULL;
    const size_t n = is_there ? found->n : 0;
    char *value = is_there ? testhost_copy(beacon_span(found->text, n)) : NULL;
    const uint64_t generation = is_there ? found->generation : 0;
    (void)pthread_mutex_unlock(&t->lock);
    if (value == NULL) {
        return facets_error(e, BEACON_E_NOT_FOUND, "there is no such secret");
    }
    if (gen != NULL) {
        *gen = generation;
    }
    rc = out->put(out, value, n);
    free(value);
    return rc;
}

static void replace(struct named_text *entry, struct beacon_str value)
{
    free(entry->text);
    entry->text = testhost_copy(value);
    entry->n = value.n;
    entry->generation++;
}

static beacon_rc set(const struct beacon_host *h, struct beacon_str key, struct beacon_bytes val,
                     uint64_t expect_gen, struct beacon_error *e)
{
    struct testhost *t = h->ctx;
    const beacon_rc rc = facets_enter(t, TESTHOST_SECRETS, "secrets.set", true);
    if (rc != BEACON_OK) {
        return facets_error(e, rc, "the secret store fails as the test wants");
    }
    (void)pthread_mutex_lock(&t->lock);
    struct named_text *entry = facets_named(&t->facets->secrets, key, true);
    const bool fits = expect_gen == (entry->text != NULL ? entry->generation : 0);
    if (fits) {
        replace(entry, beacon_span((const char *)val.p, val.n));
    }
    (void)pthread_mutex_unlock(&t->lock);
    return fits ? BEACON_OK : facets_error(e, BEACON_E_BUSY, "somebody else was first");
}

static beacon_rc erase(const struct beacon_host *h, struct beacon_str key, struct beacon_error *e)
{
    struct testhost *t = h->ctx;
    const beacon_rc rc = facets_enter(t, TESTHOST_SECRETS, "secrets.erase", true);
    if (rc != BEACON_OK) {
        return facets_error(e, rc, "the secret store fails as the test wants");
    }
    (void)pthread_mutex_lock(&t->lock);
    struct named_text *entry = facets_named(&t->facets->secrets, key, false);
    if (entry != NULL) {
        free(entry->text);
        entry->text = NULL;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return BEACON_OK;
}

const struct beacon_host_secrets facet_secrets = {
    .struct_size = sizeof facet_secrets,
    .get = get,
    .set = set,
    .erase = erase,
};

void testhost_set_secret(struct testhost *t, const char *key, const char *value)
{
    (void)pthread_mutex_lock(&t->lock);
    struct named_text *entry = facets_named(&t->facets->secrets, beacon_text(key), true);
    if (value != NULL) {
        replace(entry, beacon_text(value));
    } else {
        free(entry->text);
        entry->text = NULL;
    }
    (void)pthread_mutex_unlock(&t->lock);
}

const char *testhost_secret(struct testhost *t, const char *key)
{
    const struct named_text *entry = facets_named(&t->facets->secrets, beacon_text(key), false);
    return entry != NULL && entry->text != NULL
               ? testhost_keep(t, testhost_copy(beacon_span(entry->text, entry->n)))
               : NULL;
}

uint64_t testhost_secret_generation(struct testhost *t, const char *key)
{
    const struct named_text *entry = facets_named(&t->facets->secrets, beacon_text(key), false);
    return entry != NULL && entry->text != NULL ? entry->generation : 0;
}
