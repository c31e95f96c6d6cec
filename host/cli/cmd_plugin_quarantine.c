/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/json_write.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd_plugin.h"
#include "cli/system_paths.h"
#include "plugin/incident.h"
#include "plugin/quarantine.h"
#include "session/home.h"

#define TABLE_MAX (1u << 20)

enum option_id { OPT_LIFT = 1, OPT_REASON, OPT_JSON, OPT_HELP };

static const struct args_option options[] = {
    {OPT_LIFT, 0, "lift", NULL, ARGS_FLAG, NULL, NULL, "Let ID in again and forget what it did"},
    {OPT_REASON, 0, "reason", NULL, ARGS_VALUE, "TEXT", NULL, "Why, for who looks later"},
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "Print the list as JSON"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon plugin quarantine [--json]\n"
                                        "       beacon plugin quarantine ID [--reason TEXT]\n"
                                        "       beacon plugin quarantine ID --lift",
                                        options, sizeof options / sizeof options[0]};

struct request {
    const char *id, *reason;
    bool is_lift, wants_json, wants_help;
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct request *request = ctx;
    switch (id) {
    case OPT_LIFT:
        request->is_lift = true;
        return BEACON_OK;
    case OPT_REASON:
        request->reason = value;
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
    if (request->id != NULL) {
        return error_set(err, BEACON_E_INVALID, "name one plugin", "unexpected argument '%s' found",
                         value);
    }
    request->id = value;
    return BEACON_OK;
}

static int check(const struct request *request, struct beacon_error *err)
{
    if (request->id == NULL && (request->is_lift || request->reason != NULL)) {
        return error_set(err, BEACON_E_INVALID, "name the plugin", "the ID of a plugin is missing");
    }
    if (request->is_lift && request->reason != NULL) {
        return error_set(err, BEACON_E_INVALID, "leave one of them out",
                         "--reason does not go with --lift");
    }
    return BEACON_OK;
}

/* ---- showing ---- */

static void add_line(const struct quarantine_entry *entry, struct text *out)
{
    char since[CLOCK_UTC_BYTES];
    uint64_t last_s = UINT64_MAX / 1000u;
    clock_format_utc((entry->since_unix_s < last_s ? entry->since_unix_s : last_s) * 1000u, since);
    (void)text_addf(
        out, "%-32s %-10s %-8s %.10s  %s%s%s%s", entry->id,
        entry->version[0] != '\0' ? entry->version : "every", entry->is_active ? "out" : "counted",
        since, entry->reason[0] != '\0' ? entry->reason : "no reason given",
        entry->slot[0] != '\0' ? " in " : "", entry->slot, entry->slot[0] != '\0' ? "()" : "");
    if (entry->count > 0) {
        (void)text_addf(out, ", %u of %d", entry->count, QUARANTINE_AFTER);
    }
    (void)text_add_char(out, '\n');
}

static void add_table(const struct quarantine *list, struct text *out)
{
    if (quarantine_count(list) == 0) {
        (void)text_add_string(out, "No plugin is kept out, and none hung or crashed.\n");
        return;
    }
    (void)text_addf(out, "%-32s %-10s %-8s %-10s  %s\n", "PLUGIN", "VERSION", "STATE", "SINCE",
                    "WHY");
    for (size_t i = 0; i < quarantine_count(list); i++) {
        add_line(quarantine_entry(list, i), out);
    }
    (void)text_add_string(out, "\nTo use one again: beacon plugin quarantine ID --lift\n");
}

static void put_entry(const struct quarantine_entry *entry, struct beacon_json_out *json)
{
    beacon_json_begin_object(json);
    beacon_json_put_member(json, "id", beacon_text(entry->id));
    beacon_json_put_member(json, "version", beacon_text(entry->version));
    beacon_json_key(json, "is_out");
    beacon_json_put_bool(json, entry->is_active);
    beacon_json_key(json, "count");
    beacon_json_put_int(json, entry->count);
    beacon_json_key(json, "since_unix_s");
    beacon_json_put_int(json, (int64_t)entry->since_unix_s);
    beacon_json_put_member(json, "slot", beacon_text(entry->slot));
    beacon_json_put_member(json, "reason", beacon_text(entry->reason));
    beacon_json_end_object(json);
}

static void add_json(const struct quarantine *list, struct text *out)
{
    struct beacon_json_out json;
    beacon_json_out_init(&json, INT_MAX);
    beacon_json_begin_array(&json);
    for (size_t i = 0; i < quarantine_count(list); i++) {
        put_entry(quarantine_entry(list, i), &json);
    }
    beacon_json_end_array(&json);
    struct beacon_str text = beacon_json_out_text(&json);
    (void)text_add(out, text.p, text.n);
    (void)text_add_char(out, '\n');
    beacon_json_out_finish(&json);
}

static int show(const char *home, bool wants_json, struct beacon_error *err)
{
    struct quarantine *list = NULL;
    if (quarantine_load(home, &list, err) != BEACON_OK) {
        return cmd_plugin_report(err);
    }
    AUTO_TEXT struct text out;
    text_init(&out, TABLE_MAX);
    if (wants_json) {
        add_json(list, &out);
    } else {
        add_table(list, &out);
    }
    quarantine_destroy(list);
    return io_write_all(STDOUT_FILENO, text_string(&out), out.len) ? EXIT_STATUS_OK
                                                                   : EXIT_STATUS_FAILED;
}

/* ---- changing ---- */

static int change(const struct request *request, const char *home, struct beacon_error *err)
{
    const char *reason = request->reason != NULL ? request->reason : "a person asked for it";
    int rc = request->is_lift ? quarantine_lift(home, request->id, err)
                              : quarantine_put(home, request->id, reason, err);
    if (rc != BEACON_OK) {
        return cmd_plugin_report(err);
    }
    return printf(request->is_lift ? "Plugin %s may be used again.\n"
                                   : "Plugin %s is not used any more, whatever its version.\n",
                  request->id) < 0 ||
                   fflush(stdout) != 0
               ? EXIT_STATUS_FAILED
               : EXIT_STATUS_OK;
}

static int run(const struct request *request)
{
    struct beacon_error err = {0};
    struct home home = {0};
    AUTO_FREE char *cwd = path_cwd();
    if (home_start(cwd != NULL ? cwd : "/", system_paths.managed_config, &home, &err) !=
        BEACON_OK) {
        return cmd_plugin_report(&err);
    }
    if (incident_begin(home.path, &err) != BEACON_OK) {
        (void)fprintf(stderr, "warning: %s; %s\n", err.message, err.hint);
    }
    int status = request->id == NULL ? show(home.path, request->wants_json, &err)
                                     : change(request, home.path, &err);
    home_finish(&home);
    return status;
}

int cmd_plugin_quarantine(int argc, char **argv)
{
    struct request request = {0};
    struct beacon_error err = {0};
    int rc = args_parse(&table, argc, argv, take, &request, &err);
    if (rc == BEACON_OK && !request.wants_help) {
        rc = check(&request, &err);
    }
    if (rc != BEACON_OK) {
        return args_report(&table, &err);
    }
    if (request.wants_help) {
        (void)printf("Show the plugins that hung or crashed, keep one out, or let it in again.\n\n"
                     "Usage: %s\n\nOptions:\n",
                     table.usage);
        args_print_options(&table);
        return EXIT_STATUS_OK;
    }
    return run(&request);
}
