/* instance.h - making instances of a component, whatever its kind, and the configurations to make them
 * of. Configurations come from --config, or from the component's config_schema: what is required, with
 * defaults, examples, or values of the right type; a URL is one that the capabilities allow.
 */
#ifndef SDK_CHECK_INSTANCE_H
#define SDK_CHECK_INSTANCE_H

#include <beacon/host.h>
#include <stdbool.h>

#include "subject.h"

struct check_case;
struct json_object;

struct instance_maker {
    struct subject subject;
    struct beacon_component component;
    beacon_rc (*create)(void *plugin_state, const struct beacon_host *h, struct beacon_str config,
                        void **inst, struct beacon_error *e);
    void (*destroy)(void *inst);
    struct json_object *schema; /* NULL: none, or broken */
    struct json_object *config; /* that should work */
};

/* Map and load the plugin and find the component. False: check_skip() was called. */
bool instance_maker_init(struct check_case *c, struct instance_maker *ret);

/* create() with this text; `err` is the plugin's to fill, and may be short. */
beacon_rc maker_create(const struct instance_maker *maker, const char *config, size_t n, void **ret,
                       struct beacon_error *err);
void maker_destroy(const struct instance_maker *maker, void *inst);

/* The configuration that should work, as text that lives as long as the maker. */
const char *maker_config(const struct instance_maker *maker);

/* The same without a maker: JSON text to be freed, for a component with this schema (may be NULL). */
char *instance_config_for(const struct check_case *c, const char *schema);

/* An origin that the capabilities allow, "https://check.invalid" when all are; false: none is. */
bool instance_origin(const struct check_case *c, char *ret, size_t n);

/* An error needs a code, a message and a hint; otherwise check_fail() for what was tried ("create()
 * with an empty configuration"). */
void instance_check_error(struct check_case *c, beacon_rc rc, const struct beacon_error *err,
                          const char *tried);

#endif
