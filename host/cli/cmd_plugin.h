/* cmd_plugin.h - the sub-commands of `beacon plugin`, one row each. A new one is a file
 * cmd_plugin_<name>.c and a row in cmd_plugin.c. Thread: [main].
 */
#ifndef HOST_CLI_CMD_PLUGIN_H
#define HOST_CLI_CMD_PLUGIN_H

#include <beacon/error.h>

#include "cli/wire_plugins.h"

/* Each returns the exit status; argv[0] is the name of the sub-command. */
int cmd_plugin_list(int argc, char **argv);
int cmd_plugin_lock(int argc, char **argv);
int cmd_plugin_show(int argc, char **argv);
int cmd_plugin_why(int argc, char **argv);
int cmd_plugin_quarantine(int argc, char **argv);
int cmd_plugin_check(int argc, char **argv);
int cmd_plugin_new(int argc, char **argv);

/* The plugins as every command sees them; $CODE_HOME may be missing, then the other places count. On
 * success wire_plugins_close(). */
int cmd_plugin_open(bool is_safe_mode, struct wire_plugins *ret, struct beacon_error *err);

/* "error: …" on stderr; returns the exit status of the code. */
int cmd_plugin_report(const struct beacon_error *err);

#endif
