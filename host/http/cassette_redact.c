/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cassette_redact.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/scrub.h"

/* '*' at either end stands for anything. */
static const char *const request_headers[] = {
    "accept",           "accept-encoding",
    "anthropic-beta",   "anthropic-version",
    "content-encoding", "content-type",
    "http-referer",     "openai-beta",
    "originator",       "user-agent",
    "version",          "x-goog-api-client",
    "x-title",          NULL,
};
static const char *const response_headers[] = {
    "content-encoding",
    "content-type",
    "date",
    "openai-model",
    "openai-processing-ms",
    "openai-version",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-request-id",
    "*ratelimit*",
    "x-codex-*",
    "x-should-retry",
    NULL,
};
static const char *const query_names[] = {"alt", "api-version", "beta", NULL};

static bool begins_with(struct beacon_str name, const char *p, size_t n)
{
    return n <= name.n && strncasecmp(name.p, p, n) == 0;
}

static bool fits(struct beacon_str name, const char *pattern)
{
    size_t n = strlen(pattern);
    const bool is_open_start = pattern[0] == '*', is_open_end = pattern[n - 1] == '*';
    pattern += is_open_start ? 1 : 0;
    n -= (is_open_start ? 1u : 0u) + (is_open_end ? 1u : 0u);
    for (size_t i = 0; i + n <= name.n && (i == 0 || is_open_start); i++) {
        const struct beacon_str rest = {name.p + i, name.n - i};
        if (begins_with(rest, pattern, n) && (is_open_end || rest.n == n)) {
            return true;
        }
    }
    return false;
}

static bool is_one_of(struct beacon_str name, const char *const *patterns)
{
    for (; *patterns != NULL; patterns++) {
        if (fits(name, *patterns)) {
            return true;
        }
    }
    return false;
}

bool cassette_shows_request_header(struct beacon_str name)
{
    return is_one_of(name, request_headers);
}

bool cassette_shows_response_header(struct beacon_str name)
{
    return is_one_of(name, response_headers);
}

bool cassette_shows_query(struct beacon_str name)
{
    return is_one_of(name, query_names);
}

/* One name=value of the query. */
static bool add_pair(struct beacon_str pair, struct text *out)
{
    const char *equals = pair.n > 0 ? memchr(pair.p, '=', pair.n) : NULL;
    const struct beacon_str name = {pair.p, equals != NULL ? (size_t)(equals - pair.p) : pair.n};
    if (equals == NULL || cassette_shows_query(name)) {
        return text_add(out, pair.p, pair.n);
    }
    return text_add(out, name.p, name.n) && text_add_string(out, "=" SCRUB_MARK);
}

static bool add_query(const char *p, const char *end, struct text *out)
{
    while (p < end) {
        const char *next = memchr(p, '&', (size_t)(end - p));
        const char *stop = next != NULL ? next : end;
        if (!add_pair((struct beacon_str){p, (size_t)(stop - p)}, out) ||
            (next != NULL && !text_add_char(out, '&'))) {
            return false;
        }
        p = next != NULL ? next + 1 : end;
    }
    return true;
}

bool cassette_redact_url(struct beacon_str url, struct text *out)
{
    if (url.n == 0) {
        return true;
    }
    const char *end = url.p + url.n, *query = memchr(url.p, '?', url.n);
    const char *fragment = memchr(url.p, '#', url.n);
    const char *head_end = query != NULL ? query : fragment != NULL ? fragment : end;
    const char *slashes = memmem(url.p, (size_t)(head_end - url.p), "://", 3);
    const char *host = slashes != NULL ? slashes + 3 : url.p;
    const char *path = memchr(host, '/', (size_t)(head_end - host));
    const char *at = memrchr(host, '@', (size_t)((path != NULL ? path : head_end) - host));
    if (!text_add(out, url.p, (size_t)(host - url.p)) ||
        (at != NULL && !text_add_string(out, SCRUB_MARK))) {
        return false;
    }
    host = at != NULL ? at : host;
    return text_add(out, host, (size_t)(head_end - host)) &&
           (query == NULL || (text_add_char(out, '?') && add_query(query + 1, end, out)));
}
