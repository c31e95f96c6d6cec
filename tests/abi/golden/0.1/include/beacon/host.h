/* SPDX-License-Identifier: Apache-2.0
 * beacon/host.h - the services the host lends to a plugin.
 *
 * `struct beacon_host` is the small core every plugin gets in load() and create(); everything else is
 * a facet, asked for by id through host->facet(). A facet is NULL when this host does not have it or
 * when the manifest did not ask for the capability named beside it, so a plugin must be able to say
 * "I need X" in an error. All tables here are written by the host and [static].
 * Called by plugins, on the threads named at each slot.
 */
#ifndef BEACON_HOST_H
#define BEACON_HOST_H
#include "plugin.h"

BEACON_BEGIN_DECLS

/* Made by the host for one blocking call, [call]; opaque, asked through struct beacon_host. */
struct beacon_cancel;

#define BEACON_LOG_TRACE 0u
#define BEACON_LOG_DEBUG 1u
#define BEACON_LOG_INFO  2u
#define BEACON_LOG_WARN  3u
#define BEACON_LOG_ERROR 4u

struct beacon_host {
    uint32_t struct_size;
    uint16_t abi_minor, reserved0;   /* the host's BEACON_ABI_MINOR */
    void *ctx;                       /* the host's own */
    struct beacon_str name, version; /* "beacon" and its semantic version */

    /* Write one diagnostic line, tagged with the plugin's id. `level` is BEACON_LOG_*; `msg` and the
     * `n` attributes (NULL when 0) are [call]. Lines over 100 per second are counted and left out.
     * For people who debug: what a user must see belongs into an error or an event. Never put a
     * secret here. [any] */
    void (*log)(const struct beacon_host *h, uint32_t level, struct beacon_str msg,
                const struct beacon_kv *attrs, size_t n);

    /* 1 when the call that got `c` should stop, else 0; also 0 for NULL. Cheap enough for a loop.
     * [any] */
    uint32_t (*cancelled)(const struct beacon_host *h, const struct beacon_cancel *c);

    /* A descriptor that becomes readable when `c` is cancelled, to poll beside one's own; borrowed
     * for the call that got `c`, never read or closed. -1 when there is none. [any] */
    int32_t (*cancel_fd)(const struct beacon_host *h, const struct beacon_cancel *c);

    /* When the call should have returned: nanoseconds of CLOCK_MONOTONIC, 0 = no deadline. [any] */
    uint64_t (*deadline_ns)(const struct beacon_host *h, const struct beacon_cancel *c);

    /* 1 on the host's main thread, else 0: for asserting what a slot promises. [any] */
    uint32_t (*on_main)(const struct beacon_host *h);

    /* The facet with exactly this id, [static], or NULL; cast it to the struct beside the id. [any] */
    const void *(*facet)(const struct beacon_host *h, const char *id);
};

/* How bytes leave a plugin. Written by the host, [call]. */
struct beacon_sink {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    void *ctx;      /* the host's own */

    /* Take `n` bytes at `p`, copied during the call; several calls append. Below 0: stop now and
     * return that code. Thread: that of the slot the sink was given to. */
    beacon_rc (*put)(const struct beacon_sink *s, const void *p, size_t n);
};

/* "beacon.host.http/1": one HTTP exchange, performed by the host. TLS, proxy, CA set, egress policy,
 * recording, redaction and cancel stay there. Capability: net:<origin glob>. */
#define BEACON_HOST_HTTP "beacon.host.http/1"

#define BEACON_HTTP_H2_PRIOR 1u /* flag: HTTP/2 without upgrade, as gRPC on plain text needs */

#define BEACON_FRAME_RAW    0u /* whatever arrived */
#define BEACON_FRAME_SSE    1u /* one server-sent event */
#define BEACON_FRAME_NDJSON 2u /* one line */
#define BEACON_FRAME_WHOLE  3u /* the whole body at once */

#define BEACON_AUTH_NONE     0u
#define BEACON_AUTH_INSTANCE 1u /* credentials of the auth plugin bound to this instance */

/* A request, described as data by the plugin. It carries no credentials: the host adds them. */
struct beacon_http_request {
    uint32_t struct_size;
    uint32_t flags;                  /* BEACON_HTTP_* */
    struct beacon_str method, url;   /* "POST", absolute http or https URL */
    const struct beacon_kv *headers; /* no CR, LF or NUL in names and values */
    size_t n_headers;
    struct beacon_bytes body;
    uint32_t idle_timeout_ms, total_timeout_ms; /* 0 = the host's; idle counts between bytes */
    uint32_t framing;                           /* BEACON_FRAME_*: what the response is cut into */
    uint32_t auth;                              /* BEACON_AUTH_NONE or BEACON_AUTH_INSTANCE */
    struct beacon_str
        tls_profile; /* names a tls table of the instance's configuration; "" = default */
};

/* Where a described request goes. Written by the host, [call]. */
struct beacon_http_out {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    void *ctx;      /* the host's own */

    /* Take one request, copied during the call. Below 0: stop and return that code. */
    beacon_rc (*request)(const struct beacon_http_out *o, const struct beacon_http_request *rq);
};

/* Status and headers. Written by the host, [call]; names in lower case. */
struct beacon_http_response {
    uint32_t struct_size;
    int32_t status; /* 200; informational responses are not shown */
    const struct beacon_kv *headers;
    size_t n_headers;
    const struct beacon_kv *trailers; /* none until the body has ended */
    size_t n_trailers;
};

/* What a plugin does with the answer to perform(). Written by the plugin, [call]; each slot runs on
 * the thread of perform(), gets `ctx` back, and below 0 ends the exchange with that code. */
struct beacon_http_handler {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    void *ctx;      /* the plugin's own */

    /* Status and headers have arrived; `r` is [call]. Once, first. [worker] */
    beacon_rc (*on_response)(void *ctx, const struct beacon_http_response *r);

    /* One frame as the request's framing cuts them: `event` is the SSE event name, else empty; both
     * are [call]. A frame is never split and carries no BOM, CR or comment line. [worker] */
    beacon_rc (*on_frame)(void *ctx, struct beacon_str event, struct beacon_bytes data);

    /* The body is complete; `r` is [call] and has the trailers. Once, last, not after an error.
     * [worker] */
    beacon_rc (*on_end)(void *ctx, const struct beacon_http_response *r);
};

struct beacon_host_http {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Send `rq` and feed `hd` until the answer ends; everything is [call]. Errors: IO (connection,
     * TLS), DEADLINE, CANCELLED, REFUSED (egress policy, or an origin outside net:), INVALID (a bad
     * URL or header), or what a handler returned. Blocks. [worker] */
    beacon_rc (*perform)(const struct beacon_host *h, const struct beacon_http_request *rq,
                         const struct beacon_http_handler *hd, const struct beacon_cancel *c,
                         struct beacon_error *err);
};

/* "beacon.host.secrets/1": a small store in the keyring or in files of mode 0600. The bundled ids
 * com.beacon.auth-api-key and com.beacon.auth-chatgpt share one namespace, which the host keeps as
 * auth.json and auth_accounts.json; any other plugin gets $CODE_HOME/secrets/<id>.json. The host
 * holds a lock across processes around acquire(RENEW or REJECTED) and login(). Capability: secrets. */
#define BEACON_HOST_SECRETS "beacon.host.secrets/1"

struct beacon_host_secrets {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Put the value of `key` into `out` and its generation, which grows with every set(), into *gen
     * (may be NULL). NOT_FOUND: no such key. IO: the store cannot be read. [worker] */
    beacon_rc (*get)(const struct beacon_host *h, struct beacon_str key,
                     const struct beacon_sink *out, uint64_t *gen, struct beacon_error *e);

    /* Replace the value if its generation still is `expect_gen` (0 = there is none yet); `val` is
     * [call]. BUSY: another process was first, read again; so no token is spent twice. [worker] */
    beacon_rc (*set)(const struct beacon_host *h, struct beacon_str key, struct beacon_bytes val,
                     uint64_t expect_gen, struct beacon_error *e);

    /* Forget `key`; a missing one is fine. IO: the store cannot be written. [worker] */
    beacon_rc (*erase)(const struct beacon_host *h, struct beacon_str key, struct beacon_error *e);
};

/* "beacon.host.ui/1": talking to the person without owning the terminal. A host without a person
 * returns UNSUPPORTED from every slot. Capability: ui. */
#define BEACON_HOST_UI "beacon.host.ui/1"

struct beacon_host_ui {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Open `url` in a browser, or show it; `why` is a phrase like "to log in". Both [call].
     * [worker] */
    beacon_rc (*open_url)(const struct beacon_host *h, struct beacon_str url,
                          struct beacon_str why);

    /* Show the code of a device login and where to type it; valid for `expires_s` seconds.
     * [worker] */
    beacon_rc (*show_code)(const struct beacon_host *h, struct beacon_str url,
                           struct beacon_str user_code, uint32_t expires_s);

    /* Ask for one line, put into `out`; with `secret` 1 it is not echoed and wiped afterwards.
     * CANCELLED: the person declined. Blocks. [worker] */
    beacon_rc (*prompt)(const struct beacon_host *h, struct beacon_str label, uint32_t secret,
                        const struct beacon_sink *out, const struct beacon_cancel *c);

    /* Listen on 127.0.0.1:`port` (0 = any) for a browser to come back to `path`; the redirect URI
     * goes into `uri`. *token is the host's and must be given to redirect_end(). BUSY: the port is
     * taken. [worker] */
    beacon_rc (*redirect_begin)(const struct beacon_host *h, uint32_t port, struct beacon_str path,
                                const struct beacon_sink *uri, void **token,
                                struct beacon_error *e);

    /* Wait for it; the query string that arrived goes into `query`. CANCELLED, DEADLINE. Blocks.
     * [worker] */
    beacon_rc (*redirect_wait)(const struct beacon_host *h, void *token,
                               const struct beacon_sink *query, const struct beacon_cancel *c);

    /* Close the listener; always, also after a cancel. [worker] */
    void (*redirect_end)(const struct beacon_host *h, void *token);
};

/* "beacon.host.exec/1": one helper program; plugins never fork. Capability: exec:<absolute path>. */
#define BEACON_HOST_EXEC "beacon.host.exec/1"

struct beacon_host_exec {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Run argv[0], an absolute path, with exactly `env` and `in` on its standard input; what it
     * writes goes into the sinks, its wait status into *status. Everything is [call]. REFUSED: the
     * path is outside the capability. NOT_FOUND: no such program. DEADLINE: killed after
     * `timeout_ms`. CANCELLED: killed. Blocks. [worker] */
    beacon_rc (*run)(const struct beacon_host *h, const struct beacon_str *argv, size_t argc,
                     const struct beacon_kv *env, size_t n_env, struct beacon_bytes in,
                     uint32_t timeout_ms, const struct beacon_sink *out,
                     const struct beacon_sink *err_text, int32_t *status,
                     const struct beacon_cancel *c, struct beacon_error *e);
};

/* "beacon.host.env/1": environment variables. Capability: env:<name glob>. */
#define BEACON_HOST_ENV "beacon.host.env/1"

struct beacon_host_env {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Put the value of `name` into `out`. NOT_FOUND: not set. REFUSED: no env: capability covers the
     * name. INVALID: the name is empty or holds a NUL. [any] */
    beacon_rc (*get)(const struct beacon_host *h, struct beacon_str name,
                     const struct beacon_sink *out);
};

/* "beacon.host.clock/1": time and randomness, given by the host so that replays are exact. Needs no
 * capability. */
#define BEACON_HOST_CLOCK "beacon.host.clock/1"

struct beacon_host_clock {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Nanoseconds of a clock that never goes back. [any] */
    uint64_t (*mono_ns)(const struct beacon_host *h);

    /* Milliseconds since 1970-01-01T00:00:00Z. [any] */
    uint64_t (*unix_ms)(const struct beacon_host *h);

    /* Fill `n` bytes at `p` with randomness fit for keys. IO: the system has none. [any] */
    beacon_rc (*random)(const struct beacon_host *h, void *p, size_t n);
};

BEACON_END_DECLS
#endif
