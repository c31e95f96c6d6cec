/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_host.h"

#include <string.h>

#define LABEL_MAX 63

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

/* A name whose last label is a number is an address to every resolver: "127.1", "0x7f000001". */
static bool ends_in_number(const char *label, size_t n)
{
    bool is_based = n >= 2 && label[0] == '0' && label[1] == 'x';
    for (size_t i = is_based ? 2 : 0; i < n; i++) {
        if (!(is_based ? is_hex(label[i]) : is_digit(label[i]))) {
            return false;
        }
    }
    return true;
}

static const char *check_label(const char *label, size_t n)
{
    if (n == 0) {
        return "has an empty part between two dots";
    }
    if (n > LABEL_MAX) {
        return "has a part of more than 63 bytes";
    }
    return label[0] == '-' || label[n - 1] == '-' ? "has a part that begins or ends with '-'"
                                                  : NULL;
}

static const char *check_name(const char *name, size_t n)
{
    size_t from = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && name[i] != '.') {
            continue;
        }
        const char *wrong = check_label(name + from, i - from);
        if (wrong != NULL) {
            return wrong;
        }
        if (i == n && ends_in_number(name + from, n - from)) {
            return "is an address in a spelling that is not taken; write it as 192.0.2.1";
        }
        from = i + 1;
    }
    return NULL;
}

static const char *check_char(char c)
{
    if (c == '\0') {
        return "has a NUL byte in it";
    }
    if ((unsigned char)c >= 0x80) {
        return "is not ASCII; write it as punycode (xn--…)";
    }
    return is_name_char(c) || c == '.' ? NULL : "has a character that no host name has";
}

static const char *read_name(const char *p, size_t n, struct net_host *ret)
{
    n -= p[n - 1] == '.' ? 1 : 0;
    if (n == 0 || n > NET_HOST_MAX) {
        return n == 0 ? "is empty" : "is longer than 253 bytes";
    }
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        const char *wrong = check_char(c);
        if (wrong != NULL) {
            return wrong;
        }
        ret->text[i] = c;
    }
    ret->text[n] = '\0';
    return check_name(ret->text, n);
}

const char *net_host_read(const char *p, size_t n, struct net_host *ret)
{
    struct net_host host = {0};
    if (n == 0) {
        return "is empty";
    }
    if (net_address_parse(p, n, &host.address)) {
        host.is_address = true;
        net_address_text(&host.address, host.text);
    } else {
        const char *wrong = read_name(p, n, &host);
        if (wrong != NULL) {
            return wrong;
        }
    }
    *ret = host;
    return NULL;
}

static const char *split_bracketed(const char *p, size_t n, struct net_span *ret_host,
                                   struct net_span *ret_rest)
{
    const char *end = memchr(p, ']', n);
    if (end == NULL) {
        return "has '[' without ']'";
    }
    *ret_host = (struct net_span){p + 1, (size_t)(end - p) - 1};
    *ret_rest = (struct net_span){end + 1, n - (size_t)(end - p) - 1};
    struct net_address address;
    if (!net_address_parse(ret_host->p, ret_host->n, &address) ||
        memchr(ret_host->p, ':', ret_host->n) == NULL) {
        return "has something else than an IPv6 address between '[' and ']'";
    }
    return ret_rest->n > 0 && ret_rest->p[0] != ':' ? "has something behind ']'" : NULL;
}

const char *net_host_split(const char *p, size_t n, struct net_span *ret_host,
                           struct net_span *ret_port, bool *ret_has_port)
{
    struct net_span rest = {p, 0};
    if (n > 0 && p[0] == '[') {
        const char *wrong = split_bracketed(p, n, ret_host, &rest);
        if (wrong != NULL) {
            return wrong;
        }
    } else {
        const char *colon = n > 0 ? memchr(p, ':', n) : NULL;
        size_t host_n = colon != NULL ? (size_t)(colon - p) : n;
        *ret_host = (struct net_span){p, host_n};
        rest = (struct net_span){p + host_n, n - host_n};
    }
    *ret_has_port = rest.n > 0;
    *ret_port = rest.n > 0 ? (struct net_span){rest.p + 1, rest.n - 1} : rest;
    return NULL;
}

bool net_port_read(struct net_span text, uint16_t *ret)
{
    uint32_t port = 0;
    if (text.n == 0 || text.n > 5 || text.p[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.p[i])) {
            return false;
        }
        port = port * 10 + (uint32_t)(text.p[i] - '0');
    }
    if (port > UINT16_MAX) {
        return false;
    }
    *ret = (uint16_t)port;
    return true;
}
