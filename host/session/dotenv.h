/* dotenv.h - KEY=VALUE files that become environment variables before anything else runs.
 *
 * Syntax: optional `export`, bare, 'literal' and "escaped" values, `#` comments, $VAR and ${VAR}
 * in bare and double-quoted values. A line that cannot be read is skipped. A .env is a convenience,
 * never an error. Thread: [main], before any other thread exists.
 */
#ifndef HOST_SESSION_DOTENV_H
#define HOST_SESSION_DOTENV_H

#include <stddef.h>

struct home;

typedef void (*dotenv_assign_fn)(void *ctx, const char *key, const char *value);

/* Call `assign` for every assignment in `n` bytes, in order. $VAR is looked up in the environment at
 * that moment, so what `assign` sets is seen by later lines. */
void dotenv_parse(const char *text, size_t n, dotenv_assign_fn assign, void *ctx);

/* Load the home's .env (every key but CODEX_*), then the nearest one from `cwd` upwards. The latter
 * comes with a repository, so it may not set the program's own variables (CODE_*, CODEX_*, BEACON_*),
 * credentials, or what decides which code runs, where requests go and what is writable: the list is in
 * dotenv_load.c. CODEX_HOME counts when the person trusts the project (docs/decisions/0001-dotenv.md).
 * Both override the environment. Last, a blank CODEX_HOME becomes CODE_HOME. */
void dotenv_load(const struct home *home, const char *cwd);

#endif
