/* sandbox_backend.h - the adapter between sandbox/ and plugins of kind sandbox.
 *
 * A backend only plans: prepare() fills the host's `struct beacon_plan` in the parent, the host
 * executes the plan later. Operations reach the host's plan with the host's struct sizes; once a
 * plan call has failed, prepare() fails, whatever the plugin says: an operation the host does not
 * know must never be dropped silently. Called by sandbox/ and cli/. Thread: [worker], one call at a
 * time per backend; open and close [main].
 */
#ifndef HOST_PLUGIN_SANDBOX_BACKEND_H
#define HOST_PLUGIN_SANDBOX_BACKEND_H

#include <beacon/sandbox.h>

struct plugin_set; /* discover.h */
struct sandbox_backend;

/* One instance of `component` ("landlock", "none", or "com.acme.jail:acme"). `config_json` is the
 * instance's JSON object; NULL means {}. *ret is the caller's, for sandbox_backend_close(). */
int sandbox_backend_open(struct plugin_set *set, const char *component, const char *config_json,
                         struct sandbox_backend **ret, struct beacon_error *err);
void sandbox_backend_close(struct sandbox_backend *backend); /* NULL is fine */

const char *sandbox_backend_name(const struct sandbox_backend *backend); /* "landlock" */

/* What this kernel lets the backend enforce. No side effects. */
int sandbox_backend_probe(struct sandbox_backend *backend, struct beacon_sandbox_report *ret,
                          struct beacon_error *err);

/* Plan one command. *ret_cookie (may become NULL) goes to sandbox_backend_release() after the child
 * is reaped or could not be started; on failure there is nothing to release. */
int sandbox_backend_prepare(struct sandbox_backend *backend,
                            const struct beacon_sandbox_policy *policy,
                            const struct beacon_exec *exec, const struct beacon_plan *plan,
                            void **ret_cookie, struct beacon_error *err);
void sandbox_backend_release(struct sandbox_backend *backend, void *cookie);

/* Turn an exit into words like "denied: write /etc/x", put into `sink`. UNSUPPORTED when the backend
 * cannot tell. `tail` is the end of what the command wrote to its standard error. */
int sandbox_backend_diagnose(struct sandbox_backend *backend, void *cookie, int32_t wait_status,
                             struct beacon_bytes tail, const struct beacon_sink *sink);

/* One system call that waits for its answer: a descriptor in it is the caller's to inject and close. An
 * error refuses the call. Thread: any, one call at a time per cookie, while others use the backend; release
 * comes after it. */
int sandbox_backend_notify(struct sandbox_backend *backend, void *cookie,
                           const struct beacon_sb_notice *notice, struct beacon_sb_answer *ret);

#endif
