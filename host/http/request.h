/* request.h - HTTP exchanges on the loop: libcurl's multi interface driven by our descriptors and
 * timers, never by blocking.
 *
 * Owns the connections, kept alive so that a session uses one TCP connection, and every exchange
 * under way. Who calls: agent/ for the model, host_api for plugins. Everything a request was
 * described with is copied by http_start(). Whom it trusts for TLS is in trust.h, which proxy it goes
 * through in proxy.h; no redirects. The program ignores SIGPIPE.
 * Thread: [main], also all callbacks.
 */
#ifndef HOST_HTTP_REQUEST_H
#define HOST_HTTP_REQUEST_H

#include <beacon/host.h>
#include <stddef.h>

struct loop;
struct http;
struct http_exchange;

#define HTTP_HEADERS_MAX    (256u << 10) /* bytes of a response's headers */
#define HTTP_ERROR_BODY_MAX (1u << 20)   /* the rest of an error body is not read */

/* In beacon_error.flags: asking again gives the same answer (bad certificate, bad URL, …). */
#define HTTP_ERROR_PERMANENT 1u

/* Three clocks, one at a time, and one for everything; 0 = no limit. A request's own idle_timeout_ms and
 * total_timeout_ms replace those here. */
struct http_limits {
    uint32_t connect_timeout_ms;    /* name, TCP, proxy and TLS */
    uint32_t first_byte_timeout_ms; /* from the request's first byte to the end of the headers */
    uint32_t idle_timeout_ms;       /* without progress of the body; SSE comments are none */
    uint32_t total_timeout_ms;      /* from the beginning to the end of the body */
};

/* From the loop, never from inside http_start(). Spans are borrowed for the call. */
struct http_callbacks {
    /* Status and headers (names in lower case) of the final answer. Less than 0: stop. */
    int (*on_response)(void *ctx, const struct beacon_http_response *response);
    /* 2xx: framed as the request asks. Other status: the body as one frame, also an empty one, cut
     * at HTTP_ERROR_BODY_MAX. Less than 0: stop. */
    int (*on_frame)(void *ctx, struct beacon_str event, struct beacon_bytes data);
    /* Exactly once, last; the exchange is gone when it returns. BEACON_END_OK: `err` is NULL.
     * _HTTP_ERROR: a status other than 2xx. _TRUNCATED: no whole answer came; when a callback asked
     * to stop, err->code is what it returned. */
    void (*on_end)(void *ctx, uint32_t how, const struct beacon_error *err);
};

/* Where credentials put their headers. A header of the same name is replaced. */
struct http_header_sink {
    void *ctx;
    int (*add)(void *ctx, struct beacon_str name, struct beacon_str value,
               struct beacon_error *err);
};

/* attach() cannot say yet: the request waits, and is asked about again by http_credentials_ready(). */
#define HTTP_ATTACH_LATER 1

/* Filled by the room above that knows the secrets. attach() runs after the provider is done, for
 * requests with auth == BEACON_AUTH_INSTANCE: inside http_start(), whose failure is its failure, and
 * after HTTP_ATTACH_LATER once more for each call of http_credentials_ready(), when its failure goes to
 * on_end. It sees method, URL and body of the request. */
struct http_credentials {
    int (*attach)(void *ctx, const struct beacon_http_request *rq, struct http_header_sink *out,
                  struct beacon_error *err);
    void *ctx;
};

/* May this URL be requested at all? Filled by the room above that knows the admin's rules; asked inside
 * http_start() for every request, before credentials are attached and anything is opened. Its
 * failure is http_start()'s, and no retry asks again. */
struct http_egress {
    int (*judge)(void *ctx, const char *url, struct beacon_error *err);
    int (*judge_proxy)(void *ctx, const char *host_and_port, struct beacon_error *err);
    void *ctx;
};

/* How servers are reached, as configured: [http]. All borrowed and copied; NULL: not configured. Paths
 * are absolute. What the environment says besides is read when a request needs it. */
struct http_network {
    const char *ca_bundle, *client_certificate, *client_key;
    const char *proxy;           /* an address, or "none" */
    const char *const *no_proxy; /* NULL: as the environment says */
    size_t n_no_proxy;
};

struct http *http_create(struct loop *loop); /* cheap: nothing is loaded or opened */
void http_destroy(
    struct http *http); /* cancels what is under way; not from a callback; NULL is fine */
void http_set_credentials(struct http *http, const struct http_credentials *credentials);
void http_set_egress(struct http *http, const struct http_egress *egress);
void http_set_network(struct http *http,
                      const struct http_network *network); /* before any request */

/* Ask attach() again for every request that waits for it. From the loop, never from inside attach(). */
void http_credentials_ready(struct http *http);

/* Begin. On failure nothing is sent and no callback follows: BEACON_E_INVALID for a URL that is not
 * http or https, or a CR, LF or NUL in URL, method or header; BEACON_E_NOT_FOUND without libcurl.
 * *ret may be used until on_end returns or http_cancel() is called. */
int http_start(struct http *http, const struct beacon_http_request *rq,
               const struct http_limits *limits, const struct http_callbacks *callbacks, void *ctx,
               struct http_exchange **ret, struct beacon_error *err);

/* Close the connection at once; no callback follows. Fine from inside any callback, its own too. */
void http_cancel(struct http_exchange *exchange);

size_t http_buffered_peak(const struct http_exchange *exchange); /* most body bytes held at once */

#endif
