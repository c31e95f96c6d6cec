/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plugin_request.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "cli/args.h"

enum option_id { OPT_JSON = 1, OPT_SAFE_MODE, OPT_HELP };

static const struct args_option options[] = {
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "Print JSON instead of text"},
    {OPT_SAFE_MODE, 0, "safe-mode", NULL, ARGS_FLAG, NULL, NULL,
     "Look at the bundled plugins only, as beacon exec --safe-mode does"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

struct parse {
    const struct plugin_usage *usage;
    struct plugin_request *request;
    bool wants_help;
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct parse *parse = ctx;
    struct plugin_request *request = parse->request;
    switch (id) {
    case OPT_JSON:
        request->wants_json = true;
        return BEACON_OK;
    case OPT_SAFE_MODE:
        request->is_safe_mode = true;
        return BEACON_OK;
    case OPT_HELP:
        parse->wants_help = true;
        return BEACON_OK;
    default:
        break;
    }
    if (parse->usage->name_words == NULL || request->name != NULL) {
        return error_set(err, BEACON_E_INVALID, "see --help", "unexpected argument '%s' found",
                         value);
    }
    request->name = value;
    return BEACON_OK;
}

static void print_help(const struct plugin_usage *usage, const struct args_table *table)
{
    (void)printf("%s\n\nUsage: %s\n\n", usage->about, usage->usage);
    if (usage->name_words != NULL) {
        (void)printf("Arguments:\n  NAME  %s\n\n", usage->name_words);
    }
    (void)printf("Options:\n");
    args_print_options(table);
}

bool plugin_request_parse(const struct plugin_usage *usage, int argc, char **argv,
                          struct plugin_request *ret, int *ret_status)
{
    const struct args_table table = {usage->usage, options, sizeof options / sizeof options[0]};
    struct parse parse = {.usage = usage, .request = ret};
    struct beacon_error err = {0};
    int rc = args_parse(&table, argc, argv, take, &parse, &err);
    if (rc == BEACON_OK && parse.wants_help) {
        print_help(usage, &table);
        *ret_status = EXIT_STATUS_OK;
        return false;
    }
    if (rc == BEACON_OK && usage->name_words != NULL && ret->name == NULL) {
        rc = error_set(&err, BEACON_E_INVALID, "name the plugin",
                       "the following required arguments were not provided: NAME");
    }
    if (rc != BEACON_OK) {
        *ret_status = args_report(&table, &err);
        return false;
    }
    return true;
}

int plugin_request_print(const struct text *out, bool is_whole)
{
    return is_whole && io_write_all(STDOUT_FILENO, text_string(out), out->len) ? EXIT_STATUS_OK
                                                                               : EXIT_STATUS_FAILED;
}
