/* profile_check.h - which keys a profile may have, and what they are called in `[model_providers.<id>]`.
 * Private to config. Thread: [any].
 */
#ifndef HOST_CONFIG_PROFILE_CHECK_H
#define HOST_CONFIG_PROFILE_CHECK_H

#include <beacon/error.h>

struct arena;
struct toml_value;

struct profile_checking {
    const char *file; /* what errors call it */
    const char *id;   /* what `id` must be */
    struct arena *arena;
    struct beacon_error *err;
};

/* Check the keys and types of a whole profile; *ret is a new table with the keys of the configuration.
 * INVALID: "FILE:LINE: …", with the nearest known key for an unknown one. */
int profile_check(const struct profile_checking *checking, const struct toml_value *from,
                  struct toml_value **ret);

#endif
