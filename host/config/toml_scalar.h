/* toml_scalar.h - values without quotes: booleans, numbers, dates and times. Private to the reader. */
#ifndef HOST_CONFIG_TOML_SCALAR_H
#define HOST_CONFIG_TOML_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

struct toml_scan;
struct toml_value;

/* The cursor is at the first character of the value; it is moved behind the last. NULL: failed. */
struct toml_value *toml_read_scalar(struct toml_scan *scan);

/* Parts of it, for one whole word of `len` bytes. Each fills `ret` (type and value); false: `ret` is
 * untouched and scan->err filled. */
bool toml_read_number(struct toml_scan *scan, const char *word, size_t len, struct toml_value *ret);
bool toml_read_time(struct toml_scan *scan, const char *word, size_t len, struct toml_value *ret);

#endif
