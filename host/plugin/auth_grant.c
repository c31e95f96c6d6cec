/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/auth_grant.h"

#include <beacon-sdk/text.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "plugin/outcome.h"

static void wipe(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

void auth_grant_finish(struct auth_grant *grant)
{
    for (size_t i = 0; i < grant->n_headers; i++) {
        free(grant->headers[i].name);
        wipe(grant->headers[i].value);
    }
    *grant = (struct auth_grant){0};
}

/* A token of RFC 9110. */
static bool is_name(struct beacon_str name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    bool is_good = outcome_is_span(name.p, name.n) && name.n > 0 && name.n <= 128;
    for (size_t i = 0; is_good && i < name.n; i++) {
        char c = name.p[i];
        is_good = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                  (c != '\0' && strchr(others, c) != NULL);
    }
    return is_good;
}

static bool is_value(struct beacon_str value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static struct auth_header *slot_for(struct auth_grant *grant, struct beacon_str name)
{
    for (size_t i = 0; i < grant->n_headers; i++) {
        if (beacon_span_is_nocase(name, grant->headers[i].name)) {
            return &grant->headers[i];
        }
    }
    return grant->n_headers < AUTH_GRANT_HEADERS_MAX ? &grant->headers[grant->n_headers++] : NULL;
}

static beacon_rc take_header(const struct beacon_cred_sink *sink, struct beacon_str name,
                             struct beacon_str value)
{
    if (!is_name(name) || !outcome_is_span(value.p, value.n)) {
        return BEACON_E_INVALID;
    }
    if (value.n > AUTH_GRANT_BYTES_MAX) {
        return BEACON_E_LIMIT;
    }
    if (!is_value(value)) {
        return BEACON_E_INVALID;
    }
    struct auth_header *header = slot_for(sink->ctx, name);
    if (header == NULL) {
        return BEACON_E_LIMIT;
    }
    free(header->name);
    wipe(header->value);
    header->name = alloc_string_n(name.p, name.n);
    header->value = alloc_string_n(value.n > 0 ? value.p : "", value.n);
    return BEACON_OK;
}

static beacon_rc take_expiry(const struct beacon_cred_sink *sink, uint64_t unix_ms,
                             uint64_t generation)
{
    struct auth_grant *grant = sink->ctx;
    grant->expires_unix_ms = unix_ms;
    grant->generation = generation;
    return BEACON_OK;
}

static beacon_rc refuse_pair(const struct beacon_cred_sink *sink, struct beacon_str one,
                             struct beacon_str other)
{
    (void)sink;
    (void)one;
    (void)other;
    return BEACON_E_UNSUPPORTED;
}

static beacon_rc refuse_url(const struct beacon_cred_sink *sink, struct beacon_str url)
{
    (void)sink;
    (void)url;
    return BEACON_E_UNSUPPORTED;
}

struct beacon_cred_sink auth_grant_sink(struct auth_grant *grant)
{
    return (struct beacon_cred_sink){
        .struct_size = (uint32_t)sizeof(struct beacon_cred_sink),
        .ctx = grant,
        .header = take_header,
        .query = refuse_pair,
        .client_cert = refuse_pair,
        .base_url = refuse_url,
        .expires = take_expiry,
    };
}
