/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command_table.h"
#include "cli/config_explain.h"
#include "cli/wire.h"
#include "config/layers.h"
#include "plugin/report.h"

#define OUTPUT_MAX    (16u << 20)
#define OVERRIDES_MAX 64

enum option_id { OPT_CONFIG = 1, OPT_PROFILE, OPT_CD, OPT_JSON, OPT_HELP };

static const struct args_option options[] = {
    {OPT_CONFIG, 'c', "config", NULL, ARGS_VALUE, "KEY=VALUE", NULL,
     "Explain as if this were given to the session"},
    {OPT_PROFILE, 'p', "profile", NULL, ARGS_VALUE, "NAME", NULL, "Explain with this profile"},
    {OPT_CD, 'C', "cd", NULL, ARGS_VALUE, "DIR", NULL, "Explain for a session in this directory"},
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "Print JSON"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon config explain [OPTIONS] KEY", options,
                                        sizeof options / sizeof options[0]};

struct explain_request {
    const char *key, *profile, *cwd;
    const char *overrides[OVERRIDES_MAX];
    size_t n_overrides;
    bool wants_json, wants_help;
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct explain_request *request = ctx;
    switch (id) {
    case OPT_CONFIG:
        if (request->n_overrides == OVERRIDES_MAX) {
            return error_set(err, BEACON_E_INVALID, "give fewer", "more than %d times -c",
                             OVERRIDES_MAX);
        }
        request->overrides[request->n_overrides++] = value;
        break;
    case OPT_PROFILE:
        request->profile = value;
        break;
    case OPT_CD:
        request->cwd = value;
        break;
    case OPT_JSON:
        request->wants_json = true;
        break;
    case OPT_HELP:
        request->wants_help = true;
        break;
    default:
        if (request->key != NULL) {
            return error_set(err, BEACON_E_INVALID, "explain one key at a time",
                             "unexpected argument '%s' found", value);
        }
        request->key = value;
    }
    return BEACON_OK;
}

static int report(const struct beacon_error *err)
{
    (void)fprintf(stderr, "error: %s; %s\n", err->message, err->hint);
    return (int)error_exit_status(err->code);
}

static int start(const struct explain_request *request, struct wire_start *ret)
{
    AUTO_TEXT struct text display;
    struct beacon_error err = {0};
    text_init(&display, 64u << 10);
    const struct wire_start_request wanted = {.cwd = request->cwd,
                                              .profile = request->profile,
                                              .overrides = request->overrides,
                                              .n_overrides = request->n_overrides,
                                              .display = &display};
    if (wire_start(&wanted, ret, &err) == BEACON_OK) {
        return EXIT_STATUS_OK;
    }
    if (display.len > 0) {
        (void)fprintf(stderr, "%s\n", text_string(&display));
    }
    return report(&err);
}

static int print(struct json_object *document, bool wants_json)
{
    AUTO_TEXT struct text out;
    text_init(&out, OUTPUT_MAX);
    bool is_whole =
        wants_json ? report_add_json(&out, document) : config_explain_text(document, &out);
    return is_whole && io_write_all(STDOUT_FILENO, text_string(&out), out.len) ? EXIT_STATUS_OK
                                                                               : EXIT_STATUS_FAILED;
}

static int explain(const struct explain_request *request, const struct wire_start *started)
{
    struct beacon_error err = {0};
    AUTO_JSON struct json_object *document = NULL;
    if (config_explain(started->config, request->key, &document, &err) != BEACON_OK) {
        return report(&err);
    }
    int status = EXIT_STATUS_OK;
    if (config_explain_has_plugins(request->key) &&
        config_explain_plugins(started, request->key, document, &err) != BEACON_OK) {
        status = report(&err); /* the rest is still worth knowing */
    }
    int printed = print(document, request->wants_json);
    return status != EXIT_STATUS_OK ? status : printed;
}

static int cmd_config_explain(int argc, char **argv)
{
    struct explain_request request = {.key = NULL};
    struct wire_start started = {.home_lock_fd = -1};
    struct beacon_error err = {0};
    int rc = args_parse(&table, argc, argv, take, &request, &err);
    if (rc == BEACON_OK && request.key == NULL && !request.wants_help) {
        rc = error_set(&err, BEACON_E_INVALID, "name a key such as model_provider",
                       "the following required argument was not provided: <KEY>");
    }
    if (rc != BEACON_OK) {
        return args_report(&table, &err);
    }
    if (request.wants_help) {
        (void)printf(
            "Tell what a configuration key is set to, by whom, and what else was said about "
            "it.\n\nUsage: %s\n\nOptions:\n",
            table.usage);
        args_print_options(&table);
        return EXIT_STATUS_OK;
    }
    int status = start(&request, &started);
    if (status == EXIT_STATUS_OK) {
        status = explain(&request, &started);
        wire_start_finish(&started);
    }
    return status;
}

int cmd_config(int argc, char **argv)
{
    static const char help[] = "Look into the configuration.\n\n"
                               "Usage: beacon config <COMMAND> [ARGS]\n\nCommands:\n"
                               "  explain  Tell where the value of a key comes from\n";
    if (argc >= 2 && strcmp(argv[1], "explain") == 0) {
        return cmd_config_explain(argc - 1, argv + 1);
    }
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)fputs(help, stdout);
        return EXIT_STATUS_OK;
    }
    if (argc >= 2) {
        (void)fprintf(stderr, "error: unrecognized subcommand '%s'\n\n", argv[1]);
    }
    (void)fputs(help, stderr);
    return EXIT_STATUS_USAGE;
}
