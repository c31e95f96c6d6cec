/* SPDX-License-Identifier: Apache-2.0 */
#include "config/layer.h"

#include "base/arena.h"

/* NOLINTBEGIN(misc-no-recursion): the reader bounds the depth of tables */

static struct toml_value *copy_of(struct arena *arena, const struct toml_value *from,
                                  const struct layer_source *source)
{
    struct toml_value *copy = toml_value_create(arena, from->type, from->place);
    if (from->type == TOML_TABLE) {
        layer_merge(arena, copy, from, source);
    } else {
        *copy = *from;
    }
    copy->owner = source;
    return copy;
}

void layer_merge(struct arena *arena, struct toml_value *into, const struct toml_value *from,
                 const struct layer_source *source)
{
    for (size_t i = 0; i < from->table->count; i++) {
        const struct toml_member *member = &from->table->items[i];
        struct toml_member *found = toml_table_find(into, member->key, member->key_len);
        if (found == NULL) {
            struct toml_member added = *member;
            added.value = copy_of(arena, member->value, source);
            (void)toml_table_add(arena, into, &added);
        } else if (found->value->type == TOML_TABLE && member->value->type == TOML_TABLE) {
            layer_merge(arena, found->value, member->value, source);
        } else {
            found->value = copy_of(arena, member->value, source);
        }
    }
}

/* NOLINTEND(misc-no-recursion) */
