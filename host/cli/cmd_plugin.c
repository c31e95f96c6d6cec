/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command_table.h"
#include "cli/wire.h"
#include "plugin/discover.h"
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
    const char *action;
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct request *request = ctx;
    if (id == OPT_JSON) {
        request->wants_json = true;
    } else if (id == OPT_HELP) {
        request->wants_help = true;
    } else if (request->action == NULL && strcmp(value, "list") == 0) {
        request->action = value;
    } else {
        return error_set(err, BEACON_E_INVALID, "use `beacon plugin list`",
                         "unexpected argument '%s' found", value);
    }
    return BEACON_OK;
}

static int list(const struct request *request)
{
    struct home home = {0};
    struct beacon_error err = {0};
    AUTO_FREE char *cwd = path_cwd();
    /* Without a home the other places still count. */
    bool has_home = cwd != NULL && home_start(cwd, &home, &err) == BEACON_OK;
    struct plugin_set *set = NULL;
    int rc = wire_plugins(has_home ? home.path : NULL, &set, &err);
    home_finish(&home);
    if (rc != BEACON_OK) {
        (void)fprintf(stderr, "error: %s; %s\n", err.message, err.hint);
        return (int)error_exit_status(rc);
    }
    AUTO_TEXT struct text out;
    text_init(&out, LIST_MAX);
    bool is_whole =
        request->wants_json ? plugin_list_json(set, &out) : plugin_list_table(set, &out);
    plugin_set_close(set);
    if (!is_whole || !io_write_all(STDOUT_FILENO, text_string(&out), out.len)) {
        return EXIT_STATUS_FAILED;
    }
    return EXIT_STATUS_OK;
}

int cmd_plugin(int argc, char **argv)
{
    struct request request = {0};
    struct beacon_error err = {0};
    if (args_parse(&table, argc, argv, take, &request, &err) != BEACON_OK) {
        return args_report(&table, &err);
    }
    if (request.wants_help || request.action == NULL) {
        (void)printf("Show the plugin files that were found, and why some are not used.\n\n"
                     "Usage: %s\n\nOptions:\n",
                     table.usage);
        args_print_options(&table);
        return request.wants_help ? EXIT_STATUS_OK : EXIT_STATUS_USAGE;
    }
    return list(&request);
}
