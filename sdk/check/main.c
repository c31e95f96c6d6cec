/* SPDX-License-Identifier: Apache-2.0 */
/* plugin-check: the program behind `beacon plugin check`. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "check.h"
#include "child.h"
#include "cli/args.h"
#include "report.h"
#include "run.h"
#include "verify/canary.h"
#include "yard.h"

#define EXIT_PASSED       0
#define EXIT_CHECK_FAILED 1
#define EXIT_NOT_RUN      2
#define REPORT_BYTES      (64u << 20)
#define TIMEOUT_S         20
#define TIMEOUT_MAX_S     3600
#define FILES_HINT        "say `beacon plugin check FILE.so`"

enum option_id {
    OPT_ONLY = 1,
    OPT_SKIP,
    OPT_SEED,
    OPT_FORMAT,
    OPT_OUTPUT,
    OPT_CONFIG,
    OPT_TRANSCRIPTS,
    OPT_LIST,
    OPT_TIMEOUT,
    OPT_HELP
};

static const struct args_option options[] = {
    {OPT_ONLY, 0, "only", NULL, ARGS_VALUE, "LIST", NULL,
     "Run these groups and checks only, such as S,L,P.cancel"},
    {OPT_SKIP, 0, "skip", NULL, ARGS_VALUE, "LIST", NULL, "Leave these groups and checks out"},
    {OPT_SEED, 0, "seed", NULL, ARGS_VALUE, "N", NULL,
     "Repeat what is random exactly as in the run that printed N"},
    {OPT_FORMAT, 0, "format", NULL, ARGS_VALUE, "FORMAT", "text|tap|junit|json",
     "How to print the results: text (the default), tap, junit or json"},
    {OPT_OUTPUT, 'o', "output", NULL, ARGS_VALUE, "FILE", NULL,
     "Write the results into FILE, and only the verdicts to standard output"},
    {OPT_CONFIG, 0, "config", NULL, ARGS_VALUE, "JSON", NULL,
     "Configuration of an instance that works; without it one is made from the schema"},
    {OPT_TRANSCRIPTS, 0, "transcripts", NULL, ARGS_VALUE, "DIR", NULL,
     "Recorded answers of the provider's server; default: transcripts/ beside the file or its "
     "folder"},
    {OPT_LIST, 0, "list", NULL, ARGS_FLAG, NULL, NULL, "Show every check there is"},
    {OPT_TIMEOUT, 0, "timeout", NULL, ARGS_VALUE, "SECONDS", NULL,
     "How long one check may take (default: 20)"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon plugin check [OPTIONS] FILE.so...", options,
                                        sizeof options / sizeof options[0]};

typedef bool (*report_fn)(const struct run_report *reports, size_t n,
                          const struct report_style *style, struct text *out);

static const struct {
    const char *name;
    report_fn write;
} formats[] = {
    {"text", report_text}, {"tap", report_tap}, {"junit", report_junit}, {"json", report_json}};

struct command {
    struct run_settings settings;
    report_fn format;
    const char *output;
    char **files; /* its own, absolute from check_files() on */
    size_t n_files;
    bool wants_list, wants_help;
};

/* ---- the command line ---- */

static int take_number(const char *name, const char *value, uint64_t most, uint64_t *ret,
                       struct beacon_error *err)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number > most) {
        return error_set(err, BEACON_E_INVALID, "give a whole number in digits",
                         "%s cannot be '%s'", name, value);
    }
    *ret = number;
    return BEACON_OK;
}

static int take_config(struct command *command, const char *value, struct beacon_error *err)
{
    AUTO_JSON struct json_object *object = NULL;
    int rc = json_parse(value, strlen(value), "--config", &object, err);
    if (rc == BEACON_OK && !json_object_is_type(object, json_type_object)) {
        rc = error_set(err, BEACON_E_INVALID, "write it like '{\"base_url\": \"https://…\"}'",
                       "--config is not a JSON object");
    }
    command->settings.request.config = value;
    return rc;
}

static int take_timeout(struct command *command, const char *value, struct beacon_error *err)
{
    uint64_t seconds = 0;
    int rc = take_number("--timeout", value, TIMEOUT_MAX_S, &seconds, err);
    if (rc == BEACON_OK && seconds == 0) {
        rc = error_set(err, BEACON_E_INVALID, "give at least 1", "--timeout cannot be 0");
    }
    command->settings.timeout_s = (unsigned)seconds;
    return rc;
}

static void take_format(struct command *command, const char *value)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].name, value) == 0) {
            command->format = formats[i].write;
        }
    }
}

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct command *command = ctx;
    switch (id) {
    case OPT_ONLY:
        command->settings.only = value;
        return BEACON_OK;
    case OPT_SKIP:
        command->settings.skip = value;
        return BEACON_OK;
    case OPT_SEED:
        return take_number("--seed", value, UINT64_MAX, &command->settings.request.seed, err);
    case OPT_FORMAT:
        take_format(command, value);
        return BEACON_OK;
    case OPT_OUTPUT:
        command->output = value;
        return BEACON_OK;
    case OPT_CONFIG:
        return take_config(command, value, err);
    case OPT_TRANSCRIPTS:
        command->settings.request.transcripts = value;
        return BEACON_OK;
    case OPT_LIST:
        command->wants_list = true;
        return BEACON_OK;
    case OPT_TIMEOUT:
        return take_timeout(command, value, err);
    case OPT_HELP:
        command->wants_help = true;
        return BEACON_OK;
    default:
        command->files[command->n_files++] = alloc_string(value);
        return BEACON_OK;
    }
}

static void print_help(void)
{
    (void)printf("Hold a plugin file to the promises of the plugin interface.\n\nUsage: %s\n\n"
                 "Options:\n",
                 table.usage);
    args_print_options(&table);
    (void)printf("\nExit status: 0 every check passed, 1 one failed, 2 it could not be run.\n");
}

/* ---- --list ---- */

static void add_kinds(const struct check *check, struct text *out)
{
    static const struct {
        uint32_t kind;
        const char *name;
    } kinds[] = {{CHECK_PROVIDER, "provider"},
                 {CHECK_SANDBOX, "sandbox"},
                 {CHECK_AUTH, "auth"},
                 {CHECK_TELEMETRY, "telemetry"}};
    if (check->kinds == CHECK_FILE || check->kinds == CHECK_COMPONENT) {
        (void)text_add_string(out, check->kinds == CHECK_FILE ? "file" : "any kind");
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if ((check->kinds & kinds[i].kind) != 0) {
            (void)text_addf(out, "%s%s", out->len > 0 ? "," : "", kinds[i].name);
        }
    }
}

static void print_list(void)
{
    for (size_t i = 0; i < check_table_n; i++) {
        AUTO_TEXT struct text kinds;
        text_init(&kinds, 256);
        add_kinds(&check_table[i], &kinds);
        (void)printf("%-20s %-14s %-10s %s\n", check_table[i].id,
                     check_group_title(check_table[i].id[0]), text_string(&kinds),
                     check_table[i].sentence);
    }
}

/* ---- the work ---- */

static int fail(const struct beacon_error *err)
{
    (void)fprintf(stderr, "error: %s; %s\n", err->message, err->hint);
    return EXIT_NOT_RUN;
}

static int write_file(const char *path, const struct text *out, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || !io_write_all(fd, text_string(out), out->len)) {
        return error_set_errno(err, BEACON_E_IO, errno, "name a file that can be written",
                               "cannot write %s: %s", path, strerror(errno));
    }
    return BEACON_OK;
}

static int print(const struct command *command, const struct run_report *reports, size_t n,
                 struct beacon_error *err)
{
    AUTO_TEXT struct text out, verdicts;
    const char *no_color = getenv("NO_COLOR");
    const struct report_style style = {.is_coloured = command->output == NULL &&
                                                      isatty(STDOUT_FILENO) == 1 &&
                                                      (no_color == NULL || no_color[0] == '\0')};
    text_init(&out, REPORT_BYTES);
    text_init(&verdicts, REPORT_BYTES);
    if (!command->format(reports, n, &style, &out)) {
        return error_set(err, BEACON_E_LIMIT, "check fewer files at once",
                         "the results are over %u bytes", REPORT_BYTES);
    }
    int rc = command->output != NULL ? write_file(command->output, &out, err) : BEACON_OK;
    if (rc != BEACON_OK) {
        return rc;
    }
    for (size_t i = 0; command->output != NULL && i < n; i++) {
        report_verdict(&reports[i], &verdicts);
        (void)text_add_char(&verdicts, '\n');
    }
    const struct text *shown = command->output != NULL ? &verdicts : &out;
    if (!io_write_all(STDOUT_FILENO, text_string(shown), shown->len)) {
        return error_set_errno(err, BEACON_E_IO, errno, "use -o FILE",
                               "cannot write the results: %s", strerror(errno));
    }
    return BEACON_OK;
}

/* Processes of checks start elsewhere, so a path must not depend on where this one is. */
static int make_absolute(const char *path, char **ret, struct beacon_error *err)
{
    *ret = realpath(path, NULL);
    if (*ret == NULL) {
        return error_set_errno(err, BEACON_E_NOT_FOUND, errno,
                               "give the path of a file that exists", "cannot open %s: %s", path,
                               strerror(errno));
    }
    return BEACON_OK;
}

static int check_files(struct command *command, struct run_report *reports,
                       struct beacon_error *err)
{
    AUTO_FREE char *transcripts = NULL;
    if (command->settings.request.transcripts != NULL) {
        int rc = make_absolute(command->settings.request.transcripts, &transcripts, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        command->settings.request.transcripts = transcripts;
    }
    for (size_t i = 0; i < command->n_files; i++) {
        char *path = NULL;
        int rc = make_absolute(command->files[i], &path, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        free(command->files[i]);
        command->files[i] = path; /* lives as long as the reports */
        command->settings.request.path = path;
        rc = run_checks(&command->settings, &reports[i], err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    return print(command, reports, command->n_files, err);
}

static int run(struct command *command)
{
    struct beacon_error err = {0};
    size_t n_results = 0, n_failed = 0, n_broken = 0;
    if (command->n_files == 0) {
        (void)error_set(&err, BEACON_E_INVALID, FILES_HINT, "no plugin file was given");
        return fail(&err);
    }
    struct run_report *reports = alloc_array(command->n_files, sizeof *reports);
    int rc = check_files(command, reports, &err);
    for (size_t i = 0; i < command->n_files; i++) {
        n_results += reports[i].n;
        n_failed += reports[i].n_failed;
        n_broken += reports[i].n_broken;
        run_report_finish(&reports[i]);
    }
    free(reports);
    if (rc != BEACON_OK) {
        return fail(&err);
    }
    if (n_results == 0) { /* or a CI that checks nothing would be green */
        (void)error_set(
            &err, BEACON_E_INVALID, "see which kind each is for: beacon plugin check --list",
            "nothing was checked: --only and --skip leave no check for this kind of plugin");
        return fail(&err);
    }
    if (n_failed > 0 && command->format == report_text) {
        (void)printf("\nRandom choices can be repeated with --seed %llu.\n",
                     (unsigned long long)command->settings.request.seed);
    }
    return n_broken > 0 ? EXIT_NOT_RUN : n_failed > 0 ? EXIT_CHECK_FAILED : EXIT_PASSED;
}

static void free_files(struct command *command)
{
    for (size_t i = 0; i < command->n_files; i++) {
        free(command->files[i]);
    }
    free(command->files);
}

int main(int argc, char **argv)
{
    if (argc == 2 + CHILD_N_ARGUMENTS && strcmp(argv[1], CHILD_OPTION) == 0) {
        child_main(argv + 2);
    }
    if (argc == 4 && strcmp(argv[1], CANARY_OPTION) == 0) {
        return canary_main(argv[2], argv[3]);
    }
    struct beacon_error err = {0};
    struct command command = {
        .settings = {.timeout_s = TIMEOUT_S, .request = {.seed = random_number()}},
        .format = report_text,
        .files = alloc_array((size_t)argc + 1, sizeof(char *)),
    };
    if (!io_hold_standard_files() ||
        args_parse(&table, argc, argv, take, &command, &err) != BEACON_OK) {
        (void)args_report(&table, &err);
        free_files(&command);
        return EXIT_NOT_RUN;
    }
    int status = EXIT_PASSED;
    if (command.wants_help) {
        print_help();
    } else if (command.wants_list) {
        print_list();
    } else {
        status = run(&command);
    }
    free_files(&command);
    return status;
}
