/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "http/host_pattern.h"
#include "http/request.h"

struct scheme_row {
    const char *prefix, *port; /* libcurl's when the address has none */
};

static const struct scheme_row schemes[] = {
    {"http://", "1080"},   {"https://", "443"},    {"socks5h://", "1080"},
    {"socks5://", "1080"}, {"socks4a://", "1080"}, {"socks4://", "1080"},
};

static const struct scheme_row *scheme_of(const char *url, const char **ret_rest)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i].prefix);
        if (strncasecmp(url, schemes[i].prefix, n) == 0) {
            *ret_rest = url + n;
            return &schemes[i];
        }
    }
    *ret_rest = url;
    return strstr(url, "://") == NULL ? &schemes[0] : NULL;
}

/* What is behind the last '@' of "user:password@host:port/". */
static const char *host_of(const char *rest, size_t *ret_n)
{
    size_t n = strcspn(rest, "/?#");
    const char *at = memrchr(rest, '@', n);
    const char *host = at != NULL ? at + 1 : rest;
    *ret_n = n - (size_t)(host - rest);
    return host;
}

void proxy_name(const char *proxy_url, char out[ORIGIN_NAME_BYTES])
{
    const char *rest = NULL;
    const struct scheme_row *scheme = scheme_of(proxy_url, &rest);
    size_t n = 0;
    const char *host = host_of(rest, &n);
    const char *bracket = memchr(host, ']', n);
    bool has_port = memchr(bracket != NULL ? bracket : host, ':',
                           n - (bracket != NULL ? (size_t)(bracket - host) : 0)) != NULL;
    int shown = n < ORIGIN_NAME_BYTES - 8 ? (int)n : ORIGIN_NAME_BYTES - 8;
    (void)snprintf(out, ORIGIN_NAME_BYTES, "%.*s%s%s", shown, host, has_port ? "" : ":",
                   has_port || scheme == NULL ? "" : scheme->port);
}

static bool is_address(const char *url)
{
    const char *rest = NULL;
    size_t n = 0;
    for (const char *p = url; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= ' ' || c >= 0x7f || c == '\\') {
            return false;
        }
    }
    if (scheme_of(url, &rest) == NULL) {
        return false;
    }
    const char *host = host_of(rest, &n);
    return n > 0 && host[0] != ':';
}

static int check(const struct proxy_choice *choice, struct beacon_error *err)
{
    if (choice->url == NULL || is_address(choice->url)) {
        return BEACON_OK;
    }
    int rc = error_set(err, BEACON_E_INVALID,
                       "write it as http://host:port, or http://user:password@host:port",
                       "the address of the proxy in %s is not valid", choice->source);
    if (err != NULL) {
        err->flags |= HTTP_ERROR_PERMANENT;
    }
    return rc;
}

static bool take_variable(const char *name, struct proxy_choice *ret)
{
    const char *value = getenv(name);
    if (value != NULL && value[0] != '\0') {
        *ret = (struct proxy_choice){value, name};
    }
    return value != NULL && value[0] != '\0';
}

static void ask_environment(bool is_https, struct proxy_choice *ret)
{
    static const char *const of_https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    static const char *const of_http[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    const char *const *names = is_https ? of_https : of_http;
    for (size_t i = 0; i < 4; i++) {
        bool is_forged = strcmp(names[i], "HTTP_PROXY") == 0 && getenv("REQUEST_METHOD") != NULL;
        if (!is_forged && take_variable(names[i], ret)) {
            return;
        }
    }
}

/* Lists of the configuration and of the environment do not add up: who sets one means that one. */
static bool is_excepted(const struct http_network *network, const struct host_and_port *to)
{
    if (network->no_proxy != NULL) {
        bool is = false;
        for (size_t i = 0; i < network->n_no_proxy; i++) {
            is = is || proxy_is_excepted(network->no_proxy[i], to->host, to->port);
        }
        return is;
    }
    const char *list = getenv("no_proxy");
    list = list != NULL ? list : getenv("NO_PROXY");
    return list != NULL && proxy_is_excepted(list, to->host, to->port);
}

int proxy_choose(const struct http_network *network, const char *url, struct proxy_choice *ret,
                 struct beacon_error *err)
{
    struct proxy_choice choice = {NULL, NULL};
    struct host_and_port to;
    host_and_port_of(url, &to);
    if (network->proxy != NULL && network->proxy[0] != '\0') {
        choice = (struct proxy_choice){network->proxy, "http.proxy"};
    } else {
        ask_environment(strncasecmp(url, "https:", 6) == 0, &choice);
    }
    if (choice.url != NULL && (strcmp(choice.url, PROXY_NONE) == 0 || is_excepted(network, &to))) {
        choice = (struct proxy_choice){NULL, NULL};
    }
    int rc = check(&choice, err);
    if (rc == BEACON_OK) {
        *ret = choice;
    }
    return rc;
}

bool proxy_is_excepted(const char *list, const char *host, unsigned port)
{
    static const char separators[] = ", \t\r\n";
    bool is = false;
    for (const char *at = list; *at != '\0' && !is;) {
        at += strspn(at, separators);
        size_t n = strcspn(at, separators);
        is = n > 0 && host_pattern_covers((struct beacon_str){at, n}, host, port);
        at += n;
    }
    return is;
}
