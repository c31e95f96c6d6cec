/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/auth.h>
#include <beacon/provider.h>
#include <stdlib.h>

#include "internal.h"

#define NEWER_BYTES 24 /* fields that no header knows yet */
#define MAX_BYTES   4096

void testhost_resize(struct testhost *t, const char *name, size_t bytes)
{
    struct resized *r = t->resized;
    while (r != NULL && strcmp(r->name, name) != 0) {
        r = r->next;
    }
    if (r == NULL) {
        r = testhost_alloc(sizeof *r);
        r->name = testhost_keep(t, testhost_copy(beacon_text(name)));
        r->next = t->resized;
        t->resized = r;
    }
    r->bytes = bytes < MAX_BYTES ? bytes : MAX_BYTES;
}

size_t testhost_size_of(const struct testhost *t, const char *name, size_t n)
{
    for (const struct resized *r = t->resized; r != NULL; r = r->next) {
        if (r->bytes > 0 && strcmp(r->name, name) == 0) {
            return r->bytes;
        }
    }
    return (t->options.flags & TESTHOST_NEWER_HOST) != 0 ? n + NEWER_BYTES : n;
}

uint32_t testhost_noise(const struct testhost *t)
{
    /* Bit 31 would mean "critical". */
    const uint64_t mixed = (t->options.seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
    return (t->options.flags & TESTHOST_NOISE) != 0 ? (uint32_t)(mixed >> 33) | 1u : 0;
}

/* What is lent must not end in a NUL by accident, so nothing is put behind it. */
void *testhost_lend(struct testhost *t, const void *p, size_t n)
{
    (void)pthread_mutex_lock(&t->lock);
    void *lent = loans_take(&t->loans, n, 1);
    (void)pthread_mutex_unlock(&t->lock);
    if (n > 0) {
        memcpy(lent, p, n);
    }
    return lent;
}

struct beacon_str testhost_lend_str(struct testhost *t, struct beacon_str s)
{
    return s.n > 0 ? beacon_span(testhost_lend(t, s.p, s.n), s.n) : beacon_span(NULL, 0);
}

void *testhost_lend_struct(struct testhost *t, const char *name, const void *p, size_t n)
{
    const size_t bytes = testhost_size_of(t, name, n);
    const uint32_t struct_size = (uint32_t)bytes;
    const size_t room = bytes < sizeof struct_size ? sizeof struct_size : bytes;
    (void)pthread_mutex_lock(&t->lock);
    uint8_t *lent = loans_take(&t->loans, room, 8);
    (void)pthread_mutex_unlock(&t->lock);
    memcpy(lent, p, room < n ? room : n);
    if (bytes > n) { /* what the plugin does not know is never 0 */
        memset(lent + n, 0x5a, bytes - n);
    }
    memcpy(lent, &struct_size, sizeof struct_size);
    return lent;
}

void *testhost_lend_pointer(struct testhost *t, void *p)
{
    return testhost_lend(t, &p, sizeof p);
}

struct beacon_error *testhost_lend_error(struct testhost *t)
{
    static const struct beacon_error zeroed;
    return testhost_lend_struct(t, "error", &zeroed, sizeof zeroed);
}

static void keep_text(struct testhost *t, const char *what, const char *text, size_t room)
{
    const char *stop = memchr(text, '\0', room);
    const struct beacon_str s = beacon_span(text, stop != NULL ? (size_t)(stop - text) : room);
    if (stop == NULL) {
        testhost_find(t, "value", "the %s of the error has no NUL", what);
    } else if (s.n == 0 && !t->call.was_refused) {
        testhost_find(t, "value", "it failed and the error has no %s", what);
    }
    testhost_look_at(t, "an error", s);
    buffer_bytes(&t->error, s.p, s.n);
}

void testhost_keep_error(struct testhost *t, const struct beacon_error *lent)
{
    buffer_reset(&t->error);
    if (BEACON_HAS(lent, message)) {
        keep_text(t, "message", lent->message, sizeof lent->message);
    }
    if (BEACON_HAS(lent, hint)) {
        buffer_add(&t->error, "; ");
        keep_text(t, "hint", lent->hint, sizeof lent->hint);
    }
}

const char *testhost_error(const struct testhost *t)
{
    return buffer_text(&t->error);
}
