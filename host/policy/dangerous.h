/* dangerous.h - commands that may destroy work, found wherever they stand in a command.
 *
 * A heuristic, not a guard: what it misses still meets the sandbox. It looks behind sudo, env, trap, eval
 * and the like, and into nested shells, also where a script is not plain. Thread: [pure].
 */
#ifndef HOST_POLICY_DANGEROUS_H
#define HOST_POLICY_DANGEROUS_H

#include <stdbool.h>

#define COMMAND_DEPTH_MAX 8

enum danger {
    DANGER_NONE,
    DANGER_GIT,       /* git reset, git rm */
    DANGER_HIDDEN,    /* nested too deeply, or too long, to be looked into */
    DANGER_FORCED_RM, /* rm with -f */
};

/* Called for every literal command there is in `argv`: itself, what it would run, and what is in its
 * script. Words that an expansion adds to are incomplete. False: nothing more. */
typedef bool (*command_fn)(void *ctx, const char *const *argv);

/* False: `fn` said so. *ret_is_hidden (may be NULL): there may be more than was seen. */
bool command_walk(const char *const *argv, command_fn fn, void *ctx, bool *ret_is_hidden);

/* The worst there is in it. */
enum danger command_danger(const char *const *argv);

const char *danger_name(enum danger danger); /* "rm -f", …; for sentences */

#endif
