/* command_table.h - the sub-commands, one row each. A new command is a file cmd_<name>.c and a row.
 * Thread: [main].
 */
#ifndef HOST_CLI_COMMAND_TABLE_H
#define HOST_CLI_COMMAND_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct command_row {
    const char *name, *alias;          /* alias may be NULL */
    const char *summary;               /* one line for the help */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit status */
};

/* What the program does with this command line; returns the exit status. */
int command_table_run(int argc, char **argv);

int cmd_config(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_execpolicy(int argc, char **argv);
int cmd_login(int argc, char **argv);
int cmd_logout(int argc, char **argv);
int cmd_net(int argc, char **argv);
int cmd_patch(int argc, char **argv);
int cmd_plugin(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_session(int argc, char **argv);
int cmd_provider(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* The screen for a person who typed only the program's name; returns the exit status. */
int welcome(void);

#endif
