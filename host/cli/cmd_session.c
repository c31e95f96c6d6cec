/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_session.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "cli/command_table.h"
#include "cli/system_paths.h"
#include "session/catalog.h"
#include "session/home.h"

static const struct command_row rows[] = {
    {"cost", NULL, "Tell what a session took: by turn, by model, by tool", cmd_session_cost},
};

#define ROWS (sizeof rows / sizeof rows[0])

int cmd_session_find(const char *id, bool is_of_any_cwd, struct catalog_entry *ret,
                     struct beacon_error *err)
{
    struct home home = {0};
    AUTO_FREE char *cwd = path_cwd();
    if (cwd == NULL) {
        return error_set(err, BEACON_E_NOT_FOUND, "change to a directory that exists",
                         "the current directory is gone");
    }
    int rc = home_start(cwd, system_paths.managed_config, &home, err);
    if (rc == BEACON_OK) {
        rc = id != NULL ? catalog_find(home.path, id, ret, err)
                        : catalog_find_last(home.path, is_of_any_cwd ? NULL : cwd, ret, err);
    }
    home_finish(&home);
    return rc;
}

int cmd_session_report(const struct beacon_error *err)
{
    const size_t n = strlen(err->message);
    const bool is_sentence = n > 0 && err->message[n - 1] == '.'; /* some words are a contract */
    (void)fprintf(stderr, "error: %.*s; %s\n", (int)(is_sentence ? n - 1 : n), err->message,
                  err->hint);
    return (int)error_exit_status(err->code);
}

static void print_help(FILE *out)
{
    (void)fprintf(out,
                  "Look into sessions.\n\nUsage: beacon session <COMMAND> [ARGS]\n\nCommands:\n");
    for (size_t i = 0; i < ROWS; i++) {
        (void)fprintf(out, "  %-6s %s\n", rows[i].name, rows[i].summary);
    }
    (void)fprintf(out, "\n`beacon session <COMMAND> --help` tells more.\n");
}

int cmd_session(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_STATUS_OK;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, argv[1]) == 0) {
            return rows[i].run(argc - 1, argv + 1);
        }
    }
    (void)fprintf(stderr, "error: unrecognized subcommand '%s'\n\n", argv[1]);
    print_help(stderr);
    return EXIT_STATUS_USAGE;
}
