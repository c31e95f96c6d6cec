/* SPDX-License-Identifier: Apache-2.0 */
#include "session/dotenv.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"

#define VALUE_BYTES_MAX (64u << 10) /* a longer one could not be passed to a child */
#define NAME_BYTES_MAX  256

struct cursor {
    const char *p, *end;
};

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void skip_blanks(struct cursor *at)
{
    while (at->p < at->end && (*at->p == ' ' || *at->p == '\t')) {
        at->p++;
    }
}

static bool at_line_end(const struct cursor *at)
{
    return at->p == at->end || *at->p == '\n' ||
           (*at->p == '\r' && (at->p + 1 == at->end || at->p[1] == '\n'));
}

/* The bytes of a name; `may_dot` also takes dots inside it. 0 when none begins here. */
static size_t name_length(const struct cursor *at, bool may_dot)
{
    const char *p = at->p;
    if (p == at->end || !is_name_start(*p)) {
        return 0;
    }
    while (p < at->end && (is_name(*p) || (may_dot && *p == '.'))) {
        p++;
    }
    return (size_t)(p - at->p);
}

/* The cursor stands behind `$`. What is no variable stays as it is, dollar included. */
static bool expand(struct cursor *at, struct text *value)
{
    struct cursor inner = *at;
    bool is_braced = inner.p < inner.end && *inner.p == '{';
    inner.p += is_braced ? 1 : 0;
    size_t n = name_length(&inner, false);
    bool is_closed = !is_braced || (n < (size_t)(inner.end - inner.p) && inner.p[n] == '}');
    if (n == 0 || n >= NAME_BYTES_MAX || !is_closed) {
        return text_add_char(value, '$');
    }
    char name[NAME_BYTES_MAX];
    memcpy(name, inner.p, n);
    name[n] = '\0';
    at->p = inner.p + n + (is_braced ? 1 : 0);
    const char *found = getenv(name);
    return found == NULL || text_add_string(value, found);
}

static bool read_single(struct cursor *at, struct text *value)
{
    const char *quote = memchr(at->p, '\'', (size_t)(at->end - at->p));
    if (quote == NULL || !text_add(value, at->p, (size_t)(quote - at->p))) {
        return false;
    }
    at->p = quote + 1;
    return true;
}

static bool read_double(struct cursor *at, struct text *value)
{
    while (at->p < at->end) {
        char c = *at->p++;
        bool ok = true;
        if (c == '"') {
            return true;
        }
        if (c == '\\' && at->p < at->end) {
            c = *at->p++;
            if (c == 'n') {
                c = '\n';
            }
            ok = text_add_char(value, c);
        } else if (c == '$') {
            ok = expand(at, value);
        } else {
            ok = text_add_char(value, c);
        }
        if (!ok) {
            return false;
        }
    }
    return false;
}

/* Up to a blank or the end of the line. */
static bool read_bare(struct cursor *at, struct text *value)
{
    while (!at_line_end(at) && *at->p != ' ' && *at->p != '\t') {
        char c = *at->p++;
        bool ok = true;
        if (c == '\'') {
            ok = read_single(at, value);
        } else if (c == '"') {
            ok = read_double(at, value);
        } else if (c == '$') {
            ok = expand(at, value);
        } else if (c == '\\' && !at_line_end(at)) {
            ok = text_add_char(value, *at->p++);
        } else {
            ok = text_add_char(value, c);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool read_key(struct cursor *at, char key[NAME_BYTES_MAX])
{
    skip_blanks(at);
    size_t n = name_length(at, true);
    if (n == 6 && memcmp(at->p, "export", 6) == 0) {
        at->p += n;
        skip_blanks(at);
        n = name_length(at, true);
    }
    if (n == 0 || n >= NAME_BYTES_MAX) {
        return false;
    }
    memcpy(key, at->p, n);
    key[n] = '\0';
    at->p += n;
    skip_blanks(at);
    if (at->p == at->end || *at->p != '=') {
        return false;
    }
    at->p++;
    skip_blanks(at);
    return true;
}

/* One assignment; the cursor ends behind it only when the whole of it could be read. */
static bool read_assignment(struct cursor *at, char key[NAME_BYTES_MAX], struct text *value)
{
    struct cursor trial = *at;
    bool ok = read_key(&trial, key);
    if (ok && (at_line_end(&trial) || *trial.p != '#')) {
        ok = read_bare(&trial, value);
    }
    skip_blanks(&trial);
    if (!ok || (!at_line_end(&trial) && *trial.p != '#')) {
        return false;
    }
    *at = trial;
    return memchr(text_string(value), '\0', value->len) == NULL;
}

void dotenv_parse(const char *text, size_t n, dotenv_assign_fn assign, void *ctx)
{
    struct cursor at = {text, n > 0 ? text + n : text};
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        at.p += 3;
    }
    AUTO_TEXT struct text value;
    text_init(&value, VALUE_BYTES_MAX);
    char key[NAME_BYTES_MAX];
    while (at.p < at.end) {
        text_reset(&value);
        if (read_assignment(&at, key, &value)) {
            assign(ctx, key, text_string(&value));
        }
        const char *newline = memchr(at.p, '\n', (size_t)(at.end - at.p));
        at.p = newline != NULL ? newline + 1 : at.end;
    }
}
