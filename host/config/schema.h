/* schema.h - every key a configuration may have: its type, default, who may set it, what it is for.
 *
 * One row per key in schema_table.c, in the order of strcmp(). `*` stands for any one part, as in
 * `model_providers.*.base_url`. Thread: [any]; the table is constant.
 */
#ifndef HOST_CONFIG_SCHEMA_H
#define HOST_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

struct toml_value;

/* What a value may be; several at once where a key takes more than one type. */
enum {
    SCHEMA_STRING = 1 << 0, /* one of `variants` if there are any */
    SCHEMA_INT = 1 << 1,    /* not negative */
    SCHEMA_BOOL = 1 << 2,
    SCHEMA_STRINGS = 1 << 3, /* array of strings */
    SCHEMA_MAP = 1 << 4,     /* table of strings */
    SCHEMA_TABLE = 1 << 5,   /* its keys have rows of their own */
    SCHEMA_OPEN = 1 << 7,    /* table of anything: its reader, a plugin, knows the keys */
    SCHEMA_TABLES = 1 << 8,  /* array of tables: its reader knows the keys */
    SCHEMA_NUMBER = 1 << 9,  /* a number with a fraction */
    SCHEMA_UNUSED = 1 << 6,  /* belongs to another version: anything, and nobody looks at it */
};

/* Who may set it. */
enum {
    SCHEMA_BY_PERSON = 1 << 0,  /* user file, environment, -c, flags, managed file */
    SCHEMA_BY_PROJECT = 1 << 1, /* a trusted project's file */
    SCHEMA_BY_PROFILE = 1 << 2, /* [profiles.<name>] */
    SCHEMA_BY_ALL = SCHEMA_BY_PERSON | SCHEMA_BY_PROJECT | SCHEMA_BY_PROFILE,
};

struct schema_variant {
    const char *name;  /* NULL ends the list */
    const char *means; /* another name's alias, not shown to people; NULL: itself */
};

struct schema_row {
    const char *path;
    unsigned accepts;
    unsigned setters;
    const char *fallback; /* the default as text; NULL: none */
    const char *help;
    const struct schema_variant *variants; /* for orderings, the strictest is first */
    const char *alias_of;                  /* this row is another spelling of that sibling */
    const char *children;                  /* pattern of the table that its keys are like */
};

/* The row of `key` in the table whose pattern is `parent` ("" is the root); NULL: unknown. */
const struct schema_row *schema_find(const char *parent, const char *key, size_t key_len);

/* The row with exactly this pattern; NULL: none. */
const struct schema_row *schema_row(const char *path);

/* All rows, for listing. */
const struct schema_row *schema_rows(size_t *ret_count);

/* "a string or a boolean", for messages; into `out`, which holds `size` bytes. */
void schema_describe(const struct schema_row *row, char *out, size_t size);

bool schema_accepts(const struct schema_row *row, const struct toml_value *value);

/* Position in row->variants; -1: not one of them. */
int schema_variant_index(const struct schema_row *row, const char *name);

#endif
