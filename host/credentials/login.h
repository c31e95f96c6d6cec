/* login.h - logging in and out through an auth plugin, on a worker, so that the person can interrupt.
 * Thread: [main].
 */
#ifndef HOST_CREDENTIALS_LOGIN_H
#define HOST_CREDENTIALS_LOGIN_H

#include <beacon/error.h>
#include <stdint.h>

struct auth;
struct login;
struct loop;
struct store;

#define LOGIN_OUT 0u /* instead of a method: log out */

/* Once, last, from the loop; the login is gone when it returns. `rc` as auth_login(); DEADLINE: the
 * plugin ignored the cancel, its thread still runs and nothing of it may be closed. */
typedef void (*login_end_fn)(void *ctx, int rc, const struct beacon_error *err);

/* `method` is one of BEACON_LOGIN_* or LOGIN_OUT. No other process logs in meanwhile. The parts outlive
 * the login. */
int login_start(struct loop *loop, const struct store *store, struct auth *auth, uint32_t method,
                login_end_fn on_end, void *ctx, struct login **ret, struct beacon_error *err);

void login_cancel(struct login *login); /* on_end follows, after 250 ms at most */

#endif
