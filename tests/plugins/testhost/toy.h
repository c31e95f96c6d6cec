/* toy.h - a plugin of all four kinds that does what its configuration says: {"do": "keep-data"}. With
 * {"do": "well"} it behaves. The names of what it does are in toy_provider.c and toy_others.c.
 */
#ifndef TESTS_PLUGINS_TESTHOST_TOY_H
#define TESTS_PLUGINS_TESTHOST_TOY_H

#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>
#include <stdbool.h>

struct toy {
    const struct beacon_host *host;
    char what[64];
};

/* Every create() of the toy. */
beacon_rc toy_create(void *plugin_state, const struct beacon_host *host, struct beacon_str config,
                     void **ret, struct beacon_error *err);
void toy_destroy(void *inst);
bool toy_does(const struct toy *toy, const char *what);

extern const struct beacon_provider toy_provider;
extern const struct beacon_auth toy_auth;
extern const struct beacon_sandbox toy_sandbox;
extern const struct beacon_telemetry toy_telemetry;
extern const struct beacon_plugin toy_plugin;

#endif
