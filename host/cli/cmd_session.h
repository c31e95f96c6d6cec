/* cmd_session.h - the sub-commands of `beacon session`, one row each. A new one is a file
 * cmd_session_<name>.c and a row in cmd_session.c. Thread: [main].
 */
#ifndef HOST_CLI_CMD_SESSION_H
#define HOST_CLI_CMD_SESSION_H

#include <beacon/error.h>
#include <stdbool.h>

struct catalog_entry;

/* Each returns the exit status; argv[0] is the name of the sub-command. */
int cmd_session_cost(int argc, char **argv);

/* The session a sub-command is about: `id` or a beginning of it, else the newest one of this directory, or
 * of any. For catalog_entry_finish(). */
int cmd_session_find(const char *id, bool is_of_any_cwd, struct catalog_entry *ret,
                     struct beacon_error *err);

int cmd_session_report(const struct beacon_error *err); /* on stderr; returns the exit status */

#endif
