/* SPDX-License-Identifier: Apache-2.0 */
#include "http/scrub.h"

#include <beacon-sdk/json_write.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define ESCAPE_LEVELS 3 /* JSON in a string of JSON in a string of a line */
#define FORM_MAX      (1u << 20)

struct form {
    char *text;
    size_t n;
};

struct scrub {
    struct form *forms;
    size_t n_forms;
    bool begins[256]; /* with this byte some form does */
};

struct scrub *scrub_create(void)
{
    return alloc_zeroed(sizeof(struct scrub));
}

void scrub_destroy(struct scrub *scrub)
{
    if (scrub == NULL) {
        return;
    }
    for (size_t i = 0; i < scrub->n_forms; i++) {
        explicit_bzero(scrub->forms[i].text, scrub->forms[i].n);
        free(scrub->forms[i].text);
    }
    free(scrub->forms);
    free(scrub);
}

static void add_form(struct scrub *scrub, const char *p, size_t n)
{
    if (p == NULL || n == 0) {
        return;
    }
    for (size_t i = 0; i < scrub->n_forms; i++) {
        if (scrub->forms[i].n == n && memcmp(scrub->forms[i].text, p, n) == 0) {
            return;
        }
    }
    scrub->forms = alloc_grow(scrub->forms, scrub->n_forms + 1, sizeof scrub->forms[0]);
    scrub->forms[scrub->n_forms++] = (struct form){alloc_string_n(p, n), n};
    scrub->begins[(unsigned char)p[0]] = true;
}

static void wipe(struct beacon_json_out *out)
{
    if (out->p != NULL) {
        explicit_bzero(out->p, out->n);
    }
    beacon_json_out_finish(out);
}

/* One level of JSON more, with or without the escape that some put before a slash. */
static void escape_once(const struct beacon_json_out *from, bool escapes_slash,
                        struct beacon_json_out *to)
{
    for (size_t i = 0; from->p != NULL && i < from->n;) {
        const char *slash = escapes_slash ? memchr(from->p + i, '/', from->n - i) : NULL;
        const size_t end = slash != NULL ? (size_t)(slash - from->p) : from->n;
        beacon_json_out_escaped(to, beacon_span(from->p + i, end - i));
        if (slash != NULL) {
            beacon_json_out_bytes(to, "\\/", 2);
        }
        i = slash != NULL ? end + 1 : end;
    }
}

static void add_escaped(struct scrub *scrub, const char *p, size_t n, bool escapes_slash)
{
    struct beacon_json_out from, to;
    beacon_json_out_init(&from, FORM_MAX);
    beacon_json_out_bytes(&from, p, n);
    for (int level = 0; level < ESCAPE_LEVELS && !from.failed; level++) {
        beacon_json_out_init(&to, FORM_MAX);
        escape_once(&from, escapes_slash, &to);
        if (!to.failed) {
            add_form(scrub, to.p, to.n);
        }
        wipe(&from);
        from = to;
    }
    wipe(&from);
}

static void add_percent(struct scrub *scrub, const char *p, size_t n, bool is_upper)
{
    char *form = alloc_array(n * 3 + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)p[i];
        if (isalnum(c) || strchr("-._~", c) != NULL) {
            form[len++] = p[i];
        } else {
            const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
            form[len++] = '%';
            form[len++] = digits[c >> 4];
            form[len++] = digits[c & 15];
        }
    }
    add_form(scrub, form, len);
    explicit_bzero(form, len);
    free(form);
}

static void add_whole(struct scrub *scrub, const char *p, size_t n)
{
    if (n < SCRUB_SECRET_MIN || n > FORM_MAX / 8) {
        return;
    }
    add_form(scrub, p, n);
    add_escaped(scrub, p, n, false);
    add_escaped(scrub, p, n, true);
    add_percent(scrub, p, n, true);
    add_percent(scrub, p, n, false);
}

void scrub_add_n(struct scrub *scrub, const char *secret, size_t n)
{
    const char *space = n > 0 ? memrchr(secret, ' ', n) : NULL;
    add_whole(scrub, secret, n);
    if (space != NULL) {
        add_whole(scrub, space + 1, n - (size_t)(space + 1 - secret));
    }
}

void scrub_add(struct scrub *scrub, const char *secret)
{
    if (secret != NULL) {
        scrub_add_n(scrub, secret, strlen(secret));
    }
}

/* Length of the longest form that begins at `p`; 0 = none does. */
static size_t form_at(const struct scrub *scrub, const char *p, size_t n)
{
    size_t longest = 0;
    for (size_t i = 0; i < scrub->n_forms; i++) {
        const struct form *form = &scrub->forms[i];
        if (form->n > longest && form->n <= n && memcmp(form->text, p, form->n) == 0) {
            longest = form->n;
        }
    }
    return longest;
}

bool scrub_text(const struct scrub *scrub, const char *p, size_t n, struct text *out)
{
    size_t told = 0, i = 0;
    while (i < n) {
        const size_t len = scrub->begins[(unsigned char)p[i]] ? form_at(scrub, p + i, n - i) : 0;
        if (len == 0) {
            i++;
            continue;
        }
        if (!text_add(out, p + told, i - told) || !text_add_string(out, SCRUB_MARK)) {
            return false;
        }
        i += len;
        told = i;
    }
    return text_add(out, p + told, n - told);
}
