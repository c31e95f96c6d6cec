/* environment.h - the variables a command of the model sees (`shell_environment_policy`).
 *
 * By default the person's environment without names that look like secrets (KEY, SECRET, TOKEN, PASS,
 * CREDENTIAL), without LD_*, DYLD_* and SSH_AUTH_SOCK; pagers and colours are turned off, as nobody is there
 * to press a key. In this order: inherit, default excludes, `exclude`, our own values, `set` (which
 * may replace ours), `include_only`. Thread: [main], at start.
 */
#ifndef HOST_TOOLS_ENVIRONMENT_H
#define HOST_TOOLS_ENVIRONMENT_H

#include <stdbool.h>

struct json_object;

/* `policy` is the config table, or NULL. `program_dir` (may be NULL) is put first in PATH: it holds
 * the apply_patch program. `secrets` (NULL-terminated, or NULL) are names that hold keys whatever they
 * look like: they go with the default excludes. NULL-terminated; free with environment_free(). */
char **environment_build(char **inherited, struct json_object *policy, const char *program_dir,
                         const char *const *secrets);
void environment_free(char **env); /* NULL is fine */

/* The person's variables but for those of the default excludes: what a command gets that a person starts
 * in the sandbox by hand. NULL-terminated; free with environment_free(). */
char **environment_without_secrets(char **inherited);

/* One sentence for each wish of `policy` (may be NULL) that environment_build() does not grant. */
typedef void (*environment_warn_fn)(void *ctx, const char *sentence);
void environment_warn(struct json_object *policy, environment_warn_fn warn, void *ctx);

/* `*` is any text, `?` any character, letter case is ignored, the whole name must match. [pure] */
bool environment_matches(const char *pattern, const char *name);

#endif
