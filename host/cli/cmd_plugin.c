/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_plugin.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "cli/command_table.h"
#include "cli/system_paths.h"
#include "session/home.h"

static const struct command_row rows[] = {
    {"list", NULL, "Show every plugin that was found, and why some are not used", cmd_plugin_list},
    {"why", NULL, "Tell why a plugin is used or not, with the file and line that decided",
     cmd_plugin_why},
    {"show", NULL, "Show what a plugin says about itself, and its file", cmd_plugin_show},
    {"lock", NULL, "Write down the bytes that may run, or compare with what was written down",
     cmd_plugin_lock},
    {"quarantine", NULL, "Show the plugins that hung or crashed, keep one out, let it in again",
     cmd_plugin_quarantine},
    {"check", NULL, "Hold a plugin file to the promises of the plugin interface", cmd_plugin_check},
    {"new", NULL, "Write the files of a new plugin", cmd_plugin_new},
};

#define ROWS (sizeof rows / sizeof rows[0])

int cmd_plugin_open(bool is_safe_mode, struct wire_plugins *ret, struct beacon_error *err)
{
    struct home home = {0};
    AUTO_FREE char *cwd = path_cwd();
    bool has_home =
        cwd != NULL && home_start(cwd, system_paths.managed_config, &home, err) == BEACON_OK;
    const struct wire_plugins_request request = {
        .home = has_home ? home.path : NULL, .is_safe_mode = is_safe_mode, .is_inspection = true};
    int rc = wire_plugins_open(&request, ret, err);
    home_finish(&home);
    return rc;
}

int cmd_plugin_report(const struct beacon_error *err)
{
    (void)fprintf(stderr, "error: %s; %s\n", err->message, err->hint);
    return (int)error_exit_status(err->code);
}

static void print_help(FILE *out)
{
    (void)fprintf(out,
                  "Look after plugins.\n\nUsage: beacon plugin <COMMAND> [ARGS]\n\nCommands:\n");
    for (size_t i = 0; i < ROWS; i++) {
        (void)fprintf(out, "  %-11s %s\n", rows[i].name, rows[i].summary);
    }
    (void)fprintf(out, "\n`beacon plugin <COMMAND> --help` tells more.\n");
}

int cmd_plugin(int argc, char **argv)
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
