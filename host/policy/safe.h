/* safe.h - commands that only look: they may run without asking, in the sandbox as any other.
 *
 * The list is that of Codex CLI; where a form of a listed command could write a file or start a program,
 * it is not safe. When in doubt, it is not. Thread: [pure].
 */
#ifndef HOST_POLICY_SAFE_H
#define HOST_POLICY_SAFE_H

#include <stdbool.h>

/* One command, not a script. `may_gain_options`: a glob in it may become a word with a dash. */
bool command_is_known_safe(const char *const *argv, bool may_gain_options);

#endif
