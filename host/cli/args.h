/* args.h - reading a command line by a table of options. Long names, short names, `--x=v`, `-xv`,
 * `--` and options after positionals are understood; errors read as people know them from other
 * tools. Thread: [main].
 */
#ifndef HOST_CLI_ARGS_H
#define HOST_CLI_ARGS_H

#include <beacon/error.h>
#include <stddef.h>

#define ARGS_POSITIONAL 0 /* id of a word that is no option */

enum args_kind {
    ARGS_FLAG,
    ARGS_VALUE, /* in the same word or the next; the next may not look like an option */
    ARGS_FILES, /* a value, and then the words behind it that name existing files */
};

struct args_option {
    int id;            /* > 0 */
    char letter;       /* 0 = none */
    const char *name;  /* without the dashes */
    const char *alias; /* another long name, or NULL */
    enum args_kind kind;
    const char *value_name; /* "MODEL"; NULL for a flag */
    const char *values;     /* "a|b|c": nothing else is taken; NULL = anything */
    const char *help;       /* NULL: accepted, not shown */
};

struct args_table {
    const char *usage; /* "beacon exec [OPTIONS] [PROMPT]" */
    const struct args_option *options;
    size_t n;
};

/* Called for each option and positional in order; < 0 stops with the error it set. */
typedef int (*args_fn)(void *ctx, int id, const char *value, struct beacon_error *err);

/* argv[0] is skipped. A wrong command line is BEACON_E_INVALID. */
int args_parse(const struct args_table *table, int argc, char **argv, args_fn fn, void *ctx,
               struct beacon_error *err);

/* "error: …", what to do and the usage on stderr; returns the exit status for wrong usage. */
int args_report(const struct args_table *table, const struct beacon_error *err);

void args_print_options(const struct args_table *table); /* the help lines, on stdout */

#endif
