/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "policy/dangerous.h"
#include "policy/programs.h"
#include "policy/words.h"

#define VISITS_MAX 20000 /* commands of one walk: nested shells may repeat each other */

struct walk {
    command_fn fn;
    void *ctx;
    unsigned visits;
    bool is_hidden;
};

/* A program that runs the rest of its words. */
struct wrapper {
    const char *name;
    const char *const *valued; /* options whose value is the next word */
    bool takes_assignments;    /* A=b before the command */
    unsigned operands;         /* words before the command that are none of the above */
};

static const char *const no_values[] = {NULL};
static const char *const sudo_values[] = {"-u",
                                          "-g",
                                          "-h",
                                          "-p",
                                          "-C",
                                          "-T",
                                          "-U",
                                          "-R",
                                          "-D",
                                          "-r",
                                          "-t",
                                          "--user",
                                          "--group",
                                          "--host",
                                          "--prompt",
                                          "--chroot",
                                          "--chdir",
                                          "--role",
                                          "--type",
                                          "--other-user",
                                          "--close-from",
                                          "--command-timeout",
                                          NULL};
static const char *const env_values[] = {"-u", "--unset", "-C", "--chdir", "-P", NULL};
static const char *const exec_values[] = {"-a", NULL};
static const char *const doas_values[] = {"-u", "-C", NULL};
static const char *const time_values[] = {"-o", "-f", "--output", "--format", NULL};
static const char *const nice_values[] = {"-n", "--adjustment", NULL};
static const char *const timeout_values[] = {"-s", "-k", "--signal", "--kill-after", NULL};

static const struct wrapper wrappers[] = {
    {"sudo", sudo_values, true, 0},   {"env", env_values, true, 0},
    {"doas", doas_values, false, 0},  {"command", no_values, false, 0},
    {"builtin", no_values, false, 0}, {"exec", exec_values, false, 0},
    {"nohup", no_values, false, 0},   {"time", time_values, false, 0},
    {"nice", nice_values, false, 0},  {"timeout", timeout_values, false, 1},
    {"noglob", no_values, false, 0},  {"nocorrect", no_values, false, 0},
    {"setsid", no_values, false, 0},  {"busybox", no_values, false, 0},
};

static bool visit(struct walk *walk, const char *const *argv, unsigned depth);

/* NOLINTBEGIN(misc-no-recursion): every way down counts, at most COMMAND_DEPTH_MAX of them */

static bool visit_script(struct walk *walk, const char *text, bool is_zsh, unsigned depth)
{
    struct shell_script script;
    shell_script_read(text, strlen(text), is_zsh, &script);
    walk->is_hidden |= script.is_cut;
    bool goes_on = true, has_shell = false;
    for (size_t i = 0; i < script.n && goes_on; i++) {
        const char *const *argv = (const char *const *)script.commands[i].argv;
        has_shell |= program_is_shell(argv[0]);
        goes_on = visit(walk, argv, depth);
    }
    /* Which here-document belongs to which command is not kept: a shell may read any of them. */
    for (size_t i = 0; i < script.n_inputs && has_shell && goes_on; i++) {
        goes_on = depth < COMMAND_DEPTH_MAX
                      ? visit_script(walk, script.inputs[i], is_zsh, depth + 1)
                      : (walk->is_hidden = true);
    }
    shell_script_finish(&script);
    return goes_on;
}

static bool is_assignment(const char *word)
{
    const char *equals = strchr(word, '=');
    return equals != NULL && equals != word;
}

/* `env -S 'rm -f x'` */
static const char *split_string_of(const char *const *word)
{
    if (strcmp(*word, "-S") == 0 || strcmp(*word, "--split-string") == 0) {
        return word[1];
    }
    if (strncmp(*word, "--split-string=", 15) == 0) {
        return *word + 15;
    }
    return strncmp(*word, "-S", 2) == 0 ? *word + 2 : NULL;
}

/* Where the command begins; NULL: there is none. */
static const char *const *wrapped_command(const struct wrapper *wrapper, const char *const *word)
{
    unsigned operands = wrapper->operands;
    for (; *word != NULL; word++) {
        if (strcmp(*word, "--") == 0) {
            word++;
            break;
        }
        if (word_is_one_of(*word, wrapper->valued) && word[1] != NULL) {
            word++;
        } else if ((*word)[0] == '-' || (wrapper->takes_assignments && is_assignment(*word))) {
            continue;
        } else if (operands > 0) {
            operands--;
        } else {
            break;
        }
    }
    while (*word != NULL && wrapper->takes_assignments && is_assignment(*word)) {
        word++; /* behind `--`, too */
    }
    return *word != NULL ? word : NULL;
}

static bool visit_wrapped(struct walk *walk, const char *const *argv, unsigned depth)
{
    const char *name = program_base(argv[0]);
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        if (strcmp(wrappers[i].name, name) == 0) {
            const char *const *inner = wrapped_command(&wrappers[i], argv + 1);
            return inner == NULL || visit(walk, inner, depth + 1);
        }
    }
    return true;
}

static bool visit_split_strings(struct walk *walk, const char *const *argv, unsigned depth)
{
    bool goes_on = true;
    if (strcmp(program_base(argv[0]), "env") == 0) {
        for (const char *const *word = argv + 1; *word != NULL && goes_on; word++) {
            const char *text = split_string_of(word);
            goes_on = text == NULL || visit_script(walk, text, false, depth + 1);
        }
    }
    return goes_on;
}

/* eval joins its words. */
static bool visit_joined(struct walk *walk, const char *const *words, unsigned depth)
{
    AUTO_TEXT struct text script;
    text_init(&script, INT_MAX);
    for (; *words != NULL; words++) {
        (void)text_addf(&script, "%s ", *words);
    }
    return visit_script(walk, text_string(&script), false, depth);
}

/* What it has as text: the script of a shell, of trap, of eval. */
static bool visit_text(struct walk *walk, const char *const *argv, unsigned depth)
{
    const char *script = program_script_loosely(argv);
    if (script != NULL) {
        return visit_script(walk, script, program_is_zsh(argv[0]), depth);
    }
    if (strcmp(argv[0], "eval") == 0) {
        return visit_joined(walk, argv + 1, depth);
    }
    if (strcmp(argv[0], "trap") == 0 && argv[1] != NULL) {
        const char *action = strcmp(argv[1], "--") == 0 ? argv[2] : argv[1];
        return action == NULL || visit_script(walk, action, false, depth);
    }
    return true;
}

static bool visit(struct walk *walk, const char *const *argv, unsigned depth)
{
    if (depth > COMMAND_DEPTH_MAX || ++walk->visits > VISITS_MAX) {
        walk->is_hidden = true;
        return true;
    }
    return walk->fn(walk->ctx, argv) && visit_wrapped(walk, argv, depth) &&
           visit_split_strings(walk, argv, depth) && visit_text(walk, argv, depth + 1);
}

/* NOLINTEND(misc-no-recursion) */

bool command_walk(const char *const *argv, command_fn fn, void *ctx, bool *ret_is_hidden)
{
    struct walk walk = {.fn = fn, .ctx = ctx};
    bool goes_on = argv[0] == NULL || visit(&walk, argv, 0);
    if (ret_is_hidden != NULL) {
        *ret_is_hidden = walk.is_hidden;
    }
    return goes_on;
}
