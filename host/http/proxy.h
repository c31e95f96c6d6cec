/* proxy.h - which proxy a request goes through, and what to call it.
 *
 * Decided here, not by libcurl, so that it can be told, listed and refused before anything is opened.
 * http.proxy of the configuration goes before the environment: https_proxy or http_proxy by the scheme
 * of the URL, then all_proxy, each also in capitals; no_proxy in both cases. HTTP_PROXY in capitals
 * does not count where REQUEST_METHOD is set, as a CGI server makes it from a header. Thread: [main].
 */
#ifndef HOST_HTTP_PROXY_H
#define HOST_HTTP_PROXY_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/origin.h"

struct http_network;

#define PROXY_NONE "none" /* as http.proxy: no proxy, whatever the environment says */

struct proxy_choice {
    const char
        *url; /* borrowed from the network or the environment; NULL: none. May hold a password */
    const char *source; /* "http.proxy" or the variable's name */
};

/* `url` is checked. BEACON_E_INVALID, permanent: the address of the proxy is none; the error names where
 * it came from and shows no password. */
int proxy_choose(const struct http_network *network, const char *url, struct proxy_choice *ret,
                 struct beacon_error *err);

/* "host:port" of a proxy's checked address, with the port libcurl would take. */
void proxy_name(const char *proxy_url, char out[ORIGIN_NAME_BYTES]);

/* Does a list as in NO_PROXY, split at commas and spaces, cover this host? "*", names with what is
 * below them, addresses, address/bits; each with :port or not. `host` without brackets. */
bool proxy_is_excepted(const char *list, const char *host, unsigned port);

#endif
