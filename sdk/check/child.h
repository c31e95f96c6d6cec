/* child.h - what the process of one check does. Thread: [main]. */
#ifndef SDK_CHECK_CHILD_H
#define SDK_CHECK_CHILD_H

#define CHILD_OPTION "--one"

/* argv behind CHILD_OPTION, "" for what is missing. */
enum child_argument {
    CHILD_CHECK,
    CHILD_COMPONENT,
    CHILD_PATH,
    CHILD_SEED,
    CHILD_CONFIG,
    CHILD_TRANSCRIPTS,
    CHILD_N_ARGUMENTS,
};

/* Run the check and end the process. Without an inherited slate, as in a debugger, the result is said
 * on standard output. */
_Noreturn void child_main(char **arguments);

#endif
