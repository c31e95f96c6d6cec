/* sayings.h - what every layer says about one key, for `beacon config explain`.
 *
 * Everything returned lives as long as the config. Thread: [main].
 */
#ifndef HOST_CONFIG_SAYINGS_H
#define HOST_CONFIG_SAYINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/layers.h"

struct json_object;
struct schema_row;

/* One layer that names the key. */
struct config_saying {
    struct config_origin origin;
    struct json_object *value;
    const char *profile;  /* it says so in [profiles.<this>]; NULL: not in a profile */
    const char *left_out; /* why it does not count at all; NULL: it does */
};

/* The `i`-th layer, from the lowest, that names `path`; false behind the last one. Of those that are not
 * left out the last one decides, or all of them when the value is a table. */
bool config_saying(const struct config *config, const char *path, size_t i,
                   struct config_saying *ret);

/* The row of a path as a person writes it, `model_providers.acme.base_url`; another spelling of a key leads
 * to the row of the proper one. NULL: there is no such key, and *ret_nearest (may be NULL) is one that
 * was perhaps meant, or NULL. Both static. */
const struct schema_row *config_row_of(const char *path, const char **ret_nearest);

#endif
