/* layers.h - the effective configuration: every layer read, checked, merged, and traceable.
 *
 * Lowest to highest: default < user file < project files < profile < environment < -c < flags; the
 * managed file is applied last and wins over all of them. Tables merge key by key, any other value
 * replaces. While a project is not trusted only what tightens counts of its files.
 *
 * A path is dotted as in TOML, a part with dots in quotes: `projects."/a.b".trust_level`.
 * Everything returned is borrowed and lives as long as the config. Thread: [main]; a loaded config
 * never changes.
 */
#ifndef HOST_CONFIG_LAYERS_H
#define HOST_CONFIG_LAYERS_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_FILE_MAX (1u << 20) /* bytes of one configuration file */

struct config;
struct json_object;
struct profile_places;
struct text;

enum config_layer {
    CONFIG_LAYER_DEFAULT,
    CONFIG_LAYER_USER,
    CONFIG_LAYER_PROJECT,
    CONFIG_LAYER_PROFILE,
    CONFIG_LAYER_ENVIRONMENT,
    CONFIG_LAYER_OVERRIDE,
    CONFIG_LAYER_FLAG,
    CONFIG_LAYER_MANAGED,
};

struct config_origin {
    enum config_layer layer;
    const char
        *file;     /* path; "-c", "command line" or "environment variable X" where there is none */
    uint32_t line; /* from 1; 0 where there is no file */
    uint32_t column; /* from 1, in characters */
};

struct config_flag {
    const char *path;
    const char *value; /* TOML value text, or a literal string as -c takes it */
};

/* All borrowed for the call; NULL where the comment does not say otherwise. */
struct config_request {
    const char *home;             /* CODE_HOME, absolute; required */
    const char *legacy_home;      /* read from when is_default_home and home has no config.toml */
    const char *cwd;              /* absolute; NULL: no project files, no trust */
    const char *managed_path;     /* NULL: no managed file */
    const char *profile;          /* --profile */
    const char *const *overrides; /* the arguments of -c, in order */
    size_t n_overrides;
    const struct config_flag *flags;
    size_t n_flags;
    bool is_default_home;
    const struct profile_places *profiles; /* where provider profiles are; see profile_file.h */
    struct text *display; /* receives file:line:column, the line and a caret on a syntax error */
};

/* Are these well-formed arguments of -c? For a caller that words their errors differently; the same
 * check is part of config_load(). */
int config_check_overrides(const char *const *overrides, size_t n, struct beacon_error *err);

/* Read and merge. The environment is read with getenv. *ret is the caller's, for config_destroy().
 * BEACON_E_INVALID: a file, -c or value is wrong; _NOT_FOUND: no such profile; _IO; _LIMIT. */
int config_load(const struct config_request *request, struct config **ret,
                struct beacon_error *err);
void config_destroy(struct config *config); /* NULL is fine */

/* The effective value, else the default of the schema, else NULL, 0 or false. Also the fallback when
 * the value is of another type than the one asked for (a key that takes two types). */
const char *config_string(const struct config *config, const char *path);
int64_t config_int(const struct config *config, const char *path);
bool config_bool(const struct config *config, const char *path);

/* A number with or without a fraction. False: it is not set. */
bool config_number(const struct config *config, const char *path, double *ret);

/* Was it set by any layer above the defaults? */
bool config_is_set(const struct config *config, const char *path);

/* A table, array or value as JSON; NULL when not set (defaults are not in the tree). */
struct json_object *config_node(const struct config *config, const char *path);

/* Where the effective value came from; for a table the layer that named it first. NULL: not set. Each
 * call takes a little memory of the config. */
const struct config_origin *config_origin(const struct config *config, const char *path);
const char *config_layer_name(enum config_layer layer); /* "user", "-c", …; static */

/* Does the person trust the project of `cwd` ([projects."<path>"] trust_level = "trusted")? */
bool config_is_project_trusted(const struct config *config);

/* Sentences for the person, one each: unknown keys, what was ignored, what was overridden. */
size_t config_warning_count(const struct config *config);
const char *config_warning(const struct config *config, size_t i);

#endif
