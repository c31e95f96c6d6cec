/* cmd_provider.h - the sub-commands of `beacon provider`, one row each. A new one is a file
 * cmd_provider_<name>.c and a row in cmd_provider.c. Thread: [main].
 */
#ifndef HOST_CLI_CMD_PROVIDER_H
#define HOST_CLI_CMD_PROVIDER_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

struct json_object;

/* Each returns the exit status; argv[0] is the name of the sub-command. */
int cmd_provider_list(int argc, char **argv);
int cmd_provider_show(int argc, char **argv);
int cmd_provider_probe(int argc, char **argv);

/* "error: …" on stderr; returns the exit status of the code. */
int cmd_provider_report(const struct beacon_error *err);

/* One JSON document and a line end on stdout; returns the exit status. */
int cmd_provider_print_json(struct json_object *json);

/* What list and show have in common: options -c and --json, and words. */
struct provider_request {
    const char **overrides; /* of the command line; free the array */
    size_t n_overrides;
    const char *id; /* NULL when the command takes none */
    bool wants_json, wants_help;
};
struct provider_usage {
    const char *usage, *about; /* of the help */
    bool takes_id;
};
bool cmd_provider_parse(const struct provider_usage *usage, int argc, char **argv,
                        struct provider_request *ret, int *ret_status);

#endif
