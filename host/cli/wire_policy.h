/* wire_policy.h - where the admin's [require] takes hold of a session. Thread: [main]. */
#ifndef HOST_CLI_WIRE_POLICY_H
#define HOST_CLI_WIRE_POLICY_H

#include <beacon/error.h>

struct plugin_policy;
struct provider_settings;
struct sandbox_settings;

/* What every plan must promise, whatever configuration and flags say. The settings borrow from the
 * policy (may be NULL). */
void wire_policy_require_sandbox(const struct plugin_policy *policy,
                                 struct sandbox_settings *settings);

/* POLICY: the provider is configured to talk to an origin that is not allowed. */
int wire_policy_check_provider(const struct plugin_policy *policy,
                               const struct provider_settings *settings, struct beacon_error *err);

#endif
