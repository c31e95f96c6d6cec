/* toml_value.h - a TOML document as a tree that knows where each key and value was written.
 *
 * Everything lives in the arena given to the function that made it. Tables keep the order of
 * insertion and find a key by hash once they are large, so a file of 100 000 keys stays linear.
 * Thread: that of the arena's owner.
 */
#ifndef HOST_CONFIG_TOML_VALUE_H
#define HOST_CONFIG_TOML_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct text;
struct toml_index;

enum toml_type {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOL,
    TOML_OFFSET_DATETIME,
    TOML_LOCAL_DATETIME,
    TOML_LOCAL_DATE,
    TOML_LOCAL_TIME,
    TOML_ARRAY,
    TOML_TABLE,
};

/* How a table or array came to be, which decides what may be added to it later. */
enum toml_form {
    TOML_FORM_IMPLICIT, /* named only on the way to another table */
    TOML_FORM_HEADER,   /* [table], or the array of [[table]] */
    TOML_FORM_DOTTED,   /* made by a dotted key */
    TOML_FORM_INLINE,   /* { … } or [ … ]: closed for good */
};

struct toml_place {
    uint32_t line;   /* from 1; 0: not from a document */
    uint32_t column; /* from 1, in characters */
};

struct toml_span {
    const char *data; /* NUL-terminated; a string may also contain NUL */
    size_t len;
};

struct toml_list {
    struct toml_value **items;
    size_t count, capacity;
};

struct toml_member {
    const char *key; /* NUL-terminated */
    size_t key_len;
    struct toml_place place; /* of the key */
    uint32_t hash;
    struct toml_value *value;
};

struct toml_members {
    struct toml_member *items;
    size_t count, capacity;
    struct toml_index *index; /* NULL while the table is small */
};

struct toml_value {
    enum toml_type type;
    enum toml_form form;
    struct toml_place place;
    const void *owner; /* for whoever merges documents; the reader leaves it NULL */
    union {
        struct toml_span string; /* also the four date and time types, as normalised text */
        int64_t integer;
        double number;
        bool boolean;
        struct toml_list *array;
        struct toml_members *table;
    };
};

struct toml_value *toml_value_create(struct arena *arena, enum toml_type type,
                                     struct toml_place place);
void toml_array_add(struct arena *arena, struct toml_value *array, struct toml_value *item);

/* The member, or NULL. `table` is a table. */
struct toml_member *toml_table_find(const struct toml_value *table, const char *key, size_t len);
struct toml_value *toml_table_get(const struct toml_value *table, const char *key);

/* Add a key the table does not have. The key is copied. The result is valid until the next add. */
struct toml_member *toml_table_add(struct arena *arena, struct toml_value *table,
                                   const struct toml_member *member);

/* Keys as a person would write them: bare where that is possible, else quoted and escaped. False:
 * over the cap of `out`. */
bool toml_key_is_bare(const char *key, size_t len);
bool toml_add_key(struct text *out, const char *key, size_t len);

const char *toml_type_name(enum toml_type type); /* "a string", "an integer", …; static */

#endif
