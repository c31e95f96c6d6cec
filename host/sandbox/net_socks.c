/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_socks.h"

#include <string.h>

#define COMMAND_CONNECT 1
#define KIND_IPV4       1
#define KIND_NAME       3
#define KIND_IPV6       4
#define FIXED_BYTES     4 /* version, command, reserved, kind of address */

enum net_parse net_socks_greeting(const char *p, size_t n, size_t *ret_used)
{
    if (n < 2) {
        return n == 1 && p[0] != NET_SOCKS_VERSION ? NET_PARSE_BAD : NET_PARSE_MORE;
    }
    size_t n_methods = (uint8_t)p[1];
    if (p[0] != NET_SOCKS_VERSION) {
        return NET_PARSE_BAD;
    }
    if (n < 2 + n_methods) {
        return NET_PARSE_MORE;
    }
    *ret_used = 2 + n_methods;
    return memchr(p + 2, 0, n_methods) != NULL ? NET_PARSE_OK : NET_PARSE_BAD;
}

static enum net_parse fail(struct net_socks *ret, uint8_t reply, const char *wrong)
{
    ret->reply = reply;
    ret->wrong = wrong;
    return NET_PARSE_BAD;
}

/* Bytes of the address, with the length byte of a name; 0: unknown kind. */
static size_t address_bytes(const uint8_t *p)
{
    switch (p[FIXED_BYTES - 1]) {
    case KIND_IPV4:
        return 4;
    case KIND_IPV6:
        return 16;
    case KIND_NAME:
        return 1 + (size_t)p[FIXED_BYTES];
    default:
        return 0;
    }
}

enum net_parse net_socks_request(const char *p, size_t n, struct net_socks *ret)
{
    const uint8_t *bytes = (const uint8_t *)p;
    *ret = (struct net_socks){0};
    if (n > 0 && bytes[0] != NET_SOCKS_VERSION) {
        return fail(ret, NET_SOCKS_FAILED, "the request is not of SOCKS 5");
    }
    if (n <= FIXED_BYTES) {
        return NET_PARSE_MORE;
    }
    size_t address = address_bytes(bytes);
    if (address == 0) {
        return fail(ret, NET_SOCKS_NO_ADDRESS, "the kind of address is unknown");
    }
    if (n < FIXED_BYTES + address + 2) {
        return NET_PARSE_MORE;
    }
    if (bytes[1] != COMMAND_CONNECT) {
        return fail(ret, NET_SOCKS_NO_COMMAND, "only CONNECT is offered");
    }
    const uint8_t *port = bytes + FIXED_BYTES + address;
    ret->is_address = bytes[3] != KIND_NAME;
    if (ret->is_address) {
        net_address_from_bytes(bytes + FIXED_BYTES, bytes[3] == KIND_IPV6, &ret->address);
    } else {
        ret->name = (struct net_span){p + FIXED_BYTES + 1, address - 1};
    }
    ret->port = (uint16_t)(port[0] << 8 | port[1]);
    ret->used = FIXED_BYTES + address + 2;
    return ret->port == 0 ? fail(ret, NET_SOCKS_FAILED, "port 0 is no port") : NET_PARSE_OK;
}
