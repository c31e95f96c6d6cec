/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

void testhost_find(struct testhost *t, const char *rule, const char *format, ...)
{
    char sentence[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)pthread_mutex_lock(&t->lock);
    buffer_add(&t->findings, "%s: %s: ", rule, t->call.slot != NULL ? t->call.slot : "-");
    buffer_shown(&t->findings, beacon_text(sentence));
    buffer_add(&t->findings, "\n");
    t->n_findings++;
    (void)pthread_mutex_unlock(&t->lock);
}

const char *testhost_findings(const struct testhost *t)
{
    return buffer_text(&t->findings);
}

size_t testhost_n_findings(const struct testhost *t)
{
    return t->n_findings;
}

void testhost_forget_findings(struct testhost *t)
{
    buffer_reset(&t->findings);
    t->n_findings = 0;
}

void testhost_plant_secret(struct testhost *t, const char *secret)
{
    t->secrets = testhost_grow(t->secrets, (t->n_secrets + 1) * sizeof *t->secrets);
    t->secrets[t->n_secrets++] = testhost_copy(beacon_text(secret));
}

void testhost_look_at(struct testhost *t, const char *where, struct beacon_str s)
{
    if (!beacon_utf8_is_valid(s)) {
        testhost_find(t, "value", "%s gets text that is not UTF-8", where);
    }
    for (size_t i = 0; i < t->n_secrets; i++) {
        if (beacon_span_contains(s, t->secrets[i])) {
            testhost_find(t, "secret", "%s gets a secret", where);
        }
    }
}
