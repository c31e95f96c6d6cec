/* SPDX-License-Identifier: Apache-2.0 */
#include "http_text.h"

#include <stdlib.h>

static bool has_line_end(struct beacon_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0') {
            return true;
        }
    }
    return false;
}

static void check_url(struct testhost *t, struct beacon_str url)
{
    if (!beacon_span_starts(url, "https://") && !beacon_span_starts(url, "http://")) {
        testhost_find(t, "value", "a request whose URL is not absolute: %.*s",
                      (int)(url.n < 200 ? url.n : 200), url.n > 0 ? url.p : "");
    }
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f) {
            testhost_find(t, "value", "a request whose URL has a space or control character");
            return;
        }
    }
}

static void add_header(struct testhost *t, struct buffer *to, const struct beacon_kv *header)
{
    if (has_line_end(header->k) || has_line_end(header->v)) {
        testhost_find(t, "value", "a header with CR, LF or NUL in it");
    }
    testhost_look_at(t, "a header", header->v);
    buffer_shown(to, header->k);
    buffer_add(to, ": ");
    buffer_shown(to, header->v);
    buffer_add(to, "\n");
}

void http_request_text(struct testhost *t, struct buffer *to, const struct beacon_http_request *rq)
{
    const struct beacon_str body = beacon_span((const char *)rq->body.p, rq->body.n);
    check_url(t, rq->url);
    for (size_t i = 0; i < t->n_secrets; i++) {
        if (beacon_span_contains(body, t->secrets[i]) ||
            beacon_span_contains(rq->url, t->secrets[i])) {
            testhost_find(t, "secret", "a request gets a secret");
        }
    }
    buffer_shown(to, rq->method);
    buffer_add(to, " ");
    buffer_shown(to, rq->url);
    buffer_add(to, "\n");
    for (size_t i = 0; i < rq->n_headers; i++) {
        add_header(t, to, &rq->headers[i]);
    }
    buffer_add(to, "\n");
    buffer_bytes(to, rq->body.p, rq->body.n);
}

static struct beacon_str lend_lower(struct testhost *t, struct beacon_str s)
{
    char *lent = testhost_lend(t, s.p, s.n);
    for (size_t i = 0; i < s.n; i++) {
        if (lent[i] >= 'A' && lent[i] <= 'Z') {
            lent[i] = (char)(lent[i] + 32);
        }
    }
    return beacon_span(lent, s.n);
}

/* One "name: value" line; false for a line without a name. */
static bool lend_header(struct testhost *t, struct beacon_str line, struct beacon_kv *ret)
{
    const char *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
    if (colon == NULL || colon == line.p) {
        return false;
    }
    const char *value = colon + 1, *end = line.p + line.n;
    while (value < end && *value == ' ') {
        value++;
    }
    ret->k = lend_lower(t, beacon_span(line.p, (size_t)(colon - line.p)));
    ret->v = testhost_lend_str(t, beacon_span(value, (size_t)(end - value)));
    return true;
}

static struct beacon_kv *lend_headers(struct testhost *t, const char *lines, size_t *ret_n)
{
    struct beacon_kv *all = NULL;
    size_t n = 0;
    while (lines != NULL && *lines != '\0') {
        const size_t length = strcspn(lines, "\n");
        all = testhost_grow(all, (n + 1) * sizeof *all);
        n += lend_header(t, beacon_span(lines, length), &all[n]) ? 1 : 0;
        lines += length + (lines[length] == '\n' ? 1 : 0);
    }
    struct beacon_kv *lent = n > 0 ? testhost_lend(t, all, n * sizeof *all) : NULL;
    free(all);
    *ret_n = n;
    return lent;
}

struct beacon_http_response *http_lend_response(struct testhost *t, int32_t status,
                                                const char *headers)
{
    struct beacon_http_response r = {.struct_size = sizeof r, .status = status};
    r.headers = lend_headers(t, headers, &r.n_headers);
    return testhost_lend_struct(t, "response", &r, sizeof r);
}

/* ---- frames ---- */

/* As the host does: a body that is JSON instead of a stream comes whole. */
static bool begins_as_json(struct beacon_str body)
{
    size_t i = 0;
    while (i < body.n && strchr(" \t\r\n", body.p[i]) != NULL && body.p[i] != '\0') {
        i++;
    }
    return i < body.n && (body.p[i] == '{' || body.p[i] == '[');
}

void frames_start(struct frames *f, uint32_t framing, size_t chunk, const char *body, size_t n)
{
    memset(f, 0, sizeof *f);
    f->p = body;
    f->end = body + n;
    f->framing = framing;
    f->chunk = chunk;
    const bool is_text = framing == BEACON_FRAME_SSE || framing == BEACON_FRAME_NDJSON;
    if (is_text && beacon_span_starts(beacon_span(body, n), "\xef\xbb\xbf")) {
        f->p += 3;
    }
    if (framing == BEACON_FRAME_SSE && begins_as_json(beacon_span(body, n))) {
        f->framing = BEACON_FRAME_WHOLE;
    }
}

void frames_finish(struct frames *f)
{
    buffer_free(&f->event);
    buffer_free(&f->data);
}

/* The next line without its end, which is LF, or CR and LF; `is_cr` says that CR alone is one too. */
static bool take_line(struct frames *f, bool is_cr, struct beacon_str *ret)
{
    const char *p = f->p;
    if (p == f->end) {
        return false;
    }
    while (p < f->end && *p != '\n' && !(is_cr && *p == '\r')) {
        p++;
    }
    *ret = beacon_span(f->p, (size_t)(p - f->p));
    ret->n -= ret->n > 0 && ret->p[ret->n - 1] == '\r' ? 1 : 0;
    if (p < f->end) {
        p += *p == '\r' && p + 1 < f->end && p[1] == '\n' ? 2 : 1;
    }
    f->p = p;
    return true;
}

/* "field: value" of a server-sent event: the value, when the field is that one. */
static bool field_value(struct beacon_str line, const char *field, struct beacon_str *ret)
{
    const size_t n = strlen(field);
    if (!beacon_span_starts(line, field) || (line.n > n && line.p[n] != ':')) {
        return false;
    }
    size_t from = line.n > n ? n + 1 : n;
    from += from < line.n && line.p[from] == ' ' ? 1 : 0;
    *ret = beacon_span(line.p + from, line.n - from);
    return true;
}

static bool next_sse(struct frames *f)
{
    struct beacon_str line, value;
    bool has_data = false;
    while (take_line(f, true, &line)) {
        if (line.n == 0 && has_data) {
            return true;
        }
        if (line.n == 0) {
            buffer_reset(&f->event);
        } else if (field_value(line, "data", &value)) {
            buffer_bytes(&f->data, "\n", has_data ? 1 : 0);
            buffer_bytes(&f->data, value.p, value.n);
            has_data = true;
        } else if (field_value(line, "event", &value)) {
            buffer_reset(&f->event);
            buffer_bytes(&f->event, value.p, value.n);
        }
    }
    return false; /* an event without its empty line never happened */
}

static bool next_line(struct frames *f)
{
    struct beacon_str line;
    while (take_line(f, false, &line)) {
        if (line.n > 0) {
            buffer_bytes(&f->data, line.p, line.n);
            return true;
        }
    }
    return false;
}

static bool next_bytes(struct frames *f, size_t most)
{
    const size_t left = (size_t)(f->end - f->p), n = most > 0 && most < left ? most : left;
    buffer_bytes(&f->data, f->p, n);
    f->p += n;
    return n > 0;
}

bool frames_next(struct frames *f)
{
    buffer_reset(&f->event);
    buffer_reset(&f->data);
    switch (f->framing) {
    case BEACON_FRAME_SSE:
        return next_sse(f);
    case BEACON_FRAME_NDJSON:
        return next_line(f);
    case BEACON_FRAME_WHOLE:
        (void)next_bytes(f, 0);
        f->is_given = !f->is_given;
        return f->is_given;
    default:
        return next_bytes(f, f->chunk);
    }
}
