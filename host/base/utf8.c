/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>

#include "base/text.h"

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0u) == 0x80u;
}

/* Well-formed characters of more than one byte, by their lead (Unicode, table 3-7): only the second
 * byte has borders of its own. */
static const struct form {
    unsigned char first_lead, last_lead, low, high, length;
} forms[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static const struct form *form_of(unsigned char lead)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (lead >= forms[i].first_lead && lead <= forms[i].last_lead) {
            return &forms[i];
        }
    }
    return NULL;
}

size_t utf8_length(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    if (n == 0 || u[0] < 0x80u) {
        return n == 0 ? 0 : 1;
    }
    const struct form *form = form_of(u[0]);
    if (form == NULL || n < form->length || u[1] < form->low || u[1] > form->high) {
        return 0;
    }
    for (size_t i = 2; i < form->length; i++) {
        if (!is_continuation(u[i])) {
            return 0;
        }
    }
    return form->length;
}

bool utf8_valid(const char *p, size_t n)
{
    while (n > 0) {
        size_t len = utf8_length(p, n);
        if (len == 0) {
            return false;
        }
        p += len;
        n -= len;
    }
    return true;
}

size_t utf8_cut(const char *p, size_t max)
{
    size_t start = max;
    /* Step back over at most three continuation bytes to the lead of the last character. */
    for (int back = 0; back < 3 && start > 0 && is_continuation((unsigned char)p[start - 1]);
         back++) {
        start--;
    }
    if (start == 0 || (unsigned char)p[start - 1] < 0xC0u) {
        return max;
    }
    size_t lead = start - 1;
    unsigned char c = (unsigned char)p[lead];
    size_t needed = c >= 0xF0u ? 4 : c >= 0xE0u ? 3 : 2;
    return max - lead >= needed ? max : lead;
}

bool utf8_add_lossy(struct text *out, const char *p, size_t n)
{
    size_t good = 0; /* bytes at p known to be valid and not yet copied */
    bool is_in_bad_run = false;
    while (good < n) {
        size_t len = utf8_length(p + good, n - good);
        if (len > 0) {
            good += len;
            is_in_bad_run = false;
            continue;
        }
        if (!text_add(out, p, good) || (!is_in_bad_run && !text_add(out, "\xEF\xBF\xBD", 3))) {
            return false;
        }
        is_in_bad_run = true;
        p += good + 1;
        n -= good + 1;
        good = 0;
    }
    return text_add(out, p, good);
}
