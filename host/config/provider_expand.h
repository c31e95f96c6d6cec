/* provider_expand.h - names of environment variables, and ${NAME} in an address or a query parameter.
 * Thread: [main]. */
#ifndef HOST_CONFIG_PROVIDER_EXPAND_H
#define HOST_CONFIG_PROVIDER_EXPAND_H

#include <beacon/error.h>
#include <stdbool.h>

/* Could this be the name of a variable: letters, digits and _, no digit first? */
bool provider_is_variable(const char *name);

/* Replace each ${NAME} in *text, which is the caller's, by the environment variable. INVALID: it has no value,
 * or what stands there is no name. `what` and `id` are how the error calls the text: `base_url`, `x`. */
int provider_expand(const char *what, const char *id, char **text, struct beacon_error *err);

#endif
