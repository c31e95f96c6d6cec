/* sandbox_options.h - the command line of `beacon sandbox linux|macos|none|explain`.
 *
 * Options end at "--" or at the first word that is none; what follows belongs to the command, untouched.
 * Thread: [main].
 */
#ifndef HOST_CLI_SANDBOX_OPTIONS_H
#define HOST_CLI_SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define SANDBOX_WORDS_MAX 64

/* The values of an option that may be given again. */
struct sandbox_words {
    const char *words[SANDBOX_WORDS_MAX];
    size_t n;
};

/* Everything is argv's. */
struct sandbox_options {
    bool is_explain, is_safe_mode, wants_help;
    const char *mode, *backend; /* NULL: what the configuration says */
    const char *dir;            /* NULL: the current one */
    const char *network;        /* "off", "on" or "allow-list"; NULL: as configured */
    struct sandbox_words writable, allow, deny;
    char **command; /* NULL-terminated */
};

/* argv[0] is "sandbox". False: it was told on stderr what is wrong with it. */
bool sandbox_options_parse(int argc, char **argv, struct sandbox_options *ret);

bool sandbox_options_print_help(void); /* on stdout; false: it cannot be written */

#endif
