/* SPDX-License-Identifier: Apache-2.0 */
#include "http/origin.h"

#include <beacon-sdk/text.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/utf8.h"
#include "http/request.h"

struct scheme_row {
    const char *prefix, *port;
};

static const struct scheme_row schemes[] = {{"https://", ":443"}, {"http://", ":80"}};

static const struct scheme_row *scheme_of(struct beacon_str url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i].prefix);
        if (url.n > n && strncasecmp(url.p, schemes[i].prefix, n) == 0) {
            return &schemes[i];
        }
    }
    return NULL;
}

/* What lies between "//" and the path, with the user's name and password if there are any. */
static struct beacon_str authority_of(struct beacon_str url, const struct scheme_row *scheme)
{
    size_t skip = strlen(scheme->prefix);
    struct beacon_str authority = {url.p + skip, url.n - skip};
    for (size_t i = 0; i < authority.n; i++) {
        if (strchr("/?#", authority.p[i]) != NULL && authority.p[i] != '\0') {
            authority.n = i;
        }
    }
    return authority;
}

static struct beacon_str without_user(struct beacon_str authority)
{
    const char *at = memrchr(authority.p, '@', authority.n);
    size_t skip = at != NULL ? (size_t)(at - authority.p) + 1 : 0;
    return (struct beacon_str){authority.p + skip, authority.n - skip};
}

static int refuse(struct beacon_error *err, const char *why)
{
    int rc = error_set(err, BEACON_E_INVALID, "correct base_url in the provider's configuration",
                       "the URL of the request %s", why);
    if (err != NULL) {
        err->flags = HTTP_ERROR_PERMANENT;
    }
    return rc;
}

int origin_check(struct beacon_str url, struct beacon_error *err)
{
    for (size_t i = 0; i < url.n; i++) {
        unsigned char c = (unsigned char)url.p[i];
        if (c <= ' ' || c == 0x7f || c == '\\') {
            return refuse(err, "contains a space, a backslash or a control character");
        }
    }
    const struct scheme_row *scheme = scheme_of(url);
    if (scheme == NULL) {
        return refuse(err, "does not begin with http:// or https://");
    }
    struct beacon_str authority = authority_of(url, scheme);
    struct beacon_str host = without_user(authority);
    if (host.n == 0 || host.p[0] == ':') {
        return refuse(err, "names no host");
    }
    if (authority.n > host.n && memchr(authority.p, '@', authority.n - host.n - 1) != NULL) {
        return refuse(err, "has more than one '@' before its path");
    }
    return BEACON_OK;
}

void origin_name(struct beacon_str url, char out[ORIGIN_NAME_BYTES])
{
    const struct scheme_row *scheme = scheme_of(url);
    struct beacon_str host = without_user(authority_of(url, scheme));
    const char *bracket = memrchr(host.p, ']', host.n);
    size_t skip = bracket != NULL ? (size_t)(bracket - host.p) : 0;
    bool has_port = memchr(host.p + skip, ':', host.n - skip) != NULL;
    size_t n = host.n < ORIGIN_NAME_BYTES - 8 ? host.n : utf8_cut(host.p, ORIGIN_NAME_BYTES - 8);
    (void)snprintf(out, ORIGIN_NAME_BYTES, "%.*s%s", (int)n, host.p, has_port ? "" : scheme->port);
}
