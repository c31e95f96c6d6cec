/* programs.h - which program the first word of a command means. Thread: [pure]. */
#ifndef HOST_POLICY_PROGRAMS_H
#define HOST_POLICY_PROGRAMS_H

#include <stdbool.h>

/* The last part of a path: where it may be anything that is called so. Never NULL. */
const char *program_base(const char *word);

/* The bare name of a program that is found by PATH, or lies in one of the folders that only the system
 * fills; NULL for any other path: /tmp/x/ls may be anything. */
const char *program_name(const char *word);

/* Is it a shell (bash, zsh, sh, dash, ksh), wherever it lies? */
bool program_is_shell(const char *word);

/* The script of SHELL -c SCRIPT or SHELL -lc SCRIPT, three words; NULL: the command is none of these. */
const char *program_script(const char *const *argv);

/* The script of a shell among whatever options; NULL: none. For finding what is dangerous. */
const char *program_script_loosely(const char *const *argv);

bool program_is_zsh(const char *word);

bool word_is_one_of(const char *word, const char *const *words); /* NULL-terminated */

#endif
