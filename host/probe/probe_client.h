/* probe_client.h - one request after the other, each to its end. Private to the room. Thread: [main]. */
#ifndef HOST_PROBE_PROBE_CLIENT_H
#define HOST_PROBE_PROBE_CLIENT_H

#include <beacon/error.h>

#include "base/text.h"
#include "probe/probe.h"

#define PROBE_BODY_MAX   (4u << 20) /* bytes of an answer that are looked at */
#define PROBE_FRAMES_MAX 4000

/* Where the key goes; a server takes one of them. */
enum probe_style { PROBE_BEARER, PROBE_X_API_KEY, PROBE_X_GOOG, PROBE_STYLES };

struct probe_ask {
    const char *url;
    const char *body; /* JSON; NULL: GET */
    enum probe_style style;
    /* For a stream: each event's JSON, borrowed. NULL: the whole answer is kept instead. */
    void (*on_event)(void *ctx, struct json_object *event);
    void *ctx;
};

struct probe_answer {
    int status;              /* 0: none came */
    struct text body;        /* the whole answer, or what came instead of a stream */
    struct beacon_error err; /* code is not BEACON_OK: it never came, or broke off */
};

/* INVALID, REFUSED, POLICY and the like when it could not be asked at all; what goes wrong later is in the
 * answer. `ret` is for probe_answer_finish() in any case. */
int probe_ask(const struct probe_request *request, const struct probe_ask *ask,
              struct probe_answer *ret, struct beacon_error *err);
void probe_answer_finish(struct probe_answer *answer);

/* The answer as JSON, the caller's to put; NULL: it is none, or the status is not 2xx. */
struct json_object *probe_answer_json(const struct probe_answer *answer);

/* What a server said about a failure, short and printable, in `out`. */
void probe_answer_reason(const struct probe_answer *answer, char *out, size_t size);

const char *probe_style_header(enum probe_style style); /* "authorization", …; static */

#endif
