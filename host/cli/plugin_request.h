/* plugin_request.h - the command line that `beacon plugin list`, `why` and `show` share. Thread: [main]. */
#ifndef HOST_CLI_PLUGIN_REQUEST_H
#define HOST_CLI_PLUGIN_REQUEST_H

#include <stdbool.h>

struct text;

/* What one of them is called like. */
struct plugin_usage {
    const char *usage;      /* "beacon plugin why [OPTIONS] NAME" */
    const char *about;      /* the first line of its help */
    const char *name_words; /* what NAME is, for the help; NULL: it takes none */
};

struct plugin_request {
    bool wants_json, is_safe_mode;
    const char *name; /* NULL when it takes none */
};

/* true: go on. Otherwise *ret_status is the exit status: help was printed, or the line is wrong. */
bool plugin_request_parse(const struct plugin_usage *usage, int argc, char **argv,
                          struct plugin_request *ret, int *ret_status);

/* Print what was made, if it `is_whole`; returns the exit status. */
int plugin_request_print(const struct text *out, bool is_whole);

#endif
