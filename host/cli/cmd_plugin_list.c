/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd_plugin.h"
#include "plugin/list.h"

#define LIST_MAX (16u << 20)

enum option_id { OPT_JSON = 1, OPT_HELP };

static const struct args_option options[] = {
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "Print JSON instead of a table"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon plugin list [--json]", options,
                                        sizeof options / sizeof options[0]};

struct request {
    bool wants_json, wants_help;
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct request *request = ctx;
    if (id == OPT_JSON) {
        request->wants_json = true;
    } else if (id == OPT_HELP) {
        request->wants_help = true;
    } else {
        return error_set(err, BEACON_E_INVALID, "use `beacon plugin list`",
                         "unexpected argument '%s' found", value);
    }
    return BEACON_OK;
}

static int list(const struct request *request)
{
    struct beacon_error err = {0};
    struct wire_plugins plugins = {0};
    if (cmd_plugin_open(false, &plugins, &err) != BEACON_OK) {
        return cmd_plugin_report(&err);
    }
    AUTO_TEXT struct text out;
    text_init(&out, LIST_MAX);
    bool is_whole = request->wants_json ? plugin_list_json(plugins.set, &out)
                                        : plugin_list_table(plugins.set, &out);
    wire_plugins_close(&plugins);
    if (!is_whole || !io_write_all(STDOUT_FILENO, text_string(&out), out.len)) {
        return EXIT_STATUS_FAILED;
    }
    return EXIT_STATUS_OK;
}

int cmd_plugin_list(int argc, char **argv)
{
    struct request request = {0};
    struct beacon_error err = {0};
    if (args_parse(&table, argc, argv, take, &request, &err) != BEACON_OK) {
        return args_report(&table, &err);
    }
    if (request.wants_help) {
        (void)printf("Show the plugin files that were found, and why some are not used.\n\n"
                     "Usage: %s\n\nOptions:\n",
                     table.usage);
        args_print_options(&table);
        return EXIT_STATUS_OK;
    }
    return list(&request);
}
