/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/programs.h"

#include <stddef.h>
#include <string.h>

/* What is in them was installed, as a rule by root: a command of the model cannot plant a program there. */
static const char *const system_folders[] = {"/bin/",
                                             "/sbin/",
                                             "/usr/bin/",
                                             "/usr/sbin/",
                                             "/usr/local/bin/",
                                             "/usr/local/sbin/",
                                             "/opt/homebrew/bin/",
                                             "/run/current-system/sw/bin/",
                                             NULL};

bool word_is_one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(word, *words) != 0) {
        words++;
    }
    return *words != NULL;
}

const char *program_base(const char *word)
{
    const char *slash = strrchr(word, '/');
    return slash != NULL ? slash + 1 : word;
}

const char *program_name(const char *word)
{
    if (strchr(word, '/') == NULL) {
        return word;
    }
    for (size_t i = 0; system_folders[i] != NULL; i++) {
        const size_t n = strlen(system_folders[i]);
        if (strncmp(word, system_folders[i], n) == 0 && word[n] != '\0' &&
            strchr(word + n, '/') == NULL) {
            return word + n;
        }
    }
    return NULL;
}

bool program_is_shell(const char *word)
{
    static const char *const shells[] = {"bash", "zsh", "sh", "dash", "ksh", NULL};
    return word_is_one_of(program_base(word), shells);
}

bool program_is_zsh(const char *word)
{
    return strcmp(program_base(word), "zsh") == 0;
}

const char *program_script(const char *const *argv)
{
    static const char *const shells[] = {"bash", "zsh", "sh", NULL};
    if (argv[0] == NULL || argv[1] == NULL || argv[2] == NULL || argv[3] != NULL) {
        return NULL;
    }
    bool is_script = word_is_one_of(program_base(argv[0]), shells) &&
                     (strcmp(argv[1], "-lc") == 0 || strcmp(argv[1], "-c") == 0);
    return is_script ? argv[2] : NULL;
}

/* `-o OPTION` and the long ones of bash take the next word; `-ec` and the like end in the script. */
const char *program_script_loosely(const char *const *argv)
{
    if (argv[0] == NULL || !program_is_shell(argv[0])) {
        return NULL;
    }
    static const char *const valued[] = {"-o", "+o", "-O", "+O", "--rcfile", "--init-file", NULL};
    bool has_script = false;
    size_t i = 1;
    for (; argv[i] != NULL && (argv[i][0] == '-' || argv[i][0] == '+'); i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (word_is_one_of(argv[i], valued) && argv[i + 1] != NULL) {
            i++;
        } else if (argv[i][0] == '-' && argv[i][1] != '-') {
            has_script |= strchr(argv[i], 'c') != NULL;
        }
    }
    return has_script ? argv[i] : NULL;
}
