/* SPDX-License-Identifier: Apache-2.0 */
#include "config/toml_table.h"

#include "config/toml_scan.h"
#include "config/toml_string.h"

/* One part of a key. It points into the document or the arena. */
static bool read_part(struct toml_scan *scan, struct toml_member *ret)
{
    *ret = (struct toml_member){.place = toml_scan_place(scan)};
    if (toml_scan_at(scan, '"') || toml_scan_at(scan, '\'')) {
        struct toml_span span = {0};
        if (!toml_read_line_string(scan, &span)) {
            return false;
        }
        ret->key = span.data;
        ret->key_len = span.len;
        return true;
    }
    const char *start = scan->p;
    while (scan->p < scan->end && toml_key_is_bare(scan->p, 1)) {
        scan->p++;
    }
    ret->key = start;
    ret->key_len = (size_t)(scan->p - start);
    return ret->key_len > 0 || toml_fail_found(scan, "a key");
}

/* Move over a dot and the blanks around it, if there is one. */
static bool skip_dot(struct toml_scan *scan)
{
    toml_scan_blank(scan);
    if (!toml_scan_at(scan, '.')) {
        return false;
    }
    scan->p++;
    toml_scan_blank(scan);
    return true;
}

static struct toml_value *add_table(struct toml_scan *scan, struct toml_value *table,
                                    const struct toml_member *key, enum toml_form form)
{
    struct toml_member added = *key;
    added.value = toml_value_create(scan->arena, TOML_TABLE, key->place);
    added.value->form = form;
    return toml_table_add(scan->arena, table, &added)->value;
}

/* The table `key` of a dotted key, before its last part. */
static struct toml_value *descend_dotted(struct toml_scan *scan, struct toml_value *table,
                                         const struct toml_member *key)
{
    struct toml_member *found = toml_table_find(table, key->key, key->key_len);
    if (found == NULL) {
        return add_table(scan, table, key, TOML_FORM_DOTTED);
    }
    if (found->value->type != TOML_TABLE) {
        (void)toml_fail_key(scan, key, "already has a value that is no table");
        return NULL;
    }
    if (found->value->form != TOML_FORM_DOTTED && found->value->form != TOML_FORM_IMPLICIT) {
        (void)toml_fail_key(scan, key, "is a table that is already complete");
        return NULL;
    }
    found->value->form = TOML_FORM_DOTTED;
    return found->value;
}

struct toml_value *toml_enter_key(struct toml_scan *scan, struct toml_value *table,
                                  struct toml_member *ret_key)
{
    if (!read_part(scan, ret_key)) {
        return NULL;
    }
    while (skip_dot(scan)) {
        table = descend_dotted(scan, table, ret_key);
        if (table == NULL || !toml_scan_deeper(scan) || !read_part(scan, ret_key)) {
            return NULL;
        }
    }
    return table;
}

/* The table a header passes through: of an array of tables, its last one. */
static struct toml_value *descend_header(struct toml_scan *scan, struct toml_value *table,
                                         const struct toml_member *key)
{
    struct toml_member *found = toml_table_find(table, key->key, key->key_len);
    if (found == NULL) {
        return add_table(scan, table, key, TOML_FORM_IMPLICIT);
    }
    struct toml_value *value = found->value;
    if ((value->type != TOML_TABLE && value->type != TOML_ARRAY) ||
        value->form == TOML_FORM_INLINE) {
        (void)toml_fail_key(scan, key, "already has a value that cannot be added to");
        return NULL;
    }
    return value->type == TOML_ARRAY ? value->array->items[value->array->count - 1] : value;
}

static struct toml_value *open_table(struct toml_scan *scan, struct toml_value *table,
                                     const struct toml_member *key)
{
    struct toml_member *found = toml_table_find(table, key->key, key->key_len);
    if (found == NULL) {
        return add_table(scan, table, key, TOML_FORM_HEADER);
    }
    if (found->value->type != TOML_TABLE || found->value->form != TOML_FORM_IMPLICIT) {
        (void)toml_fail_key(scan, key, "is already defined");
        return NULL;
    }
    found->value->form = TOML_FORM_HEADER;
    found->value->place = key->place;
    return found->value;
}

static struct toml_value *append_table(struct toml_scan *scan, struct toml_value *table,
                                       const struct toml_member *key)
{
    struct toml_member *found = toml_table_find(table, key->key, key->key_len);
    struct toml_value *array = found != NULL ? found->value : NULL;
    if (array != NULL && (array->type != TOML_ARRAY || array->form != TOML_FORM_HEADER)) {
        (void)toml_fail_key(scan, key, "is already defined, and not as an array of tables");
        return NULL;
    }
    if (array == NULL) {
        struct toml_member added = *key;
        array = toml_value_create(scan->arena, TOML_ARRAY, key->place);
        array->form = TOML_FORM_HEADER;
        added.value = array;
        (void)toml_table_add(scan->arena, table, &added);
    }
    struct toml_value *item = toml_value_create(scan->arena, TOML_TABLE, key->place);
    item->form = TOML_FORM_HEADER;
    toml_array_add(scan->arena, array, item);
    return item;
}

static bool close_header(struct toml_scan *scan, bool is_array)
{
    toml_scan_blank(scan);
    for (int left = is_array ? 2 : 1; left > 0; left--) {
        if (!toml_scan_at(scan, ']')) {
            return toml_fail_found(scan, is_array ? "`]]`" : "`]`");
        }
        scan->p++;
    }
    return true;
}

struct toml_value *toml_enter_header(struct toml_scan *scan, struct toml_value *root)
{
    struct toml_member key = {0};
    struct toml_value *table = root;
    scan->p++;
    bool is_array = toml_scan_at(scan, '[');
    scan->p += is_array ? 1 : 0;
    scan->depth = is_array ? 1 : 0; /* the array itself is a level too */
    toml_scan_blank(scan);
    if (!toml_scan_deeper(scan) || !read_part(scan, &key)) {
        return NULL;
    }
    while (skip_dot(scan)) {
        table = descend_header(scan, table, &key);
        if (table == NULL || !toml_scan_deeper(scan) || !read_part(scan, &key)) {
            return NULL;
        }
    }
    if (!close_header(scan, is_array)) {
        return NULL;
    }
    return is_array ? append_table(scan, table, &key) : open_table(scan, table, &key);
}

bool toml_put(struct toml_scan *scan, struct toml_value *table, const struct toml_member *key,
              struct toml_value *value)
{
    if (toml_table_find(table, key->key, key->key_len) != NULL) {
        return toml_fail_key(scan, key, "is already defined");
    }
    struct toml_member added = *key;
    added.value = value;
    (void)toml_table_add(scan->arena, table, &added);
    return true;
}
