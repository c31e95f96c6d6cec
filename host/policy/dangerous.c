/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/dangerous.h"

#include <stddef.h>
#include <string.h>

#include "policy/programs.h"

/* `--force`, also cut, and every cluster with an f, up to `--`. */
static bool is_forced_rm(const char *const *argv)
{
    if (strcmp(program_base(argv[0]), "rm") != 0) {
        return false;
    }
    for (const char *const *word = argv + 1; *word != NULL && strcmp(*word, "--") != 0; word++) {
        bool is_long = strncmp(*word, "--", 2) == 0;
        if (is_long && strlen(*word) > 2 && strncmp("--force", *word, strlen(*word)) == 0) {
            return true;
        }
        if (!is_long && (*word)[0] == '-' && strchr(*word, 'f') != NULL) {
            return true;
        }
    }
    return false;
}

/* The sub-command, behind options of git and their values. */
static const char *git_subcommand(const char *const *argv)
{
    static const char *const valued[] = {
        "-C",          "-c",          "--config-env",   "--exec-path", "--git-dir",
        "--namespace", "--work-tree", "--super-prefix", NULL};
    size_t i = 1;
    while (argv[i] != NULL && argv[i][0] == '-') {
        bool has_value = word_is_one_of(argv[i], valued) && argv[i + 1] != NULL;
        i += has_value ? 2 : 1;
    }
    return argv[i] != NULL ? argv[i] : "";
}

static bool is_discarding_git(const char *const *argv)
{
    static const char *const discarding[] = {"reset", "rm", NULL};
    size_t n = strlen(argv[0]);
    if (n < 3 || strcmp(argv[0] + n - 3, "git") != 0) {
        return false;
    }
    return (argv[1] != NULL && word_is_one_of(argv[1], discarding)) ||
           word_is_one_of(git_subcommand(argv), discarding);
}

static bool note_danger(void *ctx, const char *const *argv)
{
    enum danger *worst = ctx;
    enum danger found = is_forced_rm(argv)        ? DANGER_FORCED_RM
                        : is_discarding_git(argv) ? DANGER_GIT
                                                  : DANGER_NONE;
    if (found > *worst) {
        *worst = found;
    }
    return *worst != DANGER_FORCED_RM;
}

enum danger command_danger(const char *const *argv)
{
    enum danger worst = DANGER_NONE;
    bool is_hidden = false;
    (void)command_walk(argv, note_danger, &worst, &is_hidden);
    return worst != DANGER_FORCED_RM && is_hidden ? DANGER_HIDDEN : worst;
}

const char *danger_name(enum danger danger)
{
    static const char *const names[] = {
        [DANGER_NONE] = "nothing dangerous",
        [DANGER_GIT] = "git command that discards work",
        [DANGER_HIDDEN] = "commands nested too deeply to be looked into",
        [DANGER_FORCED_RM] = "rm -f",
    };
    return names[danger];
}
