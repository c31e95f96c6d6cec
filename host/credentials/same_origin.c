/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/same_origin.h"

#include <string.h>
#include <strings.h>

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

struct beacon_str origin_of(struct beacon_str url)
{
    return (struct beacon_str){url.p, origin_length(url.p, url.n)};
}

bool same_origin(struct beacon_str url, const char *base_url)
{
    size_t n = origin_length(base_url, strlen(base_url));
    return n > 0 && origin_length(url.p, url.n) == n && strncasecmp(url.p, base_url, n) == 0;
}
