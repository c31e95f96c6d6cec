/* override.h - values given one by one: -c key=value, flags, environment variables. Private to
 * config.
 */
#ifndef HOST_CONFIG_OVERRIDE_H
#define HOST_CONFIG_OVERRIDE_H

#include <beacon/error.h>
#include <stddef.h>

struct arena;
struct config_flag;
struct toml_value;

/* Each returns the values as a tree; a later one replaces what is in its way. *ret stays NULL when
 * there are none. */
int override_read(const char *const *texts, size_t n, struct arena *arena, struct toml_value **ret,
                  struct beacon_error *err);
int override_read_flags(const struct config_flag *flags, size_t n, struct arena *arena,
                        struct toml_value **ret, struct beacon_error *err);

/* Put the string `value` at `path`. */
void override_set_string(struct arena *arena, struct toml_value *root, const char *path,
                         const char *value);

#endif
