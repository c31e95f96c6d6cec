/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/safe.h"

#include <stddef.h>
#include <string.h>

#include "policy/programs.h"

struct safe_row {
    const char *name;
    bool (*is_safe)(const char *const *words); /* without the program; NULL: whatever they are */
};

/* `--output` and `--output=x`. */
static bool is_option(const char *word, const char *option)
{
    size_t n = strlen(option);
    return strncmp(word, option, n) == 0 && (word[n] == '\0' || word[n] == '=');
}

/* As getopt reads long options: cut, as long as it means one only. */
static bool is_cut_option(const char *word, const char *option)
{
    size_t n = strcspn(word, "=");
    return n > 2 && strncmp(word, option, n) == 0;
}

/* -x alone, or among other letters. */
static bool has_letter(const char *word, char letter)
{
    return word[0] == '-' && word[1] != '-' && strchr(word + 1, letter) != NULL;
}

/* macOS: it can write its result to a file. */
static bool is_base64_safe(const char *const *words)
{
    for (; *words != NULL; words++) {
        if (has_letter(*words, 'o') || is_cut_option(*words, "--output")) {
            return false;
        }
    }
    return true;
}

static bool is_find_safe(const char *const *words)
{
    static const char *const acting[] = {"-exec", "-execdir", "-ok",      "-okdir",   "-delete",
                                         "-fls",  "-fprint",  "-fprint0", "-fprintf", NULL};
    for (; *words != NULL; words++) {
        if (word_is_one_of(*words, acting)) {
            return false;
        }
    }
    return true;
}

/* --pre and --hostname-bin name a program to start; -z starts one to unpack. */
static bool is_rg_safe(const char *const *words)
{
    for (; *words != NULL; words++) {
        if (is_option(*words, "--pre") || is_option(*words, "--hostname-bin") ||
            is_option(*words, "--search-zip") || has_letter(*words, 'z')) {
            return false;
        }
    }
    return true;
}

static const char *skip_digits(const char *at)
{
    return at + strspn(at, "0123456789");
}

/* `12p` or `3,12p` */
static bool is_print_range(const char *script)
{
    const char *at = skip_digits(script);
    if (at != script && at[0] == ',') {
        const char *second = at + 1;
        at = skip_digits(second);
        if (at == second) {
            return false;
        }
    }
    return at != script && strcmp(at, "p") == 0;
}

/* A file named -f… would be read as a script, and a script can start programs. */
static bool is_sed_safe(const char *const *words)
{
    if (words[0] == NULL || strcmp(words[0], "-n") != 0 || words[1] == NULL ||
        !is_print_range(words[1])) {
        return false;
    }
    return words[2] == NULL || (words[3] == NULL && words[2][0] != '-');
}

/* The second file is written. */
static bool is_uniq_safe(const char *const *words)
{
    static const char *const valued[] = {"-f", "-s", "-w", NULL};
    size_t files = 0;
    bool is_option = true;
    for (; *words != NULL; words++) {
        if (is_option && strcmp(*words, "--") == 0) {
            is_option = false;
        } else if (is_option && word_is_one_of(*words, valued) && words[1] != NULL) {
            words++;
        } else if (!is_option || (*words)[0] != '-' || (*words)[1] == '\0') {
            files++;
        }
    }
    return files < 2;
}

/* ---- git ---- */

/* Options before the sub-command that change nothing of what it may do. Others name another repository,
 * whose configuration may name programs, or begin a pager. */
static const char *const git_globals[] = {"--no-pager",
                                          "-P",
                                          "--no-replace-objects",
                                          "--literal-pathspecs",
                                          "--glob-pathspecs",
                                          "--noglob-pathspecs",
                                          "--icase-pathspecs",
                                          "--no-optional-locks",
                                          "--no-lazy-fetch",
                                          "--no-advice",
                                          NULL};

static bool is_branch_list_safe(const char *const *words)
{
    static const char *const listing[] = {
        "--list", "-l",  "--show-current", "-a", "--all", "-r", "--remotes",
        "-v",     "-vv", "--verbose",      NULL};
    for (; *words != NULL; words++) {
        if (!word_is_one_of(*words, listing) && strncmp(*words, "--format=", 9) != 0) {
            return false;
        }
    }
    return true;
}

/* Options that write a file or start what the configuration names; git takes them cut, too. */
static bool are_git_options_safe(const char *const *words)
{
    static const char *const unsafe[] = {"--output", "--ext-diff", "--textconv", "--exec",
                                         "--show-signature"};
    for (; *words != NULL; words++) {
        for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++) {
            if (is_cut_option(*words, unsafe[i]) && strcmp(*words, "--text") != 0) {
                return false;
            }
        }
    }
    return true;
}

static bool is_git_safe(const char *const *words)
{
    static const char *const looking[] = {"status", "log", "diff", "show", NULL};
    while (*words != NULL && word_is_one_of(*words, git_globals)) {
        words++;
    }
    if (*words == NULL) {
        return false;
    }
    if (strcmp(*words, "branch") == 0) {
        return is_branch_list_safe(words + 1);
    }
    return word_is_one_of(*words, looking) && are_git_options_safe(words + 1);
}

/* Sorted by name. */
static const struct safe_row rows[] = {
    {"base64", is_base64_safe},
    {"cat", NULL},
    {"cd", NULL},
    {"cut", NULL},
    {"echo", NULL},
    {"expr", NULL},
    {"false", NULL},
    {"find", is_find_safe},
    {"git", is_git_safe},
    {"grep", NULL},
    {"head", NULL},
    {"id", NULL},
    {"ls", NULL},
    {"nl", NULL},
#ifdef __linux__
    {"numfmt", NULL},
#endif
    {"paste", NULL},
    {"pwd", NULL},
    {"rev", NULL},
    {"rg", is_rg_safe},
    {"sed", is_sed_safe},
    {"seq", NULL},
    {"stat", NULL},
#ifdef __linux__
    {"tac", NULL},
#endif
    {"tail", NULL},
    {"tr", NULL},
    {"true", NULL},
    {"uname", NULL},
    {"uniq", is_uniq_safe},
    {"wc", NULL},
    {"which", NULL},
    {"whoami", NULL},
};

bool command_is_known_safe(const char *const *argv, bool may_gain_options)
{
    const char *name = argv[0] != NULL ? program_name(argv[0]) : NULL;
    for (size_t i = 0; name != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].is_safe == NULL || (!may_gain_options && rows[i].is_safe(argv + 1));
        }
    }
    return false;
}
