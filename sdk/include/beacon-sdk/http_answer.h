/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/http_answer.h - what an HTTP answer says about itself: status, delay, id, error body.
 *
 * Kept in an exchange of a provider; failure.h makes sentences and verdicts of it. Thread: the
 * exchange's.
 */
#ifndef BEACON_SDK_HTTP_ANSWER_H
#define BEACON_SDK_HTTP_ANSWER_H

#include <beacon-sdk/facet.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/retry_after.h>
#include <beacon-sdk/sized.h>
#include <time.h>

#define BEACON_ANSWER_BODY_MAX ((size_t)64 << 10) /* bytes of an error body that are looked at */
#define BEACON_ANSWER_ID_MAX   ((size_t)256)

struct beacon_answer {
    int32_t status;                    /* 0 before there is an answer */
    int64_t retry_after_ms;            /* of the headers; -1 = none */
    struct beacon_json_out request_id; /* the server's name for the exchange; any bytes */
    struct beacon_json_out body;       /* of an answer that is no success; any bytes */
};

static inline void beacon_answer_init(struct beacon_answer *answer)
{
    answer->status = 0;
    answer->retry_after_ms = BEACON_RETRY_AFTER_NONE;
    beacon_json_out_init(&answer->request_id, BEACON_ANSWER_ID_MAX);
    beacon_json_out_init(&answer->body, BEACON_ANSWER_BODY_MAX);
}

static inline void beacon_answer_finish(struct beacon_answer *answer)
{
    beacon_json_out_finish(&answer->request_id);
    beacon_json_out_finish(&answer->body);
}

/* Before the same exchange asks again. */
static inline void beacon_answer_reset(struct beacon_answer *answer)
{
    answer->status = 0;
    answer->retry_after_ms = BEACON_RETRY_AFTER_NONE;
    beacon_json_out_reset(&answer->request_id);
    beacon_json_out_reset(&answer->body);
}

static inline bool beacon_answer_is_success(const struct beacon_answer *answer)
{
    return answer->status >= 200 && answer->status < 300;
}

/* The host's clock when it lends one; a date in Retry-After is only worth it with some clock. */
static inline int64_t beacon_answer_now_ms(const struct beacon_host *host)
{
    const struct beacon_host_clock *clock =
        (const struct beacon_host_clock *)beacon_facet(host, BEACON_HOST_CLOCK);
    if (clock != NULL && BEACON_HAS(clock, unix_ms) && clock->unix_ms != NULL) {
        return (int64_t)clock->unix_ms(host);
    }
    return (int64_t)time(NULL) * 1000;
}

/* Place of a header among those that name the exchange, the best first; -1: it does not. */
static inline int beacon_answer_id_rank(struct beacon_str name)
{
    static const char *const names[] = {"x-request-id", "request-id", "x-oai-request-id",
                                        "apim-request-id", "cf-ray"};
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
        if (beacon_span_is_nocase(name, names[i])) {
            return i;
        }
    }
    return -1;
}

static inline void beacon_answer_read_id(struct beacon_answer *answer, struct beacon_str value)
{
    const struct beacon_str cut = beacon_utf8_cut(value, BEACON_ANSWER_ID_MAX);
    beacon_json_out_reset(&answer->request_id);
    beacon_json_out_bytes(&answer->request_id, cut.p, cut.n);
}

/* "retry-after-ms" is finer than "retry-after" and comes from servers that send both. */
static inline void beacon_answer_read_delays(struct beacon_answer *answer,
                                             const struct beacon_http_response *response,
                                             const struct beacon_host *host)
{
    int64_t fine = BEACON_RETRY_AFTER_NONE;
    for (size_t i = 0; i < response->n_headers; i++) {
        const struct beacon_kv *header = &response->headers[i];
        if (beacon_span_is_nocase(header->k, "retry-after")) {
            answer->retry_after_ms =
                beacon_retry_after_header(header->v, beacon_answer_now_ms(host));
        } else if (beacon_span_is_nocase(header->k, "retry-after-ms")) {
            fine = beacon_json_integer(header->v, BEACON_RETRY_AFTER_NONE);
        }
    }
    if (fine >= 0) {
        answer->retry_after_ms =
            fine < BEACON_RETRY_AFTER_MAX_MS ? fine : BEACON_RETRY_AFTER_MAX_MS;
    }
}

/* Status and headers, for on_response(); `response` as the host gave it. */
static inline void beacon_answer_begin(struct beacon_answer *answer,
                                       const struct beacon_http_response *response,
                                       const struct beacon_host *host)
{
    struct beacon_http_response local;
    int best = -1;
    BEACON_COPY_IN(local, response);
    answer->status = local.status;
    for (size_t i = 0; i < local.n_headers; i++) {
        const int rank = beacon_answer_id_rank(local.headers[i].k);
        if (rank >= 0 && (best < 0 || rank <= best)) {
            best = rank;
            beacon_answer_read_id(answer, local.headers[i].v);
        }
    }
    beacon_answer_read_delays(answer, &local, host);
}

/* A piece of the body of an answer that is no success; what is beyond the cap is dropped. */
static inline void beacon_answer_add(struct beacon_answer *answer, struct beacon_bytes data)
{
    const size_t room = BEACON_ANSWER_BODY_MAX - answer->body.n;
    beacon_json_out_bytes(&answer->body, (const char *)data.p, data.n < room ? data.n : room);
}

/* "Not Found"; "" for a status without a common name. */
static inline const char *beacon_status_reason(int32_t status)
{
    static const struct {
        int32_t status;
        const char *reason;
    } rows[] = {
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Payload Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {418, "I'm a teapot"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Entity"},
        {423, "Locked"},
        {424, "Failed Dependency"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status) {
            return rows[i].reason;
        }
    }
    return "";
}

#endif
