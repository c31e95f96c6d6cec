/* SPDX-License-Identifier: Apache-2.0 */
#include "spans.h"

#include <stdlib.h>
#include <string.h>

void responses_spans_add(struct responses_spans *spans, size_t at, size_t n)
{
    if (spans->n == spans->capacity) {
        const size_t capacity = spans->capacity < 16 ? 32 : 2 * spans->capacity;
        struct responses_span *grown = realloc(spans->list, capacity * sizeof *grown);
        if (grown == NULL) {
            return;
        }
        spans->list = grown;
        spans->capacity = capacity;
    }
    spans->list[spans->n].at = at;
    spans->list[spans->n].n = n;
    spans->n++;
}

void responses_spans_cut(struct responses_spans *spans, struct beacon_json_out *body, size_t *mark)
{
    size_t to = spans->n > 0 ? spans->list[0].at : body->n;
    for (size_t i = 0; i < spans->n; i++) {
        size_t from = spans->list[i].at + spans->list[i].n;
        const size_t stop = i + 1 < spans->n ? spans->list[i + 1].at : body->n;
        /* The array begins with it, so the comma to leave out is the one behind. */
        from += body->p[to - 1] == '[' && from < stop && body->p[from] == ',' ? 1 : 0;
        memmove(body->p + to, body->p + from, stop - from);
        to += stop - from;
    }
    *mark -= *mark > 0 ? body->n - to : 0;
    body->n = to;
    spans->n = 0;
}

void responses_spans_finish(struct responses_spans *spans)
{
    free(spans->list);
    memset(spans, 0, sizeof *spans);
}
