/* spans.h - places in a request body that a second try can do without.
 *
 * Owned by a request. Elements of one array, in order. Thread: the exchange's.
 */
#ifndef PROVIDER_RESPONSES_SPANS_H
#define PROVIDER_RESPONSES_SPANS_H

#include <beacon-sdk/json_write.h>

struct responses_spans {
    struct responses_span {
        size_t at, n; /* an element of the array, with the comma before it when there is one */
    } * list;
    size_t n, capacity;
};

/* Remember that body[at] … are `n` bytes of one element. Without memory it is not: then there is less
 * to leave out. */
void responses_spans_add(struct responses_spans *spans, size_t at, size_t n);

/* Cut all of them out of `body` and forget them; *mark, a place behind them, moves along. */
void responses_spans_cut(struct responses_spans *spans, struct beacon_json_out *body, size_t *mark);

void responses_spans_finish(struct responses_spans *spans);

#endif
