/* provider_list.h - every provider that could be used, and where each is defined. Reads the names in the
 * folders of profiles, not the files. Thread: [main].
 */
#ifndef HOST_CONFIG_PROVIDER_LIST_H
#define HOST_CONFIG_PROVIDER_LIST_H

#include <stddef.h>

struct config;

enum provider_use {
    PROVIDER_USED,     /* it counts; of several, the earlier one wins key by key */
    PROVIDER_SHADOWED, /* something else stands in its place */
    PROVIDER_MODELS,   /* only the models of it count: the provider is built in */
};

struct provider_definition {
    const char *kind; /* "built-in", "config", "home", "admin", "bundled"; static */
    char *where;      /* path, or path:line; NULL for a built-in */
    enum provider_use use;
};

#define PROVIDER_DEFINITIONS_MAX 5

struct provider_listing {
    char *id;
    struct provider_definition definitions[PROVIDER_DEFINITIONS_MAX]; /* the strongest first */
    size_t n;
};

/* Sorted by id; *ret_n of them, for provider_list_free(). */
struct provider_listing *provider_list(const struct config *config, size_t *ret_n);
void provider_list_free(struct provider_listing *list, size_t n);

#endif
