/* provider_builtin.h - the providers that need no configuration. Private to config. */
#ifndef HOST_CONFIG_PROVIDER_BUILTIN_H
#define HOST_CONFIG_PROVIDER_BUILTIN_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

struct config;
struct provider_settings;

struct provider_variable_header {
    const char *name, *variable; /* sent when the environment variable has a value */
};

struct provider_builtin {
    const char *id;
    bool is_fixed; /* an entry of the configuration with this id does not count */
    bool requires_openai_auth;
    const char *profile;                        /* file that adds to it; NULL: none */
    const char *profile_keys[5];                /* what is taken from there; ends with NULL */
    struct provider_variable_header headers[3]; /* ends with a NULL name */
    /* Fill what differs from a configured provider; the rest is filled afterwards. */
    int (*begin)(const struct config *config, struct provider_settings *settings,
                 struct beacon_error *err);
};

const struct provider_builtin *provider_builtin_find(const char *id); /* NULL: none */
const struct provider_builtin *provider_builtin_at(size_t i);         /* NULL: no more */

#endif
