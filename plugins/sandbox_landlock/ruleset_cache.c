/* SPDX-License-Identifier: Apache-2.0 */
#include "ruleset_cache.h"

#include <beacon-sdk/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Everything the ruleset depends on. */
struct key {
    char *bytes; /* NULL: only measure */
    size_t n;
    bool is_stable;
};

static void key_add(struct key *key, const void *from, size_t n)
{
    if (key->bytes != NULL) {
        memcpy(key->bytes + key->n, from, n);
    }
    key->n += n;
}

/* Called twice: to measure, then to fill. */
static void key_write(struct key *key, const struct ruleset_wish *wish)
{
    key->n = 0;
    key->is_stable = true;
    key_add(key, &wish->has_network, sizeof wish->has_network);
    key_add(key, &wish->is_read_limited, sizeof wish->is_read_limited);
    key_add(key, &wish->is_exec_limited, sizeof wish->is_exec_limited);
    for (size_t i = 0; i < wish->n_paths; i++) {
        const struct beacon_path_rule *rule = wish->paths[i];
        key_add(key, &rule->access, sizeof rule->access);
        key_add(key, &rule->fd, sizeof rule->fd);
        key_add(key, &rule->path.n, sizeof rule->path.n);
        key_add(key, rule->path.p, rule->path.n);
        bool is_denial = (rule->access & BEACON_PATH_DENY) != 0;
        key->is_stable = key->is_stable && (rule->fd >= 0 || is_denial);
    }
}

void ruleset_cache_init(struct ruleset_cache *cache)
{
    *cache = (struct ruleset_cache){.ruleset = -1};
}

void ruleset_cache_finish(struct ruleset_cache *cache)
{
    if (cache->ruleset >= 0) {
        (void)close(cache->ruleset);
    }
    free(cache->key);
    ruleset_cache_init(cache);
}

beacon_rc ruleset_cache_renew(struct ruleset_cache *cache, const struct ruleset_wish *wish,
                              uint32_t level, struct beacon_error *err)
{
    struct key key = {0};
    key_write(&key, wish);
    key.bytes = malloc(key.n);
    if (key.bytes == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "free some memory", "out of memory");
    }
    key_write(&key, wish);
    if (key.is_stable && cache->ruleset >= 0 && key.n == cache->key_len &&
        memcmp(key.bytes, cache->key, key.n) == 0) {
        free(key.bytes);
        return BEACON_OK;
    }
    ruleset_cache_finish(cache);
    beacon_rc rc = ruleset_build(wish, level, &cache->ruleset, err);
    if (rc != BEACON_OK) {
        free(key.bytes);
        return rc;
    }
    cache->key = key.bytes;
    cache->key_len = key.n;
    return BEACON_OK;
}
