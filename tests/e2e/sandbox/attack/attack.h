/* attack.h - the program of attacks that the sandbox tests run inside the sandbox.
 *
 *     attack NAME [ARGUMENT…]
 *
 * One table per subject; a row is one thing to try. What it returns and prints decides nothing: the
 * tests look from outside. An attack tries what it is asked and ends; those that hold something print
 * "ready" and wait for the end of their input. Linked statically, single-threaded unless it races.
 */
#ifndef TESTS_E2E_SANDBOX_ATTACK_H
#define TESTS_E2E_SANDBOX_ATTACK_H

/* `argv` is NULL-terminated and holds what follows the name; main() has checked their number. Returns
 * 0 when it believes to have done it. */
struct attack {
    const char *name;
    int n_arguments; /* at least */
    int (*run)(char **argv);
};

/* Each ends with a row without a name. */
extern const struct attack file_attacks[];
extern const struct attack metadata_attacks[];
extern const struct attack descriptor_attacks[];
extern const struct attack process_attacks[];
extern const struct attack memory_attacks[];
extern const struct attack survivor_attacks[];
extern const struct attack syscall_attacks[];
extern const struct attack compat_attacks[];
extern const struct attack key_attacks[];
extern const struct attack mount_attacks[];
extern const struct attack network_attacks[];
extern const struct attack uring_attacks[];
extern const struct attack terminal_attacks[];
extern const struct attack ipc_attacks[];
extern const struct attack race_attacks[];
extern const struct attack
    helpers[]; /* run outside of the sandbox: victims, launchers, questions */

/* Print what failed, with errno, and return 1. */
int attack_failed(const char *what);

/* Print "ready" and wait until standard input ends. Returns 0. */
int attack_hold(void);

/* A number of the command line; ends the program when it is none. */
long attack_number(const char *text);

/* 0 when a system call returned no error. */
int attack_result(const char *what, long result);

#endif
