/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/command_table.h"
#include "policy/rules.h"

#define FILES_MAX 64

static const char usage[] =
    "Usage: beacon execpolicy check [OPTIONS] --rules <FILE> [--] <COMMAND>...\n";

static const char help[] =
    "\n"
    "Tell which rules of the FILEs match COMMAND, and the strictest decision among them.\n"
    "COMMAND is compared word by word as it stands; a script for a shell is not cut into "
    "commands.\n"
    "\n"
    "  -r, --rules FILE               rules to check against; may be given again\n"
    "      --pretty                   indent the JSON\n"
    "      --resolve-host-executables an absolute path may match by its program's name,\n"
    "                                 as host_executable() says\n"
    "  -h, --help                     print this help\n"
    "\n"
    "The exit status is 0 whatever the decision is, 1 when a file cannot be read or understood,\n"
    "2 when the command line is wrong. The language of the files: docs/rules.md.\n";

struct check_options {
    const char *files[FILES_MAX];
    size_t n_files;
    bool is_pretty, resolves, wants_help;
    const char *const *command; /* NULL-terminated */
};

static bool fail_usage(const char *what, const char *which)
{
    (void)fprintf(stderr, "error: %s%s\n\n%s\nFor more information, try '--help'.\n", what, which,
                  usage);
    return false;
}

static bool add_file(struct check_options *options, const char *file)
{
    if (file == NULL) {
        return fail_usage("a value is required for '--rules <FILE>' but none was supplied", "");
    }
    if (options->n_files == FILES_MAX) {
        return fail_usage("too many files: --rules ", file);
    }
    options->files[options->n_files++] = file;
    return true;
}

/* *at is moved to the last word of the option. */
static bool take_option(struct check_options *options, char ***at)
{
    const char *word = **at;
    if (strcmp(word, "-r") == 0 || strcmp(word, "--rules") == 0) {
        if ((*at)[1] == NULL) {
            return add_file(options, NULL);
        }
        (*at)++;
        return add_file(options, **at);
    }
    if (strncmp(word, "--rules=", 8) == 0) {
        return add_file(options, word + 8);
    }
    if (strncmp(word, "-r", 2) == 0) {
        return add_file(options, word + (word[2] == '=' ? 3 : 2));
    }
    if (strcmp(word, "--pretty") == 0) {
        options->is_pretty = true;
    } else if (strcmp(word, "--resolve-host-executables") == 0) {
        options->resolves = true;
    } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
        options->wants_help = true;
    } else {
        return fail_usage("unexpected argument ", word);
    }
    return true;
}

/* Options end at "--" or at the first word that is none: what follows is the command. */
static bool parse(char **argv, struct check_options *ret)
{
    for (; *argv != NULL && (*argv)[0] == '-'; argv++) {
        if (strcmp(*argv, "--") == 0) {
            argv++;
            break;
        }
        if (!take_option(ret, &argv)) {
            return false;
        }
        if (ret->wants_help) {
            return true;
        }
    }
    ret->command = (const char *const *)argv;
    const char *missing = ret->n_files == 0       ? "\n  --rules <FILE>"
                          : *ret->command == NULL ? "\n  <COMMAND>..."
                                                  : NULL;
    if (ret->n_files == 0 && *ret->command == NULL) {
        missing = "\n  --rules <FILE>\n  <COMMAND>...";
    }
    return missing == NULL ||
           fail_usage("the following required arguments were not provided:", missing);
}

static int report_problem(const struct rules *rules)
{
    const struct rules_problem problem = rules_problem(rules, 0);
    (void)fprintf(stderr, "Error: failed to %s policy at %s\n\nCaused by:\n    %s\n",
                  problem.is_unread ? "read" : "parse", problem.path, problem.cause);
    return EXIT_STATUS_FAILED;
}

static int print(struct json_object *result, bool is_pretty)
{
    const int flags =
        JSON_C_TO_STRING_NOSLASHESCAPE |
        (is_pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN);
    AUTO_FREE char *line = alloc_printf("%s\n", json_object_to_json_string_ext(result, flags));
    return io_write_all(STDOUT_FILENO, line, strlen(line)) ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

static bool is_utf8(const char *const *words)
{
    while (*words != NULL && utf8_valid(*words, strlen(*words))) {
        words++;
    }
    return *words == NULL || fail_usage("COMMAND has a word that is not valid UTF-8", "");
}

static int check(const struct check_options *options)
{
    struct rules *rules = rules_create();
    int rc = BEACON_OK, status = EXIT_STATUS_FAILED;
    for (size_t i = 0; i < options->n_files && rc == BEACON_OK; i++) {
        rc = rules_add_file(rules, options->files[i], RULE_USER, NULL);
    }
    if (rc != BEACON_OK) {
        status = report_problem(rules);
    } else {
        AUTO_JSON struct json_object *result =
            rules_check(rules, options->command, options->resolves);
        status = print(result, options->is_pretty);
    }
    rules_destroy(rules);
    return status;
}

static int cmd_check(char **argv)
{
    struct check_options options = {.n_files = 0};
    if (!parse(argv, &options)) {
        return EXIT_STATUS_USAGE;
    }
    if (options.wants_help) {
        return printf("%s%s", usage, help) < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
    }
    return is_utf8(options.command) ? check(&options) : EXIT_STATUS_USAGE;
}

int cmd_execpolicy(int argc, char **argv)
{
    static const char text[] = "Try out command rules.\n\n"
                               "Usage: beacon execpolicy <COMMAND> [ARGS]\n\nCommands:\n"
                               "  check  Tell what rules say about a command\n";
    if (argc >= 2 && strcmp(argv[1], "check") == 0) {
        return cmd_check(argv + 2);
    }
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        return fputs(text, stdout) < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
    }
    if (argc >= 2) {
        (void)fprintf(stderr, "error: unrecognized subcommand '%s'\n\n", argv[1]);
    }
    (void)fputs(text, stderr);
    return EXIT_STATUS_USAGE;
}
