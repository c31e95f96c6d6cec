/* SPDX-License-Identifier: Apache-2.0
 * beacon/auth.h - "beacon.auth/1": credentials for requests, and how a person gets them.
 *
 * The host asks with acquire() when a request is about to leave, and adds what comes back to exactly
 * the origin it was asked for; providers never see it. Secrets are kept through the facet
 * "beacon.host.secrets/1", talk with the person goes through "beacon.host.ui/1".
 * `account` is "" for the active one everywhere.
 * Called by the host's credentials/. Thread tags as in plugin.h.
 */
#ifndef BEACON_AUTH_H
#define BEACON_AUTH_H
#include "host.h"

BEACON_BEGIN_DECLS

#define BEACON_AUTH_IFACE "beacon.auth/1"

#define BEACON_WANT_USE      1u /* a request is about to leave */
#define BEACON_WANT_RENEW    2u /* expiry is near */
#define BEACON_WANT_REJECTED 3u /* the server said 401 or 403 to generation rejected_gen */

/* What credentials are needed for. Written by the host, [call]. */
struct beacon_need {
    uint32_t struct_size;
    uint32_t why;             /* BEACON_WANT_* */
    uint64_t rejected_gen;    /* REJECTED: never offer this generation again */
    struct beacon_str origin; /* scheme://host[:port]: credentials are bound to it */
    struct beacon_str audience;
    struct beacon_str challenge; /* the WWW-Authenticate header, or "" */
    struct beacon_str account;
};

/* How credentials leave. Written by the host, [call]; every slot copies. The host wipes them after
 * use, removes them from logs and recordings, caches them by instance, origin and generation, and
 * lets one refresh run at a time per instance, across processes. Below 0: stop, return that code.
 * [worker: only inside acquire() and sign()] */
struct beacon_cred_sink {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    void *ctx;      /* the host's own */

    /* A header of the request. INVALID: CR, LF or NUL in it. */
    beacon_rc (*header)(const struct beacon_cred_sink *s, struct beacon_str name,
                        struct beacon_str value);

    /* A query parameter, not yet escaped. */
    beacon_rc (*query)(const struct beacon_cred_sink *s, struct beacon_str name,
                       struct beacon_str value);

    /* A client certificate: references to files or keyring entries, not the material. */
    beacon_rc (*client_cert)(const struct beacon_cred_sink *s, struct beacon_str cert_ref,
                             struct beacon_str key_ref);

    /* The base URL to use from now on: an endpoint of a tenant, learnt at login. */
    beacon_rc (*base_url)(const struct beacon_cred_sink *s, struct beacon_str url);

    /* When what was given expires (milliseconds since 1970, 0 = never) and its generation, which
     * grows with every refresh. */
    beacon_rc (*expires)(const struct beacon_cred_sink *s, uint64_t unix_ms, uint64_t generation);
};

#define BEACON_AUTH_OUT        0u
#define BEACON_AUTH_IN         1u
#define BEACON_AUTH_EXPIRED    2u
#define BEACON_AUTH_NEEDS_USER 3u

#define BEACON_LOGIN_BROWSER 1u
#define BEACON_LOGIN_DEVICE  2u
#define BEACON_LOGIN_PASTE   4u
#define BEACON_LOGIN_NONE    8u  /* environment, file, metadata server, helper program */
#define BEACON_LOGIN_SECRET  16u /* a key through ui.prompt(secret) or standard input */

/* Zeroed by the host, filled with BEACON_SET; the texts end with NUL. */
struct beacon_auth_status {
    uint32_t struct_size;
    uint32_t state;           /* BEACON_AUTH_OUT … BEACON_AUTH_NEEDS_USER */
    uint64_t expires_unix_ms; /* 0 = never or unknown */
    uint32_t flags;           /* 0 */
    uint32_t methods;         /* BEACON_LOGIN_*: what can be used here */
    char account[128];        /* name to show, no secret */
    char detail[256];         /* one sentence */
};

/* The table of an auth plugin. Written by the plugin, [static]. Mandatory: create, destroy, status,
 * acquire. */
struct beacon_auth {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Make an instance. `config` is the JSON object of its configuration, [call]; `h` is [static].
     * *inst is the plugin's, until destroy(). INVALID: a key is missing or wrong, and the message
     * names it. No network. [worker] */
    beacon_rc (*create)(void *plugin_state, const struct beacon_host *h, struct beacon_str config,
                        void **inst, struct beacon_error *e);

    /* Free the instance and wipe what it knew. [worker] */
    void (*destroy)(void *inst);

    /* Where does `account` ([call]) stand? From what is stored here, without the network. IO: the
     * store cannot be read. [any] */
    beacon_rc (*status)(void *inst, struct beacon_str account, struct beacon_auth_status *out,
                        struct beacon_error *e);

    /* Optional. One put() per account name. [any] */
    beacon_rc (*accounts)(void *inst, const struct beacon_sink *names, struct beacon_error *e);

    /* Give what `n` ([call]) asks for to `out`. Never prompts. May block on the network; returns
     * within 250 ms of a cancel. AUTH: there is nothing to give and the person must log in.
     * CANCELLED, DEADLINE, IO. [worker] */
    beacon_rc (*acquire)(void *inst, const struct beacon_need *n,
                         const struct beacon_cred_sink *out, const struct beacon_cancel *c,
                         struct beacon_error *e);

    /* Optional. Sign the final bytes (SigV4, HMAC): `rq` ([call]) has all its headers. Called once per
     * attempt. AUTH: no key. [worker] */
    beacon_rc (*sign)(void *inst, const struct beacon_http_request *rq,
                      const struct beacon_cred_sink *out, const struct beacon_cancel *c,
                      struct beacon_error *e);

    /* Optional. Log in by `method`, one of BEACON_LOGIN_*, with the help of "beacon.host.ui/1".
     * UNSUPPORTED: not this method, or no person is there. CANCELLED, DEADLINE, AUTH. Blocks.
     * [worker] */
    beacon_rc (*login)(void *inst, struct beacon_str account, uint32_t method,
                       const struct beacon_cancel *c, struct beacon_error *e);

    /* Optional. Revoke at the server, then erase here; erased even when revoking fails, which is then
     * the error. Blocks. [worker] */
    beacon_rc (*logout)(void *inst, struct beacon_str account, const struct beacon_cancel *c,
                        struct beacon_error *e);
};

BEACON_END_DECLS
#endif
