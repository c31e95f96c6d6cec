/* cmd_sandbox.h - `beacon sandbox`: one command under the agent's sandbox, or what that would be.
 *
 * Reads no configuration and makes no connection. Thread: [main].
 */
#ifndef HOST_CLI_CMD_SANDBOX_H
#define HOST_CLI_CMD_SANDBOX_H

/* argv[0] is "sandbox". Returns the exit status of the program. */
int cmd_sandbox(int argc, char **argv);

#endif
