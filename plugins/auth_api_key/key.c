/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include <string.h>

#include <beacon-sdk/error.h>

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static beacon_rc take(const struct beacon_sink *sink, const void *p, size_t n)
{
    struct api_key *key = sink->ctx;
    if (n > sizeof key->text - key->n) {
        return BEACON_E_LIMIT;
    }
    if (n > 0) {
        memcpy(key->text + key->n, p, n);
        key->n += n;
    }
    return BEACON_OK;
}

struct beacon_sink api_key_sink(struct api_key *key)
{
    struct beacon_sink sink = BEACON_INIT(struct beacon_sink);
    sink.ctx = key;
    sink.put = take;
    return sink;
}

void api_key_wipe(struct api_key *key)
{
    explicit_bzero(key, sizeof *key);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void api_key_trim(struct api_key *key)
{
    size_t begin = 0;
    while (begin < key->n && is_blank(key->text[begin])) {
        begin++;
    }
    size_t end = begin;
    while (end < key->n && key->text[end] != '\r' && key->text[end] != '\n') {
        end++;
    }
    while (end > begin && is_blank(key->text[end - 1])) {
        end--;
    }
    memmove(key->text, key->text + begin, end - begin);
    explicit_bzero(key->text + (end - begin), key->n - (end - begin));
    key->n = end - begin;
}

bool api_key_is_sound(const struct api_key *key)
{
    for (size_t i = 0; i < key->n; i++) {
        unsigned char c = (unsigned char)key->text[i];
        if (c < ' ' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* A variable has no generation of its own: another value is another one. */
static uint64_t generation_of(const struct api_key *key)
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < key->n; i++) {
        hash = (hash ^ (unsigned char)key->text[i]) * FNV_PRIME;
    }
    return hash | 1;
}

static beacon_rc too_long(const char *source, struct beacon_error *err)
{
    return beacon_error_fill(err, BEACON_E_LIMIT, "set it to an API key",
                             "what is in %s is over %u bytes, which is no API key", source,
                             KEY_MAX);
}

static void set_source(struct api_key *key, struct beacon_str name)
{
    size_t n = name.n < sizeof key->source ? name.n : sizeof key->source - 1;
    memcpy(key->source, name.p, n);
    key->source[n] = '\0';
}

static beacon_rc find_in_environment(const struct api_key_instance *instance,
                                     const struct api_key_names *names, struct api_key *ret,
                                     struct beacon_error *err)
{
    const struct beacon_sink sink = api_key_sink(ret);
    for (size_t i = 0; instance->env != NULL && ret->n == 0 && i < names->n; i++) {
        beacon_rc rc = instance->env->get(instance->host, names->at[i], &sink);
        set_source(ret, names->at[i]);
        if (rc == BEACON_E_LIMIT) {
            return too_long(ret->source, err);
        }
        if (rc < BEACON_OK) {
            ret->n = 0; /* not set, or not ours to read */
        }
        api_key_trim(ret);
    }
    ret->generation = generation_of(ret);
    return BEACON_OK;
}

/* Is there a login that is no API key? */
static beacon_rc find_tokens(const struct api_key_instance *instance, struct api_key *ret,
                             struct beacon_error *err)
{
    struct beacon_error unused = BEACON_INIT(struct beacon_error);
    struct beacon_sink nowhere = api_key_sink(ret);
    beacon_rc rc =
        instance->secrets->get(instance->host, BEACON_STR(TOKENS_NAME), &nowhere, NULL, &unused);
    api_key_wipe(ret);
    ret->has_tokens =
        rc >= BEACON_OK || rc == BEACON_E_LIMIT; /* too long for a key: they are there */
    (void)err;
    return BEACON_OK;
}

static beacon_rc find_in_store(const struct api_key_instance *instance, struct api_key *ret,
                               struct beacon_error *err)
{
    const struct beacon_sink sink = api_key_sink(ret);
    uint64_t generation = 0;
    if (!instance->config.uses_login || instance->secrets == NULL) {
        return BEACON_OK;
    }
    beacon_rc rc =
        instance->secrets->get(instance->host, BEACON_STR(KEY_NAME), &sink, &generation, err);
    if (rc == BEACON_E_LIMIT && ret->n > 0) {
        return too_long("auth.json", err);
    }
    if (rc < BEACON_OK && rc != BEACON_E_NOT_FOUND && rc != BEACON_E_UNSUPPORTED) {
        return rc;
    }
    api_key_trim(ret);
    if (rc < BEACON_OK || ret->n == 0) {
        return find_tokens(instance, ret, err);
    }
    set_source(ret, BEACON_STR("auth.json"));
    ret->generation = generation;
    ret->is_stored = true;
    return BEACON_OK;
}

beacon_rc api_key_find(const struct api_key_instance *instance, struct api_key *ret,
                       struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    beacon_rc rc = find_in_environment(instance, &instance->config.env_keys, ret, err);
    if (rc == BEACON_OK && ret->n == 0) {
        rc = find_in_store(instance, ret, err);
    }
    if (rc == BEACON_OK && ret->n == 0) {
        bool has_tokens = ret->has_tokens;
        rc = find_in_environment(instance, &instance->config.env_keys_after, ret, err);
        ret->has_tokens = has_tokens && ret->n == 0;
    }
    if (rc == BEACON_OK && !api_key_is_sound(ret)) {
        rc = beacon_error_fill(err, BEACON_E_INVALID, "set it to an API key, or log in again",
                               "the API key in %s has a control character in it", ret->source);
    }
    if (rc != BEACON_OK) {
        api_key_wipe(ret);
    }
    return rc;
}
