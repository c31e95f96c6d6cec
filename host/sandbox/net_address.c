/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define RANGE_BYTES 16

struct range {
    uint8_t bytes[RANGE_BYTES];
    uint8_t bits;
    const char *name; /* NULL: public */
};

/* The first match counts; what matches nothing is public. */
static const struct range ranges_v4[] = {
    {{169, 254}, 16, "a link-local address, where cloud metadata lives"},
    {{168, 63, 129, 16}, 32, "the address of a cloud's own services"},
    {{100, 64}, 10, "an address of a provider's inner network"},
    {{127}, 8, "a loopback address"},
    {{10}, 8, "a private address"},
    {{172, 16}, 12, "a private address"},
    {{192, 168}, 16, "a private address"},
    {{0}, 8, "an address of this machine"},
    {{192, 0, 0}, 24, "a reserved address"},
    {{192, 0, 2}, 24, "a reserved address"},
    {{192, 88, 99}, 24, "a reserved address"},
    {{198, 18}, 15, "a reserved address"},
    {{198, 51, 100}, 24, "a reserved address"},
    {{203, 0, 113}, 24, "a reserved address"},
    {{224}, 4, "a multicast address"},
    {{240}, 4, "a reserved address"},
};

/* The other way round: only 2000::/3 is given out, so what matches nothing is reserved. */
static const struct range ranges_v6[] = {
    {{[15] = 1}, 128, "a loopback address"},
    {{0}, 128, "an address of this machine"},
    {{0xfe, 0x80}, 10, "a link-local address, where cloud metadata lives"},
    {{0xfc}, 7, "a private address"},
    {{0xff}, 8, "a multicast address"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "a reserved address"},
    {{0x20, 0x01, 0x00}, 23, "a reserved address"},
    {{0x20, 0x02}, 16, "an address that hides another one"},
    {{0x3f, 0xff, 0x00}, 20, "a reserved address"},
    {{0x20}, 3, NULL},
};

/* Translated by the network to the IPv4 address in its last four bytes (RFC 6052). */
static const struct range translated = {{0x00, 0x64, 0xff, 0x9b}, 96, NULL};

static bool is_in(const uint8_t *bytes, const struct range *range)
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8u;
    if (memcmp(bytes, range->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || ((bytes[whole] ^ range->bytes[whole]) >> (8u - rest)) == 0;
}

void net_address_from_bytes(const uint8_t *bytes, bool is_v6, struct net_address *ret)
{
    static const struct range mapped = {{[10] = 0xff, [11] = 0xff}, 96, NULL};
    *ret = (struct net_address){.is_v6 = is_v6 && !is_in(bytes, &mapped)};
    if (is_v6 && !ret->is_v6) {
        memcpy(ret->bytes, bytes + 12, 4);
    } else {
        memcpy(ret->bytes, bytes, is_v6 ? 16 : 4);
    }
}

/* inet_pton alone would do, but for libraries that take "01.2.3.4". */
static bool parse_v4(const char *text, struct net_address *ret)
{
    char again[INET_ADDRSTRLEN];
    uint8_t bytes[4];
    if (inet_pton(AF_INET, text, bytes) != 1 ||
        inet_ntop(AF_INET, bytes, again, sizeof again) == NULL || strcmp(text, again) != 0) {
        return false;
    }
    net_address_from_bytes(bytes, false, ret);
    return true;
}

bool net_address_parse(const char *p, size_t n, struct net_address *ret)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t bytes[16];
    if (n == 0 || n >= sizeof text || memchr(p, '\0', n) != NULL) {
        return false;
    }
    memcpy(text, p, n);
    text[n] = '\0';
    if (strchr(text, ':') == NULL) {
        return parse_v4(text, ret);
    }
    if (inet_pton(AF_INET6, text, bytes) != 1) {
        return false;
    }
    net_address_from_bytes(bytes, true, ret);
    return true;
}

bool net_address_from_socket(const struct sockaddr *from, struct net_address *ret)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        net_address_from_bytes((const uint8_t *)&in.sin_addr, false, ret);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, from, sizeof in);
        net_address_from_bytes(in.sin6_addr.s6_addr, true, ret);
        return true;
    }
    return false;
}

socklen_t net_address_to_socket(const struct net_address *address, uint16_t port,
                                struct sockaddr_storage *ret)
{
    *ret = (struct sockaddr_storage){0};
    if (address->is_v6) {
        struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        memcpy(&in.sin6_addr, address->bytes, 16);
        memcpy(ret, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&in.sin_addr, address->bytes, 4);
    memcpy(ret, &in, sizeof in);
    return sizeof in;
}

bool net_address_is_same(const struct net_address *a, const struct net_address *b)
{
    return a->is_v6 == b->is_v6 && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void net_address_text(const struct net_address *address, char ret[NET_ADDRESS_TEXT])
{
    ret[0] = '\0';
    (void)inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, ret, NET_ADDRESS_TEXT);
}

const char *net_address_range(const struct net_address *address)
{
    uint8_t bytes[16];
    bool is_v6 = address->is_v6;
    memcpy(bytes, address->bytes, sizeof bytes);
    if (is_v6 && is_in(bytes, &translated)) {
        is_v6 = false;
        memmove(bytes, bytes + 12, 4);
    }
    const struct range *ranges = is_v6 ? ranges_v6 : ranges_v4;
    size_t n =
        is_v6 ? sizeof ranges_v6 / sizeof ranges_v6[0] : sizeof ranges_v4 / sizeof ranges_v4[0];
    for (size_t i = 0; i < n; i++) {
        if (is_in(bytes, &ranges[i])) {
            return ranges[i].name;
        }
    }
    return is_v6 ? "a reserved address" : NULL;
}
