/* SPDX-License-Identifier: Apache-2.0 */
#include "config/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema_table.h"
#include "config/toml_value.h"

#define PATTERN_MAX 128 /* longer than any path in the table */

static int compare(const void *path, const void *row)
{
    return strcmp(path, ((const struct schema_row *)row)->path);
}

const struct schema_row *schema_row(const char *path)
{
    return bsearch(path, schema_table, schema_table_count, sizeof schema_table[0], compare);
}

const struct schema_row *schema_rows(size_t *ret_count)
{
    *ret_count = schema_table_count;
    return schema_table;
}

const struct schema_row *schema_find(const char *parent, const char *key, size_t key_len)
{
    char pattern[PATTERN_MAX];
    const char *dot = parent[0] != '\0' ? "." : "";
    bool is_plain = toml_key_is_bare(key, key_len);
    int len = snprintf(pattern, sizeof pattern, "%s%s%.*s", parent, dot,
                       key_len < PATTERN_MAX ? (int)key_len : PATTERN_MAX, key);
    if (is_plain && len > 0 && (size_t)len < sizeof pattern) {
        const struct schema_row *row = schema_row(pattern);
        if (row != NULL) {
            return row;
        }
    }
    (void)snprintf(pattern, sizeof pattern, "%s%s*", parent, dot);
    return schema_row(pattern);
}

struct kind_row {
    unsigned kind;
    enum toml_type type;
    const char *name;
};

static const struct kind_row kinds[] = {
    {SCHEMA_STRING, TOML_STRING, "a string"},
    {SCHEMA_INT, TOML_INTEGER, "an integer that is not negative"},
    {SCHEMA_BOOL, TOML_BOOL, "a boolean"},
    {SCHEMA_NUMBER, TOML_FLOAT, "a number"},
    {SCHEMA_STRINGS, TOML_ARRAY, "an array of strings"},
    {SCHEMA_TABLES, TOML_ARRAY, "an array of tables"},
    {SCHEMA_MAP, TOML_TABLE, "a table of strings"},
    {SCHEMA_TABLE, TOML_TABLE, "a table"},
    {SCHEMA_OPEN, TOML_TABLE, "a table"},
};

#define N_KINDS (sizeof kinds / sizeof kinds[0])

void schema_describe(const struct schema_row *row, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < N_KINDS && len < size; i++) {
        if ((row->accepts & kinds[i].kind) != 0) {
            int added =
                snprintf(out + len, size - len, "%s%s", len > 0 ? " or " : "", kinds[i].name);
            len += added > 0 ? (size_t)added : 0;
        }
    }
}

static bool are_items(const struct toml_value *value, enum toml_type type)
{
    bool are = true;
    for (size_t i = 0; i < value->array->count && are; i++) {
        are = value->array->items[i]->type == type;
    }
    return are;
}

static bool are_strings(const struct toml_value *value)
{
    bool are = true;
    if (value->type == TOML_ARRAY) {
        return are_items(value, TOML_STRING);
    }
    for (size_t i = 0; i < value->table->count && are; i++) {
        are = value->table->items[i].value->type == TOML_STRING;
    }
    return are;
}

static bool is_of_kind(unsigned kind, const struct toml_value *value)
{
    switch (kind) {
    case SCHEMA_INT:
        return value->integer >= 0;
    case SCHEMA_STRINGS:
    case SCHEMA_MAP:
        return are_strings(value);
    case SCHEMA_TABLES:
        return are_items(value, TOML_TABLE);
    default:
        return true;
    }
}

bool schema_accepts(const struct schema_row *row, const struct toml_value *value)
{
    if ((row->accepts & SCHEMA_UNUSED) != 0) {
        return true;
    }
    for (size_t i = 0; i < N_KINDS; i++) {
        if ((row->accepts & kinds[i].kind) != 0 && kinds[i].type == value->type) {
            return is_of_kind(kinds[i].kind, value);
        }
    }
    return false;
}

int schema_variant_index(const struct schema_row *row, const char *name)
{
    for (int i = 0; row->variants[i].name != NULL; i++) {
        if (strcmp(row->variants[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}
