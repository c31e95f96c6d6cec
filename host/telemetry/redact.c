/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/redact.h"

#include <beacon/telemetry.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"

#define CLASSES (BEACON_CLASS_IDENTITY + 1)

struct secret {
    char *text;
    size_t n;
};

struct redact {
    enum redact_action actions[CLASSES];
    struct secret *secrets;
    size_t n_secrets;
};

struct redact *redact_create(void)
{
    struct redact *redact = alloc_zeroed(sizeof *redact);
    redact->actions[BEACON_CLASS_CONTENT] = REDACT_HIDE;
    return redact;
}

void redact_destroy(struct redact *redact)
{
    if (redact == NULL) {
        return;
    }
    for (size_t i = 0; i < redact->n_secrets; i++) {
        explicit_bzero(redact->secrets[i].text, redact->secrets[i].n);
        free(redact->secrets[i].text);
    }
    free(redact->secrets);
    free(redact);
}

void redact_set(struct redact *redact, uint32_t cls, enum redact_action action)
{
    if (cls < CLASSES) {
        redact->actions[cls] = action;
    }
}

void redact_add_secret(struct redact *redact, const char *secret)
{
    const size_t n = secret != NULL ? strlen(secret) : 0;
    if (n < REDACT_SECRET_MIN) {
        return;
    }
    redact->secrets = alloc_grow(redact->secrets, redact->n_secrets + 1, sizeof redact->secrets[0]);
    redact->secrets[redact->n_secrets++] = (struct secret){alloc_string_n(secret, n), n};
}

/* Length of the longest secret that begins at `p`; 0 = none does. */
static size_t secret_at(const struct redact *redact, const char *p, size_t n)
{
    size_t longest = 0;
    for (size_t i = 0; i < redact->n_secrets; i++) {
        const struct secret *secret = &redact->secrets[i];
        if (secret->n > longest && secret->n <= n && secret->text[0] == p[0] &&
            memcmp(secret->text, p, secret->n) == 0) {
            longest = secret->n;
        }
    }
    return longest;
}

/* Secrets are looked for in the whole value, not in what is left of it after the cut: half of one is
 * told neither. */
static void add_passed(const struct redact *redact, const char *p, size_t n, struct text *out)
{
    size_t chars = 0, i = 0;
    while (i < n && chars < REDACT_CHARS_MAX) {
        const size_t secret = secret_at(redact, p + i, n - i);
        if (secret > 0) {
            (void)text_add_string(out, REDACT_HIDDEN);
            i += secret;
            chars += strlen(REDACT_HIDDEN);
            continue;
        }
        const size_t len = utf8_length(p + i, n - i);
        (void)text_add(out, p + i, len > 0 ? len : 1);
        i += len > 0 ? len : 1;
        chars++;
    }
    if (i < n) {
        (void)text_add_string(out, REDACT_CUT_MARK);
    }
}

bool redact_text(const struct redact *redact, uint32_t cls, const char *p, size_t n,
                 struct text *out)
{
    const enum redact_action action = cls < CLASSES ? redact->actions[cls] : REDACT_DROP;
    if (action == REDACT_HIDE) {
        (void)text_add_string(out, REDACT_HIDDEN);
    } else if (action == REDACT_PASS) {
        add_passed(redact, p, n, out);
    }
    return action != REDACT_DROP;
}

bool redact_passes(const struct redact *redact, uint32_t cls)
{
    return cls < CLASSES && redact->actions[cls] == REDACT_PASS;
}
