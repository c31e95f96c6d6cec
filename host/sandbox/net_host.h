/* net_host.h - a host as somebody spells it, read into the one form that is compared.
 *
 * A name is ASCII letters, digits, '-' and '_' in labels, lower-cased; other scripts come as punycode. An
 * address is one of the spellings net_address.h takes. Everything else has no second chance: what a
 * resolver might read as an address ("0x7f.1", "2130706433", "127.1") is refused as a name. Comparing is
 * bytewise from then on. Thread: [pure].
 */
#ifndef HOST_SANDBOX_NET_HOST_H
#define HOST_SANDBOX_NET_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/net_address.h"

#define NET_HOST_MAX 253 /* bytes of a name */

struct net_host {
    bool is_address;
    struct net_address address;
    char text[NET_HOST_MAX + 1]; /* the name, or the address in its shortest spelling */
};

/* Any bytes, without brackets. NULL when it is a host, else what is wrong with it: "has a NUL byte". One
 * dot at the end of a name is taken away. */
const char *net_host_read(const char *p, size_t n, struct net_host *ret);

/* "host:port" and "[v6]:port" split at the port; also without one, then ret_port is empty and
 * *ret_has_port false. The parts are borrowed and not checked. NULL, or what is wrong. */
struct net_span {
    const char *p;
    size_t n;
};
const char *net_host_split(const char *p, size_t n, struct net_span *ret_host,
                           struct net_span *ret_port, bool *ret_has_port);

/* 1 to 65535, in digits only. */
bool net_port_read(struct net_span text, uint16_t *ret);

#endif
