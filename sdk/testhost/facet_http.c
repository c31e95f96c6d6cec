/* SPDX-License-Identifier: Apache-2.0
 * A server that says what the test wrote down, request after request. */
#include <stdlib.h>

#include "facets.h"
#include "http_text.h"

/* What a handler gets is lent until the slot that performs has returned. */
static beacon_rc feed(struct testhost *t, const struct beacon_http_handler *hd, uint32_t framing,
                      const struct named_text *answer)
{
    struct frames frames;
    beacon_rc rc =
        hd->on_response != NULL
            ? hd->on_response(hd->ctx, http_lend_response(t, answer->number, answer->more))
            : BEACON_OK;
    frames_start(&frames, framing, 0, answer->text, answer->n);
    while (rc == BEACON_OK && frames_next(&frames)) {
        const struct beacon_str data =
            testhost_lend_str(t, beacon_span(frames.data.p, frames.data.n));
        const struct beacon_bytes bytes = {(const uint8_t *)data.p, data.n};
        rc = hd->on_frame != NULL
                 ? hd->on_frame(hd->ctx, beacon_text(buffer_text(&frames.event)), bytes)
                 : BEACON_OK;
    }
    frames_finish(&frames);
    if (rc == BEACON_OK && hd->on_end != NULL) {
        rc = hd->on_end(hd->ctx, http_lend_response(t, answer->number, answer->more));
    }
    return rc;
}

static void note_request(struct testhost *t, const struct beacon_http_request *rq)
{
    struct buffer text = {0};
    http_request_text(t, &text, rq); /* for what it finds */
    buffer_free(&text);
    (void)pthread_mutex_lock(&t->lock);
    buffer_shown(&t->facets->requested, rq->method);
    buffer_add(&t->facets->requested, " ");
    buffer_shown(&t->facets->requested, rq->url);
    buffer_add(&t->facets->requested, "\n");
    (void)pthread_mutex_unlock(&t->lock);
}

static struct named_text *next_answer(struct testhost *t)
{
    (void)pthread_mutex_lock(&t->lock);
    struct named_text *answer = t->facets->answers;
    if (answer != NULL) {
        t->facets->answers = answer->next;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return answer;
}

static beacon_rc perform(const struct beacon_host *h, const struct beacon_http_request *rq,
                         const struct beacon_http_handler *hd, const struct beacon_cancel *c,
                         struct beacon_error *err)
{
    struct testhost *t = h->ctx;
    beacon_rc rc = facets_enter(t, TESTHOST_HTTP, "http.perform", true);
    note_request(t, rq);
    if (rc != BEACON_OK || facets_cancelled(h, c)) {
        return facets_error(err, rc != BEACON_OK ? rc : BEACON_E_CANCELLED, "nothing was sent");
    }
    struct named_text *answer = next_answer(t);
    if (answer == NULL) {
        return facets_error(err, BEACON_E_IO, "the test has no answer to this request");
    }
    rc = feed(t, hd, rq->framing, answer);
    free(answer->text);
    free(answer->more);
    free(answer);
    return rc == BEACON_OK ? rc : facets_error(err, rc, "a handler ended the exchange");
}

const struct beacon_host_http facet_http = {.struct_size = sizeof facet_http, .perform = perform};

void testhost_add_http(struct testhost *t, int32_t status, const char *headers, const char *body)
{
    struct named_text **end = &t->facets->answers;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = testhost_alloc(sizeof **end);
    (*end)->number = status;
    (*end)->more = testhost_copy(beacon_text(headers));
    (*end)->text = testhost_copy(beacon_text(body));
    (*end)->n = strlen((*end)->text);
}

const char *testhost_requested(const struct testhost *t)
{
    return buffer_text(&t->facets->requested);
}
