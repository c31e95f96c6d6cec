/* net_socks.h - the two messages that a client of SOCKS 5 begins with. Parses any bytes. Without a
 * password, and CONNECT only. Thread: [pure].
 */
#ifndef HOST_SANDBOX_NET_SOCKS_H
#define HOST_SANDBOX_NET_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/net_host.h"
#include "sandbox/net_http.h"

#define NET_SOCKS_VERSION '\5'

/* Codes of the reply. */
#define NET_SOCKS_OK          0
#define NET_SOCKS_FAILED      1
#define NET_SOCKS_FORBIDDEN   2
#define NET_SOCKS_UNREACHABLE 4
#define NET_SOCKS_REFUSED     5
#define NET_SOCKS_TIMED_OUT   6
#define NET_SOCKS_NO_COMMAND  7
#define NET_SOCKS_NO_ADDRESS  8

struct net_socks {
    bool is_address;
    struct net_address address;
    struct net_span name; /* else; in the parsed bytes, any bytes */
    uint16_t port;
    size_t used;
    uint8_t reply; /* BAD: the code to answer with */
    const char *wrong;
};

/* BAD: no SOCKS 5, or the client insists on a password. *ret_used: bytes of the message. */
enum net_parse net_socks_greeting(const char *p, size_t n, size_t *ret_used);

enum net_parse net_socks_request(const char *p, size_t n, struct net_socks *ret);

#endif
