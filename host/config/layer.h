/* layer.h - one layer before it is merged: what it says, and what to call it. Private to config. */
#ifndef HOST_CONFIG_LAYER_H
#define HOST_CONFIG_LAYER_H

#include <beacon/error.h>
#include <stdbool.h>

#include "config/layers.h"
#include "config/notes.h"
#include "config/toml_value.h"

struct arena;

/* What `owner` of a merged value points to. */
struct layer_source {
    enum config_layer layer;
    bool is_file;     /* line and column mean something */
    const char *file; /* or what it is called */
};

struct layer {
    struct layer_source source;
    struct toml_value *table; /* NULL: the layer says nothing */
};

/* Check what a layer says against the schema: *ret has the same values, with other spellings of
 * keys and values replaced by the proper ones and without what this layer may not set. Unknown keys
 * are noted and kept out; in the managed layer they are errors, as wrong types are everywhere. */
int layer_check(const struct layer_source *source, const struct toml_value *table,
                struct notes *notes, struct toml_value **ret, struct beacon_error *err);

/* Put everything `from` says into `into`, which gets its own tables. `source` becomes the owner. */
void layer_merge(struct arena *arena, struct toml_value *into, const struct toml_value *from,
                 const struct layer_source *source);

/* As many characters of "file:line:column" as a message has room for; `size` is of `out`. */
void layer_place(const struct layer_source *source, struct toml_place place, char *out,
                 size_t size);

/* Read the file of a layer. No such file: BEACON_OK with *ret NULL. `description` is what errors call
 * the file, NULL for none; `display` (may be NULL) receives the line of a syntax error. */
struct layer_file {
    const char *path;
    const char *description;
    struct text *display;
};
int layer_read_file(const struct layer_file *file, struct arena *arena, struct toml_value **ret,
                    struct beacon_error *err);

#endif
