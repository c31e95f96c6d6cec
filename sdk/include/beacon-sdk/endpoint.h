/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/endpoint.h - what the configuration says about one HTTP endpoint, whatever its wire.
 *
 * The host writes one JSON object per instance of a provider; these are the members that mean the
 * same on every wire. Members not named here are passed over: the host knows the keys, and a newer
 * one may write more. `quirks` and `extra` stay JSON text; endpoint_quirks.h reads them. There is no
 * secret in it: the host attaches credentials after the plugin is done.
 *
 * Owned by the instance: parsed by create(), then read-only. Thread: [worker], then [any].
 */
#ifndef BEACON_SDK_ENDPOINT_H
#define BEACON_SDK_ENDPOINT_H

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <stddef.h>

#define BEACON_ENDPOINT_BYTES_MAX ((size_t)256 << 10) /* of the configuration */
#define BEACON_ENDPOINT_PAIRS_MAX 256u                /* of one table in it */
#define BEACON_ENDPOINT_URL_MAX   ((size_t)8192)
#define BEACON_ENDPOINT_IDLE_MS   300000 /* the longest silence, when nothing is said */

/* The members below, for the config_schema of a component. */
#define BEACON_ENDPOINT_PROPERTIES                                                                 \
    "\"base_url\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"                           \
    "\"query_params\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"       \
    "\"http_headers\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"       \
    "\"stream_idle_timeout_ms\":{\"type\":\"integer\",\"minimum\":0},"                             \
    "\"originator\":{\"type\":\"string\"},\"user_agent\":{\"type\":\"string\"},"                   \
    "\"is_azure\":{\"type\":\"boolean\"},\"extra\":{\"type\":\"object\"}"

struct beacon_endpoint {
    char *text; /* our copy of the JSON; the strings below are unescaped in it */
    struct beacon_str base_url, name, originator, user_agent;
    struct beacon_str quirks, extra;   /* JSON objects, or "" */
    struct beacon_kv *query, *headers; /* query_params, http_headers */
    size_t n_query, n_headers;
    int64_t stream_idle_timeout_ms;
    bool is_azure;
};

static inline void beacon_endpoint_finish(struct beacon_endpoint *endpoint)
{
    free(endpoint->query);
    free(endpoint->headers);
    free(endpoint->text);
    memset(endpoint, 0, sizeof *endpoint);
}

/* BEACON_E_INVALID: "the provider's KEY must be EXPECTED". */
static inline beacon_rc beacon_endpoint_refuse(struct beacon_error *err, const char *key,
                                               const char *expected)
{
    return beacon_error_fill(err, BEACON_E_INVALID, "correct the value under [model_providers]",
                             "the provider's %s must be %s", key, expected);
}

/* ---- reading; functions named beacon_endpoint_read_ are the parser's own ---- */

/* The value of a raw string of `text`, unescaped where it stands: it is never longer than that. */
static inline struct beacon_str beacon_endpoint_read_raw(char *text, struct beacon_str raw)
{
    char *at = text + (raw.p - text);
    return beacon_span(at, beacon_json_unescape(raw, at));
}

static inline bool beacon_endpoint_read_string(char *text, struct beacon_json *j,
                                               struct beacon_str *ret)
{
    struct beacon_str raw;
    if (beacon_json_peek(j) != BEACON_JSON_STRING || !beacon_json_string(j, &raw)) {
        return false;
    }
    *ret = beacon_endpoint_read_raw(text, raw);
    return true;
}

static inline bool beacon_endpoint_read_pairs(char *text, struct beacon_json *j,
                                              struct beacon_kv **ret, size_t *ret_n)
{
    struct beacon_str raw_key;
    if (beacon_json_peek(j) != BEACON_JSON_OBJECT || *ret != NULL) {
        return false;
    }
    *ret = (struct beacon_kv *)calloc(BEACON_ENDPOINT_PAIRS_MAX, sizeof **ret);
    (void)beacon_json_enter_object(j);
    while (beacon_json_next_key(j, &raw_key)) {
        if (*ret == NULL || *ret_n == BEACON_ENDPOINT_PAIRS_MAX) {
            return false;
        }
        struct beacon_kv *pair = *ret + *ret_n;
        pair->k = beacon_endpoint_read_raw(text, raw_key);
        if (!beacon_endpoint_read_string(text, j, &pair->v)) {
            return false;
        }
        ++*ret_n;
    }
    return !j->failed;
}

static inline bool beacon_endpoint_read_object(struct beacon_json *j, struct beacon_str *ret)
{
    return beacon_json_peek(j) == BEACON_JSON_OBJECT && beacon_json_skip(j, ret);
}

enum beacon_endpoint_field {
    BEACON_ENDPOINT_BASE_URL,
    BEACON_ENDPOINT_NAME,
    BEACON_ENDPOINT_ORIGINATOR,
    BEACON_ENDPOINT_USER_AGENT,
    BEACON_ENDPOINT_QUERY,
    BEACON_ENDPOINT_HEADERS,
    BEACON_ENDPOINT_IDLE,
    BEACON_ENDPOINT_AZURE,
    BEACON_ENDPOINT_QUIRKS,
    BEACON_ENDPOINT_EXTRA,
};

static inline bool beacon_endpoint_read_field(struct beacon_endpoint *e, struct beacon_json *j,
                                              enum beacon_endpoint_field field)
{
    switch (field) {
    case BEACON_ENDPOINT_BASE_URL:
        return beacon_endpoint_read_string(e->text, j, &e->base_url);
    case BEACON_ENDPOINT_NAME:
        return beacon_endpoint_read_string(e->text, j, &e->name);
    case BEACON_ENDPOINT_ORIGINATOR:
        return beacon_endpoint_read_string(e->text, j, &e->originator);
    case BEACON_ENDPOINT_USER_AGENT:
        return beacon_endpoint_read_string(e->text, j, &e->user_agent);
    case BEACON_ENDPOINT_QUERY:
        return beacon_endpoint_read_pairs(e->text, j, &e->query, &e->n_query);
    case BEACON_ENDPOINT_HEADERS:
        return beacon_endpoint_read_pairs(e->text, j, &e->headers, &e->n_headers);
    case BEACON_ENDPOINT_IDLE:
        return beacon_json_int64(j, &e->stream_idle_timeout_ms);
    case BEACON_ENDPOINT_AZURE:
        return beacon_json_bool(j, &e->is_azure);
    case BEACON_ENDPOINT_QUIRKS:
        return beacon_endpoint_read_object(j, &e->quirks);
    case BEACON_ENDPOINT_EXTRA:
        return beacon_endpoint_read_object(j, &e->extra);
    }
    return false;
}

/* A member with the value null counts as left out. */
static inline beacon_rc beacon_endpoint_read_member(struct beacon_endpoint *e,
                                                    struct beacon_json *j, struct beacon_str key,
                                                    struct beacon_error *err)
{
    static const struct {
        const char *key, *expected;
        enum beacon_endpoint_field field;
    } rows[] = {
        {"base_url", "a string", BEACON_ENDPOINT_BASE_URL},
        {"name", "a string", BEACON_ENDPOINT_NAME},
        {"originator", "a string", BEACON_ENDPOINT_ORIGINATOR},
        {"user_agent", "a string", BEACON_ENDPOINT_USER_AGENT},
        {"query_params", "a table of strings", BEACON_ENDPOINT_QUERY},
        {"http_headers", "a table of strings", BEACON_ENDPOINT_HEADERS},
        {"stream_idle_timeout_ms", "a whole number", BEACON_ENDPOINT_IDLE},
        {"is_azure", "true or false", BEACON_ENDPOINT_AZURE},
        {"quirks", "a table", BEACON_ENDPOINT_QUIRKS},
        {"extra", "a table", BEACON_ENDPOINT_EXTRA},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (beacon_json_key_is(key, rows[i].key) && beacon_json_peek(j) != BEACON_JSON_NULL) {
            return beacon_endpoint_read_field(e, j, rows[i].field)
                       ? BEACON_OK
                       : beacon_endpoint_refuse(err, rows[i].key, rows[i].expected);
        }
    }
    (void)beacon_json_skip(j, NULL);
    return BEACON_OK;
}

static inline beacon_rc beacon_endpoint_read_text(struct beacon_endpoint *e, size_t n,
                                                  struct beacon_error *err)
{
    struct beacon_json j;
    struct beacon_str key;
    beacon_json_init(&j, beacon_span(e->text, n));
    if (beacon_json_peek(&j) == BEACON_JSON_END) {
        return BEACON_OK;
    }
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key)) {
        beacon_rc rc = beacon_endpoint_read_member(e, &j, key, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    if (!beacon_json_finished(&j)) {
        return beacon_error_fill(err, BEACON_E_INVALID, "pass one JSON object",
                                 "the provider's configuration is not a JSON object");
    }
    return BEACON_OK;
}

/* ---- checks ---- */

static inline bool beacon_is_header_name(struct beacon_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        const unsigned char c = (unsigned char)name.p[i], lower = (unsigned char)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z') &&
            (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return name.n > 0;
}

/* A header value that cannot end its line. */
static inline bool beacon_is_header_value(struct beacon_str value)
{
    for (size_t i = 0; i < value.n; i++) {
        const unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Printable ASCII without space: whatever else a URL needs is percent-encoded by who wrote it. */
static inline bool beacon_is_http_url(struct beacon_str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] <= 0x20 || (unsigned char)url.p[i] >= 0x7f) {
            return false;
        }
    }
    return (beacon_span_starts(url, "http://") && url.n > 7) ||
           (beacon_span_starts(url, "https://") && url.n > 8);
}

static inline beacon_rc beacon_endpoint_check_headers(const struct beacon_endpoint *e,
                                                      struct beacon_error *err)
{
    for (size_t i = 0; i < e->n_headers; i++) {
        const struct beacon_kv *header = &e->headers[i];
        if (!beacon_is_header_name(header->k) || !beacon_is_header_value(header->v)) {
            return beacon_error_fill(err, BEACON_E_INVALID, "remove line breaks and odd characters",
                                     "http_headers: '%.*s' is no valid header",
                                     (int)(header->k.n < 64 ? header->k.n : 64), header->k.p);
        }
    }
    if (!beacon_is_header_value(e->originator)) {
        return beacon_endpoint_refuse(err, "originator", "one line of text");
    }
    return beacon_is_header_value(e->user_agent)
               ? BEACON_OK
               : beacon_endpoint_refuse(err, "user_agent", "one line of text");
}

static inline beacon_rc beacon_endpoint_check(const struct beacon_endpoint *e,
                                              struct beacon_error *err)
{
    /* No default: a server that was not named must not receive somebody's conversation. */
    if (!beacon_is_http_url(e->base_url)) {
        return beacon_endpoint_refuse(err, "base_url",
                                      "a URL that begins with http:// or https://");
    }
    if (e->stream_idle_timeout_ms < 0 || e->stream_idle_timeout_ms > UINT32_MAX) {
        return beacon_endpoint_refuse(err, "stream_idle_timeout_ms", "between 0 and 4294967295");
    }
    return beacon_endpoint_check_headers(e, err);
}

/* Fill *ret from the instance's JSON object; "" means {}. BEACON_E_INVALID names the key that is
 * wrong, BEACON_E_LIMIT: too long; then *ret holds nothing to free. Else free with
 * beacon_endpoint_finish(). */
static inline beacon_rc beacon_endpoint_parse(struct beacon_str json, struct beacon_endpoint *ret,
                                              struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    if (json.n > BEACON_ENDPOINT_BYTES_MAX) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "shorten the provider's tables",
                                 "the provider's configuration has %zu bytes, at most %zu are read",
                                 json.n, BEACON_ENDPOINT_BYTES_MAX);
    }
    ret->stream_idle_timeout_ms = BEACON_ENDPOINT_IDLE_MS;
    ret->text = (char *)malloc(json.n + 1);
    if (ret->text == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    if (json.n > 0) {
        memcpy(ret->text, json.p, json.n);
    }
    beacon_rc rc = beacon_endpoint_read_text(ret, json.n, err);
    rc = rc == BEACON_OK ? beacon_endpoint_check(ret, err) : rc;
    if (rc != BEACON_OK) {
        beacon_endpoint_finish(ret);
    }
    return rc;
}

#endif
