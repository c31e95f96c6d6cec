/* net_allow.h - which hosts a command may reach: the lists network_allow and network_deny.
 *
 * An entry is a host, "*.host" (what is beneath it, not host itself) or an IP address ("[…]" around IPv6
 * when a port follows), then perhaps ":port", or ":*" for every port. Without a port an allowed host is
 * open on 80 and 443, and a denied one is closed on all. Deny wins. Asked twice for each connection: by
 * name before anything is looked up, and by address once it is, because a name may lead anywhere; an
 * address that is not public is open only when an entry is that very address. Thread: [pure].
 */
#ifndef HOST_SANDBOX_NET_ALLOW_H
#define HOST_SANDBOX_NET_ALLOW_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_address;
struct net_allow;
struct net_host;
struct text;

/* BEACON_E_INVALID: an entry cannot be read, which the sentence quotes. Copies. */
int net_allow_create(const char *const *allow, size_t n_allow, const char *const *deny,
                     size_t n_deny, struct net_allow **ret, struct beacon_error *err);
void net_allow_destroy(struct net_allow *lists); /* NULL is fine */

/* May `host` be looked up to connect to this port? If not, the sentence why is added to `reason`. */
bool net_allow_host(const struct net_allow *lists, const struct net_host *host, uint16_t port,
                    struct text *reason);

/* And is this address of it open? */
bool net_allow_address(const struct net_allow *lists, const struct net_address *address,
                       uint16_t port, struct text *reason);

#endif
