/* SPDX-License-Identifier: Apache-2.0 */
#include "config/toml_value.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/toml_index.h"

struct toml_value *toml_value_create(struct arena *arena, enum toml_type type,
                                     struct toml_place place)
{
    struct toml_value *value = arena_zeroed(arena, sizeof *value);
    value->type = type;
    value->place = place;
    if (type == TOML_ARRAY) {
        value->array = arena_zeroed(arena, sizeof *value->array);
    } else if (type == TOML_TABLE) {
        value->table = arena_zeroed(arena, sizeof *value->table);
    }
    return value;
}

/* Memory of an arena does not grow in place: copy to twice the size, the old half is left behind. */
static void *doubled(struct arena *arena, const void *old, size_t *capacity, size_t size)
{
    size_t before = *capacity;
    *capacity = before == 0 ? 4 : before * 2;
    void *items = arena_array(arena, *capacity, size);
    if (before > 0) {
        memcpy(items, old, before * size);
    }
    return items;
}

void toml_array_add(struct arena *arena, struct toml_value *array, struct toml_value *item)
{
    assert(array->type == TOML_ARRAY);
    struct toml_list *list = array->array;
    if (list->count == list->capacity) {
        list->items = doubled(arena, list->items, &list->capacity, sizeof(struct toml_value *));
    }
    list->items[list->count++] = item;
}

static bool is_key(const struct toml_member *member, const char *key, size_t len)
{
    return member->key_len == len && memcmp(member->key, key, len) == 0;
}

struct toml_member *toml_table_find(const struct toml_value *table, const char *key, size_t len)
{
    assert(table->type == TOML_TABLE);
    const struct toml_members *members = table->table;
    if (members->index != NULL) {
        return toml_index_find(members, key, len);
    }
    for (size_t i = 0; i < members->count; i++) {
        if (is_key(&members->items[i], key, len)) {
            return &members->items[i];
        }
    }
    return NULL;
}

struct toml_value *toml_table_get(const struct toml_value *table, const char *key)
{
    const struct toml_member *member = toml_table_find(table, key, strlen(key));
    return member != NULL ? member->value : NULL;
}

struct toml_member *toml_table_add(struct arena *arena, struct toml_value *table,
                                   const struct toml_member *member)
{
    assert(table->type == TOML_TABLE);
    struct toml_members *members = table->table;
    if (members->count == members->capacity) {
        members->items =
            doubled(arena, members->items, &members->capacity, sizeof(struct toml_member));
    }
    struct toml_member *added = &members->items[members->count++];
    *added = *member;
    added->key = arena_string_n(arena, member->key, member->key_len);
    toml_index_note(arena, members);
    return added;
}

const char *toml_type_name(enum toml_type type)
{
    static const char *const names[] = {
        [TOML_STRING] = "a string",
        [TOML_INTEGER] = "an integer",
        [TOML_FLOAT] = "a float",
        [TOML_BOOL] = "a boolean",
        [TOML_OFFSET_DATETIME] = "a date-time",
        [TOML_LOCAL_DATETIME] = "a local date-time",
        [TOML_LOCAL_DATE] = "a local date",
        [TOML_LOCAL_TIME] = "a local time",
        [TOML_ARRAY] = "an array",
        [TOML_TABLE] = "a table",
    };
    return names[type];
}

bool toml_key_is_bare(const char *key, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = key[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') {
            return false;
        }
    }
    return len > 0;
}

bool toml_add_key(struct text *out, const char *key, size_t len)
{
    if (toml_key_is_bare(key, len)) {
        return text_add(out, key, len);
    }
    bool is_added = text_add_char(out, '"');
    for (size_t i = 0; i < len && is_added; i++) {
        unsigned char c = (unsigned char)key[i];
        if (c == '"' || c == '\\') {
            is_added = text_addf(out, "\\%c", c);
        } else if (c < 0x20 || c == 0x7F) {
            is_added = text_addf(out, "\\u%04X", c);
        } else {
            is_added = text_add_char(out, (char)c);
        }
    }
    return is_added && text_add_char(out, '"');
}
