/* host_pattern.h - hosts and ports out of URLs, and what a list of hosts says about them.
 *
 * One reading for NO_PROXY and for the allow-list of connections. Names are compared without regard to
 * case and to a dot at the end; a host in a spelling that only a resolver understands is simply
 * another host. Thread: [pure].
 */
#ifndef HOST_HTTP_HOST_PATTERN_H
#define HOST_HTTP_HOST_PATTERN_H

#include <beacon/plugin.h>
#include <stdbool.h>

#define HOST_PATTERN_BYTES 256

struct host_and_port {
    char host[HOST_PATTERN_BYTES]; /* lower case, without brackets; "" when it is too long */
    unsigned port;                 /* 0: the URL has a port that is none */
};

/* Of an address "scheme://user@host:port/path" that is checked; the port of http and https is known. */
void host_and_port_of(const char *url, struct host_and_port *ret);

struct host_pattern {
    char host[HOST_PATTERN_BYTES]; /* as above, without "*." */
    unsigned port;                 /* 0: any */
    bool is_beneath;               /* "*.host": what is below it, not it */
};

/* "host", "*.host", "1.2.3.4", "::1" or "[::1]", each with ":port" or not. False: it is none of these. */
bool host_pattern_read(struct beacon_str text, struct host_pattern *ret);

/* The strict reading, of an allow-list. */
bool host_pattern_matches(const struct host_pattern *pattern, const struct host_and_port *to);

/* The reading of NO_PROXY: "*" is every host, a name also covers what is beneath it, with or without a
 * dot in front, and an address may have "/bits". */
bool host_pattern_covers(struct beacon_str pattern, const char *host, unsigned port);

#endif
