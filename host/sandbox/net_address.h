/* net_address.h - an IP address, as the proxy and the allow-list know it: bytes, never text.
 *
 * Read strictly: the one spelling per address that inet_pton takes. An IPv4 address in IPv6 clothes
 * (::ffff:a.b.c.d) is the IPv4 address. Thread: [pure].
 */
#ifndef HOST_SANDBOX_NET_ADDRESS_H
#define HOST_SANDBOX_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NET_ADDRESS_TEXT 48

struct net_address {
    bool is_v6;
    uint8_t bytes[16]; /* 4 of them without is_v6; the rest is zero */
};

/* "1.2.3.4" or "2001:db8::1", without brackets, zone or leading zeros. */
bool net_address_parse(const char *p, size_t n, struct net_address *ret);

void net_address_from_bytes(const uint8_t *bytes, bool is_v6, struct net_address *ret);
bool net_address_from_socket(const struct sockaddr *from, struct net_address *ret);
socklen_t net_address_to_socket(const struct net_address *address, uint16_t port,
                                struct sockaddr_storage *ret);

bool net_address_is_same(const struct net_address *a, const struct net_address *b);
void net_address_text(const struct net_address *address, char ret[NET_ADDRESS_TEXT]);

/* What is special about it, as "a loopback address"; NULL for one of the public Internet. Everything
 * that is not known to be public is special. */
const char *net_address_range(const struct net_address *address);

#endif
