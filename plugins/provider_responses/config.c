/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>

#define URL_MAX 8192u

const char responses_config_schema[] =
    "{\"type\":\"object\",\"required\":[\"base_url\"],\"properties\":{"
    "\"base_url\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
    "\"query_params\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"http_headers\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"stream_idle_timeout_ms\":{\"type\":\"integer\",\"minimum\":0},"
    "\"originator\":{\"type\":\"string\"},\"user_agent\":{\"type\":\"string\"},"
    "\"is_azure\":{\"type\":\"boolean\"}}}";

enum field_kind { FIELD_STRING, FIELD_PAIRS, FIELD_INTEGER, FIELD_BOOL };

static const struct field {
    const char *key;
    size_t offset;
    enum field_kind kind;
    const char *expected;
} fields[] = {
    {"base_url", offsetof(struct responses_config, base_url), FIELD_STRING, "a string"},
    {"name", offsetof(struct responses_config, name), FIELD_STRING, "a string"},
    {"originator", offsetof(struct responses_config, originator), FIELD_STRING, "a string"},
    {"user_agent", offsetof(struct responses_config, user_agent), FIELD_STRING, "a string"},
    {"query_params", offsetof(struct responses_config, query_params), FIELD_PAIRS,
     "a table of strings"},
    {"http_headers", offsetof(struct responses_config, http_headers), FIELD_PAIRS,
     "a table of strings"},
    {"stream_idle_timeout_ms", offsetof(struct responses_config, stream_idle_timeout_ms),
     FIELD_INTEGER, "a whole number"},
    {"is_azure", offsetof(struct responses_config, is_azure), FIELD_BOOL, "true or false"},
};

/* The scanner is past the string, and its value is never longer than its source. */
static bool read_string(struct responses_config *config, struct beacon_json *j,
                        struct beacon_str *ret)
{
    struct beacon_str raw;
    if (beacon_json_peek(j) != BEACON_JSON_STRING || !beacon_json_string(j, &raw)) {
        return false;
    }
    char *at = config->text + (raw.p - config->text);
    *ret = beacon_span(at, beacon_json_unescape(raw, at));
    return true;
}

static bool read_pairs(struct responses_config *config, struct beacon_json *j,
                       struct responses_pairs *pairs)
{
    struct beacon_str raw_key;
    if (beacon_json_peek(j) != BEACON_JSON_OBJECT || pairs->at != NULL) {
        return false;
    }
    pairs->at = calloc(CONFIG_PAIRS_MAX, sizeof *pairs->at);
    (void)beacon_json_enter_object(j);
    while (beacon_json_next_key(j, &raw_key)) {
        if (pairs->at == NULL || pairs->n == CONFIG_PAIRS_MAX) {
            return false;
        }
        struct beacon_kv *pair = &pairs->at[pairs->n];
        char *at = config->text + (raw_key.p - config->text);
        pair->k = beacon_span(at, beacon_json_unescape(raw_key, at));
        if (!read_string(config, j, &pair->v)) {
            return false;
        }
        pairs->n++;
    }
    return !j->failed;
}

static bool read_field(struct responses_config *config, struct beacon_json *j,
                       const struct field *field)
{
    void *slot = (char *)config + field->offset;
    switch (field->kind) {
    case FIELD_STRING:
        return read_string(config, j, slot);
    case FIELD_PAIRS:
        return read_pairs(config, j, slot);
    case FIELD_INTEGER:
        return beacon_json_int64(j, slot);
    case FIELD_BOOL:
        return beacon_json_bool(j, slot);
    }
    return false;
}

static beacon_rc bad_key(struct beacon_error *err, const char *key, const char *expected)
{
    return beacon_error_fill(err, BEACON_E_INVALID, "correct the value under [model_providers]",
                             "the provider's %s must be %s", key, expected);
}

static beacon_rc read_member(struct responses_config *config, struct beacon_json *j,
                             struct beacon_str key, struct beacon_error *err)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (beacon_json_key_is(key, fields[i].key)) {
            if (beacon_json_peek(j) == BEACON_JSON_NULL) {
                break;
            }
            return read_field(config, j, &fields[i])
                       ? BEACON_OK
                       : bad_key(err, fields[i].key, fields[i].expected);
        }
    }
    (void)beacon_json_skip(j, NULL); /* the host knows the keys; a newer one may write more */
    return BEACON_OK;
}

static beacon_rc read_object(struct responses_config *config, size_t n, struct beacon_error *err)
{
    struct beacon_json j;
    struct beacon_str key;
    beacon_json_init(&j, beacon_span(config->text, n));
    if (beacon_json_peek(&j) == BEACON_JSON_END) {
        return BEACON_OK;
    }
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key)) {
        beacon_rc rc = read_member(config, &j, key, err);
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

static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_header_name(struct beacon_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!is_token_char((unsigned char)name.p[i])) {
            return false;
        }
    }
    return name.n > 0;
}

bool responses_is_header_value(struct beacon_str value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static beacon_rc check_headers(const struct responses_config *config, struct beacon_error *err)
{
    for (size_t i = 0; i < config->http_headers.n; i++) {
        const struct beacon_kv *header = &config->http_headers.at[i];
        if (!is_header_name(header->k) || !responses_is_header_value(header->v)) {
            return beacon_error_fill(err, BEACON_E_INVALID, "remove line breaks and odd characters",
                                     "http_headers: '%.*s' is no valid header",
                                     (int)(header->k.n < 64 ? header->k.n : 64), header->k.p);
        }
    }
    if (!responses_is_header_value(config->originator)) {
        return bad_key(err, "originator", "one line of text");
    }
    if (!responses_is_header_value(config->user_agent)) {
        return bad_key(err, "user_agent", "one line of text");
    }
    return BEACON_OK;
}

/* Printable ASCII without space: whatever else a URL needs is percent-encoded by who wrote it. */
static bool is_url(struct beacon_str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] <= 0x20 || (unsigned char)url.p[i] >= 0x7f) {
            return false;
        }
    }
    return (beacon_span_starts(url, "http://") && url.n > 7) ||
           (beacon_span_starts(url, "https://") && url.n > 8);
}

static void add_encoded(struct beacon_json_out *out, struct beacon_str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                              (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' ||
                              c == '~';
        const char escape[3] = {'%', hex[c >> 4], hex[c & 15]};
        beacon_json_out_bytes(out, is_plain ? &s.p[i] : escape, is_plain ? 1 : 3);
    }
}

/* {base_url}/responses?{k=v&…}; a query the base URL already has stays in front of ours. */
static beacon_rc build_url(struct responses_config *config, struct beacon_error *err)
{
    struct beacon_str base = config->base_url;
    const char *question = memchr(base.p, '?', base.n);
    const size_t path_n = question != NULL ? (size_t)(question - base.p) : base.n;
    struct beacon_str path = beacon_span(base.p, path_n);
    while (path.n > 0 && path.p[path.n - 1] == '/') {
        path.n--;
    }
    beacon_json_out_init(&config->url, URL_MAX);
    beacon_json_out_bytes(&config->url, path.p, path.n);
    beacon_json_out_bytes(&config->url, "/responses", 10);
    beacon_json_out_bytes(&config->url, base.p + path_n, base.n - path_n);
    for (size_t i = 0; i < config->query_params.n; i++) {
        const struct beacon_kv *pair = &config->query_params.at[i];
        beacon_json_out_bytes(&config->url, i > 0 || question != NULL ? "&" : "?", 1);
        add_encoded(&config->url, pair->k);
        beacon_json_out_bytes(&config->url, "=", 1);
        add_encoded(&config->url, pair->v);
    }
    return config->url.failed ? bad_key(err, "base_url with query_params", "under 8192 bytes")
                              : BEACON_OK;
}

static bool mentions_azure(struct beacon_str s)
{
    for (size_t i = 0; i + 5 <= s.n; i++) {
        if (beacon_span_is_nocase(beacon_span(s.p + i, 5), "azure")) {
            return true;
        }
    }
    return false;
}

static beacon_rc check(struct responses_config *config, struct beacon_error *err)
{
    /* No default: a server that was not named must not receive somebody's conversation. */
    if (!is_url(config->base_url)) {
        return bad_key(err, "base_url", "a URL that begins with http:// or https://");
    }
    if (config->stream_idle_timeout_ms < 0 || config->stream_idle_timeout_ms > UINT32_MAX) {
        return bad_key(err, "stream_idle_timeout_ms", "between 0 and 4294967295");
    }
    config->is_azure =
        config->is_azure || mentions_azure(config->base_url) || mentions_azure(config->name);
    beacon_rc rc = check_headers(config, err);
    return rc == BEACON_OK ? build_url(config, err) : rc;
}

beacon_rc responses_config_parse(struct beacon_str json, struct responses_config *ret,
                                 struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    if (json.n > CONFIG_BYTES_MAX) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "shorten the provider's tables",
                                 "the provider's configuration has %zu bytes, at most %u are read",
                                 json.n, CONFIG_BYTES_MAX);
    }
    ret->stream_idle_timeout_ms = CONFIG_IDLE_TIMEOUT_MS;
    ret->text = malloc(json.n + 1);
    if (ret->text == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    if (json.n > 0) {
        memcpy(ret->text, json.p, json.n);
    }
    beacon_rc rc = read_object(ret, json.n, err);
    rc = rc == BEACON_OK ? check(ret, err) : rc;
    if (rc != BEACON_OK) {
        responses_config_finish(ret);
    }
    return rc;
}

void responses_config_finish(struct responses_config *config)
{
    free(config->query_params.at);
    free(config->http_headers.at);
    beacon_json_out_finish(&config->url);
    free(config->text);
    memset(config, 0, sizeof *config);
}
