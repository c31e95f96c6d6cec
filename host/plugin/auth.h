/* auth.h - the adapter for plugins of kind auth.
 *
 * Gives out the plugin's table completed to the host's size: optional slots answer
 * BEACON_E_UNSUPPORTED, so a caller never tests one. Called by credentials/. Thread: open and close
 * [main], slots as in beacon/auth.h.
 */
#ifndef HOST_PLUGIN_AUTH_H
#define HOST_PLUGIN_AUTH_H

#include <beacon/auth.h>

struct plugin_set; /* discover.h */
struct auth;

/* One instance of `component`; `config_json` NULL means {}. *ret is the caller's, for auth_close(). */
int auth_open(struct plugin_set *set, const char *component, const char *config_json,
              struct auth **ret, struct beacon_error *err);
void auth_close(struct auth *auth); /* NULL is fine */

const struct beacon_auth *auth_table(const struct auth *auth); /* lives as long as `auth` */
void *auth_instance(const struct auth *auth);                  /* first argument of every slot */

#endif
