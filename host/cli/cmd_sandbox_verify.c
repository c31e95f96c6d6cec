/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_sandbox_verify.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/sandbox_config.h"
#include "cli/wire_plugins.h"
#include "cli/wire_policy.h"
#include "sandbox/plan.h"
#include "session/home.h"
#include "verify/verify.h"

#define RESULTS_MAX  128
#define PROMISE_TEXT 1024
#define MODES        2

static const char usage[] = "Usage: beacon sandbox verify [OPTIONS]\n";

static const char help[] =
    "\n"
    "Try about fifty forbidden things, each first without a sandbox and then inside it, and show\n"
    "which are stopped. Everything happens to files, processes and servers made for it.\n"
    "\n"
    "  enforced        it could be done without the sandbox, and could not be done inside\n"
    "  not enforced    it could be done inside, and the backend never promised otherwise\n"
    "  NOT ENFORCED    it could be done inside although it was promised not to: please report it\n"
    "  not applicable  it cannot be done here even without a sandbox\n"
    "\n"
    "Options:\n"
    "  --backend NAME  auto (the default: the strongest there is), namespaces or landlock\n"
    "  --sandbox MODE  only read-only or only workspace-write\n"
    "  --json          print JSON\n"
    "  --safe-mode     use only the plugins that came with beacon\n"
    "\n"
    "The exit status is 0 when all that the backend promises is enforced, 1 when something is "
    "not,\n"
    "126 when there is no such sandbox here.\n";

struct options {
    const char *backend, *only_mode;
    bool is_json, is_safe_mode, wants_help;
};

/* One mode's results. */
struct table {
    const char *mode;
    struct verify_report report;
    struct verify_result rows[RESULTS_MAX];
    size_t n;
};

static const char *const modes[MODES] = {"read-only", "workspace-write"};

static bool fail_usage(const char *what, const char *which)
{
    (void)fprintf(stderr, "error: %s%s\n\n%s\nFor more information, try '--help'.\n", what, which,
                  usage);
    return false;
}

static bool take_value(struct options *ret, const char *name, const char *value)
{
    if (value == NULL) {
        return fail_usage("a value is missing after ", name);
    }
    if (strcmp(name, "--backend") == 0) {
        ret->backend = value;
        return true;
    }
    ret->only_mode = value;
    return strcmp(value, modes[0]) == 0 || strcmp(value, modes[1]) == 0 ||
           fail_usage("there is nothing to verify in sandbox mode ", value);
}

static bool parse(int argc, char **argv, struct options *ret)
{
    ret->backend = "auto";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            ret->is_json = true;
        } else if (strcmp(argv[i], "--safe-mode") == 0) {
            ret->is_safe_mode = true;
        } else if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            ret->wants_help = true;
        } else if (strcmp(argv[i], "--backend") == 0 || strcmp(argv[i], "--sandbox") == 0) {
            if (!take_value(ret, argv[i], argv[i + 1])) {
                return false;
            }
            i++;
        } else {
            return fail_usage("unexpected argument ", argv[i]);
        }
    }
    return true;
}

static void keep(void *ctx, const struct verify_result *result)
{
    struct table *table = ctx;
    if (table->n < RESULTS_MAX) {
        table->rows[table->n] = *result;
        table->rows[table->n++].detail = alloc_string(result->detail);
    }
}

/* ---- as text ---- */

static const struct verify_result *row_of(const struct table *table, const char *id)
{
    for (size_t i = 0; i < table->n; i++) {
        if (strcmp(table->rows[i].id, id) == 0) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static const char *shown(const struct verify_result *result)
{
    if (result == NULL) {
        return "-";
    }
    if (result->must_work && result->state != VERIFY_NOT_APPLICABLE) {
        return result->state == VERIFY_ENFORCED ? "works" : "DOES NOT WORK";
    }
    return result->state == VERIFY_NOT_ENFORCED && result->is_promised
               ? "NOT ENFORCED"
               : verify_state_name(result->state);
}

static void print_cells(const char *what, const char *const *cells, size_t n)
{
    printf("  %-60s", what);
    for (size_t i = 0; i < n; i++) {
        printf(i + 1 < n ? "  %-15s" : "  %s\n", cells[i]);
    }
}

/* The first part of a row's id is its subject. */
static void print_subject(const char *id)
{
    static const struct {
        const char *prefix, *title;
    } subjects[] = {
        {"works.", "Everyday"},
        {"files.", "Files"},
        {"names.", "Names from which git, editors and agents take orders"},
        {"reads.", "Secrets"},
        {"processes.", "Processes"},
        {"network.", "Network"},
        {"sockets.", "Local sockets"},
        {"ipc.", "Shared memory"},
        {"calls.", "System calls"},
        {"resources.", "Resources"},
    };
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        if (strncmp(id, subjects[i].prefix, strlen(subjects[i].prefix)) == 0) {
            printf("\n%s\n", subjects[i].title);
        }
    }
}

static void print_row(const struct table *tables, size_t n_tables, const struct verify_result *row,
                      const char **last_id)
{
    const char *cells[MODES];
    const size_t n = strcspn(row->id, ".") + 1;
    if (*last_id == NULL || strncmp(*last_id, row->id, n) != 0) {
        print_subject(row->id);
    }
    *last_id = row->id;
    for (size_t i = 0; i < n_tables; i++) {
        cells[i] = shown(row_of(&tables[i], row->id));
    }
    print_cells(row->what, cells, n_tables);
}

/* The rows of all modes in their order; each mode may lack some that the other has. */
static void print_rows(const struct table *tables, size_t n_tables)
{
    const struct table *last = &tables[n_tables - 1];
    const char *last_id = NULL;
    size_t k = 0; /* of the last table: what is printed so far */
    for (size_t i = 0; n_tables > 1 && i < tables[0].n; i++) {
        const struct verify_result *row = &tables[0].rows[i];
        const bool is_in_both = row_of(last, row->id) != NULL;
        while (is_in_both && strcmp(last->rows[k].id, row->id) != 0) {
            print_row(tables, n_tables, &last->rows[k++], &last_id);
        }
        k += is_in_both ? 1 : 0;
        print_row(tables, n_tables, row, &last_id);
    }
    while (k < last->n) {
        print_row(tables, n_tables, &last->rows[k++], &last_id);
    }
}

static void print_reasons(const struct table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct verify_result *row = &table->rows[i];
        if (row->state == VERIFY_NOT_ENFORCED && row->detail[0] != '\0') {
            printf("  %s, %s: %s\n", table->mode, row->what, row->detail);
        }
    }
}

static bool has_gaps(const struct table *tables, size_t n_tables)
{
    size_t n = 0;
    for (size_t i = 0; i < n_tables; i++) {
        n += tables[i].report.n_open;
    }
    return n > 0;
}

static void print_table(const struct table *tables, size_t n_tables)
{
    struct utsname system = {0};
    (void)uname(&system);
    const char *names_of_modes[MODES];
    for (size_t i = 0; i < n_tables; i++) {
        names_of_modes[i] = tables[i].mode;
    }
    printf("Backend: %s, on %s %s as %s\n\n", tables[0].report.backend, system.sysname,
           system.release, geteuid() == 0 ? "root" : "an ordinary user");
    print_cells("", names_of_modes, n_tables);
    print_rows(tables, n_tables);
    printf("\n");
    if (has_gaps(tables, n_tables)) {
        printf("What is not enforced, in words: beacon sandbox explain --full-auto --backend %s\n",
               tables[0].report.backend);
    }
    for (size_t i = 0; i < n_tables; i++) {
        const struct verify_report *report = &tables[i].report;
        AUTO_TEXT struct text names;
        text_init(&names, PROMISE_TEXT);
        (void)plan_name_promises(report->promised, &names);
        print_reasons(&tables[i]);
        printf("%s: %zu enforced, %zu not enforced, %zu not applicable. Promised: %s.\n",
               tables[i].mode, report->n_enforced, report->n_open, report->n_not_applicable,
               text_string(&names));
        if (report->n_broken > 0) {
            printf("%s: %zu of what is promised is NOT ENFORCED. Report this.\n", tables[i].mode,
                   report->n_broken);
        }
    }
}

/* ---- as JSON ---- */

static struct json_object *rows_json(const struct table *table)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < table->n; i++) {
        const struct verify_result *row = &table->rows[i];
        struct json_object *entry = json_object_new_object();
        json_object_object_add(entry, "id", json_object_new_string(row->id));
        json_object_object_add(entry, "what", json_object_new_string(row->what));
        json_object_object_add(entry, "state",
                               json_object_new_string(verify_state_name(row->state)));
        json_object_object_add(entry, "promised", json_object_new_boolean(row->is_promised));
        json_object_object_add(entry, "must_work", json_object_new_boolean(row->must_work));
        json_object_object_add(entry, "detail", json_object_new_string(row->detail));
        json_object_array_add(list, entry);
    }
    return list;
}

static struct json_object *table_json(const struct table *table)
{
    struct json_object *entry = json_object_new_object();
    AUTO_TEXT struct text names;
    text_init(&names, PROMISE_TEXT);
    (void)plan_name_promises(table->report.promised, &names);
    json_object_object_add(entry, "mode", json_object_new_string(table->mode));
    json_object_object_add(entry, "backend", json_object_new_string(table->report.backend));
    json_object_object_add(entry, "promised", json_object_new_string(text_string(&names)));
    json_object_object_add(entry, "enforced", json_object_new_uint64(table->report.n_enforced));
    json_object_object_add(entry, "not_enforced", json_object_new_uint64(table->report.n_open));
    json_object_object_add(entry, "not_applicable",
                           json_object_new_uint64(table->report.n_not_applicable));
    json_object_object_add(entry, "broken_promises",
                           json_object_new_uint64(table->report.n_broken));
    json_object_object_add(entry, "canaries", rows_json(table));
    return entry;
}

static void print_json(const struct table *tables, size_t n_tables)
{
    AUTO_JSON struct json_object *root = json_object_new_object();
    struct json_object *list = json_object_new_array();
    struct utsname system = {0};
    (void)uname(&system);
    json_object_object_add(root, "kernel", json_object_new_string(system.release));
    json_object_object_add(root, "root", json_object_new_boolean(geteuid() == 0));
    for (size_t i = 0; i < n_tables; i++) {
        json_object_array_add(list, table_json(&tables[i]));
    }
    json_object_object_add(root, "modes", list);
    printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                            JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* ---- all of it ---- */

static int report_error(const struct beacon_error *err)
{
    (void)fprintf(stderr, "error: %s\n  %s\n", err->message, err->hint);
    return err->code == BEACON_E_POLICY ? EXIT_STATUS_POLICY : EXIT_STATUS_SANDBOX_SETUP;
}

static int try_modes(const struct options *options, const struct wire_plugins *plugins,
                     struct table tables[MODES], size_t *ret_n, struct beacon_error *err)
{
    AUTO_FREE char *self = path_executable();
    const char *const program[] = {self, "sandbox", "canary", NULL};
    int rc = BEACON_OK;
    for (size_t i = 0; i < MODES && rc == BEACON_OK; i++) {
        if (options->only_mode != NULL && strcmp(options->only_mode, modes[i]) != 0) {
            continue;
        }
        struct sandbox_settings settings = {0};
        wire_policy_require_sandbox(plugins->policy, &settings);
        const struct verify_request request = {.plugins = plugins->set,
                                               .mode = sandbox_config_mode(modes[i]),
                                               .backend = options->backend,
                                               .program = program,
                                               .admin_require = settings.admin_require,
                                               .admin_where = settings.admin_where};
        struct table *table = &tables[(*ret_n)++];
        table->mode = modes[i];
        rc = verify_run(&request, keep, table, &table->report, err);
    }
    return rc;
}

static int verify(const struct options *options, const char *home)
{
    struct beacon_error err = {0};
    struct wire_plugins plugins = {0};
    const struct wire_plugins_request request = {.home = home,
                                                 .is_safe_mode = options->is_safe_mode};
    struct table *tables = alloc_array(MODES, sizeof *tables);
    memset(tables, 0, MODES * sizeof *tables);
    size_t n = 0, n_broken = 0;
    int rc = wire_plugins_open(&request, &plugins, &err);
    rc = rc == BEACON_OK ? try_modes(options, &plugins, tables, &n, &err) : rc;
    if (rc == BEACON_OK) {
        (options->is_json ? print_json : print_table)(tables, n);
    }
    for (size_t i = 0; i < n; i++) {
        n_broken += tables[i].report.n_broken;
        for (size_t k = 0; k < tables[i].n; k++) {
            free((char *)tables[i].rows[k].detail);
        }
    }
    free(tables);
    wire_plugins_close(&plugins);
    return rc != BEACON_OK                       ? report_error(&err)
           : n_broken > 0 || fflush(stdout) != 0 ? EXIT_STATUS_FAILED
                                                 : EXIT_STATUS_OK;
}

int cmd_sandbox_verify(int argc, char **argv)
{
    struct options options = {0};
    if (!parse(argc, argv, &options)) {
        return EXIT_STATUS_USAGE;
    }
    if (options.wants_help) {
        return printf("%s%s", usage, help) < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
    }
    /* Without a home there are only the bundled plugins. */
    struct home home = {0};
    struct beacon_error unused = {0};
    (void)home_resolve(&home, &unused);
    int status = verify(&options, home.path);
    home_finish(&home);
    return status;
}
