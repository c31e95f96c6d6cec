/* ruleset_cache.h - one Landlock ruleset, kept as long as the policy stays the same.
 *
 * One session sends the same policy with every command. A descriptor held by the host names the same
 * file as long as the host holds it; a rule that grants something without one is looked up anew each
 * time. Used by both backends. Thread: [worker], one owner.
 */
#ifndef SANDBOX_LANDLOCK_RULESET_CACHE_H
#define SANDBOX_LANDLOCK_RULESET_CACHE_H

#include <stddef.h>

#include "ruleset.h"

struct ruleset_cache {
    int ruleset; /* of `key`, owned; -1: none yet */
    char *key;
    size_t key_len;
};

void ruleset_cache_init(struct ruleset_cache *cache);
void ruleset_cache_finish(struct ruleset_cache *cache);

/* The ruleset for `wish` is in cache->ruleset afterwards; on failure there is none. */
beacon_rc ruleset_cache_renew(struct ruleset_cache *cache, const struct ruleset_wish *wish,
                              uint32_t level, struct beacon_error *err);

#endif
