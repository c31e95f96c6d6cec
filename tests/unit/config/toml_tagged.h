/* toml_tagged.h - a TOML tree as the tagged JSON of toml-test: {"type": …, "value": "…"} per value. */
#ifndef TESTS_UNIT_CONFIG_TOML_TAGGED_H
#define TESTS_UNIT_CONFIG_TOML_TAGGED_H

struct text;
struct toml_value;

/* Append the JSON. Written by hand because json-c cannot hold a key that contains NUL. */
void toml_add_tagged(struct text *out, const struct toml_value *value);

#endif
