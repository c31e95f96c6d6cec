/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/command_table.h"
#include "cli/printable.h"

static const struct command_row rows[] = {
    {"list", NULL,
     "Show every provider, its wire, whether its key is there, and where it is defined",
     cmd_provider_list},
    {"show", NULL, "Show everything that is known about one, and where each value comes from",
     cmd_provider_show},
    {"probe", NULL, "Ask a server which wires it speaks, and make a profile of that",
     cmd_provider_probe},
};

#define ROWS (sizeof rows / sizeof rows[0])

enum option_id { OPT_CONFIG = 1, OPT_HELP, OPT_JSON };

static const struct args_option options[] = {
    {OPT_CONFIG, 'c', "config", NULL, ARGS_VALUE, "key=value", NULL,
     "Override a value of config.toml; the value is TOML, else text"},
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "Print JSON instead of text"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

struct parse {
    struct provider_request *request;
    bool takes_id;
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    const struct parse *parse = ctx;
    struct provider_request *request = parse->request;
    switch (id) {
    case OPT_CONFIG:
        request->overrides = alloc_grow((void *)request->overrides, request->n_overrides + 1,
                                        sizeof *request->overrides);
        request->overrides[request->n_overrides++] = value;
        return BEACON_OK;
    case OPT_JSON:
        request->wants_json = true;
        return BEACON_OK;
    case OPT_HELP:
        request->wants_help = true;
        return BEACON_OK;
    default:
        break;
    }
    if (!parse->takes_id || request->id != NULL) {
        return error_set(err, BEACON_E_INVALID, "see --help", "unexpected argument '%s' found",
                         value);
    }
    request->id = value;
    return BEACON_OK;
}

bool cmd_provider_parse(const struct provider_usage *usage, int argc, char **argv,
                        struct provider_request *ret, int *ret_status)
{
    const struct args_table table = {usage->usage, options, sizeof options / sizeof options[0]};
    struct parse parse = {ret, usage->takes_id};
    struct beacon_error err = {0};
    int rc = args_parse(&table, argc, argv, take, &parse, &err);
    if (rc == BEACON_OK && ret->wants_help) {
        (void)printf("%s\n\nUsage: %s\n\nOptions:\n", usage->about, usage->usage);
        args_print_options(&table);
        *ret_status = EXIT_STATUS_OK;
        return false;
    }
    if (rc == BEACON_OK && usage->takes_id && ret->id == NULL) {
        rc = error_set(&err, BEACON_E_INVALID, "name the provider",
                       "the following required arguments were not provided: ID");
    }
    if (rc != BEACON_OK) {
        *ret_status = args_report(&table, &err);
    }
    return rc == BEACON_OK;
}

int cmd_provider_report(const struct beacon_error *err)
{
    printable_print(stderr, "error: %s; %s\n", err->message, err->hint);
    return (int)error_exit_status(err->code);
}

int cmd_provider_print_json(struct json_object *json)
{
    const char *text = json_object_to_json_string_ext(
        json, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
    return puts(text) >= 0 && fflush(stdout) == 0 ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

static void print_help(FILE *out)
{
    (void)fprintf(out, "Look after model providers.\n\n"
                       "Usage: beacon provider <COMMAND> [ARGS]\n\nCommands:\n");
    for (size_t i = 0; i < ROWS; i++) {
        (void)fprintf(out, "  %-6s %s\n", rows[i].name, rows[i].summary);
    }
    (void)fprintf(out, "\n`beacon provider <COMMAND> --help` tells more.\n");
}

int cmd_provider(int argc, char **argv)
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
