/* SPDX-License-Identifier: Apache-2.0 */
#include "http/framing.h"

#include <assert.h>
#include <beacon/host.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "http/sse.h"

struct framing {
    const struct framing_kind *kind;
    framing_fn fn;
    void *ctx;
    struct sse sse;   /* SSE only */
    struct text held; /* NDJSON: beginning of a line; WHOLE: the body so far */
    bool is_started;
    bool is_begun;     /* SSE: something but white space was seen */
    uint64_t progress; /* all but SSE */
};

struct framing_kind {
    int (*feed)(struct framing *framing, const char *chunk, size_t n, struct beacon_error *err);
    int (*end)(struct framing *framing, struct beacon_error *err);
};

static int hand_out(struct framing *framing, const char *p, size_t n)
{
    struct beacon_str no_event = {"", 0};
    int rc = framing->fn(framing->ctx, no_event, (struct beacon_bytes){(const uint8_t *)p, n});
    return rc < 0 ? rc : BEACON_OK;
}

static int hold(struct framing *framing, const char *p, size_t n, struct beacon_error *err)
{
    if (text_add(&framing->held, p, n)) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_LIMIT, "ask the operator of the model server what it sends",
                     "a frame of the answer is over %zu bytes", framing->held.max_bytes);
}

static int sse_feed_all(struct framing *framing, const char *chunk, size_t n,
                        struct beacon_error *err)
{
    return sse_feed(&framing->sse, chunk, n, err);
}

static int nothing_at_end(struct framing *framing, struct beacon_error *err)
{
    (void)framing;
    (void)err;
    return BEACON_OK;
}

static int raw_feed(struct framing *framing, const char *chunk, size_t n, struct beacon_error *err)
{
    (void)err;
    return n > 0 ? hand_out(framing, chunk, n) : BEACON_OK;
}

static int whole_end(struct framing *framing, struct beacon_error *err)
{
    (void)err;
    return hand_out(framing, text_string(&framing->held), framing->held.len);
}

static int ndjson_line(struct framing *framing, const char *p, size_t n)
{
    if (!framing->is_started) {
        framing->is_started = true;
        if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
            p += 3;
            n -= 3;
        }
    }
    n -= n > 0 && p[n - 1] == '\r';
    return n > 0 ? hand_out(framing, p, n) : BEACON_OK;
}

static int ndjson_held_line(struct framing *framing)
{
    int rc = ndjson_line(framing, text_string(&framing->held), framing->held.len);
    text_reset(&framing->held);
    return rc;
}

static int ndjson_feed(struct framing *framing, const char *chunk, size_t n,
                       struct beacon_error *err)
{
    const char *p = chunk, *end = chunk + n;
    int rc = BEACON_OK;
    while (p < end && rc == BEACON_OK) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((stop != NULL ? stop : end) - p);
        if (stop != NULL && framing->held.len == 0 && len <= framing->held.max_bytes) {
            rc = ndjson_line(framing, p, len);
        } else {
            rc = hold(framing, p, len, err);
            rc = rc == BEACON_OK && stop != NULL ? ndjson_held_line(framing) : rc;
        }
        p += len + 1; /* past the end after the last piece */
    }
    return rc;
}

static int ndjson_end(struct framing *framing, struct beacon_error *err)
{
    (void)err;
    return ndjson_held_line(framing);
}

static const struct framing_kind kinds[] = {
    [BEACON_FRAME_RAW] = {raw_feed, nothing_at_end},
    [BEACON_FRAME_SSE] = {sse_feed_all, nothing_at_end}, /* an unfinished event is dropped */
    [BEACON_FRAME_NDJSON] = {ndjson_feed, ndjson_end},
    [BEACON_FRAME_WHOLE] = {hold, whole_end},
};

struct framing *framing_create(uint32_t kind, size_t frame_max, framing_fn fn, void *ctx)
{
    struct framing *framing = alloc_zeroed(sizeof *framing);
    bool is_known = kind < sizeof kinds / sizeof kinds[0];
    framing->kind = &kinds[is_known ? kind : BEACON_FRAME_RAW];
    framing->fn = fn;
    framing->ctx = ctx;
    text_init(&framing->held, frame_max);
    sse_init(&framing->sse, frame_max, fn, ctx);
    return framing;
}

void framing_destroy(struct framing *framing)
{
    if (framing != NULL) {
        sse_finish(&framing->sse);
        text_finish(&framing->held);
        free(framing);
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Servers that know no streams, or did not get what was asked, answer with JSON. No line of a stream
 * begins like that. Returns how many bytes of white space there are in front. */
static size_t begin_sse(struct framing *framing, const char *chunk, size_t n)
{
    size_t i = 0;
    while (i < n && is_space(chunk[i])) {
        i++;
    }
    framing->is_begun = i < n;
    if (i == n || (chunk[i] != '{' && chunk[i] != '[')) {
        return 0;
    }
    framing->kind = &kinds[BEACON_FRAME_WHOLE];
    return i;
}

int framing_feed(struct framing *framing, const char *chunk, size_t n, struct beacon_error *err)
{
    framing->progress += n;
    if (!framing->is_begun && framing->kind == &kinds[BEACON_FRAME_SSE]) {
        const size_t blank = begin_sse(framing, chunk, n);
        chunk += blank;
        n -= blank;
    }
    return framing->kind->feed(framing, chunk, n, err);
}

int framing_end(struct framing *framing, struct beacon_error *err)
{
    return framing->kind->end(framing, err);
}

uint64_t framing_progress(const struct framing *framing)
{
    bool is_sse = framing->kind == &kinds[BEACON_FRAME_SSE];
    return is_sse ? framing->sse.progress : framing->progress;
}

size_t framing_buffered(const struct framing *framing)
{
    return framing->held.capacity + sse_buffered(&framing->sse);
}
