/* provider_entry.h - everything that is said about one provider, as one table with the keys of
 * `[model_providers.<id>]`: the profile's, above them the configuration's. Each value's owner is the
 * struct layer_source it came from, so that people can be told. Thread: [main].
 */
#ifndef HOST_CONFIG_PROVIDER_ENTRY_H
#define HOST_CONFIG_PROVIDER_ENTRY_H

#include <beacon/error.h>

struct config;
struct provider_builtin;
struct toml_value;

/* All borrowed from the configuration. */
struct provider_entry {
    const struct provider_builtin *builtin; /* NULL: none */
    const struct toml_value *table;         /* NULL: nothing but the built-in */
    const char *profile;                    /* path of the profile in it; NULL: none */
};

/* NOT_FOUND: no built-in, profile or entry. INVALID, LIMIT, IO, REFUSED, POLICY: the profile cannot be
 * used, and none below it is taken instead. */
int provider_entry_find(const struct config *config, const char *id, struct provider_entry *ret,
                        struct beacon_error *err);

/* Where the value at `key` of the table was said: a file and its line, or the variable, flag or -c; NULL: it
 * is not there. Line 0: not from a file. */
struct provider_origin {
    const char *file;
    unsigned line;
};
const struct toml_value *provider_entry_value(const struct provider_entry *entry, const char *key,
                                              struct provider_origin *ret);
struct provider_origin provider_origin_of(const struct toml_value *value);

#endif
