/* provider_expand.h - ${NAME} in an address or a query parameter. Private to config. Thread: [main]. */
#ifndef HOST_CONFIG_PROVIDER_EXPAND_H
#define HOST_CONFIG_PROVIDER_EXPAND_H

#include <beacon/error.h>

/* Replace each ${NAME} in *text, which is the caller's, by the environment variable. INVALID: it has no value,
 * or what stands there is no name. `what` and `id` are how the error calls the text: `base_url`, `x`. */
int provider_expand(const char *what, const char *id, char **text, struct beacon_error *err);

#endif
