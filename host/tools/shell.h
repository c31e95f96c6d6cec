/* shell.h - the tools that run commands: exec_command and write_stdin, which are offered, and shell,
 * container.exec and local_shell, which are accepted from models that know them. Thread: [main].
 */
#ifndef HOST_TOOLS_SHELL_H
#define HOST_TOOLS_SHELL_H

struct tool_run;

void shell_exec_command(struct tool_run *run);
void shell_write_stdin(struct tool_run *run);
void shell_argv(struct tool_run *run);

#endif
