/* SPDX-License-Identifier: Apache-2.0
 * http_text.h - requests as text, answers out of text, bodies cut into frames.
 *
 * Thread: the one a slot runs on.
 */
#ifndef TESTHOST_HTTP_TEXT_H
#define TESTHOST_HTTP_TEXT_H

#include "internal.h"

/* Add method and URL, a line per header, an empty line and the body. What must not be in a request
 * becomes a finding: CR, LF or NUL in a header, a URL that is not absolute, a planted secret. */
void http_request_text(struct testhost *t, struct buffer *to, const struct beacon_http_request *rq);

/* A lent answer; `headers` is "name: value" lines, their names are given in lower case. */
struct beacon_http_response *http_lend_response(struct testhost *t, int32_t status,
                                                const char *headers);

/* Takes the frames of a body one after the other. */
struct frames {
    const char *p, *end;
    uint32_t framing;          /* BEACON_FRAME_* */
    size_t chunk;              /* RAW: bytes per frame, 0 = all */
    bool is_given;             /* WHOLE: the one frame was */
    struct buffer event, data; /* of the latest frame */
};

void frames_start(struct frames *f, uint32_t framing, size_t chunk, const char *body, size_t n);
bool frames_next(struct frames *f); /* false: there is no more */
void frames_finish(struct frames *f);

#endif
