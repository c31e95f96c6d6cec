/* net_http.h - the request that a client sends to an HTTP proxy, read strictly.
 *
 * CONNECT host:port, or METHOD http://host/path, with lines that end in CRLF and nothing that two readers
 * could understand differently (two lengths, folded lines, control characters). Parses any bytes.
 * Thread: [pure].
 */
#ifndef HOST_SANDBOX_NET_HTTP_H
#define HOST_SANDBOX_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/net_host.h"

#define NET_HEAD_MAX 16384 /* bytes of a request's head */

struct text;

enum net_parse { NET_PARSE_MORE, NET_PARSE_OK, NET_PARSE_BAD };

/* How far the body goes, so that nothing behind it is passed on. */
struct net_body {
    enum { NET_BODY_NONE, NET_BODY_COUNTED, NET_BODY_CHUNKED } kind;
    uint64_t left; /* COUNTED: bytes to come; CHUNKED: of this chunk */
    int state;     /* CHUNKED: what comes next */
    uint32_t line_bytes;
    bool is_over, is_bad;
};

struct net_http {
    bool is_connect;
    struct net_span host; /* without brackets; in the parsed bytes, as the next three */
    uint16_t port;
    struct net_span method, authority, path; /* not for CONNECT, but the method */
    char minor;                              /* '0' or '1' of HTTP/1.x */
    size_t head_bytes;
    struct net_body body;
    /* BAD: the status of the answer and a sentence, static. */
    int status;
    const char *wrong;
};

enum net_parse net_http_parse(const char *p, size_t n, struct net_http *ret);

/* The head as the server is to get it: no absolute address, no hop-by-hop fields, Connection: close. `p`
 * is what was parsed. */
bool net_http_rewrite(const char *p, const struct net_http *http, struct text *out);

/* How many of the next bytes belong to the body; fewer than `n` only when it is over or bad. */
size_t net_body_take(struct net_body *body, const char *p, size_t n);

#endif
