/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/environment.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"

#define ENTRY_MAX (128u << 10) /* execve refuses a longer one, and with it every command */

struct variables {
    char **entries; /* "K=V" */
    size_t n;
};

static const char *const core_names[] = {"HOME",     "LOGNAME", "PATH", "PATHEXT", "SHELL", "USER",
                                         "USERNAME", "TMPDIR",  "TEMP", "TMP",     NULL};

static const char *const secret_patterns[] = {"*KEY*",  "*SECRET*",      "*TOKEN*",
                                              "*PASS*", "*CREDENTIAL*",  "LD_*",
                                              "DYLD_*", "SSH_AUTH_SOCK", NULL};

/* Nobody answers a pager or reads colours; a fixed locale keeps output comparable. */
static const char *const fixed[][2] = {
    {"PAGER", "cat"},      {"GIT_PAGER", "cat"}, {"GH_PAGER", "cat"},
    {"NO_COLOR", "1"},     {"TERM", "dumb"},     {"LANG", "C.UTF-8"},
    {"LC_ALL", "C.UTF-8"}, {"COLORTERM", ""},    {"CODEX_CI", "1"},
};

bool environment_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL; /* where the last star and its trial stand */
    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = name;
        } else if (*pattern == '?' ||
                   tolower((unsigned char)*pattern) == tolower((unsigned char)*name)) {
            pattern++;
            name++;
        } else if (star != NULL) { /* let the star take one more */
            pattern = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static bool has_name(const char *entry, const char *name, size_t n)
{
    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static void remove_at(struct variables *variables, size_t i)
{
    free(variables->entries[i]);
    variables->entries[i] = variables->entries[--variables->n];
}

static void set_variable(struct variables *variables, const char *name, const char *value)
{
    size_t len = strlen(name);
    for (size_t i = variables->n; i-- > 0;) { /* an environment may name one twice */
        if (has_name(variables->entries[i], name, len)) {
            remove_at(variables, i);
        }
    }
    variables->entries = alloc_grow(variables->entries, variables->n + 2, sizeof(char *));
    variables->entries[variables->n++] = alloc_printf("%s=%s", name, value);
}

static bool matches_strings(const char *const *patterns, const char *name)
{
    for (size_t i = 0; patterns[i] != NULL; i++) {
        if (environment_matches(patterns[i], name)) {
            return true;
        }
    }
    return false;
}

static bool matches_array(struct json_object *patterns, const char *name)
{
    size_t n =
        json_object_is_type(patterns, json_type_array) ? json_object_array_length(patterns) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *pattern = json_object_get_string(json_object_array_get_idx(patterns, i));
        if (pattern != NULL && environment_matches(pattern, name)) {
            return true;
        }
    }
    return false;
}

static bool is_one_of(const char *const *names, const char *name)
{
    for (; names != NULL && *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

struct filter {
    bool is_core_only, has_default_excludes;
    const char *const *secrets; /* names dropped with the default excludes; NULL: none */
    bool keeps_matches;         /* `list` is of what stays, not of what goes */
    struct json_object *list;
};

static bool is_dropped(const struct filter *filter, const char *name)
{
    if (filter->is_core_only && !matches_strings(core_names, name)) {
        return true;
    }
    if (filter->has_default_excludes &&
        (matches_strings(secret_patterns, name) || is_one_of(filter->secrets, name))) {
        return true;
    }
    return filter->list != NULL && matches_array(filter->list, name) != filter->keeps_matches;
}

static void apply_filter(struct variables *variables, const struct filter *filter)
{
    for (size_t i = variables->n; i-- > 0;) {
        AUTO_FREE char *name = alloc_string(variables->entries[i]);
        name[strcspn(name, "=")] = '\0';
        if (is_dropped(filter, name)) {
            remove_at(variables, i);
        }
    }
}

/* NULL when an environment can hold it. */
static const char *wrong_with(const char *name, struct json_object *value)
{
    if (name[0] == '\0' || strchr(name, '=') != NULL) {
        return "no variable has such a name";
    }
    if (value == NULL) {
        return "it has no value";
    }
    const char *text = json_object_get_string(value);
    if (json_object_is_type(value, json_type_string) &&
        strlen(text) != (size_t)json_object_get_string_len(value)) {
        return "its value has a NUL character";
    }
    return strlen(name) + strlen(text) + 2 > ENTRY_MAX ? "its value is longer than 128 KiB" : NULL;
}

static void apply_set(struct variables *variables, struct json_object *set)
{
    if (!json_object_is_type(set, json_type_object)) {
        return;
    }
    json_object_object_foreach(set, name, value)
    {
        if (wrong_with(name, value) == NULL) {
            set_variable(variables, name, json_object_get_string(value));
        }
    }
}

void environment_warn(struct json_object *policy, environment_warn_fn warn, void *ctx)
{
    struct json_object *set = json_member(policy, "set");
    if (json_bool_of(policy, "experimental_use_profile", false)) {
        warn(ctx, "shell_environment_policy.experimental_use_profile has no effect: exec_command "
                  "runs a login shell, which reads the profile, and other commands run no shell");
    }
    if (!json_object_is_type(set, json_type_object)) {
        return;
    }
    json_object_object_foreach(set, name, value)
    {
        const char *wrong = wrong_with(name, value);
        if (wrong != NULL) {
            AUTO_FREE char *sentence = alloc_printf(
                "shell_environment_policy.set: \"%.64s\" is left out: %s", name, wrong);
            warn(ctx, sentence);
        }
    }
}

static void put_first_in_path(struct variables *variables, const char *dir)
{
    const char *old = "/usr/local/bin:/usr/bin:/bin";
    for (size_t i = 0; i < variables->n; i++) {
        if (has_name(variables->entries[i], "PATH", 4)) {
            old = variables->entries[i] + 5;
        }
    }
    AUTO_FREE char *path = alloc_printf("%s:%s", dir, old);
    set_variable(variables, "PATH", path);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void copy_inherited(struct variables *variables, char **inherited)
{
    for (size_t i = 0; inherited[i] != NULL; i++) {
        if (strchr(inherited[i], '=') != NULL) {
            variables->entries = alloc_grow(variables->entries, variables->n + 2, sizeof(char *));
            variables->entries[variables->n++] = alloc_string(inherited[i]);
        }
    }
}

char **environment_build(char **inherited, struct json_object *policy, const char *program_dir,
                         const char *const *secrets)
{
    const char *inherit = json_string_of(policy, "inherit", "all");
    struct variables variables = {alloc_array(1, sizeof(char *)), 0};
    if (strcmp(inherit, "none") != 0) {
        copy_inherited(&variables, inherited);
    }
    bool ignores_defaults = json_bool_of(policy, "ignore_default_excludes", false);
    apply_filter(&variables, &(struct filter){.is_core_only = strcmp(inherit, "core") == 0,
                                              .has_default_excludes = !ignores_defaults,
                                              .secrets = secrets,
                                              .list = json_member(policy, "exclude")});
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        set_variable(&variables, fixed[i][0], fixed[i][1]);
    }
    if (program_dir != NULL) {
        put_first_in_path(&variables, program_dir);
    }
    apply_set(&variables, json_member(policy, "set"));
    struct json_object *only = json_member(policy, "include_only");
    if (json_object_is_type(only, json_type_array) && json_object_array_length(only) > 0) {
        apply_filter(&variables, &(struct filter){.keeps_matches = true, .list = only});
    }
    qsort(variables.entries, variables.n, sizeof(char *), by_text);
    variables.entries[variables.n] = NULL;
    return variables.entries;
}

char **environment_without_secrets(char **inherited)
{
    struct variables variables = {alloc_array(1, sizeof(char *)), 0};
    copy_inherited(&variables, inherited);
    apply_filter(&variables, &(struct filter){.has_default_excludes = true});
    variables.entries[variables.n] = NULL;
    return variables.entries;
}

void environment_free(char **env)
{
    for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
        free(env[i]);
    }
    free(env);
}
