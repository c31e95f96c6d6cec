/* auth.h - the adapter for plugins of kind auth.
 *
 * Every slot as a function: optional ones answer UNSUPPORTED, results and errors are made trustworthy,
 * what leaves the plugin is copied, and the breadcrumb says who runs. Called by credentials/. Thread:
 * open, close [main]; acquire, sign, login, logout [worker], one at a time per instance; status and
 * accounts [any].
 */
#ifndef HOST_PLUGIN_AUTH_H
#define HOST_PLUGIN_AUTH_H

#include <beacon/auth.h>

#include "plugin/auth_grant.h"

struct beacon_cancel; /* host_api.h */
struct plugin_set;    /* discover.h */
struct auth;

/* One instance of `component`; `config_json` NULL means {}. `env_names` (NULL-terminated, or NULL) are
 * variables that the configuration lets it read. *ret is the caller's, for auth_close(). */
int auth_open(struct plugin_set *set, const char *component, const char *config_json,
              const char *const *env_names, struct auth **ret, struct beacon_error *err);
void auth_close(struct auth *auth); /* NULL is fine */

const char *auth_plugin_id(const struct auth *auth); /* lives as long as the process */

/* *out is zeroed first; its texts end with NUL afterwards, and its state is one this host knows. */
int auth_status(struct auth *auth, const char *account, struct beacon_auth_status *out,
                struct beacon_error *err);

/* One call of `put` per account. */
int auth_accounts(struct auth *auth, const struct beacon_sink *names, struct beacon_error *err);

/* *ret must be empty; on failure it is left so. PROTOCOL: the plugin says it gave something, and gave
 * nothing, or offered the generation again that was rejected. */
int auth_acquire(struct auth *auth, const struct beacon_need *need,
                 const struct beacon_cancel *cancel, struct auth_grant *ret,
                 struct beacon_error *err);

/* What `request` needs beside its headers. *ret must be empty. */
int auth_sign(struct auth *auth, const struct beacon_http_request *request,
              const struct beacon_cancel *cancel, struct auth_grant *ret, struct beacon_error *err);

/* `method` is one of BEACON_LOGIN_*. */
int auth_login(struct auth *auth, const char *account, uint32_t method,
               const struct beacon_cancel *cancel, struct beacon_error *err);
int auth_logout(struct auth *auth, const char *account, const struct beacon_cancel *cancel,
                struct beacon_error *err);

#endif
