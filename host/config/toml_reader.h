/* toml_reader.h - our own reader of TOML 1.0: strict, bounded, and precise about where it stopped.
 *
 * A document is UTF-8 without control characters, at most TOML_SIZE_MAX bytes and TOML_DEPTH_MAX
 * levels deep. The tree and its strings live in the caller's arena and do not refer to the text.
 * Thread: [any], one arena per thread.
 */
#ifndef HOST_CONFIG_TOML_READER_H
#define HOST_CONFIG_TOML_READER_H

#include <beacon/error.h>
#include <stddef.h>
#include <stdint.h>

#include "config/toml_value.h"

#define TOML_SIZE_MAX  ((size_t)4 << 20) /* bytes of one document */
#define TOML_DEPTH_MAX 100 /* tables and arrays within each other, dotted parts included */

struct arena;
struct text;

struct toml_source {
    const char *name; /* what an error calls it: the path */
    const char *text;
    size_t len;
};

/* Read the whole document into a table. BEACON_E_INVALID or _LIMIT: err->message is
 * `name:line:column: sentence`, and *ret_where (may be NULL) the same place. */
int toml_read(const struct toml_source *source, struct arena *arena, struct toml_value **ret,
              struct toml_place *ret_where, struct beacon_error *err);

/* Read one value and nothing else, as after the `=` of a line; blanks around it are fine. */
int toml_read_value(const struct toml_source *source, struct arena *arena, struct toml_value **ret,
                    struct beacon_error *err);

/* Append what a person wants to see of a failed read: the message, the line, a caret.
 *     config.toml:3:9: unterminated string
 *       3 | model = "
 *         |         ^
 * A long line is cut to the part around the place, control characters are shown as '?'. */
void toml_show_error(const struct toml_source *source, struct toml_place where,
                     const struct beacon_error *err, struct text *out);

#endif
