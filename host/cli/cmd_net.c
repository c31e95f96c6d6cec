/* SPDX-License-Identifier: Apache-2.0
 * cmd_net.c - `beacon net list`: the hosts this program connects to under this configuration.
 */
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
#include "cli/net_hosts.h"
#include "cli/wire.h"
#include "plugin/report.h"

#define OUTPUT_MAX    (4u << 20)
#define OVERRIDES_MAX 64

enum option_id { OPT_CONFIG = 1, OPT_PROFILE, OPT_CD, OPT_JSON, OPT_HELP };

static const struct args_option options[] = {
    {OPT_CONFIG, 'c', "config", NULL, ARGS_VALUE, "KEY=VALUE", NULL,
     "List as if this were given to the session"},
    {OPT_PROFILE, 'p', "profile", NULL, ARGS_VALUE, "NAME", NULL, "List with this profile"},
    {OPT_CD, 'C', "cd", NULL, ARGS_VALUE, "DIR", NULL, "List for a session in this directory"},
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "Print JSON"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon net list [OPTIONS]", options,
                                        sizeof options / sizeof options[0]};

struct list_request {
    struct wire_start_request start;
    const char *overrides[OVERRIDES_MAX];
    bool wants_json, wants_help;
};

static int take_override(struct list_request *request, const char *value, struct beacon_error *err)
{
    if (request->start.n_overrides == OVERRIDES_MAX) {
        return error_set(err, BEACON_E_INVALID, "give fewer", "more than %d times -c",
                         OVERRIDES_MAX);
    }
    request->overrides[request->start.n_overrides++] = value;
    return BEACON_OK;
}

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct list_request *request = ctx;
    switch (id) {
    case OPT_CONFIG:
        return take_override(request, value, err);
    case OPT_PROFILE:
        request->start.profile = value;
        break;
    case OPT_CD:
        request->start.cwd = value;
        break;
    case OPT_JSON:
        request->wants_json = true;
        break;
    case OPT_HELP:
        request->wants_help = true;
        break;
    default:
        return error_set(err, BEACON_E_INVALID, "see --help", "unexpected argument '%s' found",
                         value);
    }
    return BEACON_OK;
}

static int report(const struct beacon_error *err)
{
    (void)fprintf(stderr, "error: %s; %s\n", err->message, err->hint);
    return (int)error_exit_status(err->code);
}

/* ---- for people ---- */

static void add_field(struct text *out, const char *label, const char *words)
{
    (void)text_addf(out, "    %-9s ", label);
    (void)report_add_shown(out, words);
}

static void add_place(struct text *out, const char *where)
{
    (void)text_add_string(out, "  (");
    (void)report_add_shown(out, where);
    (void)text_add_string(out, ")\n");
}

static void add_verdict(struct text *out, struct json_object *row, bool has_list)
{
    if (!json_bool_of(row, "allowed", false)) {
        add_field(out, "refused", json_string_of(row, "reason", ""));
        (void)text_add_string(out, "; ");
        (void)report_add_shown(out, json_string_of(row, "hint", ""));
        (void)text_add_char(out, '\n');
    } else if (has_list) {
        add_field(out, "allowed", json_string_of(row, "allow_entry", ""));
        add_place(out, json_string_of(row, "allow_where", ""));
    }
}

static void add_row(struct text *out, struct json_object *row, bool has_list)
{
    const char *via = json_string_of(row, "via", NULL), *key = json_string_of(row, "key", "");
    bool is_v6 = strchr(json_string_of(row, "host", ""), ':') != NULL;
    (void)text_add_string(out, is_v6 ? "[" : "");
    (void)report_add_shown(out, json_string_of(row, "host", ""));
    (void)text_addf(out, "%s:%d  %s ", is_v6 ? "]" : "", (int)json_int_of(row, "port", 0),
                    json_string_of(row, "purpose", ""));
    (void)report_add_shown(out, json_string_of(row, "name", ""));
    (void)text_add_char(out, '\n');
    add_field(out, "named by", key[0] != '\0' ? key : json_string_of(row, "where", ""));
    if (key[0] != '\0') {
        add_place(out, json_string_of(row, "where", ""));
    } else {
        (void)text_add_char(out, '\n');
    }
    if (via != NULL) {
        add_field(out, "through", via);
        (void)text_add_char(out, '\n');
    }
    add_verdict(out, row, has_list);
}

static void add_text(struct text *out, struct json_object *document)
{
    struct json_object *hosts = json_member(document, "hosts");
    bool has_list = json_bool_of(document, "has_allow_list", false);
    for (size_t i = 0; i < json_object_array_length(hosts); i++) {
        add_row(out, json_object_array_get_idx(hosts, i), has_list);
    }
    if (json_object_array_length(hosts) == 0) {
        (void)text_add_string(out, "no host\n");
    }
    (void)text_add_string(out, has_list ? "\nNo other host is connected to: network.allow ("
                                        : "\nNo other host is connected to. To hold the program to "
                                          "a list, set network.allow.\n");
    if (has_list) {
        (void)report_add_shown(out, json_string_of(document, "allow_where", ""));
        (void)text_add_string(out, ").\n");
    }
    (void)text_add_string(out, "Commands of the model have a network of their own: see "
                               "sandbox_workspace_write.network_access.\n");
}

static int print(struct json_object *document, bool wants_json)
{
    AUTO_TEXT struct text out;
    text_init(&out, OUTPUT_MAX);
    if (wants_json) {
        (void)report_add_json(&out, document);
    } else {
        add_text(&out, document);
    }
    return io_write_all(STDOUT_FILENO, text_string(&out), out.len) ? EXIT_STATUS_OK
                                                                   : EXIT_STATUS_FAILED;
}

/* ---- the command ---- */

static int list(const struct list_request *request, const struct wire_start *started)
{
    struct beacon_error err = {0};
    struct wire_plugins plugins = {0};
    AUTO_JSON struct json_object *document = NULL;
    const struct wire_plugins_request wanted = {.home = started->home.path, .is_inspection = true};
    int rc = wire_plugins_open(&wanted, &plugins, &err);
    rc = rc == BEACON_OK ? net_hosts(started, &plugins, &document, &err) : rc;
    int status = rc == BEACON_OK ? print(document, request->wants_json) : report(&err);
    wire_plugins_close(&plugins);
    return status;
}

static int start_and_list(const struct list_request *request)
{
    AUTO_TEXT struct text display;
    struct wire_start started = {.home_lock_fd = -1};
    struct beacon_error err = {0};
    text_init(&display, 64u << 10);
    struct wire_start_request start = request->start;
    start.overrides = request->overrides;
    start.display = &display;
    if (wire_start(&start, &started, &err) != BEACON_OK) {
        if (display.len > 0) {
            (void)fprintf(stderr, "%s\n", text_string(&display));
        }
        return report(&err);
    }
    int status = list(request, &started);
    wire_start_finish(&started);
    return status;
}

static int cmd_net_list(int argc, char **argv)
{
    struct list_request request = {.wants_json = false};
    struct beacon_error err = {0};
    if (args_parse(&table, argc, argv, take, &request, &err) != BEACON_OK) {
        return args_report(&table, &err);
    }
    if (request.wants_help) {
        (void)printf(
            "List every host that beacon itself connects to under this configuration, what "
            "for, and\nthe key that says so. Nothing is connected to.\n\nUsage: "
            "%s\n\nOptions:\n",
            table.usage);
        args_print_options(&table);
        return EXIT_STATUS_OK;
    }
    return start_and_list(&request);
}

int cmd_net(int argc, char **argv)
{
    static const char help[] = "Look at the network of the program itself.\n\n"
                               "Usage: beacon net <COMMAND> [ARGS]\n\nCommands:\n"
                               "  list  Every host it connects to, and the key that says so\n\n"
                               "`beacon net <COMMAND> --help` tells more.\n";
    if (argc >= 2 && strcmp(argv[1], "list") == 0) {
        return cmd_net_list(argc - 1, argv + 1);
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
