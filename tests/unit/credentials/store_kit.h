/* store_kit.h - a store as the tests of this room use it: keys and values as C strings. */
#ifndef TESTS_UNIT_CREDENTIALS_STORE_KIT_H
#define TESTS_UNIT_CREDENTIALS_STORE_KIT_H

#include "support/beacon_test.h"

#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "credentials/store.h"

#define API_KEY "com.beacon.auth-api-key"
#define CHATGPT "com.beacon.auth-chatgpt"
#define OTHER   "com.acme.auth"

static inline struct beacon_str kit_span(const char *text)
{
    return (struct beacon_str){text, strlen(text)};
}

static inline beacon_rc kit_take(const struct beacon_sink *sink, const void *p, size_t n)
{
    return text_add(sink->ctx, p, n) ? BEACON_OK : BEACON_E_LIMIT;
}

/* The value of `key` is appended to `ret`, its generation goes into *gen. */
static inline int kit_get(const struct store *store, const char *id, const char *key,
                          struct text *ret, uint64_t *gen, struct beacon_error *err)
{
    const struct beacon_sink sink = {
        .struct_size = (uint32_t)sizeof sink, .ctx = ret, .put = kit_take};
    *gen = 0;
    return store_get(store, id, kit_span(key), &sink, gen, err);
}

static inline int kit_set(const struct store *store, const char *id, const char *key,
                          const char *value, uint64_t gen, struct beacon_error *err)
{
    const struct beacon_bytes bytes = {(const uint8_t *)value, strlen(value)};
    return store_set(store, id, kit_span(key), bytes, gen, err);
}

/* `key` has exactly this value; returns its generation. */
static inline uint64_t kit_expect(const struct store *store, const char *id, const char *key,
                                  const char *wanted)
{
    AUTO_TEXT struct text value;
    struct beacon_error err = {0};
    uint64_t gen = 0;
    text_init(&value, 65536);
    assert_ok(kit_get(store, id, key, &value, &gen, &err), &err);
    assert_string_equal(text_string(&value), wanted);
    return gen;
}

static inline void kit_expect_none(const struct store *store, const char *id, const char *key)
{
    AUTO_TEXT struct text value;
    struct beacon_error err = {0};
    uint64_t gen = 0;
    text_init(&value, 65536);
    assert_refused(kit_get(store, id, key, &value, &gen, &err), BEACON_E_NOT_FOUND, &err);
    assert_int_equal(gen, 0);
}

static inline mode_t kit_mode(const char *path)
{
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

#endif
