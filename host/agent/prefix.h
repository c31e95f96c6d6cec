/* prefix.h - is each request the request before, and more? Providers keep what they have read of a prompt
 * only as long as its beginning stays the same to the byte, and then charge a tenth for it.
 *
 * A request is cut into blocks, each with a digest: the model, the output schema, the tools, and then one
 * for each message, the instructions first. What is compared is what the wire plugin is given, before it
 * is written in a wire's own words. Used by agent/spending.c. Thread: [main].
 */
#ifndef HOST_AGENT_PREFIX_H
#define HOST_AGENT_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct beacon_turn;

#define PREFIX_HASH_BYTES  65 /* hexadecimal SHA-256, with the NUL */
#define PREFIX_LABEL_BYTES 48

struct prefix {
    uint64_t *blocks; /* of the newest request; NULL before the first */
    size_t n_blocks;
    size_t n_known;    /* how many were told of by prefix_told() and did not change since */
    bool is_compacted; /* since the newest request */
    char hash[PREFIX_HASH_BYTES]; /* over all blocks */
    char
        broken_at[PREFIX_LABEL_BYTES]; /* "" when the request before is the beginning of this one */
};

/* Begin where a session stopped: `blocks` are copied. A zeroed struct begins a new one. */
void prefix_resume(struct prefix *prefix, const uint64_t *blocks, size_t n_blocks);
void prefix_finish(struct prefix *prefix);

/* Take the next request and compare it with the one before. `family` names the provider, whose cache
 * knows nothing of another one's. */
void prefix_take(struct prefix *prefix, const struct beacon_turn *turn, const char *family);

/* The history was replaced by a shorter one: the next break is called "compaction". */
void prefix_compacted(struct prefix *prefix);

/* All blocks are on record. */
void prefix_told(struct prefix *prefix);

#endif
