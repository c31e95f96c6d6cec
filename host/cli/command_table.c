/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command_table.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/distance.h"
#include "base/error.h"
#include "base/path.h"
#include "cli/cmd_sandbox.h"
#include "cli/version.h"
#include "tools/patch_program.h"

static const struct command_row rows[] = {
    {"exec", "e", "Run the agent once, without questions, and print its answer", cmd_exec},
    {"login", NULL, "Log in with an API key, or tell whether you are", cmd_login},
    {"logout", NULL, "Forget the login", cmd_logout},
    {"session", NULL, "Tell what a session took", cmd_session},
    {"replay", NULL, "Play a recorded session again, offline", cmd_replay},
    {"config", NULL, "Tell where a configuration value comes from", cmd_config},
    {"plugin", NULL, "Show the plugins that were found", cmd_plugin},
    {"net", NULL, "List the hosts that beacon itself connects to", cmd_net},
    {"provider", NULL, "Show model providers, or find out what a server speaks", cmd_provider},
    {"execpolicy", NULL, "Tell what command rules say about a command", cmd_execpolicy},
    {"sandbox", NULL, "Run one command in the sandbox, or explain it", cmd_sandbox},
    {"apply-patch", NULL, "Apply a patch in the agent's format", cmd_patch},
};

#define ROWS (sizeof rows / sizeof rows[0])

static void print_help(void)
{
    (void)printf("Beacon runs a coding agent in your terminal.\n\n"
                 "Usage: beacon [OPTIONS] <PROMPT>\n"
                 "       beacon <COMMAND> [ARGS]\n\n"
                 "A prompt without a command is the same as `beacon exec PROMPT`.\n\nCommands:\n");
    for (size_t i = 0; i < ROWS; i++) {
        (void)printf("  %-12s %s\n", rows[i].name, rows[i].summary);
    }
    (void)printf("\nOptions:\n"
                 "  -h, --help     Print this help; `beacon <COMMAND> --help` tells more\n"
                 "  -V, --version  Print the version; with --plugins [--json] also the plugins, "
                 "with hashes\n"
                 "  --safe-mode    Use only the plugins that came with beacon\n");
}

static const struct command_row *find(const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0 ||
            (rows[i].alias != NULL && strcmp(rows[i].alias, name) == 0)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* A lone word that is almost a command is a slip, not a prompt. */
static const struct command_row *find_slip(const char *word)
{
    size_t n = strlen(word);
    if (n > DISTANCE_WORD_MAX || strpbrk(word, " \t\n") != NULL) {
        return NULL;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (distance_between(word, n, rows[i].name, strlen(rows[i].name)) <= 2) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* The program answers to other names too: a link called apply_patch is that tool. */
static bool is_patch_name(const char *arg0)
{
    return is_one_of(path_base(arg0), "apply_patch", "applypatch");
}

static int run_words(int argc, char **argv)
{
    const struct command_row *row = find(argv[1]);
    if (row != NULL) {
        return row->run(argc - 1, argv + 1);
    }
    row = argc == 2 ? find_slip(argv[1]) : NULL;
    if (row != NULL) {
        (void)fprintf(stderr,
                      "error: unrecognized subcommand '%s'; did you mean '%s'?\n\n"
                      "To send it as a prompt: beacon exec '%s'\n",
                      argv[1], row->name, argv[1]);
        return EXIT_STATUS_USAGE;
    }
    return cmd_exec(argc, argv);
}

/* `beacon --safe-mode plugin list` means `beacon plugin list --safe-mode`: the option is the command's,
 * and comes behind its words. */
static void move_safe_mode(int argc, char **argv)
{
    if (argc < 3 || strcmp(argv[1], "--safe-mode") != 0 || find(argv[2]) == NULL) {
        return; /* also a prompt without a command: exec takes it as it is */
    }
    int n_words = is_one_of(argv[2], "plugin", "sandbox") && argc > 3 ? 2 : 1;
    char *option = argv[1];
    memmove(argv + 1, argv + 2, (size_t)n_words * sizeof *argv);
    argv[1 + n_words] = option;
}

int command_table_run(int argc, char **argv)
{
    move_safe_mode(argc, argv);
    if (argc > 0 && is_patch_name(argv[0])) {
        return patch_program_main(argc, argv);
    }
    if (argc < 2) {
        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? welcome() : cmd_exec(argc, argv);
    }
    if (is_one_of(argv[1], "--version", "-V")) {
        return cmd_version(argc - 1, argv + 1);
    }
    if (is_one_of(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0) {
        print_help();
        return EXIT_STATUS_OK;
    }
    if (strcmp(argv[1], "--codex-run-as-apply-patch") == 0) {
        return patch_program_main(argc - 1, argv + 1);
    }
    return run_words(argc, argv);
}
