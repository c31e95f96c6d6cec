/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd_provider.h"
#include "cli/printable.h"
#include "cli/wire.h"
#include "cli/wire_http.h"
#include "config/profile_file.h"
#include "config/provider_settings.h"
#include "http/request.h"
#include "loop/loop.h"
#include "probe/probe.h"

#define PROFILE_MAX     (128u << 10)
#define TIMEOUT_DEFAULT 20
#define TIMEOUT_MAX     600

enum option_id { OPT_HELP = 1, OPT_JSON, OPT_KEY_ENV, OPT_MODEL, OPT_NAME, OPT_TIMEOUT, OPT_WRITE };

static const struct args_option options[] = {
    {OPT_NAME, 0, "name", NULL, ARGS_VALUE, "ID", NULL,
     "Id of the profile; else made from the address"},
    {OPT_MODEL, 0, "model", NULL, ARGS_VALUE, "MODEL", NULL,
     "Model to ask; else the first that the server names"},
    {OPT_KEY_ENV, 0, "key-env", NULL, ARGS_VALUE, "NAME", NULL,
     "Environment variable that holds the key"},
    {OPT_TIMEOUT, 0, "timeout", NULL, ARGS_VALUE, "SECONDS", NULL,
     "Longest time of each request, 20 unless given"},
    {OPT_WRITE, 0, "write", NULL, ARGS_FLAG, NULL, NULL,
     "Save the profile in $CODE_HOME/providers.d instead of printing it"},
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL,
     "Print what was found, and the profile, as JSON"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon provider probe [OPTIONS] URL", options,
                                        sizeof options / sizeof options[0]};

struct probe_options {
    const char *url, *name, *model, *key_env;
    long timeout_s;
    bool writes, wants_json, wants_help;
};

static int take_timeout(struct probe_options *ret, const char *value, struct beacon_error *err)
{
    char *end = NULL;
    ret->timeout_s = strtol(value, &end, 10);
    if (*end != '\0' || ret->timeout_s < 1 || ret->timeout_s > TIMEOUT_MAX) {
        return error_set(err, BEACON_E_INVALID, "give 1 to 600 seconds",
                         "invalid value '%.40s' for '--timeout <SECONDS>'", value);
    }
    return BEACON_OK;
}

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct probe_options *ret = ctx;
    switch (id) {
    case OPT_NAME:
        ret->name = value;
        return BEACON_OK;
    case OPT_MODEL:
        ret->model = value;
        return BEACON_OK;
    case OPT_KEY_ENV:
        ret->key_env = value;
        return BEACON_OK;
    case OPT_TIMEOUT:
        return take_timeout(ret, value, err);
    case OPT_WRITE:
        ret->writes = true;
        return BEACON_OK;
    case OPT_JSON:
        ret->wants_json = true;
        return BEACON_OK;
    case OPT_HELP:
        ret->wants_help = true;
        return BEACON_OK;
    default:
        break;
    }
    if (ret->url != NULL) {
        return error_set(err, BEACON_E_INVALID, "see --help", "unexpected argument '%s' found",
                         value);
    }
    ret->url = value;
    return BEACON_OK;
}

static int check(const struct probe_options *given, struct beacon_error *err)
{
    if (given->url == NULL) {
        return error_set(err, BEACON_E_INVALID, "give the address of a server",
                         "the following required arguments were not provided: URL");
    }
    if (given->name != NULL && !profile_id_is_valid(given->name)) {
        return error_set(err, BEACON_E_INVALID, "use letters, digits, -, _ and .",
                         "'%.80s' can be no id of a profile", given->name);
    }
    if (given->name != NULL && provider_is_fixed(given->name)) {
        return error_set(err, BEACON_E_INVALID, "give it another name",
                         "%s is built in and cannot be replaced", given->name);
    }
    const char *key = given->key_env != NULL ? getenv(given->key_env) : "";
    if (key == NULL || (given->key_env != NULL && key[0] == '\0')) {
        return error_set(err, BEACON_E_AUTH, "set it, or leave --key-env out",
                         "Missing environment variable: `%.80s`.", given->key_env);
    }
    return BEACON_OK;
}

/* The HTTP of a session, with its egress, and nothing else of one. */
static int run(struct wire_start *start, const struct probe_options *given,
               struct json_object **ret, struct text *profile, struct beacon_error *err)
{
    struct wire wire = {.start = start};
    const struct wire_plugins_request plugins = {.home = start->home.path, .is_inspection = true};
    int rc = wire_plugins_open(&plugins, &wire.plugins, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    wire.loop = loop_create();
    wire.http = http_create(wire.loop);
    rc = wire_http_open(&wire, err);
    if (rc == BEACON_OK) {
        const struct probe_request request = {.loop = wire.loop,
                                              .http = wire.http,
                                              .url = given->url,
                                              .id = given->name,
                                              .model = given->model,
                                              .key = given->key_env != NULL ? getenv(given->key_env)
                                                                            : NULL,
                                              .key_env = given->key_env,
                                              .timeout_ms = (uint32_t)given->timeout_s * 1000};
        rc = probe_run(&request, ret, profile, err);
    }
    http_destroy(wire.http);
    wire_http_close(&wire);
    loop_destroy(wire.loop);
    wire_plugins_close(&wire.plugins);
    return rc;
}

static int save(const char *home, const char *id, const struct text *profile,
                struct beacon_error *err)
{
    struct stat st;
    AUTO_FREE char *folder = path_join(home, "providers.d");
    AUTO_FREE char *joined = path_join(folder, id);
    AUTO_TEXT struct text path = {0};
    text_init(&path, 8192);
    (void)text_addf(&path, "%s" PROFILE_SUFFIX, joined);
    if (lstat(text_string(&path), &st) == 0) {
        return error_set(err, BEACON_E_BUSY, "remove it first, or give another id with --name",
                         "%s is there already", text_string(&path));
    }
    int rc = io_make_directories(folder, 0700, err);
    rc = rc == BEACON_OK
             ? io_replace_file(text_string(&path), profile->data, profile->len, 0600, err)
             : rc;
    if (rc == BEACON_OK) {
        printable_print(stderr, "wrote %s\nuse it: beacon -c model_provider=%s\n",
                        text_string(&path), id);
    }
    return rc;
}

static void tell_wires(struct json_object *findings)
{
    struct json_object *wires = json_member(findings, "wires");
    printable_print(stderr, "%s, asked as %s\n", json_string_of(findings, "base_url", ""),
                    json_string_of(findings, "model", ""));
    for (size_t i = 0; i < json_object_array_length(wires); i++) {
        struct json_object *wire = json_object_array_get_idx(wires, i);
        if (json_bool_of(wire, "answers", false)) {
            printable_print(stderr, "  %-10s answers; tool call: %s; usage: %s\n",
                            json_string_of(wire, "wire", ""), json_string_of(wire, "tool_call", ""),
                            json_string_of(wire, "usage", ""));
        } else {
            printable_print(stderr, "  %-10s no (%d): %s\n", json_string_of(wire, "wire", ""),
                            (int)json_int_of(wire, "status", 0),
                            json_string_of(wire, "reason", ""));
        }
    }
}

static int tell(const struct wire_start *start, const struct probe_options *given,
                struct json_object *findings, const struct text *profile, struct beacon_error *err)
{
    int rc = BEACON_OK;
    if (given->writes) {
        rc = save(start->home.path, json_string_of(findings, "id", ""), profile, err);
    }
    if (rc == BEACON_OK && given->wants_json) {
        (void)json_object_object_add(findings, "profile",
                                     json_object_new_string(text_string(profile)));
        return cmd_provider_print_json(findings) == EXIT_STATUS_OK ? rc : BEACON_E_IO;
    }
    if (rc == BEACON_OK && !given->writes) {
        (void)fputs(text_string(profile), stdout);
    }
    return rc;
}

int cmd_provider_probe(int argc, char **argv)
{
    struct probe_options given = {.timeout_s = TIMEOUT_DEFAULT};
    struct wire_start start = {.home_lock_fd = -1};
    struct beacon_error err = {0};
    AUTO_JSON struct json_object *findings = NULL;
    AUTO_TEXT struct text profile = {0};
    text_init(&profile, PROFILE_MAX);
    int rc = args_parse(&table, argc, argv, take, &given, &err);
    if (rc == BEACON_OK && given.wants_help) {
        (void)printf("Ask a server which wires it speaks, and make a profile of that.\n\n"
                     "Usage: %s\n\nOptions:\n",
                     table.usage);
        args_print_options(&table);
        return EXIT_STATUS_OK;
    }
    rc = rc == BEACON_OK ? wire_start(&(struct wire_start_request){0}, &start, &err) : rc;
    if (rc == BEACON_OK) {
        rc = check(&given, &err); /* the key may be in the .env file that was read now */
        rc = rc == BEACON_OK ? run(&start, &given, &findings, &profile, &err) : rc;
        if (findings != NULL && !given.wants_json) {
            tell_wires(findings);
        }
        rc = rc == BEACON_OK ? tell(&start, &given, findings, &profile, &err) : rc;
        wire_start_finish(&start);
        return rc == BEACON_OK ? EXIT_STATUS_OK : cmd_provider_report(&err);
    }
    wire_start_finish(&start);
    return given.url == NULL ? args_report(&table, &err) : cmd_provider_report(&err);
}
