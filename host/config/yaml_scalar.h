/* yaml_scalar.h - what one scalar of a YAML document is. Private to yaml_reader.c. Thread: [any]. */
#ifndef HOST_CONFIG_YAML_SCALAR_H
#define HOST_CONFIG_YAML_SCALAR_H

#include <stdbool.h>

#include "config/toml_value.h"

struct arena;

/* Why these bytes cannot be a value or key: a sentence's end, static. NULL: they can. */
const char *yaml_scalar_refusal(const char *text, size_t n, bool is_plain);

/* The value of bytes that are not refused. */
struct toml_value *yaml_scalar_value(struct arena *arena, struct toml_span text, bool is_plain,
                                     struct toml_place place);

#endif
