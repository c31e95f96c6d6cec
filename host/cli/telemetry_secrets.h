/* telemetry_secrets.h - what must not reach an exporter whatever text it stands in: values of environment
 * variables that are named like secrets, the keys in auth.json, a token written into the configuration.
 * Thread: [main].
 */
#ifndef HOST_CLI_TELEMETRY_SECRETS_H
#define HOST_CLI_TELEMETRY_SECRETS_H

struct redact;

/* `home` is $CODE_HOME; `token` may be NULL. */
void telemetry_secrets_add(struct redact *redact, const char *home, const char *token);

#endif
