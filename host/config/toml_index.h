/* toml_index.h - the hash over a large table's keys. Private to toml_value.c.
 *
 * The hash is seeded per process, so a file cannot be made whose keys all collide. Thread: as the
 * table's.
 */
#ifndef HOST_CONFIG_TOML_INDEX_H
#define HOST_CONFIG_TOML_INDEX_H

#include <stddef.h>

struct arena;
struct toml_member;
struct toml_members;

/* The last member was just added: make or extend the index if the table is large enough. */
void toml_index_note(struct arena *arena, struct toml_members *members);

/* `members` has an index. */
struct toml_member *toml_index_find(const struct toml_members *members, const char *key,
                                    size_t len);

#endif
