/* toml_table.h - keys and headers: which table a line of a document speaks about, and whether it may
 * still be added to. Private to the reader.
 */
#ifndef HOST_CONFIG_TOML_TABLE_H
#define HOST_CONFIG_TOML_TABLE_H

#include <stdbool.h>

struct toml_member;
struct toml_scan;
struct toml_value;

/* The cursor is at a key with dots or without. Returns the table that holds its last part, made if
 * need be, and that part in *ret_key (value NULL); blanks behind it are skipped. NULL: failed. Each
 * dot makes scan->depth one larger. */
struct toml_value *toml_enter_key(struct toml_scan *scan, struct toml_value *table,
                                  struct toml_member *ret_key);

/* The cursor is at the `[` of a header, then behind its last `]`. Returns the table it opens. */
struct toml_value *toml_enter_header(struct toml_scan *scan, struct toml_value *root);

/* Put `value` under `key`; false with an error when `table` has it already. */
bool toml_put(struct toml_scan *scan, struct toml_value *table, const struct toml_member *key,
              struct toml_value *value);

#endif
