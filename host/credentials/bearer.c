/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/bearer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/error.h"

/* Length of "scheme://host:port" at the start of a URL, 0 when it has none. */
static size_t origin_length(const char *url, size_t n)
{
    size_t begin = 0;
    while (begin < n && url[begin] != '/') {
        begin++;
    }
    begin += 2; /* behind "//" */
    if (begin > n || url[begin - 1] != '/' || begin < 4 || url[begin - 3] != ':') {
        return 0;
    }
    size_t end = begin;
    while (end < n && url[end] != '/' && url[end] != '?' && url[end] != '#') {
        end++;
    }
    return end > begin ? end : 0;
}

/* Compared as text, so that no two readers of a URL can disagree: what is not plainly the same server
 * gets no key. */
static bool is_same_origin(struct beacon_str url, const char *base_url)
{
    size_t n = origin_length(base_url, strlen(base_url));
    return n > 0 && origin_length(url.p, url.n) == n && strncasecmp(url.p, base_url, n) == 0;
}

static bool is_blank(const char *key)
{
    return key == NULL || key[strspn(key, " \t\r\n")] == '\0';
}

static const char *find_key(const struct bearer *bearer)
{
    if (!is_blank(bearer->token)) {
        return bearer->token;
    }
    for (size_t i = 0; bearer->names[i] != NULL; i++) {
        const char *value = getenv(bearer->names[i]);
        if (!is_blank(value)) {
            return value;
        }
    }
    return NULL;
}

static int missing(const struct bearer *bearer, struct beacon_error *err)
{
    const char *more = bearer->instructions != NULL ? bearer->instructions : "";
    return error_set(err, BEACON_E_AUTH, "set it to your API key and start again",
                     "Missing environment variable: `%s`.%s%s", bearer->asked_name,
                     more[0] != '\0' ? " " : "", more);
}

static int add_header(struct http_header_sink *out, const char *key, struct beacon_error *err)
{
    size_t n = strcspn(key, "\r\n");
    while (n > 0 && strchr(" \t", key[n - 1]) != NULL) {
        n--;
    }
    char *value = alloc_printf("Bearer %.*s", (int)n, key);
    static const char name[] = "Authorization";
    int rc = out->add(out->ctx, (struct beacon_str){name, sizeof name - 1},
                      (struct beacon_str){value, strlen(value)}, err);
    explicit_bzero(value, strlen(value));
    free(value);
    return rc;
}

int bearer_attach(void *ctx, const struct beacon_http_request *rq, struct http_header_sink *out,
                  struct beacon_error *err)
{
    const struct bearer *bearer = ctx;
    bool has_source = bearer->names[0] != NULL || !is_blank(bearer->token);
    if (!has_source || bearer->base_url == NULL || !is_same_origin(rq->url, bearer->base_url)) {
        return BEACON_OK;
    }
    const char *key = find_key(bearer);
    if (key == NULL) {
        return missing(bearer, err);
    }
    return add_header(out, key + strspn(key, " \t\r\n"), err);
}
