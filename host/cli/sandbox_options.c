/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sandbox_options.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "Usage: beacon sandbox linux|macos|none [OPTIONS] [--] COMMAND [ARGS...]\n"
    "       beacon sandbox explain [OPTIONS]\n"
    "       beacon sandbox verify [--json] [OPTIONS]\n";

static const char help[] =
    "\n"
    "Run COMMAND confined as the agent's commands are. `explain` tells what would be done to "
    "confine\n"
    "it, `verify` tries whether that holds. What no option says is as config.toml has it; where "
    "that\n"
    "says nothing, COMMAND may read anything and write nothing, and has no network.\n"
    "\n"
    "Options:\n"
    "  --sandbox MODE  read-only, workspace-write or danger-full-access\n"
    "  --full-auto     the same as --sandbox workspace-write\n"
    "  --writable DIR  this directory is writable too; may be given again\n"
    "  --network WHAT  off, on or allow-list; only in workspace-write\n"
    "  --allow HOST    a host of the allow-list, as example.org or *.example.org:8080; may be\n"
    "                  given again, and means --network allow-list\n"
    "  --deny HOST     closed although --allow covers it; may be given again\n"
    "  --backend NAME  auto (the strongest there is), namespaces or landlock\n"
    "  -C, --cd DIR    the workspace; the default is the current directory\n"
    "  --safe-mode     use only the plugins that came with beacon\n"
    "  -h, --help      print this help\n"
    "\n"
    "In workspace-write the workspace, /tmp, $TMPDIR and each --writable may be written, except "
    "for\n"
    "names from which git, editors and agents take orders. Variables that look like secrets (KEY,\n"
    "SECRET, TOKEN, PASS, CREDENTIAL, LD_*, SSH_AUTH_SOCK) are left out.\n"
    "\n"
    "The exit status is that of COMMAND, 128+N when signal N ended it, 126 when the sandbox could\n"
    "not be set up, 127 when there is no such program, 78 when an admin's policy forbids it.\n"
    "More, with examples: docs/sandbox.md\n";

static bool fail_usage(const char *what, const char *which)
{
    (void)fprintf(stderr, "error: %s%s\n\n%s\nFor more information, try '--help'.\n", what, which,
                  usage);
    return false;
}

static bool fail_value(const char *name, const char *value, const char *possible)
{
    (void)fprintf(stderr,
                  "error: invalid value '%s' for '%s'\n  [possible values: %s]\n\n%s\n"
                  "For more information, try '--help'.\n",
                  value, name, possible, usage);
    return false;
}

static bool is_mode(const char *name)
{
    return strcmp(name, "read-only") == 0 || strcmp(name, "workspace-write") == 0 ||
           strcmp(name, "danger-full-access") == 0;
}

static bool add_word(struct sandbox_words *list, const char *name, const char *word)
{
    if (list->n == SANDBOX_WORDS_MAX) {
        return fail_usage("too many values after ", name);
    }
    list->words[list->n++] = word;
    return true;
}

static bool is_network(const char *name)
{
    return strcmp(name, "off") == 0 || strcmp(name, "on") == 0 || strcmp(name, "allow-list") == 0;
}

static bool take_value(struct sandbox_options *ret, const char *name, const char *value)
{
    if (strcmp(name, "--backend") == 0) {
        ret->backend = value;
    } else if (strcmp(name, "--cd") == 0 || strcmp(name, "-C") == 0) {
        ret->dir = value;
    } else if (strcmp(name, "--sandbox") == 0) {
        ret->mode = value;
        return is_mode(value) || fail_value("--sandbox MODE", value,
                                            "read-only, workspace-write, danger-full-access");
    } else if (strcmp(name, "--network") == 0) {
        ret->network = value;
        return is_network(value) || fail_value("--network WHAT", value, "off, on, allow-list");
    } else {
        return add_word(strcmp(name, "--allow") == 0  ? &ret->allow
                        : strcmp(name, "--deny") == 0 ? &ret->deny
                                                      : &ret->writable,
                        name, value);
    }
    return true;
}

/* The name of an option that takes a value; NULL: it is none. *ret_value is what follows '='. */
static const char *valued_option(const char *word, const char **ret_value)
{
    static const char *const names[] = {"--allow", "--backend", "--cd",      "-C",
                                        "--deny",  "--network", "--sandbox", "--writable"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t n = strlen(names[i]);
        if (strncmp(word, names[i], n) == 0 && (word[n] == '\0' || word[n] == '=')) {
            *ret_value = word[n] == '=' ? word + n + 1 : NULL;
            return names[i];
        }
    }
    return NULL;
}

static bool take_flag(struct sandbox_options *ret, const char *word)
{
    if (strcmp(word, "--full-auto") == 0) {
        ret->mode = "workspace-write";
    } else if (strcmp(word, "--safe-mode") == 0) {
        ret->is_safe_mode = true;
    } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
        ret->wants_help = true;
    } else {
        return fail_usage("unexpected argument ", word);
    }
    return true;
}

/* Options end at "--" or at the first word that is none: what follows belongs to the command. */
static bool parse_flags(char **argv, struct sandbox_options *ret)
{
    for (; *argv != NULL && (*argv)[0] == '-'; argv++) {
        const char *value = NULL;
        if (strcmp(*argv, "--") == 0) {
            argv++;
            break;
        }
        const char *name = valued_option(*argv, &value);
        if (name != NULL && value == NULL) {
            value = *++argv;
        }
        if (name != NULL && value == NULL) {
            return fail_usage("a value is missing after ", name);
        }
        if (!(name != NULL ? take_value(ret, name, value) : take_flag(ret, *argv))) {
            return false;
        }
    }
    ret->command = argv;
    return true;
}

/* Half an answer about the network would be none, and a folder that stays closed would be a puzzle. */
static bool check_together(struct sandbox_options *ret)
{
    const bool has_hosts = ret->allow.n + ret->deny.n > 0;
    const char *mode = ret->mode != NULL ? ret->mode : "";
    const bool is_writing = strcmp(mode, "workspace-write") == 0;
    if (ret->network == NULL && has_hosts) {
        ret->network = "allow-list";
    }
    if (has_hosts && strcmp(ret->network, "allow-list") != 0) {
        return fail_usage("--allow and --deny do not go with --network ", ret->network);
    }
    if (ret->network != NULL && strcmp(ret->network, "off") != 0 && !is_writing) {
        return fail_usage(ret->mode != NULL
                              ? "--network and --allow need --sandbox workspace-write, not "
                              : "--network and --allow need --sandbox workspace-write",
                          mode);
    }
    if (ret->writable.n > 0 && !is_writing) {
        return fail_usage(ret->mode != NULL ? "--writable needs --sandbox workspace-write, not "
                                            : "--writable needs --sandbox workspace-write",
                          mode);
    }
    return true;
}

static bool is_platform(const char *what)
{
    return strcmp(what, "linux") == 0 || strcmp(what, "landlock") == 0 ||
           strcmp(what, "macos") == 0 || strcmp(what, "seatbelt") == 0 || strcmp(what, "none") == 0;
}

/* Each platform has its backends; on another one they say that they are not available. NULL: what the
 * configuration says. */
static const char *default_backend(const char *what)
{
    return what[0] == 'l' ? NULL : what[0] == 'n' ? "none" : "seatbelt";
}

bool sandbox_options_parse(int argc, char **argv, struct sandbox_options *ret)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool is_run = is_platform(what);
    ret->backend = is_run ? default_backend(what) : NULL;
    ret->mode = is_run && what[0] == 'n' ? "danger-full-access" : NULL;
    ret->is_explain = strcmp(what, "explain") == 0;
    ret->wants_help = strcmp(what, "-h") == 0 || strcmp(what, "--help") == 0;
    if (ret->wants_help) {
        return true;
    }
    if (!is_run && !ret->is_explain) {
        return what[0] == '\0'
                   ? fail_usage("say what to do: linux, macos, none, explain or verify", "")
                   : fail_usage("unknown sandbox command ", what);
    }
    if (!parse_flags(argv + 2, ret) || ret->wants_help) {
        return ret->wants_help;
    }
    if (!check_together(ret)) {
        return false;
    }
    if (is_run && ret->command[0] == NULL) {
        return fail_usage("COMMAND is missing", "");
    }
    return is_run || ret->command[0] == NULL ? true
                                             : fail_usage("unexpected argument ", ret->command[0]);
}

bool sandbox_options_print_help(void)
{
    return printf("%s%s", usage, help) >= 0 && fflush(stdout) == 0;
}
