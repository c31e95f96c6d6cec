/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "cli/args.h"
#include "cli/cmd_plugin.h"
#include "cli/plugin_template.h"

#define TEMPLATES "../share/beacon/template"

enum option_id { OPT_KIND = 1, OPT_ID, OPT_LANG, OPT_DIR, OPT_HELP };

static const struct args_option options[] = {
    {OPT_KIND, 0, "kind", NULL, ARGS_VALUE, "KIND", "provider|sandbox|auth|telemetry",
     "What the plugin is: provider, sandbox, auth or telemetry"},
    {OPT_ID, 0, "id", NULL, ARGS_VALUE, "ID", NULL, "Its name for ever, like com.acme.llm"},
    {OPT_LANG, 0, "lang", NULL, ARGS_VALUE, "LANG", "c|c++", "c (default) or c++"},
    {OPT_DIR, 0, "dir", NULL, ARGS_VALUE, "DIR", NULL,
     "Where to; default: the current folder, which must be empty"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon plugin new --kind KIND --id ID [OPTIONS]", options,
                                        sizeof options / sizeof options[0]};

struct request {
    const char *kind, *id, *dir;
    bool is_cxx, wants_help;
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct request *request = ctx;
    switch (id) {
    case OPT_KIND:
        request->kind = value;
        return BEACON_OK;
    case OPT_ID:
        request->id = value;
        return BEACON_OK;
    case OPT_LANG:
        request->is_cxx = strcmp(value, "c++") == 0;
        return BEACON_OK;
    case OPT_DIR:
        request->dir = value;
        return BEACON_OK;
    case OPT_HELP:
        request->wants_help = true;
        return BEACON_OK;
    default:
        return error_set(err, BEACON_E_INVALID, "name the folder with --dir",
                         "unexpected argument '%s' found", value);
    }
}

static int check(const struct request *request, struct beacon_error *err)
{
    if (request->kind == NULL || request->id == NULL) {
        return error_set(err, BEACON_E_INVALID, "for example --kind provider --id com.acme.llm",
                         "%s is missing", request->kind == NULL ? "--kind" : "--id");
    }
    return plugin_template_check_id(request->id, err);
}

/* CMake looks for packages beside the programs of PATH. */
static bool is_on_path(const char *folder)
{
    const char *path = getenv("PATH");
    const size_t n = strlen(folder);
    for (const char *p = path; p != NULL && *p != '\0';) {
        const size_t length = strcspn(p, ":");
        if (length == n && strncmp(p, folder, n) == 0) {
            return true;
        }
        p += length + (p[length] == ':' ? 1 : 0);
    }
    return false;
}

/* As it can be copied into a shell. */
static void print_word(const char *path)
{
    const bool is_plain = strpbrk(path, " \t\n\"'`$&|;<>()*?[]{}#~!\\") == NULL;
    (void)fputs(is_plain ? "" : "'", stdout);
    for (const char *p = path; *p != '\0'; p++) {
        (void)fputs(*p == '\'' ? "'\\'" : "", stdout);
        (void)putchar(*p);
    }
    (void)fputs(is_plain ? "" : "'", stdout);
}

static void print_next_steps(const struct plugin_template *t, const char *folder, size_t n_files)
{
    AUTO_FREE char *target = plugin_template_target(t);
    AUTO_FREE char *prefix = path_parent(folder);
    (void)printf("Made the %s plugin %s in %s: %zu files.\n\nNext:\n", t->kind, t->id, t->dir,
                 n_files);
    if (strcmp(t->dir, ".") != 0) {
        (void)printf("  cd ");
        print_word(t->dir);
        (void)printf("\n");
    }
    (void)printf("  cmake -B b");
    if (!is_on_path(folder)) {
        (void)printf(" -DCMAKE_PREFIX_PATH=");
        print_word(prefix);
    }
    (void)printf(" && cmake --build b && ctest --test-dir b\n");
    (void)printf("  beacon plugin check b/%s.so\n\n", target);
    (void)printf("README.md tells what is where, and how Beacon is told to use it.\n");
}

static int write_plugin(const struct request *request, struct beacon_error *err)
{
    AUTO_FREE char *folder = path_executable_dir();
    if (folder == NULL) {
        return error_set(err, BEACON_E_IO, "mount /proc",
                         "the system does not tell where beacon is");
    }
    AUTO_FREE char *templates = path_join(folder, TEMPLATES);
    const struct plugin_template t = {.templates = templates,
                                      .id = request->id,
                                      .kind = request->kind,
                                      .is_cxx = request->is_cxx,
                                      .dir = request->dir != NULL ? request->dir : "."};
    size_t n_files = 0;
    int rc = plugin_template_write(&t, &n_files, err);
    if (rc == BEACON_OK) {
        print_next_steps(&t, folder, n_files);
    }
    return rc;
}

int cmd_plugin_new(int argc, char **argv)
{
    struct request request = {0};
    struct beacon_error err = {0};
    if (args_parse(&table, argc, argv, take, &request, &err) != BEACON_OK) {
        return args_report(&table, &err);
    }
    if (request.wants_help) {
        (void)printf("Write the files of a new plugin: source, tests, fuzz target, CI script.\n\n"
                     "Usage: %s\n\nOptions:\n",
                     table.usage);
        args_print_options(&table);
        return EXIT_STATUS_OK;
    }
    if (check(&request, &err) != BEACON_OK) {
        return args_report(&table, &err);
    }
    return write_plugin(&request, &err) == BEACON_OK ? EXIT_STATUS_OK : cmd_plugin_report(&err);
}
