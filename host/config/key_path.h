/* key_path.h - dotted paths as people write them: `a.b`, `projects."/a.b".trust_level`.
 *
 * Thread: [pure].
 */
#ifndef HOST_CONFIG_KEY_PATH_H
#define HOST_CONFIG_KEY_PATH_H

#include <stdbool.h>

#include "config/toml_value.h"

/* Take the next part off *path, which becomes NULL behind the last one. A part in quotes that ends
 * at a dot or the end may have dots in it. False: there was none left. */
bool key_path_next(const char **path, struct toml_span *ret_part);

/* The value at `path` below `root`; NULL: there is none. */
const struct toml_value *key_path_get(const struct toml_value *root, const char *path);

#endif
