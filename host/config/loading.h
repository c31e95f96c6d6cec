/* loading.h - the state of one config_load(), and the config it makes. Private to config. */
#ifndef HOST_CONFIG_LOADING_H
#define HOST_CONFIG_LOADING_H

#include "config/layer.h"
#include "config/layers.h"
#include "config/project.h"

/* A table that was merged, or would have been; lowest first. */
struct config_merge {
    struct config_merge *next;
    const struct toml_value *table;
    const struct layer_source *source;
    const char *profile;  /* NULL: not of a profile */
    const char *left_out; /* NULL: it was merged */
};

struct profile_places;

struct config {
    struct arena *arena;     /* everything below but `nodes` */
    struct toml_value *root; /* merged; each value's owner is its struct layer_source */
    struct notes notes;
    struct json_object *nodes; /* an object: what config_node() made, by path */
    bool is_trusted;
    const struct profile_places *profiles;         /* NULL: none are read */
    struct config_merge *first_merge, *last_merge; /* for config_saying() */
};

struct loading {
    const struct config_request *request;
    struct config *config;
    struct project project;
    struct layer user, environment, overrides, flags, managed;
    struct layer *projects; /* from the repository's root down to cwd */
    size_t n_projects;
};

/* Remember a table for config_saying(); what the copy points to lives as long as the config. */
void config_note_merge(struct config *config, const struct config_merge *merge);

/* Read the files named by the request, -c, flags and the environment, and check them. */
int loading_read_layers(struct loading *loading, struct beacon_error *err);

/* Read the project's files. While it is not trusted nothing in them is an error, and what does not
 * tighten is left out with one warning. Uses loading->user and config->is_trusted. */
int loading_read_projects(struct loading *loading, struct beacon_error *err);

#endif
