/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/endpoint_request.h - where a request to an endpoint goes, and its headers.
 *
 * Thread: [pure].
 */
#ifndef BEACON_SDK_ENDPOINT_REQUEST_H
#define BEACON_SDK_ENDPOINT_REQUEST_H

#include <beacon-sdk/endpoint.h>

/* Append `s` as it stands in a URL: all but letters, digits and "-._~" percent-encoded. */
static inline void beacon_url_encoded(struct beacon_json_out *out, struct beacon_str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i], lower = (unsigned char)(c | 0x20);
        const bool is_plain = (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
                              c == '-' || c == '.' || c == '_' || c == '~';
        const char escape[3] = {'%', hex[c >> 4], hex[c & 15]};
        beacon_json_out_bytes(out, is_plain ? &s.p[i] : escape, is_plain ? 1 : 3);
    }
}

/* A URL cut at its question mark. */
static inline struct beacon_str beacon_url_path(struct beacon_str url)
{
    const char *question = url.n > 0 ? (const char *)memchr(url.p, '?', url.n) : NULL;
    return question != NULL ? beacon_span(url.p, (size_t)(question - url.p)) : url;
}

static inline void beacon_url_add_query(struct beacon_json_out *out, struct beacon_str url,
                                        bool *has_query)
{
    const size_t path_n = beacon_url_path(url).n;
    if (url.n > path_n + 1) {
        beacon_json_out_bytes(out, *has_query ? "&" : "?", 1);
        beacon_json_out_bytes(out, url.p + path_n + 1, url.n - path_n - 1);
        *has_query = true;
    }
}

/* Append {path of base_url}/{path}?{query}: first the query that base_url has, then the one of
 * `path`, then query_params, which are percent-encoded. `path` comes without a slash in front, is
 * encoded already, and is "" for base_url itself. `out` holds at most BEACON_ENDPOINT_URL_MAX. */
static inline beacon_rc beacon_endpoint_url(const struct beacon_endpoint *endpoint,
                                            struct beacon_str path, struct beacon_json_out *out,
                                            struct beacon_error *err)
{
    bool has_query = false;
    struct beacon_str base = beacon_url_path(endpoint->base_url);
    const struct beacon_str last = beacon_url_path(path);
    while (base.n > 0 && base.p[base.n - 1] == '/') {
        base.n--;
    }
    beacon_json_out_bytes(out, base.p, base.n);
    beacon_json_out_bytes(out, "/", last.n > 0 ? 1 : 0);
    beacon_json_out_bytes(out, last.p, last.n);
    beacon_url_add_query(out, endpoint->base_url, &has_query);
    beacon_url_add_query(out, path, &has_query);
    for (size_t i = 0; i < endpoint->n_query; i++) {
        beacon_json_out_bytes(out, has_query ? "&" : "?", 1);
        beacon_url_encoded(out, endpoint->query[i].k);
        beacon_json_out_bytes(out, "=", 1);
        beacon_url_encoded(out, endpoint->query[i].v);
        has_query = true;
    }
    return out->failed
               ? beacon_endpoint_refuse(err, "base_url with query_params", "under 8192 bytes")
               : BEACON_OK;
}

static inline bool beacon_endpoint_has_header(const struct beacon_endpoint *endpoint,
                                              struct beacon_str name)
{
    char text[128];
    if (name.n >= sizeof text) {
        return false;
    }
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    for (size_t i = 0; i < endpoint->n_headers; i++) {
        if (beacon_span_is_nocase(endpoint->headers[i].k, text)) {
            return true;
        }
    }
    return false;
}

/* All headers of a request: those of `own` that have a value and are not in the configuration, then
 * the configured ones. *ret is the caller's to free(); its spans are those of `own` and of the
 * endpoint. */
static inline beacon_rc beacon_endpoint_headers(const struct beacon_endpoint *endpoint,
                                                const struct beacon_kv *own, size_t n_own,
                                                struct beacon_kv **ret, size_t *ret_n,
                                                struct beacon_error *err)
{
    struct beacon_kv *all =
        (struct beacon_kv *)calloc(n_own + endpoint->n_headers + 1, sizeof *all);
    if (all == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    size_t n = 0;
    for (size_t i = 0; i < n_own; i++) {
        if (own[i].v.n > 0 && !beacon_endpoint_has_header(endpoint, own[i].k)) {
            all[n++] = own[i];
        }
    }
    for (size_t i = 0; i < endpoint->n_headers; i++) {
        all[n++] = endpoint->headers[i];
    }
    *ret = all;
    *ret_n = n;
    return BEACON_OK;
}

#endif
