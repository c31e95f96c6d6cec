/* environment.h - the variables a command of the model sees (`shell_environment_policy`).
 *
 * By default the person's environment without names that look like secrets (KEY, SECRET, TOKEN, PASS,
 * CREDENTIAL), without LD_* and SSH_AUTH_SOCK; pagers and colours are turned off, as nobody is there
 * to press a key. Thread: [main], at start.
 */
#ifndef HOST_TOOLS_ENVIRONMENT_H
#define HOST_TOOLS_ENVIRONMENT_H

struct json_object;

/* `policy` is the config table, or NULL. `program_dir` (may be NULL) is put first in PATH: it holds
 * the apply_patch program. NULL-terminated; free with environment_free(). */
char **environment_build(char **inherited, struct json_object *policy, const char *program_dir);
void environment_free(char **env); /* NULL is fine */

/* `*` and `?` match as in a shell, letter case is ignored, the whole name must match. [pure] */
int environment_matches(const char *pattern, const char *name);

#endif
