/* cmd_sandbox_verify.h - `beacon sandbox verify`: try live what a sandbox shall stop, and show it.
 * Thread: [main].
 */
#ifndef HOST_CLI_CMD_SANDBOX_VERIFY_H
#define HOST_CLI_CMD_SANDBOX_VERIFY_H

/* argv[0] is "verify". Returns the exit status: 0 when everything that was promised is enforced. */
int cmd_sandbox_verify(int argc, char **argv);

#endif
