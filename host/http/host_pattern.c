/* SPDX-License-Identifier: Apache-2.0 */
#include "http/host_pattern.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/auto.h"

#define PORT_MAX 65535

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Lower case, the dot at the end gone. False: empty, too long, or a byte that no host has. */
static bool copy_host(struct beacon_str from, char out[HOST_PATTERN_BYTES])
{
    size_t n = from.n > 1 && from.p[from.n - 1] == '.' ? from.n - 1 : from.n;
    if (n == 0 || n >= HOST_PATTERN_BYTES) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)from.p[i];
        if (c <= ' ' || c == 0x7f || strchr("/\\?#@[]*,\"", c) != NULL) {
            return false;
        }
        out[i] = (char)tolower(c);
    }
    out[n] = '\0';
    return true;
}

static bool read_port(struct beacon_str digits, unsigned *ret)
{
    unsigned value = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (!is_digit(digits.p[i]) || i >= 5) {
            return false;
        }
        value = value * 10 + (unsigned)(digits.p[i] - '0');
    }
    if (value == 0 || value > PORT_MAX) {
        return false;
    }
    *ret = value;
    return true;
}

/* "host:port", "[v6]:port", "v6" or "host"; *port stays when there is none. */
static bool split(struct beacon_str text, struct beacon_str *ret_host, unsigned *port)
{
    if (text.n > 0 && text.p[0] == '[') {
        const char *end = memchr(text.p, ']', text.n);
        if (end == NULL) {
            return false;
        }
        *ret_host = (struct beacon_str){text.p + 1, (size_t)(end - text.p) - 1};
        struct beacon_str rest = {end + 1, text.n - (size_t)(end - text.p) - 1};
        return rest.n == 0 ||
               (rest.p[0] == ':' && read_port((struct beacon_str){rest.p + 1, rest.n - 1}, port));
    }
    const char *colon = memchr(text.p, ':', text.n);
    bool is_v6 = colon != NULL && memrchr(text.p, ':', text.n) != colon;
    *ret_host = text;
    if (colon == NULL || is_v6) {
        return true;
    }
    ret_host->n = (size_t)(colon - text.p);
    return read_port((struct beacon_str){colon + 1, text.n - ret_host->n - 1}, port);
}

void host_and_port_of(const char *url, struct host_and_port *ret)
{
    const char *begin = strstr(url, "://");
    begin = begin != NULL ? begin + 3 : url;
    size_t n = strcspn(begin, "/?#");
    const char *at = memrchr(begin, '@', n);
    struct beacon_str authority = {begin, n}, host = {"", 0};
    if (at != NULL) {
        authority = (struct beacon_str){at + 1, n - (size_t)(at + 1 - begin)};
    }
    ret->port = strncasecmp(url, "https://", 8) == 0 ? 443 : 80;
    if (!split(authority, &host, &ret->port)) {
        ret->port = 0;
    }
    if (!copy_host(host, ret->host)) {
        ret->host[0] = '\0';
    }
}

bool host_pattern_read(struct beacon_str text, struct host_pattern *ret)
{
    struct host_pattern pattern = {.port = 0};
    struct beacon_str host = {"", 0};
    if (text.n > 2 && text.p[0] == '*' && text.p[1] == '.') {
        pattern.is_beneath = true;
        text = (struct beacon_str){text.p + 2, text.n - 2};
    }
    if (!split(text, &host, &pattern.port) || !copy_host(host, pattern.host)) {
        return false;
    }
    *ret = pattern;
    return true;
}

/* "a.example.org" is beneath "example.org". */
static bool is_beneath(const char *host, const char *domain)
{
    size_t n = strlen(host), m = strlen(domain);
    return n > m + 1 && host[n - m - 1] == '.' && strcmp(host + n - m, domain) == 0;
}

bool host_pattern_matches(const struct host_pattern *pattern, const struct host_and_port *to)
{
    bool has_host = pattern->is_beneath ? is_beneath(to->host, pattern->host)
                                        : strcmp(to->host, pattern->host) == 0;
    return to->host[0] != '\0' && has_host && to->port != 0 &&
           (pattern->port == 0 || pattern->port == to->port);
}

/* The family, with the address in `out`; 0: it is a name. */
static int address_of(const char *text, uint8_t out[16])
{
    if (inet_pton(AF_INET, text, out) == 1) {
        return AF_INET;
    }
    return inet_pton(AF_INET6, text, out) == 1 ? AF_INET6 : 0;
}

static bool has_same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return memcmp(a, b, bytes) == 0 && (rest == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0);
}

/* "10.0.0.0/8" */
static bool covers_address(struct beacon_str pattern, const char *host)
{
    const char *slash = memchr(pattern.p, '/', pattern.n);
    uint8_t network[16], address[16];
    AUTO_FREE char *text = alloc_string_n(pattern.p, (size_t)(slash - pattern.p));
    AUTO_FREE char *bits_text =
        alloc_string_n(slash + 1, pattern.n - (size_t)(slash - pattern.p) - 1);
    int family = address_of(text, network);
    char *end = NULL;
    unsigned long bits = strtoul(bits_text, &end, 10);
    if (family == 0 || address_of(host, address) != family || !is_digit(bits_text[0]) ||
        *end != '\0' || bits > (family == AF_INET ? 32 : 128)) {
        return false;
    }
    return has_same_bits(network, address, (unsigned)bits);
}

bool host_pattern_covers(struct beacon_str pattern, const char *host, unsigned port)
{
    struct host_pattern read;
    if (pattern.n == 1 && pattern.p[0] == '*') {
        return true;
    }
    if (memchr(pattern.p, '/', pattern.n) != NULL) {
        return covers_address(pattern, host);
    }
    if (pattern.n > 1 && pattern.p[0] == '.') {
        pattern = (struct beacon_str){pattern.p + 1, pattern.n - 1};
    }
    if (!host_pattern_read(pattern, &read) || (read.port != 0 && read.port != port)) {
        return false;
    }
    uint8_t unused[16];
    bool is_name = address_of(host, unused) == 0; /* an address has nothing beneath it */
    return strcmp(host, read.host) == 0 || (is_name && is_beneath(host, read.host));
}
