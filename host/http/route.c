/* SPDX-License-Identifier: Apache-2.0
 * route.c - the way of a request: protocol, TLS, TCP and proxy of its handle.
 */
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "http/curl_table.h"
#include "http/exchange.h"
#include "http/trust.h"

#define RECEIVE_BYTES   (256L << 10) /* read from the socket at once, when there is as much */
#define KEEPALIVE_AFTER 30L          /* seconds of silence before TCP asks whether the peer lives */
#define UNHEARD_MS      60000        /* nothing is acknowledged for so long: the peer is gone */

static void set_long(struct http_exchange *exchange, CURLoption option, long value)
{
    (void)exchange->curl->easy_setopt(exchange->easy, option, value);
}

static void set_pointer(struct http_exchange *exchange, CURLoption option, const void *p)
{
    CURLcode code = exchange->curl->easy_setopt(exchange->easy, option, p);
    assert(code != CURLE_OUT_OF_MEMORY);
    (void)code;
}

/* What keep-alive does for a silent connection, this does for one that has sent something. */
static int on_socket_made(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
    const unsigned unheard_ms = UNHEARD_MS;
    (void)ctx;
    (void)purpose;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unheard_ms, sizeof unheard_ms);
    return CURL_SOCKOPT_OK;
}

static void set_tcp(struct http_exchange *exchange)
{
    set_long(exchange, CURLOPT_TCP_KEEPALIVE, 1);
    set_long(exchange, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_AFTER);
    set_long(exchange, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_AFTER / 2);
    (void)exchange->curl->easy_setopt(exchange->easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
    set_long(exchange, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
}

/* Always said, so that libcurl does not ask the environment once more. */
static void set_proxy(struct http_exchange *exchange)
{
    set_pointer(exchange, CURLOPT_PROXY, exchange->proxy != NULL ? exchange->proxy : "");
    set_pointer(exchange, CURLOPT_NOPROXY, "");
    set_long(exchange, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
}

void exchange_set_route(struct http_exchange *exchange, const struct trust *trust)
{
    bool knows_h2 = (exchange->flags & BEACON_HTTP_H2_PRIOR) != 0;
    set_long(exchange, CURLOPT_HTTP_VERSION,
             knows_h2 ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_2TLS);
    set_long(exchange, CURLOPT_NOSIGNAL, 1);
    /* A cancel must not wait for a name server that hangs. Unknown to libcurl before 7.87. */
    set_long(exchange, CURLOPT_QUICK_EXIT, 1);
    set_pointer(exchange, CURLOPT_PROTOCOLS_STR, "http,https");
    set_long(exchange, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    set_tcp(exchange);
    set_proxy(exchange);
    trust_apply(trust, exchange->curl, exchange->easy);
}
