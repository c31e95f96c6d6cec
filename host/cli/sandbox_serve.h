/* sandbox_serve.h - the loop of `beacon sandbox`, on a thread of its own.
 *
 * The main thread waits for the command as a shell does, with a call that blocks; meanwhile somebody must
 * serve the command's connections to the hosts it may reach. Between begin and end the loop and what runs
 * on it belong to the thread. Thread: [main].
 */
#ifndef HOST_CLI_SANDBOX_SERVE_H
#define HOST_CLI_SANDBOX_SERVE_H

#include <beacon/error.h>
#include <stdint.h>

struct loop;
struct sandbox_serve;

/* BEACON_E_LIMIT: the machine has no thread left. */
int sandbox_serve_begin(struct loop *loop, struct sandbox_serve **ret, struct beacon_error *err);
void sandbox_serve_end(struct sandbox_serve *serve); /* NULL is fine */

/* Fits sandbox_settings.on_refused_host: one line on stderr, whoever else writes there. */
void sandbox_serve_tell(void *ctx, const char *host, uint16_t port, const char *reason);

#endif
