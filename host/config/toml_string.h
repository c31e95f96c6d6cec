/* toml_string.h - the four kinds of TOML string. Private to the reader. */
#ifndef HOST_CONFIG_TOML_STRING_H
#define HOST_CONFIG_TOML_STRING_H

#include <stdbool.h>

struct toml_scan;
struct toml_span;

/* The cursor is at a quote. The result is in the arena. */
bool toml_read_string(struct toml_scan *scan, struct toml_span *ret);

/* The same on one line only, as for keys: three quotes are an empty string and a quote. */
bool toml_read_line_string(struct toml_scan *scan, struct toml_span *ret);

#endif
