/* sse.h - the server-sent events part of framing.h, whose rules it follows. Private to framing.c. */
#ifndef HOST_HTTP_SSE_H
#define HOST_HTTP_SSE_H

#include "base/text.h"
#include "http/framing.h"

/* Where a field of the event being read lies. */
enum sse_place {
    SSE_NOWHERE,
    SSE_IN_CHUNK, /* the span points into the bytes being fed */
    SSE_HELD,     /* copied, because those bytes are gone or there were several lines */
};

struct sse {
    framing_fn fn;
    void *ctx;
    size_t max;
    struct text line; /* beginning of a line that a chunk ended in */
    struct text data, event;
    size_t data_from; /* held data begins here in `data` */
    struct beacon_str data_span, event_span;
    enum sse_place data_place, event_place;
    bool is_started; /* the first line is over, no BOM from here on */
    bool skip_lf;    /* the chunk ended in CR, whose LF may be to come */
    uint64_t progress;
};

void sse_init(struct sse *sse, size_t frame_max, framing_fn fn, void *ctx);
void sse_finish(struct sse *sse);
int sse_feed(struct sse *sse, const char *chunk, size_t n, struct beacon_error *err);
size_t sse_buffered(const struct sse *sse);

#endif
