/* SPDX-License-Identifier: Apache-2.0 */
#include "http/sse.h"

#include <assert.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/error.h"

#define FIELD_MAX  16u        /* "event: " and the like, before a value of full length */
#define KEEP_BYTES (1u << 20) /* a buffer that one huge event made larger is given back */
#define BOM        "\xef\xbb\xbf"
#define BOM_BYTES  3u

void sse_init(struct sse *sse, size_t frame_max, framing_fn fn, void *ctx)
{
    *sse = (struct sse){.fn = fn, .ctx = ctx, .max = frame_max};
    text_init(&sse->line, frame_max + FIELD_MAX);
    text_init(&sse->data, frame_max + FIELD_MAX);
    text_init(&sse->event, frame_max + FIELD_MAX);
}

void sse_finish(struct sse *sse)
{
    text_finish(&sse->line);
    text_finish(&sse->data);
    text_finish(&sse->event);
}

size_t sse_buffered(const struct sse *sse)
{
    return sse->line.capacity + sse->data.capacity + sse->event.capacity;
}

static int too_large(const struct sse *sse, struct beacon_error *err)
{
    return error_set(err, BEACON_E_LIMIT, "ask the operator of the model server what it sends",
                     "an event of the stream is over %zu bytes", sse->max);
}

static void forget(struct text *text)
{
    if (text->capacity > KEEP_BYTES) {
        text_finish(text);
    } else {
        text_reset(text);
    }
}

/* A blank line: the event is complete. */
static int dispatch(struct sse *sse)
{
    struct beacon_str data = sse->data_span, event = sse->event_span;
    if (sse->data_place == SSE_HELD) {
        data = (struct beacon_str){sse->data.data + sse->data_from, sse->data.len - sse->data_from};
    }
    if (sse->event_place == SSE_HELD) {
        event = (struct beacon_str){text_string(&sse->event), sse->event.len};
    } else if (sse->event_place == SSE_NOWHERE) {
        event = (struct beacon_str){"", 0};
    }
    bool has_data = sse->data_place != SSE_NOWHERE && data.n > 0;
    int rc = has_data
                 ? sse->fn(sse->ctx, event, (struct beacon_bytes){(const uint8_t *)data.p, data.n})
                 : BEACON_OK;
    if (sse->data_place == SSE_HELD) {
        forget(&sse->data);
        sse->data_from = 0;
    }
    sse->data_place = SSE_NOWHERE;
    sse->event_place = SSE_NOWHERE;
    return rc < 0 ? rc : BEACON_OK;
}

static bool hold_data(struct sse *sse)
{
    if (sse->data_place == SSE_IN_CHUNK) {
        sse->data_place = SSE_HELD;
        return text_add(&sse->data, sse->data_span.p, sse->data_span.n);
    }
    return true;
}

static int on_data(struct sse *sse, struct beacon_str value, struct beacon_error *err)
{
    if (value.n > sse->max) {
        return too_large(sse, err);
    }
    if (sse->data_place == SSE_NOWHERE) {
        sse->data_place = SSE_IN_CHUNK;
        sse->data_span = value;
        return BEACON_OK;
    }
    bool fits = hold_data(sse) && sse->data.len - sse->data_from + 1 + value.n <= sse->max &&
                text_add_char(&sse->data, '\n') && text_add(&sse->data, value.p, value.n);
    return fits ? BEACON_OK : too_large(sse, err);
}

/* The value after "name:", without the one space that may stand there. */
static struct beacon_str value_of(const char *p, size_t n)
{
    size_t skip = n > 0 && p[0] == ' ' ? 1 : 0;
    return (struct beacon_str){p + skip, n - skip};
}

static int on_field(struct sse *sse, const char *p, size_t n, struct beacon_error *err)
{
    if (n >= 5 && memcmp(p, "data:", 5) == 0) {
        return on_data(sse, value_of(p + 5, n - 5), err);
    }
    if (n >= 6 && memcmp(p, "event:", 6) == 0) {
        sse->event_place = SSE_IN_CHUNK;
        sse->event_span = value_of(p + 6, n - 6);
    } else if (n == 4 && memcmp(p, "data", 4) == 0) {
        return on_data(sse, (struct beacon_str){p + n, 0}, err);
    } else if (n == 5 && memcmp(p, "event", 5) == 0) {
        sse->event_place = SSE_NOWHERE;
    }
    return BEACON_OK;
}

static int on_line(struct sse *sse, const char *p, size_t n, struct beacon_error *err)
{
    if (n > sse->line.max_bytes) { /* a comment as well: what carry() says of it in pieces */
        return too_large(sse, err);
    }
    if (!sse->is_started) {
        sse->is_started = true;
        if (n >= BOM_BYTES && memcmp(p, BOM, BOM_BYTES) == 0) {
            p += BOM_BYTES;
            n -= BOM_BYTES;
        }
    }
    if (n == 0) {
        return dispatch(sse);
    }
    if (p[0] == ':') {
        return BEACON_OK;
    }
    sse->progress++;
    return on_field(sse, p, n, err);
}

/* The chunk goes away; what points into it is copied. */
static void hold_spans(struct sse *sse)
{
    bool fits = hold_data(sse);
    if (sse->event_place == SSE_IN_CHUNK) {
        text_reset(&sse->event);
        fits = text_add(&sse->event, sse->event_span.p, sse->event_span.n) && fits;
        sse->event_place = SSE_HELD;
    }
    assert(fits); /* a value is never longer than its line was allowed to be */
}

/* The line in sse->line was read. A long value in it is not copied: the buffers change roles. */
static void keep_carried(struct sse *sse, bool is_read)
{
    if (is_read && sse->data_place == SSE_IN_CHUNK) {
        struct text line = sse->line;
        sse->line = sse->data;
        sse->data = line;
        sse->data_from = (size_t)(sse->data_span.p - line.data);
        sse->data_place = SSE_HELD;
    }
    hold_spans(sse);
    forget(&sse->line);
}

#if defined(__SSE2__)
/* A bit for each CR or LF among the sixteen bytes at `p`. */
static unsigned line_ends(const char *p)
{
    const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i cr = _mm_cmpeq_epi8(block, _mm_set1_epi8('\r'));
    const __m128i lf = _mm_cmpeq_epi8(block, _mm_set1_epi8('\n'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(cr, lf));
}
#endif

/* The first CR or LF at or after `p`, `end` when there is none. Lines are short, so that calling
 * memchr for either of the two takes longer than looking. */
static const char *line_end(const char *p, const char *end)
{
#if defined(__SSE2__)
    for (; end - p >= 32; p += 32) {
        const unsigned bits = line_ends(p) | line_ends(p + 16) << 16;
        if (bits != 0) {
            return p + __builtin_ctz(bits);
        }
    }
#endif
    while (p < end && *p != '\r' && *p != '\n') {
        p++;
    }
    return p;
}

/* The rest of the chunk is the beginning of a line. */
static int carry(struct sse *sse, const char *p, size_t n, struct beacon_error *err)
{
    if (n == 0) {
        return BEACON_OK;
    }
    if (!text_add(&sse->line, p, n)) {
        return too_large(sse, err);
    }
    sse->progress += sse->line.data[0] != ':';
    return BEACON_OK;
}

static int on_line_end(struct sse *sse, const char *p, const char *stop, struct beacon_error *err)
{
    const bool is_carried = sse->line.len > 0;
    if (is_carried) {
        int rc = carry(sse, p, (size_t)(stop - p), err);
        if (rc != BEACON_OK) {
            return rc;
        }
        p = sse->line.data;
        stop = p + sse->line.len;
    }
    int rc = on_line(sse, p, (size_t)(stop - p), err);
    if (is_carried) {
        keep_carried(sse, rc == BEACON_OK);
    }
    return rc;
}

int sse_feed(struct sse *sse, const char *chunk, size_t n, struct beacon_error *err)
{
    const char *p = chunk, *end = chunk + n;
    if (n == 0) {
        return BEACON_OK;
    }
    p += sse->skip_lf && *p == '\n';
    sse->skip_lf = false;
    int rc = BEACON_OK;
    while (p < end) {
        const char *stop = line_end(p, end);
        if (stop == end) {
            rc = carry(sse, p, (size_t)(end - p), err);
            break;
        }
        rc = on_line_end(sse, p, stop, err);
        if (rc != BEACON_OK) {
            break;
        }
        p = stop + 1;
        if (*stop == '\r') {
            sse->skip_lf = p == end;
            p += p < end && *p == '\n';
        }
    }
    hold_spans(sse);
    return rc;
}
