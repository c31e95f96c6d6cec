/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd_session.h"
#include "cli/session_cost.h"
#include "session/catalog.h"
#include "session/cost_report.h"

#define OUTPUT_MAX (64u << 20)

enum option_id { OPT_LAST = 1, OPT_ALL, OPT_JSON, OPT_HELP };

static const struct args_option options[] = {
    {OPT_LAST, 0, "last", NULL, ARGS_FLAG, NULL, NULL,
     "The newest session of this directory, as without an ID"},
    {OPT_ALL, 0, "all", NULL, ARGS_FLAG, NULL, NULL, "With --last: of any directory"},
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "Print JSON"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon session cost [OPTIONS] [ID | --last]", options,
                                        sizeof options / sizeof options[0]};

struct cost_request {
    const char *id;
    bool is_last, is_of_any_cwd, wants_json, wants_help;
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct cost_request *request = ctx;
    switch (id) {
    case OPT_LAST:
        request->is_last = true;
        break;
    case OPT_ALL:
        request->is_of_any_cwd = true;
        break;
    case OPT_JSON:
        request->wants_json = true;
        break;
    case OPT_HELP:
        request->wants_help = true;
        break;
    default:
        if (request->id != NULL) {
            return error_set(err, BEACON_E_INVALID, "name one session",
                             "unexpected argument '%s' found", value);
        }
        request->id = value;
    }
    return BEACON_OK;
}

static int check(const struct cost_request *request, struct beacon_error *err)
{
    if (request->id != NULL && (request->is_last || request->is_of_any_cwd)) {
        return error_set(err, BEACON_E_INVALID, "give one of them",
                         "--last and --all do not go with the id of a session");
    }
    return BEACON_OK;
}

static int print(const struct cost_report *report, bool wants_json)
{
    AUTO_TEXT struct text out;
    text_init(&out, OUTPUT_MAX);
    bool is_whole = wants_json ? session_cost_json(report, &out) : session_cost_text(report, &out);
    return is_whole && io_write_all(STDOUT_FILENO, text_string(&out), out.len) ? EXIT_STATUS_OK
                                                                               : EXIT_STATUS_FAILED;
}

int cmd_session_cost(int argc, char **argv)
{
    struct cost_request request = {.id = NULL};
    struct beacon_error err = {0};
    int rc = args_parse(&table, argc, argv, take, &request, &err);
    if (rc == BEACON_OK && request.wants_help) {
        (void)printf("Tell what a session took: tokens and money by turn, by model and by tool, "
                     "what came from the\nprovider's cache, and what broke it.\n\nUsage: "
                     "%s\n\nOptions:\n",
                     table.usage);
        args_print_options(&table);
        return EXIT_STATUS_OK;
    }
    rc = rc == BEACON_OK ? check(&request, &err) : rc;
    if (rc != BEACON_OK) {
        return args_report(&table, &err);
    }
    struct catalog_entry entry = {0};
    struct cost_report report = {0};
    rc = cmd_session_find(request.id, request.is_of_any_cwd, &entry, &err);
    if (rc == BEACON_OK) {
        rc = cost_report_read(entry.path, &report, &err);
    }
    int status = rc == BEACON_OK ? print(&report, request.wants_json) : cmd_session_report(&err);
    cost_report_finish(&report);
    catalog_entry_finish(&entry);
    return status;
}
