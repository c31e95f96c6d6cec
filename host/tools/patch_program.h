/* patch_program.h - the stand-alone apply_patch: this program called by the name `apply_patch` or
 * `applypatch`, and `beacon apply-patch`.
 *
 * Unrestricted: it runs with the rights, and in the sandbox, of whoever started it. Unlike the
 * agent's tool it keeps what it applied before the section that fails. Thread: [main].
 */
#ifndef HOST_TOOLS_PATCH_PROGRAM_H
#define HOST_TOOLS_PATCH_PROGRAM_H

/* argv[1] is the patch, or there is none and it is read from standard input. Writes the outcome to
 * standard output or standard error and returns the exit status: 0 applied, 1 not (wholly) applied,
 * 2 wrong use. */
int patch_program_main(int argc, char **argv);

#endif
