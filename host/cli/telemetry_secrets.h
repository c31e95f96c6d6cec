/* telemetry_secrets.h - what must not reach an exporter whatever text it stands in: values of environment
 * variables that are named like secrets, the keys in auth.json, a token written into the configuration.
 * Thread: [main].
 */
#ifndef HOST_CLI_TELEMETRY_SECRETS_H
#define HOST_CLI_TELEMETRY_SECRETS_H

struct redact;

/* The same for another reader: `add` is called with each; NULL is none. */
typedef void (*telemetry_secret_fn)(void *ctx, const char *secret);
void telemetry_secrets_each(const char *home, telemetry_secret_fn add, void *ctx);

/* `home` is $CODE_HOME; `token` may be NULL. */
void telemetry_secrets_add(struct redact *redact, const char *home, const char *token);

#endif
