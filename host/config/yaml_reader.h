/* yaml_reader.h - the part of YAML that people write by hand, read strictly with libyaml.
 *
 * One document, a mapping at its top, of mappings, sequences and scalars. What makes YAML mean something
 * else than it looks like is an error: anchors, aliases, tags, directives, a second document, a key that
 * stands there twice, a key that is no plain word or string, a value that is missing, control characters.
 * A plain scalar is a boolean (true, false), a number, or a string; what is quoted is a string; so are
 * yes, no, dates and numbers with a leading zero. The result is the same kind of tree that TOML
 * makes, with the place of every key and value.
 * Thread: [any], one arena per thread.
 */
#ifndef HOST_CONFIG_YAML_READER_H
#define HOST_CONFIG_YAML_READER_H

#include <beacon/error.h>
#include <stddef.h>

#include "config/toml_value.h"

#define YAML_SIZE_MAX  ((size_t)256 << 10) /* bytes of one document */
#define YAML_DEPTH_MAX 12                  /* mappings and sequences within each other */

struct arena;

struct yaml_source {
    const char *name; /* what an error calls it: the path */
    const char *text;
    size_t len;
};

/* Read the document into a table. BEACON_E_INVALID or _LIMIT: err->message begins with "NAME:LINE: ". On
 * failure *ret is left alone. */
int yaml_reader_read(const struct yaml_source *source, struct arena *arena, struct toml_value **ret,
                     struct beacon_error *err);

#endif
