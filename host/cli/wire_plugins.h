/* wire_plugins.h - the plugins of this installation under the admin's policy, the lock and the
 * quarantine, without anything else of a session. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_PLUGINS_H
#define HOST_CLI_WIRE_PLUGINS_H

#include <beacon/error.h>
#include <stdbool.h>

struct plugin_lock;
struct plugin_policy;
struct plugin_set;
struct quarantine;

/* What decided and what was found; NULL where there is none of it. */
struct wire_plugins {
    struct plugin_policy *policy;
    struct plugin_lock *lock;
    struct quarantine *quarantine;
    struct plugin_set *set;
};

struct wire_plugins_request {
    const char *home;  /* $CODE_HOME, or NULL */
    bool is_safe_mode; /* static and bundled plugins only */
    bool ignores_lock; /* for the command that makes a new one */
    /* `beacon plugin …`: a required plugin that cannot be used is shown, it is no error */
    bool is_inspection;
};

/* POLICY: the policy or the lock cannot be trusted, the environment would defeat them, or a required
 * plugin is missing. */
int wire_plugins_open(const struct wire_plugins_request *request, struct wire_plugins *ret,
                      struct beacon_error *err);
void wire_plugins_close(struct wire_plugins *plugins); /* a zeroed one is fine */

#endif
