/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/system_paths.h"
#include "cli/wire.h"
#include "config/layers.h"
#include "policy/rules.h"

#define ALLOWED    "always_allow_commands"
#define DEPTH_MAX  64 /* folders from the repository's root down to the working directory */
#define WHERE_SIZE 512

/* ---- the project ---- */

static bool is_same_folder(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* `.code/rules` of one folder, unless it is the user's own. */
static void add_project_folder(struct rules *rules, const char *dir, const char *user_folder)
{
    AUTO_FREE char *folder = path_join(dir, ".code/rules");
    if (!is_same_folder(folder, user_folder)) {
        (void)rules_add_folder(rules, folder, RULE_PROJECT, NULL);
    }
}

/* From the working directory up to the repository, as its configuration is found. */
static void add_project(struct rules *rules, const char *cwd, const char *user_folder)
{
    AUTO_FREE char *root = path_find_upwards(cwd, ".git");
    AUTO_FREE char *dir = alloc_string(cwd);
    for (int i = 0; i < DEPTH_MAX; i++) {
        add_project_folder(rules, dir, user_folder);
        if (root == NULL || strcmp(dir, root) == 0 || strcmp(dir, "/") == 0) {
            break;
        }
        char *parent = path_parent(dir);
        free(dir);
        dir = parent;
    }
}

/* ---- always_allow_commands ---- */

static int fail_entry(const char *where, const char *what, struct beacon_error *err)
{
    return error_set(err, BEACON_E_INVALID,
                     "write { argv = [\"make\", \"test\"], match_kind = \"exact\" }",
                     "%s: " ALLOWED ": %s", where, what);
}

/* The words; NULL: they are no non-empty list of strings. */
static const char **argv_of(struct json_object *entry, size_t *ret_n)
{
    struct json_object *list = json_member(entry, "argv");
    size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    const char **argv = alloc_array(n + 1, sizeof *argv);
    for (size_t i = 0; i < n; i++) {
        struct json_object *word = json_object_array_get_idx(list, i);
        bool is_word =
            json_object_is_type(word, json_type_string) &&
            strlen(json_object_get_string(word)) == (size_t)json_object_get_string_len(word);
        if (!is_word) {
            free((void *)argv);
            return NULL;
        }
        argv[i] = json_object_get_string(word);
    }
    *ret_n = n;
    if (n == 0) {
        free((void *)argv);
        return NULL;
    }
    return argv;
}

static const char *unknown_key(struct json_object *entry)
{
    json_object_object_foreach(entry, key, value)
    {
        (void)value;
        if (strcmp(key, "argv") != 0 && strcmp(key, "match_kind") != 0) {
            return key;
        }
    }
    return NULL;
}

static int add_entry(struct rules *rules, struct json_object *entry, const char *where,
                     struct beacon_error *err)
{
    const char *kind = json_string_of(entry, "match_kind", "exact"), *key = unknown_key(entry);
    bool is_prefix = strcmp(kind, "prefix") == 0;
    bool has_kind = json_member(entry, "match_kind") == NULL ||
                    json_object_is_type(json_member(entry, "match_kind"), json_type_string);
    if (key != NULL) {
        AUTO_FREE char *what = alloc_printf("unknown key `%.40s`", key);
        return fail_entry(where, what, err);
    }
    if (!has_kind || (!is_prefix && strcmp(kind, "exact") != 0)) {
        return fail_entry(where, "match_kind must be `exact` or `prefix`", err);
    }
    size_t n = 0;
    AUTO_FREE const char **argv = argv_of(entry, &n);
    if (argv == NULL) {
        return fail_entry(where, "argv must be a non-empty array of strings", err);
    }
    return rules_add_allowed(rules, RULE_USER, where, argv, n, is_prefix)
               ? BEACON_OK
               : fail_entry(where, "there are too many rules", err);
}

/* "FILE:line" of the list, or what else it came from. */
static void describe_origin(const struct config *config, const char *path, char *out, size_t size)
{
    const struct config_origin *origin = config_origin(config, path);
    if (origin != NULL && origin->line > 0) {
        (void)snprintf(out, size, "%s:%u", origin->file, origin->line);
    } else {
        (void)snprintf(out, size, "%s", origin != NULL ? origin->file : "configuration");
    }
}

/* Of exactly this working directory. The table of projects is the person's own: no project sets it. */
static int add_always_allowed(struct rules *rules, const struct wire_start *start,
                              struct beacon_error *err)
{
    char where[WHERE_SIZE];
    int rc = BEACON_OK;
    struct json_object *entry = json_member(config_node(start->config, "projects"), start->cwd);
    struct json_object *list = json_member(entry, ALLOWED);
    if (!json_object_is_type(list, json_type_array)) {
        return BEACON_OK;
    }
    AUTO_FREE char *path = alloc_printf("projects.\"%s\"." ALLOWED, start->cwd);
    describe_origin(start->config, path, where, sizeof where);
    for (size_t i = 0; i < json_object_array_length(list) && rc == BEACON_OK; i++) {
        rc = add_entry(rules, json_object_array_get_idx(list, i), where, err);
    }
    return rc;
}

int wire_rules_open(const struct wire_start *start, struct rules **ret, struct beacon_error *err)
{
    struct rules *rules = rules_create();
    AUTO_FREE char *user_folder = path_join(start->home.path, "rules");
    (void)rules_add_folder(rules, system_paths.rules_d, RULE_ADMIN, NULL);
    (void)rules_add_folder(rules, user_folder, RULE_USER, NULL);
    if (config_is_project_trusted(start->config)) {
        add_project(rules, start->cwd, user_folder);
    }
    int rc = add_always_allowed(rules, start, err);
    if (rc != BEACON_OK) {
        rules_destroy(rules);
        return rc;
    }
    *ret = rules;
    return BEACON_OK;
}

void wire_rules_describe(const struct rules *rules, size_t i, struct text *out)
{
    const struct rules_problem problem = rules_problem(rules, i);
    (void)text_addf(out,
                    "the command rules in %s cannot be used, so every command needs approval: "
                    "%s",
                    problem.path, problem.cause);
}
