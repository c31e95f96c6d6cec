/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/policy_origin.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOST_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
#define IPV6_BYTES "abcdefABCDEF0123456789:."
#define HOST_MAX   253
#define PORT_MAX   65535

struct scheme {
    const char *prefix;
    unsigned port;
};

static const struct scheme schemes[] = {{"https://", 443}, {"http://", 80}};

static const struct scheme *scheme_of(const char *url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncasecmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0) {
            return &schemes[i];
        }
    }
    return NULL;
}

/* Bytes of the host at `at`, brackets counted; 0: none. */
static size_t host_length(const char *at)
{
    if (at[0] != '[') {
        return strspn(at, HOST_BYTES);
    }
    size_t n = 1 + strspn(at + 1, IPV6_BYTES);
    return n > 1 && at[n] == ']' ? n + 1 : 0;
}

/* Returns what is behind the port, or NULL when it is none. */
static const char *parse_port(const char *at, unsigned *port)
{
    if (*at != ':') {
        return at;
    }
    size_t n = strspn(at + 1, "0123456789");
    unsigned long number = strtoul(at + 1, NULL, 10);
    if (n == 0 || n > 5 || number == 0 || number > PORT_MAX) {
        return NULL;
    }
    *port = (unsigned)number;
    return at + 1 + n;
}

/* The rest of the URL behind the origin, which goes to `out`; NULL: no origin. */
static const char *split(const char *url, char *out)
{
    const struct scheme *scheme = scheme_of(url);
    if (scheme == NULL) {
        return NULL;
    }
    const char *host = url + strlen(scheme->prefix);
    size_t n = host_length(host);
    unsigned port = scheme->port;
    const char *rest = n > 0 && n <= HOST_MAX ? parse_port(host + n, &port) : NULL;
    if (rest == NULL || strchr("/?#", *rest) == NULL) { /* the end of the text counts too */
        return NULL;
    }
    (void)snprintf(out, POLICY_ORIGIN_BYTES, "%s%.*s:%u", scheme->prefix, (int)n, host, port);
    for (char *c = out; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return rest;
}

bool policy_origin_of(const char *url, char out[POLICY_ORIGIN_BYTES])
{
    return split(url, out) != NULL;
}

bool policy_origin_is_bare(const char *url)
{
    char origin[POLICY_ORIGIN_BYTES];
    const char *rest = split(url, origin);
    return rest != NULL && (rest[0] == '\0' || strcmp(rest, "/") == 0);
}
